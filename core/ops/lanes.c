#include "lanes.h"

#include "../base/float_math.h"

bool mnw_lanes_is_quantized(const mnw_tensor *tensor) {
  return (tensor->dtype == MNW_DTYPE_S8 || tensor->dtype == MNW_DTYPE_U8) && tensor->scale > 0.0f;
}

void mnw_lanes_load_int(int64_t *lanes, mnw_dtype dtype, const void *data, ptrdiff_t offset,
                        ptrdiff_t step, size_t count) {
  const ptrdiff_t n = (ptrdiff_t)count;
  if (dtype == MNW_DTYPE_S64) {
    const int64_t *in = (const int64_t *)data + offset;
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = in[i * step];
  } else if (dtype == MNW_DTYPE_S32) {
    const int32_t *in = (const int32_t *)data + offset;
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = in[i * step];
  } else if (dtype == MNW_DTYPE_S16) {
    const int16_t *in = (const int16_t *)data + offset;
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = in[i * step];
  } else if (dtype == MNW_DTYPE_S8) {
    const int8_t *in = (const int8_t *)data + offset;
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = in[i * step];
  } else {
    const uint8_t *in = (const uint8_t *)data + offset;
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = in[i * step];
  }
}

void mnw_lanes_store_int(void *data, mnw_dtype dtype, ptrdiff_t offset, const int64_t *lanes,
                         size_t count) {
  if (dtype == MNW_DTYPE_S64) {
    memcpy((int64_t *)data + offset, lanes, count * sizeof *lanes);
  } else if (dtype == MNW_DTYPE_S32) {
    int32_t *out = (int32_t *)data + offset;
    for (size_t i = 0; i < count; i++) out[i] = (int32_t)(uint32_t)(uint64_t)lanes[i];
  } else if (dtype == MNW_DTYPE_S16) {
    int16_t *out = (int16_t *)data + offset;
    for (size_t i = 0; i < count; i++) out[i] = (int16_t)(uint16_t)(uint64_t)lanes[i];
  } else {
    uint8_t *out = (uint8_t *)data + offset;
    const bool is_bool = dtype == MNW_DTYPE_BOOL;
    for (size_t i = 0; i < count; i++) {
      out[i] = is_bool ? (uint8_t)(lanes[i] != 0) : (uint8_t)(uint64_t)lanes[i];
    }
  }
}

void mnw_lanes_dequantize(float *lanes, const mnw_tensor *tensor, const void *data,
                          ptrdiff_t offset, ptrdiff_t step, size_t count) {
  const uint8_t *in = (const uint8_t *)data + offset;
  const ptrdiff_t n = (ptrdiff_t)count;
  // Flipping the top bit makes an int8 the uint8 that is 128 higher.
  const uint8_t flip = tensor->dtype == MNW_DTYPE_S8 ? 128 : 0;
  const int32_t zero_point = tensor->zero_point + flip;
  for (ptrdiff_t i = 0; i < n; i++) {
    lanes[i] = (float)((in[i * step] ^ flip) - zero_point) * tensor->scale;
  }
}

void mnw_lanes_quantize(void *data, const mnw_tensor *tensor, ptrdiff_t offset, const float *lanes,
                        size_t count) {
  uint8_t *out = (uint8_t *)data + offset;
  const int32_t lowest = tensor->dtype == MNW_DTYPE_S8 ? -128 : 0;
  const float low = (float)(lowest - tensor->zero_point), high = low + 255.0f;
  for (size_t i = 0; i < count; i++) {
    const float steps = lanes[i] / tensor->scale;
    const float safe = steps == steps ? steps : 0.0f;
    out[i] = (uint8_t)(mnw_round_even(mnw_clamp_float(safe, low, high)) + tensor->zero_point);
  }
}
