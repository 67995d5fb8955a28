// Slices of x along an axis, picked by indices: y = x[…, indices[…], …].
#include <string.h>

#include "axis_common.h"

mnw_status mnw_gather_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t axis = context->node->params[MNW_GATHER_AXIS];
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1),
                   *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  status = mnw_axis_check(context, axis, x->rank);
  if (status == MNW_STATUS_OK) status = mnw_axis_check_indices(context, indices);
  if (status == MNW_STATUS_OK) status = mnw_nd_check_same_kind(context, x, y);
  if (status != MNW_STATUS_OK) return status;
  const uint32_t before = (uint32_t)axis, after = x->rank - before - 1;
  if (y->rank != before + indices->rank + after) {
    return mnw_op_refuse(context, "operator %0: gathers into rank %1 where %2 is needed", y->rank,
                         before + indices->rank + after);
  }
  status = mnw_axis_check_dims(context, x, 0, y, 0, before);
  if (status == MNW_STATUS_OK) {
    status = mnw_axis_check_dims(context, indices, 0, y, before, indices->rank);
  }
  if (status == MNW_STATUS_OK) {
    status = mnw_axis_check_dims(context, x, before + 1, y, before + indices->rank, after);
  }
  return status;
}

void mnw_gather_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1);
  const mnw_axis_cut cut = mnw_axis_cut_at(x, (uint32_t)context->node->params[MNW_GATHER_AXIS]);
  const size_t run = cut.inner * mnw_dtype_bytes((mnw_dtype)x->dtype);
  const size_t count = mnw_tensor_elements(indices);
  const uint8_t *in = mnw_op_input_data(context, 0);
  const void *index_data = mnw_op_input_data(context, 1);
  uint8_t *out = mnw_op_output_data(context, 0);
  for (size_t o = 0; o < cut.outer; o++, in += cut.extent * run) {
    for (size_t i = 0; i < count; i++, out += run) {
      memcpy(out, in + mnw_load_index(indices, index_data, i, (int32_t)cut.extent) * run, run);
    }
  }
}
