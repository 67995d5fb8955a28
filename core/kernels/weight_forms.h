// The forms into which kernels bring packed int8 weights, once for many rows or pixels, so that
// their inner loops have only loads, products and additions.
//
//   INT16    w - zero_point as int16, for i32x4.dot_i16x8.
//   OFFSET   a byte w + offset in 0..127 as the second operand of the relaxed dot product, or in
//            0..255 (offset 128) or -128..127 (offset 0) where that keeps the eighth bit
//            (mnw_dot_eighth_bit()); twice as many products come with it. It multiplies each
//            activation by a constant too much (offset_per_x), which times the activations' sum is
//            subtracted at the end.
#ifndef MINNOW_KERNELS_WEIGHT_FORMS_H_
#define MINNOW_KERNELS_WEIGHT_FORMS_H_

#include "simd.h"

typedef enum mnw_weight_form { MNW_FORM_INT16, MNW_FORM_OFFSET } mnw_weight_form;

// w + add, in lanes of int16 or of bytes.
typedef struct mnw_weight_forming {
  v128_t add;
  int32_t offset_per_x;
} mnw_weight_forming;

MNW_INLINE mnw_weight_forming mnw_form_int16(int32_t zero_point) {
  const mnw_weight_forming forming = {.add = wasm_i16x8_splat((int16_t)-zero_point)};
  return forming;
}

// Bytes without an eighth bit need `bits` < 8.
MNW_INLINE mnw_weight_forming mnw_form_offset(int32_t zero_point, int32_t bits,
                                              const mnw_eighth_bit eighth_bit) {
  const int is_low_bit = bits < 8;
  const int32_t whole = eighth_bit == MNW_EIGHTH_BIT_UNSIGNED ? 128 : 0;
  const int32_t offset = is_low_bit ? 1 << (bits - 1) : whole;
  const mnw_weight_forming forming = {
      .add = wasm_i8x16_splat((int8_t)(is_low_bit ? offset - zero_point : offset)),
      .offset_per_x = is_low_bit ? offset : offset + zero_point};
  return forming;
}

// 8 weights, as int16.
MNW_INLINE v128_t mnw_weights_int16(const int8_t *w, const mnw_weight_forming *forming) {
  return wasm_i16x8_add(wasm_i16x8_load8x8(w), forming->add);
}

// 16 weights, as bytes; the addition wraps around.
MNW_INLINE v128_t mnw_weights_offset(const int8_t *w, const mnw_weight_forming *forming) {
  return wasm_i8x16_add(wasm_v128_load(w), forming->add);
}

#endif  // MINNOW_KERNELS_WEIGHT_FORMS_H_
