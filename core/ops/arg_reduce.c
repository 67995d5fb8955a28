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

// The same of `extent` neighbouring bytes, which become int8 in their order by `flip`. Two plain
// loops, of which the compiler makes vectors, instead of one that carries the place along.
static size_t best_byte(const uint8_t *bytes, size_t extent, uint8_t flip, bool takes_last) {
  int8_t best = INT8_MIN;
  for (size_t i = 0; i < extent; i++) {
    const int8_t key = (int8_t)(bytes[i] ^ flip);
    best = key > best ? key : best;
  }
  const uint8_t wanted = (uint8_t)best ^ flip;
  size_t at = 0;
  if (!takes_last) {
    while (bytes[at] != wanted) at++;
    return at;
  }
  for (at = extent - 1; bytes[at] != wanted; at--) {
  }
  return at;
}

typedef struct arg_job {
  const mnw_op_context *context;
  mnw_axis_cut cut;
} arg_job;

// Results begin … end - 1 of neighbouring bytes.
static void reduce_bytes(void *argument, size_t begin, size_t end, uint32_t thread) {
  const arg_job *job = argument;
  const mnw_op_context *context = job->context;
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const uint8_t flip =
      (params[MNW_ARG_REDUCE_IS_MIN] ? 0xFF : 0) ^ (x->dtype == MNW_DTYPE_U8 ? 0x80 : 0);
  const bool takes_last = params[MNW_ARG_REDUCE_LAST] != 0;
  const size_t extent = job->cut.extent;
  const uint8_t *in = mnw_op_input_data(context, 0);
  (void)thread;
  for (size_t o = begin; o < end; o++) {
    mnw_store_integer((mnw_dtype)y->dtype, mnw_op_output_data(context, 0), o,
                      (int64_t)best_byte(in + o * extent, extent, flip, takes_last));
  }
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
    arg_job job = {context, cut};
    mnw_team_split(context->team, reduce_bytes, &job, cut.outer, mnw_op_grain(4 * cut.extent, 1));
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
