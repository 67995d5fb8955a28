// Repeats axes of 1 up to the output's shape.
#include "nd_iter.h"

mnw_status mnw_expand_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_nd_check_same_kind(context, x, y);
  return status == MNW_STATUS_OK ? mnw_nd_check_broadcast(context, x, y) : status;
}

void mnw_expand_eval(const mnw_op_context *context) {
  const mnw_tensor *y = mnw_op_output(context, 0);
  mnw_nd_iter it;
  mnw_nd_init(&it, y, 2);
  mnw_nd_broadcast(&it, 1, mnw_op_input(context, 0));
  mnw_nd_copy(&it, mnw_op_output_data(context, 0), mnw_op_input_data(context, 0),
              mnw_dtype_bytes((mnw_dtype)y->dtype));
}
