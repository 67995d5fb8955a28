#include "../kernels/packed_layout.h"
#include "op.h"

static const mnw_tensor *tensor_or_null(const mnw_op_context *context, int32_t number) {
  return number == MNW_NO_TENSOR ? NULL : &context->graph->tensors[number];
}

const mnw_tensor *mnw_op_input(const mnw_op_context *context, uint32_t index) {
  return tensor_or_null(context, context->node->inputs[index]);
}

const mnw_tensor *mnw_op_output(const mnw_op_context *context, uint32_t index) {
  return tensor_or_null(context, context->node->outputs[index]);
}

const void *mnw_op_input_data(const mnw_op_context *context, uint32_t index) {
  return context->data[context->node->inputs[index]];
}

void *mnw_op_output_data(const mnw_op_context *context, uint32_t index) {
  return context->data[context->node->outputs[index]];
}

void *mnw_op_thread_scratch(const mnw_op_context *context, uint32_t thread) {
  if (thread == 0) return context->scratch;
  return context->helper_scratch + (thread - 1) * context->helper_scratch_bytes;
}

size_t mnw_op_grain(size_t operations, size_t multiple) {
  // Some microseconds, against the fraction of one that handing over takes.
  enum { CHUNK_OPERATIONS = 65536 };
  const size_t elements = CHUNK_OPERATIONS / (operations > 0 ? operations : 1) + 1;
  return mnw_round_up(elements, multiple);
}

mnw_status mnw_op_refuse(const mnw_op_context *context, const char *what, int64_t b, int64_t c) {
  return mnw_fail(context->error, MNW_STATUS_INVALID_GRAPH, what, context->node_number, b, c);
}

mnw_status mnw_op_check_arity(const mnw_op_context *context, uint32_t inputs, uint32_t outputs) {
  const mnw_node *node = context->node;
  if (node->input_count != inputs || node->output_count != outputs) {
    return mnw_op_refuse(context,
                         "operator %0 has %1 inputs and %2 outputs, not as many as it needs",
                         node->input_count, node->output_count);
  }
  for (uint32_t i = 0; i < inputs; i++) {
    if (node->inputs[i] == MNW_NO_TENSOR) {
      return mnw_op_refuse(context, "operator %0 needs its input %1, which is absent", i, 0);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_op_check_dtype(const mnw_op_context *context, const mnw_tensor *tensor,
                              mnw_dtype dtype) {
  if (tensor->dtype != dtype) {
    return mnw_op_refuse(context, "operator %0 has a tensor of dtype %1 where %2 is needed",
                         tensor->dtype, dtype);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_op_check_quantized(const mnw_op_context *context, const mnw_tensor *tensor) {
  const int32_t low = tensor->dtype == MNW_DTYPE_U8 ? 0 : -128;
  if ((tensor->dtype != MNW_DTYPE_S8 && tensor->dtype != MNW_DTYPE_U8) || !(tensor->scale > 0.0f) ||
      tensor->zero_point < low || tensor->zero_point > low + 255) {
    return mnw_op_refuse(
        context,
        "operator %0 needs 8-bit tensors with a positive scale and a zero point in "
        "range; one has dtype %1 and zero point %2",
        tensor->dtype, tensor->zero_point);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_op_check_s8(const mnw_op_context *context, const mnw_tensor *tensor) {
  const mnw_status status = mnw_op_check_dtype(context, tensor, MNW_DTYPE_S8);
  return status == MNW_STATUS_OK ? mnw_op_check_quantized(context, tensor) : status;
}

mnw_status mnw_op_check_same_shape(const mnw_op_context *context, const mnw_tensor *a,
                                   const mnw_tensor *b) {
  if (a->rank != b->rank) {
    return mnw_op_refuse(context, "operator %0 needs equal shapes, these have ranks %1 and %2",
                         a->rank, b->rank);
  }
  for (uint32_t i = 0; i < a->rank; i++) {
    if (a->dims[i] != b->dims[i]) {
      return mnw_op_refuse(context, "operator %0 needs equal shapes, a dimension is %1 and %2",
                           a->dims[i], b->dims[i]);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_op_check_clamp(const mnw_op_context *context, int32_t clamp_min, int32_t clamp_max) {
  if (clamp_min < -128 || clamp_max > 127 || clamp_min > clamp_max) {
    return mnw_op_refuse(context, "operator %0 clamps to %1 … %2, which is no int8 range",
                         clamp_min, clamp_max);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_op_check_constant(const mnw_op_context *context, uint32_t input, mnw_dtype dtype,
                                 int layout, size_t elements) {
  const mnw_tensor *tensor = mnw_op_input(context, input);
  if (tensor->kind != MNW_KIND_CONSTANT || tensor->dtype != dtype || tensor->layout != layout) {
    return mnw_op_refuse(
        context,
        "operator %0 needs its input %1 as a constant in the layout and dtype that "
        "docs/FORMAT.md gives",
        input, 0);
  }
  if (elements != 0 && mnw_tensor_elements(tensor) != elements) {
    return mnw_op_refuse(context, "operator %0 needs %1 elements in a constant that has %2",
                         (int64_t)elements, (int64_t)mnw_tensor_elements(tensor));
  }
  return MNW_STATUS_OK;
}
