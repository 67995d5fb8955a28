#include "precision_choice.h"

#include <math.h>
#include <stdlib.h>

#include "../autodiff/diff_net.h"
#include "min_cut.h"
#include "quantize_graph.h"

// An element that is only read and written takes about as long as so many products.
static const double element_work = 8.0;

typedef struct choice {
  const pk_graph *graph;
  const bool *can_be_int8;
  const double *damage;
  double rate;
  int32_t *value;   // by tensor: the first of those that hold the same values
  int32_t *writer;  // by tensor: operator; -1: none
  double *worst;    // by such a first tensor: the largest damage of them
  pk_cut cut;
} choice;

static double elements_of(const pk_tensor *tensor) {
  return fmax((double)pk_tensor_elements(tensor), 0.0);
}

double pk_op_products(const pk_graph *graph, const pk_op *op) {
  if (!pk_diff_has_weights(op)) return 0.0;
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const bool is_depthwise = op->kind == PK_OP_DEPTHWISE_CONV_2D;
  const double rows = (double)weights->dims[is_depthwise ? weights->rank - 1 : 0];
  return elements_of(pk_op_output(graph, op)) * elements_of(weights) / rows;
}

static bool is_activation(const choice *c, int32_t tensor) {
  return tensor != PK_NO_TENSOR && !c->graph->tensors[tensor].data;
}

// Operators and values have a node each; what stays float32 in any case stands with the sink.
static size_t op_node(const choice *c, int32_t op) {
  return op >= 0 && c->can_be_int8[op] ? PK_CUT_FIRST + (size_t)op : PK_CUT_SINK;
}

static size_t value_node(const choice *c, int32_t tensor) {
  return PK_CUT_FIRST + c->graph->op_count + (size_t)c->value[tensor];
}

// Where an int8 operator passes its input's levels on, both tensors are rounded together.
static void find_values(choice *c) {
  const pk_graph *graph = c->graph;
  for (size_t t = 0; t < graph->tensor_count; t++) {
    c->value[t] = (int32_t)t;
    c->writer[t] = -1;
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    c->writer[op->output] = (int32_t)i;
    if (c->can_be_int8[i] && pk_keeps_scale(op->kind)) {
      c->value[op->output] = c->value[op->inputs[0]];
    }
  }
}

static bool add_op(choice *c, size_t op, pk_error *error) {
  const pk_op *source = &c->graph->ops[op];
  const double work =
      pk_op_products(c->graph, source) + element_work * elements_of(pk_op_output(c->graph, source));
  const size_t node = op_node(c, (int32_t)op);
  if (!pk_cut_add(&c->cut, PK_CUT_SOURCE, node, c->rate * work, error) ||
      !pk_cut_add(&c->cut, node, value_node(c, source->output), (double)INFINITY, error)) {
    return false;
  }
  for (int i = 0; i < source->input_count; i++) {
    if (is_activation(c, source->inputs[i]) &&
        !pk_cut_add(&c->cut, node, value_node(c, source->inputs[i]), (double)INFINITY, error)) {
      return false;
    }
  }
  return true;
}

// QUANTIZE or DEQUANTIZE in front of a reader that computes otherwise than the writer.
static bool add_borders(choice *c, size_t op, pk_error *error) {
  const pk_op *source = &c->graph->ops[op];
  const size_t reader = op_node(c, (int32_t)op);
  for (int i = 0; i < source->input_count; i++) {
    const int32_t tensor = source->inputs[i];
    if (!is_activation(c, tensor)) continue;
    const size_t writer = op_node(c, c->writer[tensor]);
    const double work = c->rate * element_work * elements_of(&c->graph->tensors[tensor]);
    if (writer != reader && (!pk_cut_add(&c->cut, writer, reader, work, error) ||
                             !pk_cut_add(&c->cut, reader, writer, work, error))) {
      return false;
    }
  }
  return true;
}

static bool build(choice *c, pk_error *error) {
  const pk_graph *graph = c->graph;
  find_values(c);
  for (size_t i = 0; i < graph->op_count; i++) {
    if ((c->can_be_int8[i] && !add_op(c, i, error)) || !add_borders(c, i, error)) return false;
  }
  for (size_t t = 0; t < graph->tensor_count; t++) {
    c->worst[c->value[t]] = fmax(c->worst[c->value[t]], c->damage[t]);
  }
  for (size_t t = 0; t < graph->tensor_count; t++) {
    if (c->worst[t] > 0.0 &&
        !pk_cut_add(&c->cut, value_node(c, (int32_t)t), PK_CUT_SINK, c->worst[t], error)) {
      return false;
    }
  }
  return true;
}

bool pk_choose_precision(bool *is_int8, const pk_graph *graph, const bool *can_be_int8,
                         const double *damage, double rate, pk_error *error) {
  choice c = {.graph = graph, .can_be_int8 = can_be_int8, .damage = damage, .rate = rate};
  const size_t nodes = PK_CUT_FIRST + graph->op_count + graph->tensor_count;
  bool *is_source = calloc(nodes, sizeof *is_source);
  c.value = calloc(graph->tensor_count + 1, sizeof *c.value);
  c.writer = calloc(graph->tensor_count + 1, sizeof *c.writer);
  c.worst = calloc(graph->tensor_count + 1, sizeof *c.worst);
  bool ok = is_source && c.value && c.writer && c.worst;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory to choose int8 operators");
  ok = ok && pk_cut_init(&c.cut, nodes, error) && build(&c, error) &&
       pk_cut_solve(is_source, &c.cut, error);
  for (size_t i = 0; ok && i < graph->op_count; i++) {
    is_int8[i] = can_be_int8[i] && is_source[PK_CUT_FIRST + i];
  }
  pk_cut_deinit(&c.cut);
  free(is_source);
  free(c.value);
  free(c.writer);
  free(c.worst);
  return ok;
}
