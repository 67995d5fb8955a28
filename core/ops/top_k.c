// The k largest or smallest elements along an axis, best first.
#include "../base/checked.h"
#include "axis_common.h"
#include "best_select.h"

mnw_status mnw_top_k_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  const int32_t axis = params[MNW_TOP_K_AXIS], k = params[MNW_TOP_K_K];
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_axis_check(context, axis, x->rank);
  if (status != MNW_STATUS_OK) return status;
  const uint32_t after = x->rank - (uint32_t)axis - 1;
  if (y->rank != x->rank || k < 1 || k > x->dims[axis] || y->dims[axis] != k) {
    return mnw_op_refuse(context, "operator %0 cannot take the best %1 of %2 elements", k,
                         x->dims[axis]);
  }
  status = mnw_axis_check_dims(context, x, 0, y, 0, (uint32_t)axis);
  if (status == MNW_STATUS_OK) {
    status = mnw_axis_check_dims(context, x, (uint32_t)axis + 1, y, (uint32_t)axis + 1, after);
  }
  if (status == MNW_STATUS_OK) {
    status = params[MNW_TOP_K_WANTS_INDICES] ? mnw_axis_check_indices(context, y)
                                             : mnw_nd_check_same_kind(context, x, y);
  }
  if (status != MNW_STATUS_OK) return status;
  if (!mnw_checked_mul(scratch_bytes, (size_t)k, sizeof(mnw_candidate))) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED, "operator %0 sorts %1 elements",
                    context->node_number, k, 0);
  }
  return MNW_STATUS_OK;
}

void mnw_top_k_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const mnw_axis_cut cut = mnw_axis_cut_at(x, (uint32_t)params[MNW_TOP_K_AXIS]);
  const size_t k = (size_t)params[MNW_TOP_K_K];
  const int64_t flip = params[MNW_TOP_K_LARGEST] ? 0 : -1;  // ~key reverses the order
  const void *in = mnw_op_input_data(context, 0);
  void *out = mnw_op_output_data(context, 0);
  mnw_candidate *best = context->scratch;
  for (size_t o = 0; o < cut.outer; o++) {
    for (size_t n = 0; n < cut.inner; n++) {
      const size_t first = o * cut.extent * cut.inner + n;
      size_t count = 0;
      for (size_t i = 0; i < cut.extent; i++) {
        const int64_t key = mnw_order_key((mnw_dtype)x->dtype, in, first + i * cut.inner) ^ flip;
        count = mnw_best_offer(best, count, k, (mnw_candidate){key, i});
      }
      mnw_best_sort(best, count);
      for (size_t i = 0; i < k; i++) {
        const size_t to = (o * k + i) * cut.inner + n, from = first + best[i].index * cut.inner;
        if (params[MNW_TOP_K_WANTS_INDICES]) {
          mnw_store_integer((mnw_dtype)y->dtype, out, to, (int64_t)best[i].index);
        } else if (x->dtype == MNW_DTYPE_F32) {
          ((float *)out)[to] = ((const float *)in)[from];
        } else {
          mnw_store_integer((mnw_dtype)y->dtype, out, to,
                            mnw_load_integer((mnw_dtype)x->dtype, in, from));
        }
      }
    }
  }
}
