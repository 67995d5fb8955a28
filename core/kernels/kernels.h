// The kernel set: what an instruction set must provide. kernel_table.inc lists the kernels;
// <kernel>_scalar.c is the specification of each, <kernel>_simd.c is compiled once per instruction
// set. Integer kernels give the same bytes in every set. Kernels never read past their inputs and
// never allocate.
#ifndef MINNOW_KERNELS_KERNELS_H_
#define MINNOW_KERNELS_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

// From an int32 accumulator to int8: y = clamp(round_even(acc * multiplier[o]) + zero_point,
// clamp_min, clamp_max), one float32 multiplication, the way XNNPACK and MLAS requantise. bias and
// multiplier are padded to a multiple of 8.
typedef struct mnw_requant {
  const int32_t *bias;      // added to the accumulator first
  const float *multiplier;  // > 0, finite
  int32_t zero_point;       // -128..127
  int32_t clamp_min, clamp_max;
} mnw_requant;

// Quantised addition: y = clamp(((bias + a*a_multiplier + b*b_multiplier) >> shift) + zero_point);
// bias holds the rounding half and both inputs' zero points, multipliers are at most 2^21.
typedef struct mnw_add_params {
  int32_t bias, a_multiplier, b_multiplier;
  int32_t shift;  // 12..30
  int32_t zero_point, clamp_min, clamp_max;
} mnw_add_params;

// x: `rows` rows of k int8, x_stride apart; w: TILE_8X4 of [o_count][k]; y: rows of o_count int8,
// y_stride apart. acc = bias[o] + sum_k x*(w - weight_zero_point), int32 with wrap-around.
//
// weight_bits, 1..8: below 8 every w - weight_zero_point lies in -2^(bits - 1) .. 2^(bits - 1) - 1,
// absent o and k included, and faster forms may rely on it: the package reader has checked it.
typedef void mnw_gemm_s8_fn(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                            const int8_t *w, size_t rows, size_t k, size_t o_count,
                            int32_t weight_zero_point, int32_t weight_bits,
                            const mnw_requant *requant);

// Depthwise convolution of `rows` rows of `pixels` output pixels, which stand densely in y. `table`
// tells where input pixels are (padding points at a pixel of zero points): tap (i, j) of output
// pixel (r, p) is table[r * row_step + p * pixel_step + i * tap_row_step + j * tap_step].
typedef struct mnw_dwconv_shape {
  size_t rows, pixels, channels;
  size_t kernel_h, kernel_w;
  size_t row_step, pixel_step, tap_row_step, tap_step;
} mnw_dwconv_shape;

// table: of int8 pixels; w: DEPTHWISE_8X2 of [kernel_h * kernel_w][channels].
typedef void mnw_dwconv_s8_fn(int8_t *y, const void *const *table, const int8_t *w,
                              const mnw_dwconv_shape *shape, int32_t weight_zero_point,
                              const mnw_requant *requant);

typedef void mnw_add_s8_fn(int8_t *y, const int8_t *a, const int8_t *b, size_t count,
                           const mnw_add_params *params);

// y[r][o] = clamp(bias[o] + sum_k x[r][k] * w[o][k]): `rows` rows of k float32, x_stride elements
// apart; w: TILE_8_F32; bias padded to a multiple of 8; y: rows of o_count, y_stride elements
// apart. Sums may be fused and in any order: results differ between sets by rounding only.
typedef void mnw_gemm_f32_fn(float *y, size_t y_stride, const float *x, size_t x_stride,
                             const float *w, size_t rows, size_t k, size_t o_count,
                             const float *bias, float clamp_min, float clamp_max);

// The float32 form of mnw_dwconv_s8_fn; w: row-major [kernel_h][kernel_w][channels], bias:
// channels.
typedef void mnw_dwconv_f32_fn(float *y, const void *const *table, const float *w,
                               const mnw_dwconv_shape *shape, const float *bias, float clamp_min,
                               float clamp_max);

struct mnw_kernels {
  const char *name;
#define MNW_KERNEL(kernel, summary) mnw_##kernel##_fn *kernel;
#include "kernel_table.inc"
#undef MNW_KERNEL
};

#endif  // MINNOW_KERNELS_KERNELS_H_
