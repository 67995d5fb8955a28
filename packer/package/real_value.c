#include "real_value.h"

#include <string.h>

double pk_real_value(mnw_dtype dtype, float scale, int32_t zero_point, const void *bytes,
                     size_t index) {
  int32_t value = 0;
  int64_t wide = 0;
  float real = 0.0f;
  switch (dtype) {
    case MNW_DTYPE_F32:
      memcpy(&real, (const uint8_t *)bytes + index * sizeof real, sizeof real);
      return (double)real;
    case MNW_DTYPE_S32:
      memcpy(&value, (const uint8_t *)bytes + index * sizeof value, sizeof value);
      break;
    case MNW_DTYPE_S16: {
      int16_t narrow;
      memcpy(&narrow, (const uint8_t *)bytes + index * sizeof narrow, sizeof narrow);
      value = narrow;
      break;
    }
    case MNW_DTYPE_S8:
      value = (((const uint8_t *)bytes)[index] ^ 0x80) - 0x80;  // two's complement
      break;
    case MNW_DTYPE_S64:
      memcpy(&wide, (const uint8_t *)bytes + index * sizeof wide, sizeof wide);
      return (double)wide;
    case MNW_DTYPE_BOOL:
    case MNW_DTYPE_U8:
      value = ((const uint8_t *)bytes)[index];
      break;
  }
  if (scale == 0.0f) return value;
  return (double)scale * (value - zero_point);
}
