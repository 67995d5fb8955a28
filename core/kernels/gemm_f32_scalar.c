// The float32 matrix product's specification.
#include "kernel_isa.h"
#include "packed_layout.h"

void MNW_ISA_NAME(gemm_f32)(float *y, size_t y_stride, const float *x, size_t x_stride,
                            const float *w, size_t rows, size_t k, size_t o_count,
                            const float *bias, float clamp_min, float clamp_max) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t o = 0; o < o_count; o++) {
      const float *const weights = w + mnw_tile_8_f32_index(o, 0, k);
      float acc = bias[o];
      for (size_t i = 0; i < k; i++) {
        acc += x[row * x_stride + i] * weights[i * MNW_TILE_CHANNELS];
      }
      y[row * y_stride + o] = acc < clamp_min ? clamp_min : (acc > clamp_max ? clamp_max : acc);
    }
  }
}
