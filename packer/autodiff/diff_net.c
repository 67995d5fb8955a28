#include "diff_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/bytes.h"
#include "diff_ops.h"

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "out of memory while computing gradients");
}

bool pk_diff_has_weights(const pk_op *op) {
  return op->kind == PK_OP_CONV_2D || op->kind == PK_OP_DEPTHWISE_CONV_2D ||
         op->kind == PK_OP_FULLY_CONNECTED;
}

bool pk_diff_learns(const pk_op *op, int input) {
  switch (op->kind) {
    case PK_OP_RECURRENT:  // weights, recurrent weights, biases
      return input >= 1 && input <= 3;
    case PK_OP_NORMALIZE:  // scale and bias
      return input >= 1;
    case PK_OP_GATHER:  // the table
      return input == 0;
    case PK_OP_MATMUL:
      return input == 1;
    default:
      return pk_diff_has_weights(op) && input >= PK_INPUT_WEIGHTS;
  }
}

static int32_t integer_at(const pk_tensor *tensor, size_t index) {
  switch (tensor->dtype) {
    case PK_DTYPE_S8:
      return (int8_t)tensor->data[index];
    case PK_DTYPE_U8:
      return tensor->data[index];
    default:
      return (int32_t)mnw_load_u32(tensor->data + 4 * index);
  }
}

// Real values of a quantised constant: scale of index i of the axis, innermost axes together.
static void load_quantized(float *values, const pk_tensor *tensor, size_t elements) {
  const pk_quantization *q = &tensor->quantization;
  size_t stride = 1;
  for (int i = q->axis + 1; q->count > 1 && i < tensor->rank; i++) {
    stride *= (size_t)tensor->dims[i];
  }
  for (size_t i = 0; i < elements; i++) {
    const size_t s = q->count > 1 ? i / stride % q->count : 0;
    values[i] = q->scales[s] * (float)(integer_at(tensor, i) - q->zero_points[s]);
  }
}

// A bias counts in products of the scales of data and weights, whatever its own record says.
static void load_bias(float *values, const pk_graph *graph, const pk_op *op, size_t elements) {
  const pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  const pk_quantization *w = &pk_op_input(graph, op, PK_INPUT_WEIGHTS)->quantization;
  const float scale = pk_tensor_scale(pk_op_input(graph, op, PK_INPUT_DATA));
  for (size_t i = 0; i < elements; i++) {
    values[i] = scale * w->scales[w->count > 1 ? i : 0] * (float)integer_at(bias, i);
  }
}

static bool load_constant(pk_diff_net *net, int32_t number, pk_error *error) {
  const pk_tensor *tensor = &net->graph->tensors[number];
  const bool is_float = tensor->dtype == PK_DTYPE_F32;
  const bool is_quantized = (tensor->dtype == PK_DTYPE_S8 || tensor->dtype == PK_DTYPE_U8) &&
                            tensor->quantization.count > 0;
  if (!tensor->data || (!is_float && !is_quantized) || net->constants[number]) return true;
  float *values = malloc((net->elements[number] + 1) * sizeof *values);
  if (!values) return out_of_memory(error);
  if (is_float) {
    memcpy(values, tensor->data, net->elements[number] * sizeof *values);
  } else {
    load_quantized(values, tensor, net->elements[number]);
  }
  net->constants[number] = values;
  return true;
}

static bool load_int_bias(pk_diff_net *net, const pk_op *op, pk_error *error) {
  const pk_tensor *bias = pk_diff_has_weights(op) && op->input_count > PK_INPUT_BIAS
                              ? pk_op_input(net->graph, op, PK_INPUT_BIAS)
                              : NULL;
  if (!bias || !bias->data || bias->dtype != PK_DTYPE_S32) return true;
  const int32_t number = op->inputs[PK_INPUT_BIAS];
  if (net->constants[number]) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "it shares the integer bias \"%s\" with another operator", bias->name);
  }
  net->constants[number] = malloc((net->elements[number] + 1) * sizeof(float));
  if (!net->constants[number]) return out_of_memory(error);
  load_bias(net->constants[number], net->graph, op, net->elements[number]);
  return true;
}

static bool add_op(pk_diff_net *net, size_t index, pk_error *error) {
  const pk_op *op = &net->graph->ops[index];
  bool wants = false;
  if (!pk_diff_find(op->kind)) {
    return pk_op_fail(op, error, PK_UNSUPPORTED, "it cannot be differentiated yet");
  }
  if (!load_int_bias(net, op, error)) return false;
  for (int i = 0; i < op->input_count; i++) {
    const int32_t number = op->inputs[i];
    if (number == PK_NO_TENSOR) continue;
    if (!load_constant(net, number, error)) return false;
    if (net->constants[number] && pk_diff_learns(op, i)) {
      net->wants_grad[number] = true;
    }
    wants = wants || net->wants_grad[number];
    net->last_use[number] = (int32_t)index;
  }
  net->wants_grad[op->output] = wants;
  return true;
}

bool pk_diff_net_init(pk_diff_net *net, const pk_graph *graph, pk_error *error) {
  const size_t count = graph->tensor_count;
  *net = (pk_diff_net){.graph = graph, .tensor_count = count};
  net->elements = calloc(count + 1, sizeof *net->elements);
  net->constants = calloc(count + 1, sizeof *net->constants);
  net->wants_grad = calloc(count + 1, sizeof *net->wants_grad);
  net->last_use = calloc(count + 1, sizeof *net->last_use);
  bool ok = net->elements && net->constants && net->wants_grad && net->last_use;
  if (!ok) out_of_memory(error);
  for (size_t i = 0; ok && i < count; i++) {
    const int64_t elements = pk_tensor_elements(&graph->tensors[i]);
    net->elements[i] = elements > 0 ? (size_t)elements : 0;
    net->last_use[i] = -1;
  }
  for (size_t i = 0; ok && i < graph->op_count; i++) ok = add_op(net, i, error);
  for (size_t i = 0; ok && i < graph->output_count; i++) {
    net->last_use[graph->outputs[i]] = (int32_t)graph->op_count;
  }
  if (!ok) pk_diff_net_deinit(net);
  return ok;
}

void pk_diff_net_deinit(pk_diff_net *net) {
  for (size_t i = 0; net->constants && i < net->tensor_count; i++) free(net->constants[i]);
  free(net->constants);
  free(net->elements);
  free(net->wants_grad);
  free(net->last_use);
  *net = (pk_diff_net){0};
}
