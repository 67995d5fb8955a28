// What the fixed-point operators have in common, and those that work element by element: RESCALE
// (one factor for values from the zero point on, one for those below) and FIXED_BINARY.
#include "fixed_point_ops.h"
#include "lanes.h"
#include "nd_iter.h"

static void integer_range(mnw_dtype dtype, int32_t *low, int32_t *high) {
  *low = dtype == MNW_DTYPE_S8 ? -128 : dtype == MNW_DTYPE_S16 ? -32768 : INT32_MIN;
  *high = dtype == MNW_DTYPE_S8 ? 127 : dtype == MNW_DTYPE_S16 ? 32767 : INT32_MAX;
}

mnw_fixed_factor mnw_fixed_factor_at(const int32_t *words) {
  return (mnw_fixed_factor){words[0], words[1]};
}

mnw_status mnw_fixed_check_factor(const mnw_op_context *context, mnw_fixed_factor factor) {
  if (mnw_fixed_is_valid(factor)) return MNW_STATUS_OK;
  return mnw_op_refuse(context, "operator %0: multiplier %1 or its shift %2 is out of range",
                       factor.multiplier, factor.shift);
}

mnw_status mnw_fixed_check_integer(const mnw_op_context *context, const mnw_tensor *tensor) {
  if (tensor->dtype == MNW_DTYPE_S8 || tensor->dtype == MNW_DTYPE_S16 ||
      tensor->dtype == MNW_DTYPE_S32) {
    return MNW_STATUS_OK;
  }
  return mnw_op_refuse(context, "operator %0 needs int8, int16 or int32 tensors, not dtype %1",
                       tensor->dtype, 0);
}

mnw_status mnw_fixed_check_clamp(const mnw_op_context *context, const int32_t *clamps) {
  int32_t low, high;
  integer_range((mnw_dtype)mnw_op_output(context, 0)->dtype, &low, &high);
  if (clamps[0] >= low && clamps[1] <= high && clamps[0] <= clamps[1]) return MNW_STATUS_OK;
  return mnw_op_refuse(context, "operator %0 clamps to %1 … %2, which its output does not hold",
                       clamps[0], clamps[1]);
}

mnw_status mnw_rescale_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  *scratch_bytes = 0;
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_fixed_check_integer(context, x);
  if (status == MNW_STATUS_OK) status = mnw_fixed_check_integer(context, y);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, x, y);
  for (int i = MNW_RESCALE_FACTOR; i <= MNW_RESCALE_FACTOR_BELOW && status == MNW_STATUS_OK;
       i += 2) {
    status = mnw_fixed_check_factor(context, mnw_fixed_factor_at(params + i));
  }
  return status == MNW_STATUS_OK ? mnw_fixed_check_clamp(context, params + MNW_RESCALE_CLAMP_MIN)
                                 : status;
}

void mnw_rescale_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const mnw_fixed_factor factor = mnw_fixed_factor_at(params + MNW_RESCALE_FACTOR);
  const mnw_fixed_factor below = mnw_fixed_factor_at(params + MNW_RESCALE_FACTOR_BELOW);
  const size_t count = mnw_tensor_elements(y);
  int64_t lanes[MNW_LANES];
  for (size_t done = 0; done < count; done += MNW_LANES) {
    const size_t n = count - done < MNW_LANES ? count - done : MNW_LANES;
    mnw_lanes_load_int(lanes, (mnw_dtype)x->dtype, mnw_op_input_data(context, 0), (ptrdiff_t)done,
                       1, n);
    for (size_t i = 0; i < n; i++) {
      const int32_t value = (int32_t)(uint32_t)(uint64_t)(lanes[i] - x->zero_point);
      const int64_t scaled = mnw_fixed_scale(value, value >= 0 ? factor : below);
      lanes[i] = mnw_fixed_clamp(scaled + y->zero_point, params[MNW_RESCALE_CLAMP_MIN],
                                 params[MNW_RESCALE_CLAMP_MAX]);
    }
    mnw_lanes_store_int(mnw_op_output_data(context, 0), (mnw_dtype)y->dtype, (ptrdiff_t)done, lanes,
                        n);
  }
}

mnw_status mnw_fixed_binary_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  *scratch_bytes = 0;
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *y = mnw_op_output(context, 0);
  for (uint32_t i = 0; i < 2 && status == MNW_STATUS_OK; i++) {
    status = mnw_op_check_dtype(context, mnw_op_input(context, i), MNW_DTYPE_S16);
    if (status == MNW_STATUS_OK) {
      status = mnw_nd_check_broadcast(context, mnw_op_input(context, i), y);
    }
  }
  if (status == MNW_STATUS_OK) status = mnw_op_check_dtype(context, y, MNW_DTYPE_S16);
  for (int i = MNW_FIXED_BINARY_FACTOR_A; i <= MNW_FIXED_BINARY_FACTOR_Y && status == MNW_STATUS_OK;
       i += 2) {
    status = mnw_fixed_check_factor(context, mnw_fixed_factor_at(params + i));
  }
  if (status != MNW_STATUS_OK) return status;
  if (params[MNW_FIXED_BINARY_FUNCTION] < MNW_BINARY_ADD ||
      params[MNW_FIXED_BINARY_FUNCTION] > MNW_BINARY_MUL) {
    return mnw_op_refuse(context, "operator %0: there is no fixed-point function %1",
                         params[MNW_FIXED_BINARY_FUNCTION], 0);
  }
  return mnw_fixed_check_clamp(context, params + MNW_FIXED_BINARY_CLAMP_MIN);
}

// Terms get 15 more bits before they are brought to their common scale.
static int32_t combine(const int32_t *params, int64_t a, int64_t b) {
  const uint32_t headroom = 1u << 15;
  const mnw_fixed_factor factor_y = mnw_fixed_factor_at(params + MNW_FIXED_BINARY_FACTOR_Y);
  if (params[MNW_FIXED_BINARY_FUNCTION] == MNW_BINARY_MUL) {
    return mnw_fixed_scale((int32_t)(uint32_t)(uint64_t)(a * b), factor_y);
  }
  const uint32_t scaled_a =
      (uint32_t)mnw_fixed_scale((int32_t)((uint32_t)(int32_t)a * headroom),
                                mnw_fixed_factor_at(params + MNW_FIXED_BINARY_FACTOR_A));
  const uint32_t scaled_b =
      (uint32_t)mnw_fixed_scale((int32_t)((uint32_t)(int32_t)b * headroom),
                                mnw_fixed_factor_at(params + MNW_FIXED_BINARY_FACTOR_B));
  const bool adds = params[MNW_FIXED_BINARY_FUNCTION] == MNW_BINARY_ADD;
  return mnw_fixed_scale((int32_t)(adds ? scaled_a + scaled_b : scaled_a - scaled_b), factor_y);
}

void mnw_fixed_binary_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x[] = {mnw_op_input(context, 0), mnw_op_input(context, 1)};
  const mnw_tensor *y = mnw_op_output(context, 0);
  const int16_t *a = mnw_op_input_data(context, 0), *b = mnw_op_input_data(context, 1);
  int16_t *out = mnw_op_output_data(context, 0);
  mnw_nd_iter it;
  mnw_nd_init(&it, y, 3);
  mnw_nd_broadcast(&it, 1, x[0]);
  mnw_nd_broadcast(&it, 2, x[1]);
  mnw_nd_start(&it);
  do {
    for (ptrdiff_t i = 0; i < it.count; i++) {
      const int64_t left = a[it.offset[1] + i * it.step[1]] - x[0]->zero_point;
      const int64_t right = b[it.offset[2] + i * it.step[2]] - x[1]->zero_point;
      const int64_t value = (int64_t)combine(params, left, right) + y->zero_point;
      out[it.offset[0] + i * it.step[0]] = (int16_t)mnw_fixed_clamp(
          value, params[MNW_FIXED_BINARY_CLAMP_MIN], params[MNW_FIXED_BINARY_CLAMP_MAX]);
    }
  } while (mnw_nd_next(&it));
}
