#include "activation_range.h"

#include <math.h>
#include <string.h>

static int32_t quantized_bound(float bound, float scale, int32_t zero_point) {
  const float steps = roundf(bound / scale);
  // Beyond ±512 steps the zero point cannot bring the bound back into the range.
  const int32_t value = zero_point + (int32_t)fminf(fmaxf(steps, -512.0f), 512.0f);
  return value < -128 ? -128 : value > 127 ? 127 : value;
}

pk_clamp pk_activation_clamp(pk_activation activation, float scale, int32_t zero_point) {
  pk_clamp clamp = {-128, 127};
  switch (activation) {
    case PK_ACTIVATION_NONE:
      break;
    case PK_ACTIVATION_RELU:
      clamp.min = quantized_bound(0.0f, scale, zero_point);
      break;
    case PK_ACTIVATION_RELU6:
      clamp.min = quantized_bound(0.0f, scale, zero_point);
      clamp.max = quantized_bound(6.0f, scale, zero_point);
      break;
    case PK_ACTIVATION_RELU_N1_TO_1:
      clamp.min = quantized_bound(-1.0f, scale, zero_point);
      clamp.max = quantized_bound(1.0f, scale, zero_point);
      break;
  }
  return clamp;
}

pk_clamp pk_activation_clamp_f32(pk_activation activation) {
  float bounds[2] = {-INFINITY, INFINITY};
  switch (activation) {
    case PK_ACTIVATION_NONE:
      break;
    case PK_ACTIVATION_RELU:
      bounds[0] = 0.0f;
      break;
    case PK_ACTIVATION_RELU6:
      bounds[0] = 0.0f;
      bounds[1] = 6.0f;
      break;
    case PK_ACTIVATION_RELU_N1_TO_1:
      bounds[0] = -1.0f;
      bounds[1] = 1.0f;
      break;
  }
  pk_clamp clamp;
  memcpy(&clamp.min, &bounds[0], sizeof clamp.min);
  memcpy(&clamp.max, &bounds[1], sizeof clamp.max);
  return clamp;
}
