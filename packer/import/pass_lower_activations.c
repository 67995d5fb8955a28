// Stand-alone activations that no producer could take over. The runtime has no operator for them:
// - where the output's quantised range is no wider than the activation's, saturation does the work
//   and a QUANTIZE is enough;
// - else a MAX_POOL_2D with a window of one value clamps (behind a QUANTIZE if the scale changes,
//   between RESHAPEs if the tensor is no picture);
// - in float32 it is a UNARY CLIP.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "activation_range.h"
#include "graph_passes.h"

// Adds a twin of the operator's output with the shape [1,1,rows,last axis].
static int32_t add_picture(pk_graph *graph, int32_t output, pk_error *error) {
  const int32_t number = pk_graph_add_twin(graph, output, "(as picture)", error);
  if (number < 0) return -1;
  pk_tensor *picture = &graph->tensors[number];
  const int64_t elements = pk_tensor_elements(picture);
  const int32_t last = picture->rank ? picture->dims[picture->rank - 1] : 1;
  picture->rank = 4;
  picture->dims[0] = picture->dims[1] = 1;
  picture->dims[2] = (int32_t)(elements / last);
  picture->dims[3] = last;
  return number;
}

static bool add_clamp(pk_op_list *list, pk_graph *graph, const pk_op *op, int32_t input,
                      int32_t output, pk_error *error) {
  pk_op pool = *op;
  pool.kind = PK_OP_MAX_POOL_2D;
  memset(&pool.attributes, 0, sizeof pool.attributes);
  pool.attributes.pool = (pk_pool_attributes){.filter_h = 1,
                                              .filter_w = 1,
                                              .stride_h = 1,
                                              .stride_w = 1,
                                              .padding = {.mode = PK_PADDING_EXPLICIT}};
  pool.inputs = pk_arena_copy(&graph->arena, &input, 1, sizeof input, error);
  pool.output = output;
  return pool.inputs && pk_op_list_add(list, graph, &pool, error);
}

static bool add_clip(pk_op_list *list, pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_clamp clamp = pk_activation_clamp_f32(op->activation);
  pk_op clip = *op;
  clip.kind = PK_OP_UNARY;
  clip.activation = PK_ACTIVATION_NONE;
  clip.attributes.words = (pk_word_attributes){.words = {MNW_UNARY_CLIP, clamp.min, clamp.max}};
  return pk_op_list_add(list, graph, &clip, error);
}

static bool lower_activation(pk_op_list *list, pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *in = pk_op_input(graph, op, 0), *out = pk_op_output(graph, op);
  if (out->dtype == PK_DTYPE_F32) return add_clip(list, graph, op, error);
  const bool rescales = !pk_tensor_same_quantization(in, out);
  const bool is_picture = out->rank == 4;
  const pk_clamp clamp =
      pk_activation_clamp(op->activation, pk_tensor_scale(out), pk_tensor_zero_point(out));
  int32_t value = op->inputs[0];
  if (clamp.min == -128 && clamp.max == 127) {
    pk_op quantize = *op;
    quantize.kind = PK_OP_QUANTIZE;
    quantize.activation = PK_ACTIVATION_NONE;
    return pk_op_list_add(list, graph, &quantize, error);
  }
  if (rescales) {
    const int32_t rescaled = pk_graph_add_twin(graph, op->output, "(rescaled)", error);
    if (rescaled < 0 ||
        !pk_op_list_add_unary(list, graph, PK_OP_QUANTIZE, value, rescaled, error)) {
      return false;
    }
    value = rescaled;
  }
  if (is_picture) return add_clamp(list, graph, op, value, op->output, error);
  const int32_t before = add_picture(graph, op->output, error);
  const int32_t after = before < 0 ? -1 : add_picture(graph, op->output, error);
  return after >= 0 && pk_op_list_add_unary(list, graph, PK_OP_RESHAPE, value, before, error) &&
         add_clamp(list, graph, op, before, after, error) &&
         pk_op_list_add_unary(list, graph, PK_OP_RESHAPE, after, op->output, error);
}

bool pk_pass_lower_activations(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op op = graph->ops[i];
    if (!(op.kind == PK_OP_ACTIVATION ? lower_activation(&list, graph, &op, error)
                                      : pk_op_list_add(&list, graph, &op, error))) {
      return false;
    }
  }
  pk_op_list_install(&list, graph);
  return true;
}
