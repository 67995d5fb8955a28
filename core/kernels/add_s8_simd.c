// Quantised addition, 16 values at a time.
#include "kernel_isa.h"
#include "simd.h"

typedef struct add_vectors {
  v128_t bias, a_multiplier, b_multiplier, zero_point, clamp_min, clamp_max;
  uint32_t shift;
} add_vectors;

// 4 values, the zero point not yet added; a, b: int32.
MNW_INLINE v128_t add_4(v128_t a, v128_t b, const add_vectors *params) {
  const v128_t sum =
      wasm_i32x4_add(wasm_i32x4_add(params->bias, wasm_i32x4_mul(a, params->a_multiplier)),
                     wasm_i32x4_mul(b, params->b_multiplier));
  return wasm_i32x4_shr(sum, params->shift);
}

// 8 values; a, b: int16. Saturation on the way to int8 cannot show: it is beyond every clamp.
MNW_INLINE v128_t add_8(v128_t a, v128_t b, const add_vectors *params) {
  const v128_t low = add_4(wasm_i32x4_extend_low_i16x8(a), wasm_i32x4_extend_low_i16x8(b), params);
  const v128_t high =
      add_4(wasm_i32x4_extend_high_i16x8(a), wasm_i32x4_extend_high_i16x8(b), params);
  return wasm_i16x8_add_sat(wasm_i16x8_narrow_i32x4(low, high), params->zero_point);
}

MNW_INLINE v128_t add_16(v128_t a, v128_t b, const add_vectors *params) {
  const v128_t low = add_8(wasm_i16x8_extend_low_i8x16(a), wasm_i16x8_extend_low_i8x16(b), params);
  const v128_t high =
      add_8(wasm_i16x8_extend_high_i8x16(a), wasm_i16x8_extend_high_i8x16(b), params);
  const v128_t sum = wasm_i8x16_narrow_i16x8(low, high);
  return wasm_i8x16_min(wasm_i8x16_max(sum, params->clamp_min), params->clamp_max);
}

void MNW_ISA_NAME(add_s8)(int8_t *y, const int8_t *a, const int8_t *b, size_t count,
                          const mnw_add_params *params) {
  const add_vectors vectors = {
      .bias = wasm_i32x4_splat(params->bias),
      .a_multiplier = wasm_i32x4_splat(params->a_multiplier),
      .b_multiplier = wasm_i32x4_splat(params->b_multiplier),
      .zero_point = wasm_i16x8_splat((int16_t)params->zero_point),
      .clamp_min = wasm_i8x16_splat((int8_t)params->clamp_min),
      .clamp_max = wasm_i8x16_splat((int8_t)params->clamp_max),
      .shift = (uint32_t)params->shift,
  };
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    wasm_v128_store(y + i, add_16(wasm_v128_load(a + i), wasm_v128_load(b + i), &vectors));
  }
  for (; i < count; i += 8) {
    const size_t part = count - i < 8 ? count - i : 8;
    const v128_t a_8 = part == 8 ? wasm_v128_load64_zero(a + i) : mnw_load_tail(a + i, part, i);
    const v128_t b_8 = part == 8 ? wasm_v128_load64_zero(b + i) : mnw_load_tail(b + i, part, i);
    mnw_store_half(y + i, add_16(a_8, b_8, &vectors), 0, part);
  }
}
