// The matrix product's specification. Accumulation is in uint32_t, because a hostile package may
// overflow it and then every instruction set must wrap around alike.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize.h"

// One that breaks its promise is reduced to the bits, the same everywhere.
static int32_t reduce_to_bits(int32_t weight, int32_t bits) {
  const int32_t half = 1 << (bits - 1);
  return ((weight + half) & (2 * half - 1)) - half;
}

void MNW_ISA_NAME(gemm_s8)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                           const int8_t *w, size_t rows, size_t k_count, size_t o_count,
                           int32_t weight_zero_point, int32_t weight_bits,
                           const mnw_requant *requant) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t o = 0; o < o_count; o++) {
      uint32_t acc = (uint32_t)requant->bias[o];
      for (size_t k = 0; k < k_count; k++) {
        int32_t weight = w[mnw_tile_8x4_index(o, k, k_count)] - weight_zero_point;
        if (weight_bits < 8) weight = reduce_to_bits(weight, weight_bits);
        acc += (uint32_t)(x[row * x_stride + k] * weight);
      }
      y[row * y_stride + o] = mnw_requantize((int32_t)acc, requant->multiplier[o], requant);
    }
  }
}
