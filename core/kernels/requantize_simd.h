// mnw_requantize() for 8 channels at a time: the same float operations in the same order.
#ifndef MINNOW_KERNELS_REQUANTIZE_SIMD_H_
#define MINNOW_KERNELS_REQUANTIZE_SIMD_H_

#include "requantize.h"
#include "simd.h"

typedef struct mnw_requant_8 {
  v128_t multiplier[2];
  v128_t low, high, magic, magic_to_zero_point;
} mnw_requant_8;

MNW_INLINE mnw_requant_8 mnw_requant_load_8(const mnw_requant *requant, size_t channel) {
  const mnw_requant_8 loaded = {
      .multiplier = {wasm_v128_load(requant->multiplier + channel),
                     wasm_v128_load(requant->multiplier + channel + 4)},
      .low = wasm_f32x4_splat((float)(requant->clamp_min - requant->zero_point)),
      .high = wasm_f32x4_splat((float)(requant->clamp_max - requant->zero_point)),
      .magic = wasm_f32x4_splat(MNW_ROUND_MAGIC),
      .magic_to_zero_point = wasm_i32x4_splat(requant->zero_point - MNW_ROUND_MAGIC_BITS),
  };
  return loaded;
}

// Half 0 is channels 0..3, half 1 is 4..7.
MNW_INLINE v128_t mnw_requantize_4(v128_t acc, const mnw_requant_8 *requant, const int half) {
  v128_t value = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(acc), requant->multiplier[half]);
  value = wasm_f32x4_pmax(requant->low, value);
  value = wasm_f32x4_pmin(value, requant->high);
  return wasm_i32x4_add(wasm_f32x4_add(value, requant->magic), requant->magic_to_zero_point);
}

// Accumulators of channels 0..3 and 4..7 to 8 int16 in int8's range.
MNW_INLINE v128_t mnw_requantize_8(const v128_t acc[2], const mnw_requant_8 *requant) {
  return wasm_i16x8_narrow_i32x4(mnw_requantize_4(acc[0], requant, 0),
                                 mnw_requantize_4(acc[1], requant, 1));
}

#endif  // MINNOW_KERNELS_REQUANTIZE_SIMD_H_
