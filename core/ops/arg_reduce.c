// Where the largest or smallest element along an axis stands; NaN counts as the largest.
#include "axis_common.h"

mnw_status mnw_arg_reduce_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  status = mnw_axis_check(context, params[MNW_ARG_REDUCE_AXIS], x->rank);
  if (status == MNW_STATUS_OK) status = mnw_axis_check_indices(context, y);
  if (status != MNW_STATUS_OK) return status;
  return mnw_axis_check_reduced(context, x, y, 1u << params[MNW_ARG_REDUCE_AXIS]);
}

// The same of `extent` neighbouring bytes, which become int8 in their order by `flip`.
static size_t best_byte(const uint8_t *bytes, size_t extent, uint8_t flip, bool takes_last) {
  int best = (int8_t)(bytes[0] ^ flip);
  size_t best_at = 0;
  for (size_t i = 1; i < extent; i++) {
    const int key = (int8_t)(bytes[i] ^ flip);
    if (takes_last ? key >= best : key > best) {
      best = key;
      best_at = i;
    }
  }
  return best_at;
}

void mnw_arg_reduce_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const mnw_axis_cut cut = mnw_axis_cut_at(x, (uint32_t)params[MNW_ARG_REDUCE_AXIS]);
  const int64_t flip = params[MNW_ARG_REDUCE_IS_MIN] ? -1 : 0;  // ~key reverses the order
  const bool takes_last = params[MNW_ARG_REDUCE_LAST] != 0;
  const void *in = mnw_op_input_data(context, 0);
  void *out = mnw_op_output_data(context, 0);
  if ((x->dtype == MNW_DTYPE_S8 || x->dtype == MNW_DTYPE_U8) && cut.inner == 1) {
    const uint8_t byte_flip = (uint8_t)flip ^ (x->dtype == MNW_DTYPE_U8 ? 0x80 : 0);
    for (size_t o = 0; o < cut.outer; o++) {
      const uint8_t *const bytes = (const uint8_t *)in + o * cut.extent;
      mnw_store_integer((mnw_dtype)y->dtype, out, o,
                        (int64_t)best_byte(bytes, cut.extent, byte_flip, takes_last));
    }
    return;
  }
  for (size_t o = 0; o < cut.outer; o++) {
    for (size_t n = 0; n < cut.inner; n++) {
      const size_t first = o * cut.extent * cut.inner + n;
      int64_t best = mnw_order_key((mnw_dtype)x->dtype, in, first) ^ flip;
      size_t best_at = 0;
      for (size_t i = 1; i < cut.extent; i++) {
        const int64_t key = mnw_order_key((mnw_dtype)x->dtype, in, first + i * cut.inner) ^ flip;
        if (key > best || (key == best && takes_last)) {
          best = key;
          best_at = i;
        }
      }
      mnw_store_integer((mnw_dtype)y->dtype, out, o * cut.inner + n, (int64_t)best_at);
    }
  }
}
