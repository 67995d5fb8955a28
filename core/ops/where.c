// y = condition ? a : b, all three broadcast.
#include <string.h>

#include "nd_iter.h"

mnw_status mnw_where_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_nd_check_operands(context, 3, 3);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *y = mnw_op_output(context, 0);
  status = mnw_op_check_dtype(context, mnw_op_input(context, 0), MNW_DTYPE_BOOL);
  for (uint32_t i = 0; i < 3 && status == MNW_STATUS_OK; i++) {
    const mnw_tensor *x = mnw_op_input(context, i);
    if (i > 0) status = mnw_nd_check_same_kind(context, x, y);
    if (status == MNW_STATUS_OK) status = mnw_nd_check_broadcast(context, x, y);
  }
  return status;
}

void mnw_where_eval(const mnw_op_context *context) {
  const mnw_tensor *y = mnw_op_output(context, 0);
  const ptrdiff_t bytes = (ptrdiff_t)mnw_dtype_bytes((mnw_dtype)y->dtype);
  const uint8_t *condition = mnw_op_input_data(context, 0), *a = mnw_op_input_data(context, 1);
  const uint8_t *b = mnw_op_input_data(context, 2);
  uint8_t *out = mnw_op_output_data(context, 0);
  mnw_nd_iter it;
  mnw_nd_init(&it, y, 4);
  for (uint32_t i = 0; i < 3; i++) mnw_nd_broadcast(&it, i + 1, mnw_op_input(context, i));
  mnw_nd_start(&it);
  do {
    for (ptrdiff_t i = 0; i < it.count; i++) {
      const bool takes_a = condition[it.offset[1] + i * it.step[1]] != 0;
      const uint32_t k = takes_a ? 2 : 3;
      const uint8_t *from = (takes_a ? a : b) + (it.offset[k] + i * it.step[k]) * bytes;
      uint8_t *to = out + (it.offset[0] + i) * bytes;
      if (bytes == 4) {
        memcpy(to, from, 4);
      } else if (bytes == 1) {
        *to = *from;
      } else if (bytes == 2) {
        memcpy(to, from, 2);
      } else {
        memcpy(to, from, 8);
      }
    }
  } while (mnw_nd_next(&it));
}
