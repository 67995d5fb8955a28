// Two broadcast operands. Whatever the dtypes, the work is done by three loops over short runs: of
// float32 (quantised values are brought there and back), of int64 for all integers, and of bytes
// for logic.
#include "../base/bytes.h"
#include "../base/float_math_f32.h"
#include "lanes.h"
#include "nd_iter.h"

static bool is_arithmetic(int32_t function) {
  return function >= MNW_BINARY_ADD && function <= MNW_BINARY_SQUARED_DIFFERENCE;
}

static bool is_comparison(int32_t function) {
  return function >= MNW_BINARY_EQUAL && function <= MNW_BINARY_GREATER_EQUAL;
}

static bool is_logic(int32_t function) {
  return function >= MNW_BINARY_AND && function <= MNW_BINARY_XOR;
}

static bool is_bitwise(int32_t function) {
  return function >= MNW_BINARY_BITWISE_AND && function <= MNW_BINARY_SHIFT_RIGHT;
}

static mnw_status check_dtypes(const mnw_op_context *context, int32_t function) {
  const mnw_tensor *a = mnw_op_input(context, 0), *b = mnw_op_input(context, 1);
  const mnw_tensor *y = mnw_op_output(context, 0);
  mnw_status status = mnw_op_check_dtype(context, b, (mnw_dtype)a->dtype);
  if (status != MNW_STATUS_OK) return status;
  if (is_logic(function)) status = mnw_op_check_dtype(context, a, MNW_DTYPE_BOOL);
  const bool keeps_dtype = is_arithmetic(function) || is_bitwise(function);
  const bool is_real = a->dtype == MNW_DTYPE_F32 || mnw_lanes_is_quantized(a);
  if ((keeps_dtype && a->dtype == MNW_DTYPE_BOOL) || (is_bitwise(function) && is_real)) {
    return mnw_op_refuse(context, "operator %0: binary function %1 does not take dtype %2",
                         function, a->dtype);
  }
  if (status == MNW_STATUS_OK) {
    const mnw_dtype dtype = keeps_dtype ? (mnw_dtype)a->dtype : MNW_DTYPE_BOOL;
    status = mnw_op_check_dtype(context, y, dtype);
  }
  const bool is_quantized = mnw_lanes_is_quantized(a);
  if (status == MNW_STATUS_OK && (is_quantized || mnw_lanes_is_quantized(b))) {
    status = mnw_op_check_quantized(context, a);
    if (status == MNW_STATUS_OK) status = mnw_op_check_quantized(context, b);
    if (status == MNW_STATUS_OK && is_arithmetic(function)) {
      status = mnw_op_check_quantized(context, y);
    }
  }
  return status;
}

// Each axis of y is as long as that of an operand: numpy's result, nothing wider.
static mnw_status check_shapes(const mnw_op_context *context) {
  const mnw_tensor *y = mnw_op_output(context, 0);
  uint32_t covered = 0;
  for (uint32_t input = 0; input < 2; input++) {
    const mnw_tensor *x = mnw_op_input(context, input);
    const mnw_status status = mnw_nd_check_broadcast(context, x, y);
    if (status != MNW_STATUS_OK) return status;
    for (uint32_t i = 0; i < x->rank; i++) {
      const uint32_t axis = y->rank - x->rank + i;
      if (x->dims[i] == y->dims[axis]) covered |= 1u << axis;
    }
  }
  for (uint32_t i = 0; i < y->rank; i++) {
    if (y->dims[i] != 1 && (covered >> i & 1) == 0) {
      return mnw_op_refuse(context, "operator %0: no operand is as long as the output in axis %1",
                           i, 0);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_binary_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  const int32_t function = params[MNW_BINARY_FUNCTION];
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *a = mnw_op_input(context, 0);
  if (!is_arithmetic(function) && !is_comparison(function) && !is_logic(function) &&
      !is_bitwise(function)) {
    return mnw_op_refuse(context, "operator %0: there is no binary function %1", function, 0);
  }
  status = check_dtypes(context, function);
  if (status == MNW_STATUS_OK) status = check_shapes(context);
  if (status != MNW_STATUS_OK) return status;
  const float low = mnw_float_from_bits((uint32_t)params[MNW_BINARY_CLAMP_MIN]);
  const float high = mnw_float_from_bits((uint32_t)params[MNW_BINARY_CLAMP_MAX]);
  const bool is_real = a->dtype == MNW_DTYPE_F32 || mnw_lanes_is_quantized(a);
  if (is_real && is_arithmetic(function) && !(low <= high)) {
    return mnw_op_refuse(context, "operator %0 clamps to an empty range", 0, 0);
  }
  return MNW_STATUS_OK;
}

static float floor_mod(float a, float b) {
  const float rest = mnw_fmod(a, b);
  return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

// Elements that have no vector form, and those of operands with odd steps.
static float compute_one(int32_t function, float a, float b) {
  switch (function) {
    case MNW_BINARY_ADD:
      return a + b;
    case MNW_BINARY_SUB:
      return a - b;
    case MNW_BINARY_MUL:
      return a * b;
    case MNW_BINARY_DIV:
      return a / b;
    case MNW_BINARY_MIN:
      return a < b || a != a ? a : b;
    case MNW_BINARY_MAX:
      return a > b || a != a ? a : b;
    case MNW_BINARY_POW:
      return mnw_pow(a, b);
    case MNW_BINARY_MOD:
      return floor_mod(a, b);
    case MNW_BINARY_FMOD:
      return mnw_fmod(a, b);
    case MNW_BINARY_PRELU:
      return a < 0.0f ? a * b : a;
    default:
      return (a - b) * (a - b);
  }
}

static bool compare_one(int32_t function, float a, float b) {
  switch (function) {
    case MNW_BINARY_EQUAL:
      return a == b;
    case MNW_BINARY_NOT_EQUAL:
      return a != b;
    case MNW_BINARY_LESS:
      return a < b;
    case MNW_BINARY_LESS_EQUAL:
      return a <= b;
    case MNW_BINARY_GREATER:
      return a > b;
    default:
      return a >= b;
  }
}

// One loop with a function the compiler knows; the case's body for each of the usual steps.
#define LOOPS(function)                                                               \
  case function:                                                                      \
    if (a_step == 1 && b_step == 1) {                                                 \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = compute_one(function, a[i], b[i]); \
    } else if (a_step == 1) {                                                         \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = compute_one(function, a[i], b[0]); \
    } else {                                                                          \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = compute_one(function, a[0], b[i]); \
    }                                                                                 \
    break;

// Steps are 1 or, for one of both, 0.
static void compute(int32_t function, float *restrict y, const float *restrict a,
                    const float *restrict b, ptrdiff_t a_step, ptrdiff_t b_step, ptrdiff_t count) {
  switch (function) {
    LOOPS(MNW_BINARY_ADD)
    LOOPS(MNW_BINARY_SUB)
    LOOPS(MNW_BINARY_MUL)
    LOOPS(MNW_BINARY_DIV)
    LOOPS(MNW_BINARY_MIN)
    LOOPS(MNW_BINARY_MAX)
    LOOPS(MNW_BINARY_PRELU)
    LOOPS(MNW_BINARY_SQUARED_DIFFERENCE)
    default:
      for (ptrdiff_t i = 0; i < count; i++) {
        y[i] = compute_one(function, a[i * a_step], b[i * b_step]);
      }
  }
}

static uint64_t integer_power(uint64_t base, uint64_t exponent) {
  uint64_t power = 1;
  for (; exponent != 0; exponent >>= 1, base *= base) {
    if (exponent & 1) power *= base;
  }
  return power;
}

static int64_t compute_int(int32_t function, int64_t a, int64_t b) {
  const uint64_t ua = (uint64_t)a, ub = (uint64_t)b;  // wrap where signed arithmetic would overflow
  const bool is_trivial = b == 0 || b == -1;          // as a divisor
  switch (function) {
    case MNW_BINARY_ADD:
      return (int64_t)(ua + ub);
    case MNW_BINARY_SUB:
      return (int64_t)(ua - ub);
    case MNW_BINARY_MUL:
      return (int64_t)(ua * ub);
    case MNW_BINARY_DIV:
      return is_trivial ? (int64_t)(ua * ub) : a / b;
    case MNW_BINARY_MIN:
      return a < b ? a : b;
    case MNW_BINARY_MAX:
      return a > b ? a : b;
    case MNW_BINARY_POW:
      if (b >= 0) return (int64_t)integer_power(ua, ub);
      return a == 1 || a == -1 ? (b & 1 ? a : 1) : 0;
    case MNW_BINARY_MOD: {
      const int64_t rest = is_trivial ? 0 : a % b;
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    case MNW_BINARY_FMOD:
      return is_trivial ? 0 : a % b;
    case MNW_BINARY_PRELU:
      return a < 0 ? (int64_t)(ua * ub) : a;
    case MNW_BINARY_SQUARED_DIFFERENCE:
      return (int64_t)((ua - ub) * (ua - ub));
    case MNW_BINARY_EQUAL:
      return a == b;
    case MNW_BINARY_NOT_EQUAL:
      return a != b;
    case MNW_BINARY_LESS:
      return a < b;
    case MNW_BINARY_LESS_EQUAL:
      return a <= b;
    case MNW_BINARY_GREATER:
      return a > b;
    case MNW_BINARY_GREATER_EQUAL:
      return a >= b;
    case MNW_BINARY_AND:
      return a != 0 && b != 0;
    case MNW_BINARY_OR:
      return a != 0 || b != 0;
    case MNW_BINARY_BITWISE_AND:
      return a & b;
    case MNW_BINARY_BITWISE_OR:
      return a | b;
    case MNW_BINARY_BITWISE_XOR:
      return a ^ b;
    case MNW_BINARY_SHIFT_LEFT:
      return ub < 64 ? (int64_t)(ua << ub) : 0;
    case MNW_BINARY_SHIFT_RIGHT:
      return ub < 64 ? (int64_t)(ua >> ub) : 0;
    default:
      return (a != 0) != (b != 0);
  }
}

// Part of a run: at most MNW_LANES elements at these offsets and steps.
typedef struct block {
  ptrdiff_t offset[3], step[3];
  size_t count;
} block;

// Real values of an operand: where they stand, if their step allows that, else brought to `lanes`.
// A single value (step 0) is brought once.
static const float *real_values(const mnw_op_context *context, uint32_t input, const block *at,
                                float *lanes, ptrdiff_t *step) {
  const mnw_tensor *tensor = mnw_op_input(context, input);
  const void *data = mnw_op_input_data(context, input);
  const ptrdiff_t offset = at->offset[input + 1];
  const size_t count = at->step[input + 1] == 0 ? 1 : at->count;
  *step = at->step[input + 1] == 0 ? 0 : 1;
  if (tensor->dtype == MNW_DTYPE_F32) return (const float *)data + offset;
  mnw_lanes_dequantize(lanes, tensor, data, offset, at->step[input + 1], count);
  return lanes;
}

static void eval_real(const mnw_op_context *context, const block *at) {
  float a_lanes[MNW_LANES], b_lanes[MNW_LANES], y_lanes[MNW_LANES];
  const int32_t *params = context->node->params;
  const int32_t function = params[MNW_BINARY_FUNCTION];
  const mnw_tensor *y = mnw_op_output(context, 0);
  void *out = mnw_op_output_data(context, 0);
  ptrdiff_t a_step, b_step;
  const float *a = real_values(context, 0, at, a_lanes, &a_step);
  const float *b = real_values(context, 1, at, b_lanes, &b_step);
  if (is_comparison(function)) {
    uint8_t *truth = (uint8_t *)out + at->offset[0];
    for (ptrdiff_t i = 0; i < (ptrdiff_t)at->count; i++) {
      truth[i] = compare_one(function, a[i * a_step], b[i * b_step]);
    }
    return;
  }
  const bool is_float = y->dtype == MNW_DTYPE_F32;
  float *result = is_float ? (float *)out + at->offset[0] : y_lanes;
  compute(function, result, a, b, a_step, b_step, (ptrdiff_t)at->count);
  const float low = mnw_float_from_bits((uint32_t)params[MNW_BINARY_CLAMP_MIN]);
  const float high = mnw_float_from_bits((uint32_t)params[MNW_BINARY_CLAMP_MAX]);
  if (low != -INFINITY || high != INFINITY) {
    for (size_t i = 0; i < at->count; i++) result[i] = mnw_clip_f32(result[i], low, high);
  }
  if (!is_float) mnw_lanes_quantize(out, y, at->offset[0], result, at->count);
}

static void eval_integers(const mnw_op_context *context, const block *at) {
  int64_t a[MNW_LANES], b[MNW_LANES];
  const int32_t function = context->node->params[MNW_BINARY_FUNCTION];
  const mnw_dtype dtype = (mnw_dtype)mnw_op_input(context, 0)->dtype;
  mnw_lanes_load_int(a, dtype, mnw_op_input_data(context, 0), at->offset[1], at->step[1],
                     at->count);
  mnw_lanes_load_int(b, dtype, mnw_op_input_data(context, 1), at->offset[2], at->step[2],
                     at->count);
  for (size_t i = 0; i < at->count; i++) a[i] = compute_int(function, a[i], b[i]);
  mnw_lanes_store_int(mnw_op_output_data(context, 0), (mnw_dtype)mnw_op_output(context, 0)->dtype,
                      at->offset[0], a, at->count);
}

void mnw_binary_eval(const mnw_op_context *context) {
  const mnw_tensor *a = mnw_op_input(context, 0);
  const bool is_real = a->dtype == MNW_DTYPE_F32 || mnw_lanes_is_quantized(a);
  mnw_nd_iter it;
  mnw_nd_init(&it, mnw_op_output(context, 0), 3);
  mnw_nd_broadcast(&it, 1, a);
  mnw_nd_broadcast(&it, 2, mnw_op_input(context, 1));
  mnw_nd_start(&it);
  do {
    for (ptrdiff_t done = 0; done < it.count; done += MNW_LANES) {
      block at = {.count = (size_t)(it.count - done < MNW_LANES ? it.count - done : MNW_LANES)};
      for (uint32_t k = 0; k < 3; k++) {
        at.step[k] = it.step[k];
        at.offset[k] = it.offset[k] + done * it.step[k];
      }
      if (is_real) {
        eval_real(context, &at);
      } else {
        eval_integers(context, &at);
      }
    }
  } while (mnw_nd_next(&it));
}
