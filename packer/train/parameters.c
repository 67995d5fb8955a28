#include "parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../autodiff/diff_net.h"
#include "../pk_random.h"

static void add_parameter(pk_parameters *p, pk_parameter parameter) {
  parameter.offset = p->total;
  p->total += parameter.count;
  p->items[p->count++] = parameter;
}

static bool is_known(const pk_parameters *p, int32_t tensor) {
  for (size_t i = 0; i < p->count; i++) {
    if (p->items[i].tensor == tensor) return true;
  }
  return false;
}

static void add_tensor(pk_parameters *p, const pk_graph *graph, size_t op, int input,
                       pk_parameter_kind kind) {
  const int32_t tensor = graph->ops[op].inputs[input];
  if (is_known(p, tensor)) return;
  add_parameter(p, (pk_parameter){.name = graph->tensors[tensor].name,
                                  .kind = kind,
                                  .tensor = tensor,
                                  .op = op,
                                  .count = (size_t)pk_tensor_elements(&graph->tensors[tensor])});
}

// The last outputs of an operator whose weights [outputs, inputs] and bias have just been added.
static void note_bias_only(pk_parameters *p, const pk_graph *graph, size_t op,
                           const pk_network_note *note) {
  const pk_tensor *weights = &graph->tensors[graph->ops[op].inputs[PK_INPUT_WEIGHTS]];
  p->items[p->count - 2].fixed = (size_t)note->bias_only * (size_t)weights->dims[1];
  p->items[p->count - 1].led = (size_t)note->bias_only;
  p->items[p->count - 1].lead = note->bias_lead;
}

static void add_recurrent(pk_parameters *p, const pk_graph *graph, size_t op) {
  add_tensor(p, graph, op, PK_INPUT_WEIGHTS, PK_PARAMETER_WEIGHTS);
  add_tensor(p, graph, op, PK_INPUT_STATE_WEIGHTS, PK_PARAMETER_WEIGHTS);
  add_tensor(p, graph, op, PK_INPUT_RECURRENT_BIAS, PK_PARAMETER_BIAS);
}

static bool add_norm(pk_parameters *p, pk_graph *graph, size_t op, pk_error *error) {
  const pk_tensor *y = pk_op_output(graph, &graph->ops[op]);
  const size_t channels = (size_t)y->dims[y->rank - 1];
  pk_parameter scale = {
      .kind = PK_PARAMETER_NORM_SCALE, .tensor = PK_NO_TENSOR, .op = op, .count = channels};
  pk_parameter shift = scale;
  shift.kind = PK_PARAMETER_NORM_SHIFT;
  scale.name = pk_arena_text(&graph->arena, error, "%s.scale", graph->ops[op].name);
  shift.name = pk_arena_text(&graph->arena, error, "%s.shift", graph->ops[op].name);
  if (!scale.name || !shift.name) return false;
  p->norms[p->norm_count++] =
      (pk_norm_statistic){op, channels, p->statistics_total, p->total, p->total + channels};
  p->statistics_total += 2 * channels;
  add_parameter(p, scale);
  add_parameter(p, shift);
  return true;
}

bool pk_parameters_init(pk_parameters *parameters, pk_graph *graph, const pk_network_note *notes,
                        pk_error *error) {
  *parameters = (pk_parameters){0};
  parameters->items = calloc(4 * graph->op_count + 1, sizeof *parameters->items);
  parameters->norms = calloc(graph->op_count + 1, sizeof *parameters->norms);
  bool ok = parameters->items && parameters->norms;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the parameters of the network");
  for (size_t i = 0; ok && i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->kind == PK_OP_RECURRENT) add_recurrent(parameters, graph, i);
    if (!pk_diff_has_weights(op)) continue;
    add_tensor(parameters, graph, i, PK_INPUT_WEIGHTS, PK_PARAMETER_WEIGHTS);
    if (notes[i].has_norm) {
      ok = add_norm(parameters, graph, i, error);
    } else if (op->input_count > PK_INPUT_BIAS) {
      add_tensor(parameters, graph, i, PK_INPUT_BIAS, PK_PARAMETER_BIAS);
    }
    if (notes[i].bias_only > 0) note_bias_only(parameters, graph, i, &notes[i]);
  }
  if (ok && parameters->total == 0) {
    ok = pk_fail(error, PK_USAGE, "%s: the network has no layer with weights to train",
                 graph->source_file);
  }
  if (!ok) pk_parameters_deinit(parameters);
  return ok;
}

void pk_parameters_deinit(pk_parameters *parameters) {
  free(parameters->items);
  free(parameters->norms);
  *parameters = (pk_parameters){0};
}

// --- start ---

static void draw(float *values, size_t count, double deviation, pk_random *random) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(deviation * pk_random_normal(random));
}

// Rows [n][n] of length 1 at right angles to each other, by Gram and Schmidt.
static void orthogonalize(float *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float *row = rows + i * n;
    double squares = 0.0;
    for (size_t j = 0; j < i; j++) {
      const float *other = rows + j * n;
      double product = 0.0;
      for (size_t k = 0; k < n; k++) product += (double)row[k] * (double)other[k];
      for (size_t k = 0; k < n; k++) row[k] -= (float)product * other[k];
    }
    for (size_t k = 0; k < n; k++) squares += (double)row[k] * (double)row[k];
    const double scale = squares > 0.0 ? 1.0 / sqrt(squares) : 0.0;
    for (size_t k = 0; k < n; k++) row[k] = (float)(scale * (double)row[k]);
  }
}

static void start_weights(float *values, const pk_parameter *p, const pk_graph *graph,
                          pk_random *random) {
  const pk_op *op = &graph->ops[p->op];
  const pk_tensor *w = &graph->tensors[p->tensor];
  const size_t width = (size_t)w->dims[w->rank - 1];
  if (op->kind != PK_OP_RECURRENT) {
    const size_t channels = (size_t)w->dims[op->kind == PK_OP_DEPTHWISE_CONV_2D ? 3 : 0];
    draw(values, p->count, sqrt(2.0 * (double)channels / (double)p->count), random);
  } else if (p->tensor == op->inputs[PK_INPUT_STATE_WEIGHTS]) {
    draw(values, p->count, 1.0, random);
    for (size_t at = 0; at < p->count; at += width * width) orthogonalize(values + at, width);
  } else {
    draw(values, p->count, sqrt(1.0 / (double)width), random);
  }
}

void pk_parameter_clear_fixed(float *row, const pk_parameter *p) {
  memset(row + p->offset + p->count - p->fixed, 0, p->fixed * sizeof *row);
}

void pk_parameters_start(float *values, const pk_parameters *parameters, const pk_graph *graph,
                         uint64_t seed) {
  for (size_t i = 0; i < parameters->count; i++) {
    const pk_parameter *p = &parameters->items[i];
    pk_random random = pk_random_of(seed, i);
    const float start = p->kind == PK_PARAMETER_NORM_SCALE ? 1.0f : 0.0f;
    for (size_t j = 0; j < p->count; j++) values[p->offset + j] = start;
    if (p->kind == PK_PARAMETER_WEIGHTS) start_weights(values + p->offset, p, graph, &random);
    pk_parameter_clear_fixed(values, p);
  }
}
