// Operators that the runtime has only in float32 take quantised int8 all the same: what goes in is
// dequantised, constants here and now, and the result is quantised. So does everything that
// computes on int16, but for the operators in fixed point.
#include "../../core/ops/op_params.h"
#include "float_constant.h"
#include "graph_passes.h"

static bool is_quantized_s8(const pk_tensor *tensor) {
  return tensor && tensor->dtype == PK_DTYPE_S8 && tensor->quantization.count > 0;
}

static bool is_quantized(const pk_tensor *tensor) {
  return is_quantized_s8(tensor) ||
         (tensor && tensor->dtype == PK_DTYPE_S16 && tensor->quantization.count > 0);
}

// Whether it computes, so that it needs more than to know where values stand.
static bool computes(const pk_op *op) {
  switch (op->kind) {
    case PK_OP_ACTIVATION:
    case PK_OP_ADD:
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_BINARY:
    case PK_OP_MAX_POOL_2D:
    case PK_OP_MEAN:
    case PK_OP_MATMUL:
    case PK_OP_NORMALIZE:
    case PK_OP_REDUCE:
    case PK_OP_RESIZE:
    case PK_OP_SOFTMAX:
    case PK_OP_UNARY:
      return true;
    default:
      return false;
  }
}

static bool needs_float(const pk_graph *graph, const pk_op *op) {
  const uint32_t height_and_width = 1u << 1 | 1u << 2;
  const pk_tensor *data = pk_op_input(graph, op, PK_INPUT_DATA);
  const pk_tensor *output = pk_op_output(graph, op);
  if (is_quantized(data) && is_quantized(output) &&
      (data->dtype == PK_DTYPE_S16 || output->dtype == PK_DTYPE_S16)) {
    return computes(op);
  }
  if (!is_quantized_s8(data) || !is_quantized_s8(output)) return false;
  switch (op->kind) {
    case PK_OP_CONV_TRANSPOSE_2D:
    case PK_OP_CUM_SUM:
    case PK_OP_MATMUL:
    case PK_OP_NORMALIZE:
      return true;
    case PK_OP_CONV_2D:
      return op->attributes.conv.groups > 1;
    case PK_OP_MEAN:
      return data->rank != 4 || op->attributes.mean.axes != height_and_width;
    case PK_OP_REDUCE: {
      const int32_t function = op->attributes.words.words[MNW_REDUCE_FUNCTION];
      return function != MNW_REDUCE_MAX && function != MNW_REDUCE_MIN;
    }
    default:
      return false;
  }
}

// The bias of a convolution counts in products of the scales of data and weights.
static bool scale_bias(pk_graph *graph, const pk_op *op, pk_tensor *bias, pk_error *error) {
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const float data_scale = pk_tensor_scale(pk_op_input(graph, op, PK_INPUT_DATA));
  const size_t count = weights->quantization.count;
  float *scales = pk_arena_alloc(&graph->arena, count, sizeof *scales, error);
  int32_t *zero_points = pk_arena_alloc(&graph->arena, count, sizeof *zero_points, error);
  if (!scales || !zero_points) return false;
  for (size_t i = 0; i < count; i++) scales[i] = data_scale * weights->quantization.scales[i];
  bias->quantization =
      (pk_quantization){.count = count, .scales = scales, .zero_points = zero_points, .axis = 0};
  bias->rank = 1;
  bias->dims[0] = weights->dims[0];
  return true;
}

static int32_t add_float_twin(pk_graph *graph, int32_t like, pk_error *error) {
  const int32_t number = pk_graph_add_twin(graph, like, "(float32)", error);
  if (number < 0) return -1;
  graph->tensors[number].dtype = PK_DTYPE_F32;
  graph->tensors[number].quantization = (pk_quantization){.count = 0};
  return number;
}

// The float32 form of input `number`. Negative: error filled.
static int32_t float_input(pk_op_list *list, pk_graph *graph, const pk_op *op, int input,
                           pk_error *error) {
  const int32_t number = op->inputs[input];
  const pk_tensor *tensor = &graph->tensors[number];
  if (op->kind == PK_OP_CONV_2D && input == PK_INPUT_BIAS) {
    pk_tensor bias = *tensor;
    if (!scale_bias(graph, op, &bias, error)) return -1;
    const int32_t scaled = pk_graph_add_tensor(graph, &bias, error);
    return scaled < 0 ? -1 : pk_graph_float_constant(graph, scaled, error);
  }
  if (!is_quantized(tensor)) return number;
  if (tensor->data) return pk_graph_float_constant(graph, number, error);
  const int32_t twin = add_float_twin(graph, number, error);
  return twin >= 0 && pk_op_list_add_unary(list, graph, PK_OP_DEQUANTIZE, number, twin, error)
             ? twin
             : -1;
}

static bool add_in_float(pk_op_list *list, pk_graph *graph, const pk_op *op, pk_error *error) {
  pk_op changed = *op;
  changed.inputs =
      pk_arena_copy(&graph->arena, op->inputs, (size_t)op->input_count, sizeof *op->inputs, error);
  if (!changed.inputs) return false;
  for (int i = 0; i < op->input_count; i++) {
    if (op->inputs[i] == PK_NO_TENSOR) continue;
    changed.inputs[i] = float_input(list, graph, op, i, error);
    if (changed.inputs[i] < 0) return false;
  }
  changed.output = add_float_twin(graph, op->output, error);
  return changed.output >= 0 && pk_op_list_add(list, graph, &changed, error) &&
         pk_op_list_add_unary(list, graph, PK_OP_QUANTIZE, changed.output, op->output, error);
}

bool pk_pass_float_fallback(pk_graph *graph, pk_error *error) {
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op op = graph->ops[i];
    if (!(needs_float(graph, &op) ? add_in_float(&list, graph, &op, error)
                                  : pk_op_list_add(&list, graph, &op, error))) {
      return false;
    }
  }
  pk_op_list_install(&list, graph);
  return true;
}
