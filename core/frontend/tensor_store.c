#include "tensor_store.h"

#include "../base/float_math.h"

size_t mnw_store_elements(const mnw_tensor_info *info) {
  size_t elements = 1;
  for (uint32_t i = 0; i < info->rank; i++) elements *= (size_t)info->dims[i];
  return elements;
}

mnw_status mnw_store_check(const mnw_tensor_info *info, size_t elements, const char *what,
                           mnw_error *error) {
  const bool is_byte = info->dtype == MNW_DTYPE_U8 || info->dtype == MNW_DTYPE_S8;
  if (mnw_store_elements(info) == elements &&
      (info->dtype == MNW_DTYPE_F32 || (is_byte && info->scale > 0.0f))) {
    return MNW_STATUS_OK;
  }
  return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, what, (int64_t)mnw_store_elements(info),
                  (int64_t)elements, 0);
}

void mnw_store_real(void *tensor, const mnw_tensor_info *info, size_t index, float real) {
  if (info->dtype == MNW_DTYPE_F32) {
    ((float *)tensor)[index] = real;
    return;
  }
  const float steps = mnw_clamp_float(real / info->scale, -1e6f, 1e6f);
  const int32_t value = mnw_round_even(steps) + info->zero_point;
  const bool is_signed = info->dtype == MNW_DTYPE_S8;
  const int32_t stored = mnw_clamp_int(value, is_signed ? -128 : 0, is_signed ? 127 : 255);
  ((uint8_t *)tensor)[index] = (uint8_t)stored;
}
