// mnw_requantize() for 8 channels at a time, to the same bits with fewer instructions: the upper
// clamp comes after the rounding, on int8. What is beyond the range in which the addition rounds
// only grows by it, as do its bits, and saturates.
#ifndef MINNOW_KERNELS_REQUANTIZE_SIMD_H_
#define MINNOW_KERNELS_REQUANTIZE_SIMD_H_

#include "requantize.h"
#include "simd.h"

typedef struct mnw_requant_8 {
  v128_t multiplier[2];
  v128_t low, magic, magic_to_zero_point;
  v128_t clamp_max;  // 16 int8
} mnw_requant_8;

MNW_INLINE mnw_requant_8 mnw_requant_load_8(const mnw_requant *requant, size_t channel) {
  const mnw_requant_8 loaded = {
      .multiplier = {wasm_v128_load(requant->multiplier + channel),
                     wasm_v128_load(requant->multiplier + channel + 4)},
      .low = wasm_f32x4_splat((float)(requant->clamp_min - requant->zero_point)),
      .magic = wasm_f32x4_splat(MNW_ROUND_MAGIC),
      .magic_to_zero_point = wasm_i32x4_splat(requant->zero_point - MNW_ROUND_MAGIC_BITS),
      .clamp_max = wasm_i8x16_splat((int8_t)requant->clamp_max),
  };
  return loaded;
}

// Half 0 is channels 0..3, half 1 is 4..7. The upper clamp is still to come.
MNW_INLINE v128_t mnw_requantize_4(v128_t acc, const mnw_requant_8 *requant, const int half) {
  const v128_t value = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(acc), requant->multiplier[half]);
  const v128_t rounded = wasm_f32x4_add(wasm_f32x4_pmax(requant->low, value), requant->magic);
  return wasm_i32x4_add(rounded, requant->magic_to_zero_point);
}

MNW_INLINE v128_t mnw_requantize_words(const v128_t acc[2], const mnw_requant_8 *requant) {
  return wasm_i16x8_narrow_i32x4(mnw_requantize_4(acc[0], requant, 0),
                                 mnw_requantize_4(acc[1], requant, 1));
}

// Accumulators of channels 0..3 and 4..7 of two pixels or rows to 8 int8 of each.
MNW_INLINE v128_t mnw_requantize_8x2(const v128_t first[2], const v128_t second[2],
                                     const mnw_requant_8 *requant) {
  return wasm_i8x16_min(wasm_i8x16_narrow_i16x8(mnw_requantize_words(first, requant),
                                                mnw_requantize_words(second, requant)),
                        requant->clamp_max);
}

// The same of one, in the low half.
MNW_INLINE v128_t mnw_requantize_8(const v128_t acc[2], const mnw_requant_8 *requant) {
  const v128_t words = mnw_requantize_words(acc, requant);
  return wasm_i8x16_min(wasm_i8x16_narrow_i16x8(words, words), requant->clamp_max);
}

#endif  // MINNOW_KERNELS_REQUANTIZE_SIMD_H_
