// Keeps the upper or lower triangle of the last two axes, from the k-th diagonal on; the rest
// becomes 0.
#include <string.h>

#include "nd_iter.h"

mnw_status mnw_trilu_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_nd_check_same_kind(context, x, y);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, x, y);
  if (status == MNW_STATUS_OK && x->rank < 2) {
    return mnw_op_refuse(context, "operator %0 needs matrices, its input has rank %1", x->rank, 0);
  }
  return status;
}

void mnw_trilu_eval(const mnw_op_context *context) {
  const mnw_tensor *y = mnw_op_output(context, 0);
  const bool keeps_upper = context->node->params[MNW_TRILU_UPPER] != 0;
  const int64_t k = context->node->params[MNW_TRILU_K];
  const uint8_t *in = mnw_op_input_data(context, 0);
  uint8_t *out = mnw_op_output_data(context, 0);
  const size_t bytes = mnw_dtype_bytes((mnw_dtype)y->dtype);
  const int64_t rows = y->dims[y->rank - 2], columns = y->dims[y->rank - 1];
  const size_t row_bytes = (size_t)columns * bytes,
               all_rows = mnw_tensor_elements(y) / (size_t)columns;
  const int zero = bytes == 1 ? y->zero_point : 0;
  for (size_t row = 0; row < all_rows; row++, in += row_bytes, out += row_bytes) {
    // The first column that belongs to the upper triangle, or no longer to the lower one.
    int64_t border = (int64_t)(row % (size_t)rows) + k + (keeps_upper ? 0 : 1);
    border = border < 0 ? 0 : border > columns ? columns : border;
    const size_t left = (size_t)border * bytes;
    if (keeps_upper) {
      memset(out, zero, left);
      memcpy(out + left, in + left, row_bytes - left);
    } else {
      memcpy(out, in, left);
      memset(out + left, zero, row_bytes - left);
    }
  }
}
