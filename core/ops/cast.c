// Between any two dtypes, numbers as they are stored (scales do not matter). Floats are cut off
// towards zero and saturate, NaN becomes 0; integers lose their higher bits; bool is "not 0".
#include <string.h>

#include "lanes.h"
#include "nd_iter.h"

mnw_status mnw_cast_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const mnw_status status = mnw_nd_check_operands(context, 1, 1);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  return mnw_op_check_same_shape(context, mnw_op_input(context, 0), mnw_op_output(context, 0));
}

// Every limit is exact in float32.
static int64_t truncate_float(float x, mnw_dtype dtype) {
  static const struct {
    float low, high;
    int64_t lowest, highest;
  } ranges[] = {
      [MNW_DTYPE_S8] = {-128.0f, 127.0f, INT8_MIN, INT8_MAX},
      [MNW_DTYPE_U8] = {0.0f, 255.0f, 0, UINT8_MAX},
      [MNW_DTYPE_S16] = {-32768.0f, 32767.0f, INT16_MIN, INT16_MAX},
      [MNW_DTYPE_S32] = {-2147483648.0f, 2147483648.0f, INT32_MIN, INT32_MAX},
      [MNW_DTYPE_S64] = {-9223372036854775808.0f, 9223372036854775808.0f, INT64_MIN, INT64_MAX}};
  if (dtype == MNW_DTYPE_BOOL) return x != 0.0f;
  if (x != x) return 0;
  if (x <= ranges[dtype].low) return ranges[dtype].lowest;
  return x >= ranges[dtype].high ? ranges[dtype].highest : (int64_t)x;
}

void mnw_cast_eval(const mnw_op_context *context) {
  const mnw_dtype from = (mnw_dtype)mnw_op_input(context, 0)->dtype;
  const mnw_dtype to = (mnw_dtype)mnw_op_output(context, 0)->dtype;
  const size_t count = mnw_tensor_elements(mnw_op_output(context, 0));
  const void *in = mnw_op_input_data(context, 0);
  void *out = mnw_op_output_data(context, 0);
  if (from == to) {
    memcpy(out, in, count * mnw_dtype_bytes(to));
    return;
  }
  int64_t lanes[MNW_LANES];
  for (size_t done = 0; done < count; done += MNW_LANES) {
    const size_t n = count - done < MNW_LANES ? count - done : MNW_LANES;
    if (from == MNW_DTYPE_F32) {
      const float *floats = (const float *)in + done;
      for (size_t i = 0; i < n; i++) lanes[i] = truncate_float(floats[i], to);
    } else {
      mnw_lanes_load_int(lanes, from, in, (ptrdiff_t)done, 1, n);
    }
    if (to == MNW_DTYPE_F32) {
      for (size_t i = 0; i < n; i++) ((float *)out)[done + i] = (float)lanes[i];
    } else {
      mnw_lanes_store_int(out, to, (ptrdiff_t)done, lanes, n);
    }
  }
}
