// The depthwise convolution's specification.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize.h"

void MNW_ISA_NAME(dwconv_s8)(int8_t *y, const int8_t *const *taps, const int8_t *w, size_t pixels,
                             size_t tap_count, size_t channels, int32_t weight_zero_point,
                             const mnw_requant *requant) {
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    for (size_t c = 0; c < channels; c++) {
      uint32_t acc = (uint32_t)requant->bias[c];
      for (size_t tap = 0; tap < tap_count; tap++) {
        const int32_t weight = w[mnw_depthwise_8x2_index(c, tap, tap_count)] - weight_zero_point;
        acc += (uint32_t)(taps[pixel * tap_count + tap][c] * weight);
      }
      y[pixel * channels + c] = mnw_requantize((int32_t)acc, requant->multiplier[c], requant);
    }
  }
}
