// The float32 depthwise convolution's specification.
#include "kernel_isa.h"

void MNW_ISA_NAME(dwconv_f32)(float *y, const void *const *table, const float *w,
                              const mnw_dwconv_shape *shape, const float *bias, float clamp_min,
                              float clamp_max) {
  const size_t taps = shape->kernel_h * shape->kernel_w, channels = shape->channels;
  for (size_t pixel = 0; pixel < shape->rows * shape->pixels; pixel++) {
    const void *const *const window =
        table + pixel / shape->pixels * shape->row_step + pixel % shape->pixels * shape->pixel_step;
    for (size_t c = 0; c < channels; c++) {
      float acc = bias[c];
      for (size_t tap = 0; tap < taps; tap++) {
        const float *const x = window[tap / shape->kernel_w * shape->tap_row_step +
                                      tap % shape->kernel_w * shape->tap_step];
        acc += x[c] * w[tap * channels + c];
      }
      y[pixel * channels + c] = acc < clamp_min ? clamp_min : (acc > clamp_max ? clamp_max : acc);
    }
  }
}
