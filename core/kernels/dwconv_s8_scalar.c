// The depthwise convolution's specification.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize.h"

void MNW_ISA_NAME(dwconv_s8)(int8_t *y, const void *const *table, const int8_t *w,
                             const mnw_dwconv_shape *shape, int32_t weight_zero_point,
                             const mnw_requant *requant) {
  const size_t taps = shape->kernel_h * shape->kernel_w;
  for (size_t pixel = 0; pixel < shape->rows * shape->pixels; pixel++) {
    const void *const *const window =
        table + pixel / shape->pixels * shape->row_step + pixel % shape->pixels * shape->pixel_step;
    for (size_t c = 0; c < shape->channels; c++) {
      uint32_t acc = (uint32_t)requant->bias[c];
      for (size_t tap = 0; tap < taps; tap++) {
        const int8_t *const x = window[tap / shape->kernel_w * shape->tap_row_step +
                                       tap % shape->kernel_w * shape->tap_step];
        acc += (uint32_t)(x[c] * (w[mnw_depthwise_8x2_index(c, tap, taps)] - weight_zero_point));
      }
      y[pixel * shape->channels + c] =
          mnw_requantize((int32_t)acc, requant->multiplier[c], requant);
    }
  }
}
