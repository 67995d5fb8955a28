// A row of `off` values with one `on` value where the index points; negative indices count from the
// end, and rows whose index is out of range are all off.
#include <string.h>

#include "axis_common.h"

mnw_status mnw_one_hot_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t axis = context->node->params[MNW_ONE_HOT_AXIS];
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *indices = mnw_op_input(context, 0), *values = mnw_op_input(context, 1),
                   *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  status = mnw_axis_check(context, axis, y->rank);
  if (status == MNW_STATUS_OK && indices->dtype != MNW_DTYPE_F32) {
    status = mnw_axis_check_indices(context, indices);
  }
  if (status == MNW_STATUS_OK) status = mnw_nd_check_same_kind(context, values, y);
  if (status != MNW_STATUS_OK) return status;
  if (y->rank != indices->rank + 1 || mnw_tensor_elements(values) != 2) {
    return mnw_op_refuse(context,
                         "operator %0 needs two values and an output of one axis more than its "
                         "indices, not of rank %1",
                         y->rank, 0);
  }
  status = mnw_axis_check_dims(context, indices, 0, y, 0, (uint32_t)axis);
  if (status != MNW_STATUS_OK) return status;
  return mnw_axis_check_dims(context, indices, (uint32_t)axis, y, (uint32_t)axis + 1,
                             indices->rank - (uint32_t)axis);
}

// Out of range for what is no index.
static int64_t load_index(const mnw_tensor *indices, const void *data, size_t at) {
  if (indices->dtype != MNW_DTYPE_F32) {
    return mnw_load_integer((mnw_dtype)indices->dtype, data, at);
  }
  const float value = ((const float *)data)[at];
  return value > -1e9f && value < 1e9f ? (int64_t)value : INT32_MAX;
}

void mnw_one_hot_eval(const mnw_op_context *context) {
  const mnw_tensor *indices = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const mnw_axis_cut cut = mnw_axis_cut_at(y, (uint32_t)context->node->params[MNW_ONE_HOT_AXIS]);
  const size_t bytes = mnw_dtype_bytes((mnw_dtype)y->dtype);
  const int64_t depth = (int64_t)cut.extent;
  const void *index_data = mnw_op_input_data(context, 0);
  const uint8_t *off = mnw_op_input_data(context, 1), *on = off + bytes;
  uint8_t *out = mnw_op_output_data(context, 0);
  for (size_t at = 0; at < y->size_bytes; at += bytes) memcpy(out + at, off, bytes);
  for (size_t o = 0; o < cut.outer; o++) {
    for (size_t n = 0; n < cut.inner; n++) {
      int64_t index = load_index(indices, index_data, o * cut.inner + n);
      if (index < 0) index += depth;
      if (index < 0 || index >= depth) continue;
      memcpy(out + ((o * cut.extent + (size_t)index) * cut.inner + n) * bytes, on, bytes);
    }
  }
}
