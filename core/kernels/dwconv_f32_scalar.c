// The float32 depthwise convolution's specification.
#include "kernel_isa.h"

void MNW_ISA_NAME(dwconv_f32)(float *y, const float *const *taps, const float *w, size_t pixels,
                              size_t tap_count, size_t channels, const float *bias, float clamp_min,
                              float clamp_max) {
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    for (size_t c = 0; c < channels; c++) {
      float acc = bias[c];
      for (size_t tap = 0; tap < tap_count; tap++) {
        acc += taps[pixel * tap_count + tap][c] * w[tap * channels + c];
      }
      y[pixel * channels + c] = acc < clamp_min ? clamp_min : (acc > clamp_max ? clamp_max : acc);
    }
  }
}
