#include "channel_groups.h"

#include <stdlib.h>
#include <string.h>

#include "../autodiff/diff_net.h"

size_t pk_tensor_channels(const pk_tensor *tensor) {
  return tensor->rank > 0 ? (size_t)tensor->dims[tensor->rank - 1] : 0;
}

// --- what operators do to channels ---

static bool owns(const pk_graph *graph, const pk_op *op, int input) {
  const pk_tensor *tensor = pk_op_input(graph, op, input);
  return tensor && tensor->data && tensor->dtype == PK_DTYPE_F32 &&
         pk_graph_use_count(graph, op->inputs[input]) == 1;
}

static bool has_own_weights(const pk_graph *graph, const pk_op *op) {
  return pk_diff_has_weights(op) && op->input_count == 3 && owns(graph, op, PK_INPUT_WEIGHTS) &&
         owns(graph, op, PK_INPUT_BIAS);
}

// Mixes all channels of its input.
static bool is_full(const pk_graph *graph, const pk_op *op) {
  if (op->kind == PK_OP_DEPTHWISE_CONV_2D || !has_own_weights(graph, op)) return false;
  if (op->kind == PK_OP_CONV_2D && op->attributes.conv.groups > 1) return false;
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  return pk_tensor_channels(weights) == pk_tensor_channels(pk_op_input(graph, op, 0)) &&
         (size_t)weights->dims[0] == pk_tensor_channels(pk_op_output(graph, op));
}

// Handles each channel of its first input on its own.
static bool passes_channels(const pk_graph *graph, const pk_op *op) {
  const pk_tensor *x = pk_op_input(graph, op, 0), *y = pk_op_output(graph, op);
  if (!x || pk_tensor_channels(x) != pk_tensor_channels(y)) return false;
  switch (op->kind) {
    case PK_OP_DEPTHWISE_CONV_2D:
      return has_own_weights(graph, op);
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_MAX_POOL_2D:
    case PK_OP_UNARY:
    case PK_OP_ACTIVATION:
    case PK_OP_RESHAPE:
      return true;
    case PK_OP_MEAN:
      return op->attributes.mean.axes == 6 && x->rank == 4;
    default:
      return false;
  }
}

// Computes each element from those at the same place of two activations.
static bool ties_channels(const pk_graph *graph, const pk_op *op) {
  if ((op->kind != PK_OP_ADD && op->kind != PK_OP_BINARY) || op->input_count != 2) return false;
  const pk_tensor *a = pk_op_input(graph, op, 0), *b = pk_op_input(graph, op, 1);
  return a && b && !a->data && !b->data && pk_tensor_same_shape(a, b) &&
         pk_tensor_same_shape(a, pk_op_output(graph, op));
}

// --- groups as disjoint sets of tensors ---

typedef struct tensor_sets {
  int32_t *parent;  // by tensor
  bool *is_locked;  // by tensor; of a set where it is of its root
} tensor_sets;

static int32_t root_of(const tensor_sets *sets, int32_t tensor) {
  while (sets->parent[tensor] != tensor) tensor = sets->parent[tensor];
  return tensor;
}

static void tie(const tensor_sets *sets, int32_t a, int32_t b) {
  const int32_t root = root_of(sets, a), other = root_of(sets, b);
  sets->parent[other] = root;
  sets->is_locked[root] |= sets->is_locked[other];
}

static void lock(const tensor_sets *sets, int32_t tensor) {
  if (tensor != PK_NO_TENSOR) sets->is_locked[root_of(sets, tensor)] = true;
}

static void visit(const tensor_sets *sets, const pk_graph *graph, const pk_op *op) {
  if (is_full(graph, op)) return;
  if (passes_channels(graph, op) || ties_channels(graph, op)) {
    tie(sets, op->output, op->inputs[0]);
    if (ties_channels(graph, op)) tie(sets, op->output, op->inputs[1]);
    return;
  }
  lock(sets, op->output);
  for (int i = 0; i < op->input_count; i++) lock(sets, op->inputs[i]);
}

static bool number_groups(pk_channel_groups *groups, const pk_graph *graph,
                          const tensor_sets *sets) {
  for (size_t t = 0; t < graph->tensor_count; t++) groups->group_of[t] = PK_NO_GROUP;
  for (size_t i = 0; i < graph->op_count; i++) {
    if (!is_full(graph, &graph->ops[i])) continue;
    const int32_t root = root_of(sets, graph->ops[i].output);
    if (sets->is_locked[root] || groups->group_of[root] != PK_NO_GROUP) continue;
    const size_t channels = pk_tensor_channels(&graph->tensors[root]);
    groups->group_of[root] = (int32_t)groups->count;
    groups->channels[groups->count] = channels;
    groups->is_gone[groups->count] = calloc(channels + 1, sizeof **groups->is_gone);
    if (!groups->is_gone[groups->count++]) return false;
  }
  for (size_t t = 0; t < graph->tensor_count; t++) {
    groups->group_of[t] = groups->group_of[root_of(sets, (int32_t)t)];
  }
  return true;
}

bool pk_channel_groups_init(pk_channel_groups *groups, const pk_graph *graph, pk_error *error) {
  const size_t tensors = graph->tensor_count;
  const tensor_sets sets = {.parent = calloc(tensors + 1, sizeof *sets.parent),
                            .is_locked = calloc(tensors + 1, sizeof *sets.is_locked)};
  *groups = (pk_channel_groups){.group_of = calloc(tensors + 1, sizeof *groups->group_of),
                                .channels = calloc(graph->op_count + 1, sizeof *groups->channels),
                                .is_gone = calloc(graph->op_count + 1, sizeof *groups->is_gone)};
  bool ok =
      sets.parent && sets.is_locked && groups->group_of && groups->channels && groups->is_gone;
  for (size_t t = 0; ok && t < tensors; t++) {
    sets.parent[t] = (int32_t)t;
    sets.is_locked[t] = graph->tensors[t].data || graph->tensors[t].dtype != PK_DTYPE_F32;
  }
  for (size_t i = 0; ok && i < graph->input_count; i++) lock(&sets, graph->inputs[i]);
  for (size_t i = 0; ok && i < graph->output_count; i++) lock(&sets, graph->outputs[i]);
  for (size_t i = 0; ok && i < graph->op_count; i++) visit(&sets, graph, &graph->ops[i]);
  ok = ok && number_groups(groups, graph, &sets);
  free(sets.parent);
  free(sets.is_locked);
  if (ok) return true;
  pk_channel_groups_deinit(groups);
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the groups of channels");
}

void pk_channel_groups_deinit(pk_channel_groups *groups) {
  for (size_t g = 0; g < groups->count; g++) free(groups->is_gone[g]);
  free(groups->group_of);
  free(groups->channels);
  free(groups->is_gone);
  *groups = (pk_channel_groups){0};
}

int32_t pk_channel_group_read(const pk_channel_groups *groups, const pk_graph *graph,
                              const pk_op *op) {
  return is_full(graph, op) ? groups->group_of[op->inputs[PK_INPUT_DATA]] : PK_NO_GROUP;
}

// --- removal ---

// Keeps the kept channels of a constant [outer][channels][inner].
static bool cut_constant(pk_graph *graph, pk_tensor *tensor, size_t axis, const bool *is_gone,
                         pk_error *error) {
  const size_t channels = (size_t)tensor->dims[axis];
  size_t outer = 1, inner = sizeof(float), kept = 0;
  for (size_t i = 0; i < axis; i++) outer *= (size_t)tensor->dims[i];
  for (size_t i = axis + 1; i < (size_t)tensor->rank; i++) inner *= (size_t)tensor->dims[i];
  for (size_t c = 0; c < channels; c++) kept += !is_gone[c];
  uint8_t *data = pk_arena_alloc(&graph->arena, outer * kept, inner, error);
  if (!data) return false;
  tensor->data_bytes = outer * kept * inner;
  const uint8_t *source = tensor->data;
  tensor->data = data;
  tensor->dims[axis] = (int32_t)kept;
  for (size_t i = 0; i < outer; i++) {
    for (size_t c = 0; c < channels; c++, source += inner) {
      if (is_gone[c]) continue;
      memcpy(data, source, inner);
      data += inner;
    }
  }
  return true;
}

// The output channels of weights and bias.
static bool cut_outputs(pk_graph *graph, const pk_op *op, const bool *is_gone, pk_error *error) {
  pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const size_t axis = op->kind == PK_OP_DEPTHWISE_CONV_2D ? (size_t)weights->rank - 1 : 0;
  return cut_constant(graph, weights, axis, is_gone, error) &&
         cut_constant(graph, pk_op_input(graph, op, PK_INPUT_BIAS), 0, is_gone, error);
}

static size_t gone_of(const pk_channel_groups *groups, int32_t group) {
  size_t gone = 0;
  for (size_t c = 0; c < groups->channels[group]; c++) gone += groups->is_gone[group][c];
  return gone;
}

static int32_t only_cut(const pk_channel_groups *groups, int32_t group) {
  return group != PK_NO_GROUP && gone_of(groups, group) > 0 ? group : PK_NO_GROUP;
}

static bool cut_weights(pk_graph *graph, const pk_channel_groups *groups, const pk_op *op,
                        pk_error *error) {
  if (!pk_diff_has_weights(op)) return true;
  const int32_t read = only_cut(groups, pk_channel_group_read(groups, graph, op));
  const int32_t written = only_cut(groups, groups->group_of[op->output]);
  pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  return (read == PK_NO_GROUP ||
          cut_constant(graph, weights, (size_t)weights->rank - 1, groups->is_gone[read], error)) &&
         (written == PK_NO_GROUP || cut_outputs(graph, op, groups->is_gone[written], error));
}

bool pk_channel_groups_cut(pk_graph *graph, const pk_channel_groups *groups, size_t *removed,
                           pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    if (!cut_weights(graph, groups, &graph->ops[i], error)) return false;
  }
  for (size_t g = 0; g < groups->count; g++) {
    const size_t gone = gone_of(groups, (int32_t)g);
    *removed += gone;
    for (size_t t = 0; t < graph->tensor_count; t++) {
      pk_tensor *tensor = &graph->tensors[t];
      if (groups->group_of[t] == (int32_t)g) tensor->dims[tensor->rank - 1] -= (int32_t)gone;
    }
  }
  return true;
}
