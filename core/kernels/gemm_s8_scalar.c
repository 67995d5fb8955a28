// The matrix products' specification. Accumulation is in uint32_t, because a hostile package may
// overflow it and then every instruction set must wrap around alike.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize.h"

// A weight of at most 7 bits. One that breaks the promise is reduced to them, the same everywhere.
static int32_t seven_bits(int32_t weight) {
  return ((weight + 64) & 127) - 64;
}

static void gemm(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride, const int8_t *w,
                 size_t rows, size_t k_count, size_t o_count, int32_t weight_zero_point,
                 const mnw_requant *requant, int low_bit) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t o = 0; o < o_count; o++) {
      uint32_t acc = (uint32_t)requant->bias[o];
      for (size_t k = 0; k < k_count; k++) {
        const int32_t difference = w[mnw_tile_8x4_index(o, k, k_count)] - weight_zero_point;
        const int32_t weight = low_bit ? seven_bits(difference) : difference;
        acc += (uint32_t)(x[row * x_stride + k] * weight);
      }
      y[row * y_stride + o] = mnw_requantize((int32_t)acc, requant->multiplier[o], requant);
    }
  }
}

void MNW_ISA_NAME(gemm_s8)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                           const int8_t *w, size_t rows, size_t k, size_t o_count,
                           int32_t weight_zero_point, const mnw_requant *requant) {
  gemm(y, y_stride, x, x_stride, w, rows, k, o_count, weight_zero_point, requant, 0);
}

void MNW_ISA_NAME(gemm_s8w7)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                             const int8_t *w, size_t rows, size_t k, size_t o_count,
                             int32_t weight_zero_point, const mnw_requant *requant) {
  gemm(y, y_stride, x, x_stride, w, rows, k, o_count, weight_zero_point, requant, 1);
}
