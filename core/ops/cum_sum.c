// Running sums along an axis. Floats are summed in double, integers wrap.
#include "axis_common.h"

mnw_status mnw_cum_sum_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  status = mnw_axis_check(context, context->node->params[MNW_CUM_SUM_AXIS], x->rank);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, x, y);
  if (status == MNW_STATUS_OK) status = mnw_op_check_dtype(context, y, (mnw_dtype)x->dtype);
  if (status != MNW_STATUS_OK) return status;
  if (x->dtype != MNW_DTYPE_F32 && x->dtype != MNW_DTYPE_S32 && x->dtype != MNW_DTYPE_S64) {
    return mnw_op_refuse(context, "operator %0 has no running sums of dtype %1", x->dtype, 0);
  }
  return MNW_STATUS_OK;
}

static void sum_floats(float *y, const float *x, size_t extent, ptrdiff_t step, bool exclusive) {
  double sum = 0.0;
  for (; extent > 0; extent--, x += step, y += step) {
    const double before = sum;
    sum += (double)*x;
    *y = (float)(exclusive ? before : sum);
  }
}

static void sum_integers(mnw_dtype dtype, void *y, const void *x, size_t at, size_t extent,
                         ptrdiff_t step, bool exclusive) {
  uint64_t sum = 0;
  for (; extent > 0; extent--, at += (size_t)step) {
    const uint64_t before = sum;
    sum += (uint64_t)mnw_load_integer(dtype, x, at);
    mnw_store_integer(dtype, y, at, (int64_t)(exclusive ? before : sum));
  }
}

void mnw_cum_sum_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0);
  const mnw_axis_cut cut = mnw_axis_cut_at(x, (uint32_t)params[MNW_CUM_SUM_AXIS]);
  const bool is_reverse = params[MNW_CUM_SUM_REVERSE] != 0;
  const bool is_exclusive = params[MNW_CUM_SUM_EXCLUSIVE] != 0;
  const ptrdiff_t step = is_reverse ? -(ptrdiff_t)cut.inner : (ptrdiff_t)cut.inner;
  const void *in = mnw_op_input_data(context, 0);
  void *out = mnw_op_output_data(context, 0);
  for (size_t o = 0; o < cut.outer; o++) {
    const size_t first = (o * cut.extent + (is_reverse ? cut.extent - 1 : 0)) * cut.inner;
    for (size_t n = first; n < first + cut.inner; n++) {
      if (x->dtype == MNW_DTYPE_F32) {
        sum_floats((float *)out + n, (const float *)in + n, cut.extent, step, is_exclusive);
      } else {
        sum_integers((mnw_dtype)x->dtype, out, in, n, cut.extent, step, is_exclusive);
      }
    }
  }
}
