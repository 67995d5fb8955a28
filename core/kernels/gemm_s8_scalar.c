// The matrix product's specification. Accumulation is in uint32_t, because a hostile package may
// overflow it and then every instruction set must wrap around alike.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize.h"

void MNW_ISA_NAME(gemm_s8)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                           const int8_t *w, size_t rows, size_t k_count, size_t o_count,
                           int32_t weight_zero_point, int32_t weight_bits,
                           const mnw_requant *requant) {
  (void)weight_bits;  // a promise that only faster forms need
  for (size_t row = 0; row < rows; row++) {
    for (size_t o = 0; o < o_count; o++) {
      uint32_t acc = (uint32_t)requant->bias[o];
      for (size_t k = 0; k < k_count; k++) {
        const int32_t weight = w[mnw_tile_8x4_index(o, k, k_count)] - weight_zero_point;
        acc += (uint32_t)(x[row * x_stride + k] * weight);
      }
      y[row * y_stride + o] = mnw_requantize((int32_t)acc, requant->multiplier[o], requant);
    }
  }
}
