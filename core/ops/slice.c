// A start and a step for each axis.
#include "nd_iter.h"

mnw_status mnw_slice_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *starts = context->node->params + MNW_SLICE_START;
  const int32_t *steps = context->node->params + MNW_SLICE_STEP;
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_nd_check_same_kind(context, x, y);
  if (status != MNW_STATUS_OK) return status;
  if (x->rank != y->rank) {
    return mnw_op_refuse(context, "operator %0 slices from rank %1 to %2", x->rank, y->rank);
  }
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t last = starts[i] + (int64_t)(y->dims[i] - 1) * steps[i];
    if (steps[i] == 0 || starts[i] < 0 || starts[i] >= x->dims[i] || last < 0 ||
        last >= x->dims[i]) {
      return mnw_op_refuse(context, "operator %0: its slice leaves axis %1, of %2 elements", i,
                           x->dims[i]);
    }
  }
  return MNW_STATUS_OK;
}

void mnw_slice_eval(const mnw_op_context *context) {
  const int32_t *starts = context->node->params + MNW_SLICE_START;
  const int32_t *steps = context->node->params + MNW_SLICE_STEP;
  const mnw_tensor *y = mnw_op_output(context, 0);
  ptrdiff_t strides[MNW_MAX_RANK];
  mnw_nd_iter it;
  mnw_nd_init(&it, y, 2);
  mnw_nd_dense_strides(strides, mnw_op_input(context, 0));
  for (uint32_t i = 0; i < y->rank; i++) {
    // The step of a single element is not used and may be huge.
    if (y->dims[i] > 1) it.strides[1][i] = strides[i] * steps[i];
    it.start[1] += strides[i] * starts[i];
  }
  mnw_nd_copy(&it, mnw_op_output_data(context, 0), mnw_op_input_data(context, 0),
              mnw_dtype_bytes((mnw_dtype)y->dtype));
}
