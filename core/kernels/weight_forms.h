// The forms into which kernels bring packed int8 weights, once for many rows or pixels, so that
// their inner loops have only loads, products and additions.
//
//   INT16           w - zero_point as int16, for i32x4.dot_i16x8.
//   INT16_LOW_BIT   the same, reduced to 7 bits as the low-bit kernels' specification says.
//
// Where the dot product of int8 with 0..127 is one instruction (mnw_dot_is_fast()), twice or four
// times as many products come with it:
//
//   LOW_AND_SIGN    an int8 weight is w = (w mod 128) - 128 * (w < 0), and both parts fit 7 bits.
//   OFFSET          a weight of at most 7 bits needs one part: w - zero_point + 64.
//
// These two multiply each activation by a constant too much or too little (offset_per_x), which
// times the activations' sum is subtracted at the end.
#ifndef MINNOW_KERNELS_WEIGHT_FORMS_H_
#define MINNOW_KERNELS_WEIGHT_FORMS_H_

#include "simd.h"

typedef enum mnw_weight_form {
  MNW_FORM_INT16,
  MNW_FORM_INT16_LOW_BIT,
  MNW_FORM_LOW_AND_SIGN,
  MNW_FORM_OFFSET
} mnw_weight_form;

enum { MNW_LOW_BIT_OFFSET = 64, MNW_LOW_BITS = 127 };

MNW_INLINE int mnw_form_is_int16(const mnw_weight_form form) {
  return form == MNW_FORM_INT16 || form == MNW_FORM_INT16_LOW_BIT;
}

// INT16 forms: of 8 weights that are already extended.
MNW_INLINE v128_t mnw_weights_less_zero_point(v128_t wide, int32_t zero_point) {
  return wasm_i16x8_sub(wide, wasm_i16x8_splat((int16_t)zero_point));
}

MNW_INLINE v128_t mnw_weights_to_low_bit(v128_t difference) {
  const v128_t offset = wasm_i16x8_splat(MNW_LOW_BIT_OFFSET);
  const v128_t reduced =
      wasm_v128_and(wasm_i16x8_add(difference, offset), wasm_i16x8_splat(MNW_LOW_BITS));
  return wasm_i16x8_sub(reduced, offset);
}

// LOW_AND_SIGN, of 16 weights.
MNW_INLINE v128_t mnw_weights_low(v128_t weights) {
  return wasm_v128_and(weights, wasm_i8x16_splat(MNW_LOW_BITS));
}

MNW_INLINE v128_t mnw_weights_sign(v128_t weights) {
  return wasm_v128_and(wasm_u16x8_shr(weights, 7), wasm_i8x16_splat(1));
}

MNW_INLINE v128_t mnw_join_low_and_sign(v128_t low_sum, v128_t sign_sum) {
  return wasm_i32x4_sub(low_sum, wasm_i32x4_shl(sign_sum, 7));
}

// OFFSET, of 16 weights; int8 arithmetic wraps, and only the low 7 bits are kept.
MNW_INLINE v128_t mnw_weights_offset(v128_t weights, int32_t zero_point) {
  const v128_t offset = wasm_i8x16_splat((int8_t)(MNW_LOW_BIT_OFFSET - zero_point));
  return mnw_weights_low(wasm_i8x16_add(weights, offset));
}

#endif  // MINNOW_KERNELS_WEIGHT_FORMS_H_
