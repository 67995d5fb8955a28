// Inputs one behind the other along an axis.
#include <string.h>

#include "nd_iter.h"

static mnw_status check_input(const mnw_op_context *context, uint32_t input, int32_t axis) {
  const mnw_tensor *x = mnw_op_input(context, input), *y = mnw_op_output(context, 0);
  const mnw_status status = mnw_nd_check_same_kind(context, x, y);
  if (status != MNW_STATUS_OK) return status;
  bool is_fitting = x->rank == y->rank;
  for (int32_t i = 0; i < y->rank && is_fitting; i++) {
    is_fitting = i == axis || x->dims[i] == y->dims[i];
  }
  if (is_fitting) return MNW_STATUS_OK;
  return mnw_op_refuse(context, "operator %0: input %1 differs in more than axis %2", input, axis);
}

mnw_status mnw_concat_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t axis = context->node->params[MNW_CONCAT_AXIS];
  mnw_status status = mnw_nd_check_operands(context, 1, UINT8_MAX);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *y = mnw_op_output(context, 0);
  if (axis < 0 || axis >= y->rank) {
    return mnw_op_refuse(context, "operator %0: there is no axis %1 in rank %2", axis, y->rank);
  }
  int64_t extent = 0;
  for (uint32_t i = 0; i < context->node->input_count && status == MNW_STATUS_OK; i++) {
    status = check_input(context, i, axis);
    if (status == MNW_STATUS_OK) extent += mnw_op_input(context, i)->dims[axis];
  }
  if (status == MNW_STATUS_OK && extent != y->dims[axis]) {
    return mnw_op_refuse(context,
                         "operator %0: its inputs have %1 together where the output has %2", extent,
                         y->dims[axis]);
  }
  return status;
}

void mnw_concat_eval(const mnw_op_context *context) {
  const uint32_t axis = (uint32_t)context->node->params[MNW_CONCAT_AXIS];
  const mnw_tensor *y = mnw_op_output(context, 0);
  uint8_t *out = mnw_op_output_data(context, 0);
  size_t rows = 1, inner = mnw_dtype_bytes((mnw_dtype)y->dtype), start = 0;
  for (uint32_t i = 0; i < axis; i++) rows *= (size_t)y->dims[i];
  for (uint32_t i = axis + 1; i < y->rank; i++) inner *= (size_t)y->dims[i];
  const size_t row_bytes = inner * (size_t)y->dims[axis];
  for (uint32_t i = 0; i < context->node->input_count; i++) {
    const uint8_t *in = mnw_op_input_data(context, i);
    const size_t bytes = inner * (size_t)mnw_op_input(context, i)->dims[axis];
    for (size_t row = 0; row < rows; row++) {
      memcpy(out + row * row_bytes + start, in + row * bytes, bytes);
    }
    start += bytes;
  }
}
