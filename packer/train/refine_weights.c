#include "refine_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/kernels/packed_layout.h"
#include "../compress/trellis_round.h"
#include "../compress/weight_rewrite.h"

static const float beta1 = 0.9f, beta2 = 0.99f, epsilon = 1e-12f;
static const float step_rate = 0.01f;   // of the steps' logarithms, beside the weights' own
static const float kept_share = 0.45f;  // of a step that a weight may start away from its level

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to refine the weights");
}

static int32_t bias_tensor(const pk_refine_subject *subject, const pk_layer *layer) {
  return subject->net->graph->ops[layer->op].inputs[PK_INPUT_BIAS];
}

static void set_steps(pk_refined_layer *r, const pk_layer *layer, float step) {
  double sum = 0.0;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    r->steps[o] = pk_output_step(layer, o, step);
    sum += (double)r->steps[o];
  }
  r->bias_scale = (float)(sum / (double)pk_layer_outputs(layer));
}

// Starts where the levels are, as near to the original weights as the rounding allows.
static void start_layer(pk_refined_layer *r, const pk_layer *layer, const int8_t *levels,
                        const pk_grid *grid) {
  const float kept = grid->has_trellis ? 0.0f : kept_share;
  set_steps(r, layer, grid->step);
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float value = r->steps[o] * (float)levels[at], limit = kept * r->steps[o];
      r->weights[at] = value + fmaxf(fminf(layer->weights[at] - value, limit), -limit);
    }
  }
}

bool pk_refined_weights_init(pk_refined_weights *weights, const pk_refine_subject *subject,
                             pk_error *error) {
  *weights = (pk_refined_weights){.subject = subject};
  const pk_layer_list *layers = subject->weights->layers;
  weights->layers = calloc(layers->count + 1, sizeof *weights->layers);
  bool ok = weights->layers != NULL;
  for (size_t i = 0; ok && i < layers->count; i++) {
    const pk_layer *layer = &layers->items[i];
    const size_t elements = pk_layer_elements(layer) + 1, outputs = pk_layer_outputs(layer) + 1;
    pk_refined_layer *r = &weights->layers[i];
    r->weights = calloc(elements, sizeof(float));
    r->momentum = calloc(elements, sizeof(float));
    r->squares = calloc(elements, sizeof(float));
    r->bias_momentum = calloc(outputs, sizeof(float));
    r->bias_squares = calloc(outputs, sizeof(float));
    r->steps = calloc(outputs, sizeof(float));
    ok = r->weights && r->momentum && r->squares && r->bias_momentum && r->bias_squares && r->steps;
    if (ok) start_layer(r, layer, subject->weights->levels[i], &subject->weights->grids[i]);
  }
  if (!ok) pk_refined_weights_deinit(weights);
  return ok || no_memory(error);
}

void pk_refined_weights_deinit(pk_refined_weights *weights) {
  for (size_t i = 0; weights->layers && i < weights->subject->weights->layers->count; i++) {
    pk_refined_layer *r = &weights->layers[i];
    free(r->weights);
    free(r->momentum);
    free(r->squares);
    free(r->bias_momentum);
    free(r->bias_squares);
    free(r->steps);
  }
  free(weights->layers);
  *weights = (pk_refined_weights){0};
}

static void round_nearest(int8_t *levels, const pk_refined_layer *r, const pk_layer *layer) {
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float level =
          layer->is_pruned && layer->is_pruned[at] ? 0.0f : rintf(r->weights[at] / r->steps[o]);
      levels[at] = (int8_t)fmaxf(fminf(level, (float)PK_LEVEL_MAX), (float)-PK_LEVEL_MAX);
    }
  }
}

// Each product's weights are a path along the outputs.
static bool round_trellis(int8_t *levels, const pk_refined_layer *r, const pk_layer *layer) {
  const size_t rows = layer->rows;
  float *memory = malloc((2 * rows + 1) * sizeof *memory);
  uint8_t *bytes = malloc(rows * (1 + PK_TRELLIS_STATES) + 1);
  const bool ok = memory && bytes;
  for (size_t j = 0; ok && j < layer->k; j++) {
    int8_t *column = (int8_t *)bytes;
    for (size_t o = 0; o < rows; o++) {
      memory[o] = r->weights[o * layer->k + j] / r->steps[o];
      memory[rows + o] = r->steps[o] * r->steps[o];
    }
    pk_trellis_round(column, memory, memory + rows, rows, PK_LEVEL_MAX,
                     rows % MNW_TILE_CHANNELS != 0, bytes + rows);
    for (size_t o = 0; o < rows; o++) levels[o * layer->k + j] = column[o];
  }
  free(memory);
  free(bytes);
  return ok;
}

bool pk_refined_weights_round(pk_refined_weights *weights, pk_error *error) {
  const pk_refine_subject *subject = weights->subject;
  const pk_coded_weights *coded = subject->weights;
  for (size_t i = 0; i < coded->layers->count; i++) {
    const pk_layer *layer = &coded->layers->items[i];
    if (!coded->grids[i].has_trellis) {
      round_nearest(coded->levels[i], &weights->layers[i], layer);
    } else if (!round_trellis(coded->levels[i], &weights->layers[i], layer)) {
      return no_memory(error);
    }
  }
  pk_coded_weights_to_net(subject->net, coded);
  return true;
}

// The step of one number by its gradient; `first` and `second` undo the moments' start at 0.
static float descend(float *momentum, float *square, float gradient, float first, float second) {
  *momentum = beta1 * *momentum + (1.0f - beta1) * gradient;
  *square = beta2 * *square + (1.0f - beta2) * gradient * gradient;
  return first * *momentum / (sqrtf(second * *square) + epsilon);
}

typedef struct descent {
  float rate, first, second;  // first, second: see descend()
} descent;

static void step_weights(pk_refined_layer *r, const pk_layer *layer, const float *gradient,
                         const descent *d) {
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const float limit = r->steps[o] * (float)PK_LEVEL_MAX;
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float moved = d->rate * r->steps[o] *
                          descend(&r->momentum[at], &r->squares[at],
                                  gradient[pk_layer_index(layer, o, j)], d->first, d->second);
      r->weights[at] = fmaxf(fminf(r->weights[at] - moved, limit), -limit);
    }
  }
}

static void step_biases(pk_refined_layer *r, float *biases, size_t count, const float *gradient,
                        const descent *d) {
  for (size_t o = 0; o < count; o++) {
    biases[o] -=
        d->rate * r->bias_scale *
        descend(&r->bias_momentum[o], &r->bias_squares[o], gradient[o], d->first, d->second);
  }
}

// A weight's change by the logarithm of its step is what the rounding made of it less itself, or
// the rounded value where the grid ends (LSQ, equation 3).
static void step_grid(pk_refined_layer *r, pk_grid *grid, const pk_layer *layer,
                      const int8_t *levels, const float *gradient, const descent *d) {
  double sum = 0.0;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float value = r->steps[o] * (float)levels[at];
      const bool is_last = levels[at] == PK_LEVEL_MAX || levels[at] == -PK_LEVEL_MAX;
      const float change = is_last ? value : value - r->weights[at];
      sum += (double)(gradient[pk_layer_index(layer, o, j)] * change);
    }
  }
  const float moved = descend(&r->step_momentum, &r->step_square, (float)sum, d->first, d->second);
  grid->step *= expf(-d->rate * step_rate * moved);
  set_steps(r, layer, grid->step);
}

void pk_refined_weights_step(pk_refined_weights *weights, float *const *gradients, float rate) {
  const pk_refine_subject *subject = weights->subject;
  const pk_coded_weights *coded = subject->weights;
  const double count = (double)++weights->count;
  const descent d = {rate, (float)(1.0 / (1.0 - pow((double)beta1, count))),
                     (float)(1.0 / (1.0 - pow((double)beta2, count)))};
  for (size_t i = 0; i < coded->layers->count; i++) {
    const pk_layer *layer = &coded->layers->items[i];
    pk_refined_layer *r = &weights->layers[i];
    const float *by_weight = gradients[layer->weights_tensor];
    const float *by_bias = gradients[bias_tensor(subject, layer)];
    if (by_bias) step_biases(r, coded->biases[i], pk_layer_outputs(layer), by_bias, &d);
    if (by_weight) {
      step_grid(r, &coded->grids[i], layer, coded->levels[i], by_weight, &d);
      step_weights(r, layer, by_weight, &d);
    }
  }
}
