// Depthwise convolution, 8 channels at a time through all pixels of all rows. Kernels of 3x3 whose
// pixels share columns of taps go by dwconv_s8_3x3_simd.h. Otherwise the bytes of several taps are
// interleaved, so that the dot product instruction adds over taps, and met by the taps' weights,
// which are brought into its form (see weight_forms.h) once:
//
//   INT16       two taps together: 2 vectors, channels 0..3 and 4..7.
//   OFFSET      four taps together: 2 vectors. For weights without a zero point, where the dot
//               product of 8 by 8 bits is exact. Here the activations are the second operand.
#include "dwconv_s8_3x3_simd.h"

enum { TAPS_PER_PASS = 64 };  // of which the weights are kept at a time; more are rare, only slow

// INT16 has one vector a tap, OFFSET half as many, after rounding up to two or four taps.
typedef struct group_taps {
  v128_t vectors[TAPS_PER_PASS];
  size_t offsets[TAPS_PER_PASS];  // in the table
  v128_t start[2];                // of the accumulators
} group_taps;

MNW_INLINE void form_pass(group_taps *taps, const dwconv_group *group, size_t first_tap,
                          size_t count, const mnw_weight_form form) {
  const mnw_dwconv_shape *shape = group->shape;
  const int8_t *w = group->w + first_tap * MNW_TILE_CHANNELS;
  v128_t *vectors = taps->vectors;
  for (size_t i = 0; i < count; i++) {
    const size_t tap = first_tap + i;
    taps->offsets[i] =
        tap / shape->kernel_w * shape->tap_row_step + tap % shape->kernel_w * shape->tap_step;
  }
  if (form == MNW_FORM_INT16) {
    for (size_t tap = 0; tap < count; tap += 2, w += DWCONV_PAIR_BYTES, vectors += 2) {
      vectors[0] = mnw_weights_int16(w, &group->forming);
      vectors[1] = mnw_weights_int16(w + 8, &group->forming);
    }
    return;
  }
  for (size_t tap = 0; tap < count; tap += 4, w += 2 * DWCONV_PAIR_BYTES, vectors += 2) {
    const v128_t zero = wasm_i8x16_splat(0);
    // What the package holds beyond the last tap must not count.
    const v128_t last_only = wasm_i16x8_splat(0xFF);
    v128_t pair_0 = wasm_v128_load(w);
    v128_t pair_1 = tap + 2 < count ? wasm_v128_load(w + DWCONV_PAIR_BYTES) : zero;
    if (tap + 1 == count) pair_0 = wasm_v128_and(pair_0, last_only);
    if (tap + 3 == count) pair_1 = wasm_v128_and(pair_1, last_only);
    vectors[0] = dwconv_interleave_low_words(pair_0, pair_1);
    vectors[1] = dwconv_interleave_high_words(pair_0, pair_1);
    for (int half = 0; half < 2; half++) {
      taps->start[half] = wasm_i32x4_sub(
          taps->start[half], mnw_dot_add(vectors[half], group->x_flip, wasm_i32x4_splat(0)));
    }
  }
}

// The group's channels of the pass's tap `tap`, or zeros past the last tap.
MNW_INLINE v128_t load_tap(const void *const *window, const group_taps *taps, size_t tap,
                           size_t count, const dwconv_group *group, size_t channels) {
  if (tap >= count) {
    return wasm_i8x16_splat(0);
  }
  const int8_t *const x = (const int8_t *)window[taps->offsets[tap]] + group->first;
  return channels == 8 ? wasm_v128_load64_zero(x) : mnw_load_tail(x, channels, group->first);
}

MNW_INLINE void add_taps(v128_t acc[2], const void *const *window, const group_taps *taps,
                         size_t count, const dwconv_group *group, size_t channels,
                         const mnw_weight_form form) {
  const v128_t *weights = taps->vectors;
  if (form == MNW_FORM_INT16) {
    for (size_t tap = 0; tap < count; tap += 2, weights += 2) {
      const v128_t x =
          dwconv_interleave_bytes(load_tap(window, taps, tap, count, group, channels),
                                  load_tap(window, taps, tap + 1, count, group, channels));
      const v128_t low = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(x), weights[0]);
      const v128_t high = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(x), weights[1]);
      acc[0] = wasm_i32x4_add(acc[0], low);
      acc[1] = wasm_i32x4_add(acc[1], high);
    }
    return;
  }
  for (size_t tap = 0; tap < count; tap += 4, weights += 2) {
    v128_t pairs[2];
    for (size_t i = 0; i < 2; i++) {
      pairs[i] = wasm_v128_xor(
          group->x_flip,
          dwconv_interleave_bytes(load_tap(window, taps, tap + 2 * i, count, group, channels),
                                  load_tap(window, taps, tap + 2 * i + 1, count, group, channels)));
    }
    acc[0] = mnw_dot_add(weights[0], dwconv_interleave_low_words(pairs[0], pairs[1]), acc[0]);
    acc[1] = mnw_dot_add(weights[1], dwconv_interleave_high_words(pairs[0], pairs[1]), acc[1]);
  }
}

// Constant `channels` chooses their loads. More taps than a pass keeps are formed anew for each
// pixel.
MNW_INLINE void convolve_group(int8_t *y, const void *const *table, const dwconv_group *group,
                               size_t tap_count, size_t channels, const mnw_weight_form form) {
  const mnw_dwconv_shape *shape = group->shape;
  group_taps taps = {.start = {group->bias[0], group->bias[1]}};
  int is_formed = 0;
  y += group->first;
  for (size_t row = 0; row < shape->rows; row++, table += shape->row_step) {
    const void *const *window = table;
    for (size_t pixel = 0; pixel < shape->pixels; pixel++, window += shape->pixel_step) {
      v128_t acc[2] = {taps.start[0], taps.start[1]};
      for (size_t tap = 0; tap < tap_count; tap += TAPS_PER_PASS) {
        const size_t part = tap_count - tap < TAPS_PER_PASS ? tap_count - tap : TAPS_PER_PASS;
        if (!is_formed) form_pass(&taps, group, tap, part, form);
        is_formed = tap_count <= TAPS_PER_PASS;
        if (tap == 0) memcpy(acc, taps.start, sizeof acc);
        add_taps(acc, window, &taps, part, group, channels, form);
      }
      mnw_store_half(y, mnw_requantize_8(acc, &group->requant), 0, channels);
      y += shape->channels;
    }
  }
}

MNW_INLINE int is_3x3(const mnw_dwconv_shape *shape, size_t stride) {
  return shape->kernel_h == 3 && shape->kernel_w == 3 && shape->tap_step == 1 &&
         shape->pixel_step == stride;
}

// Functions of their own for each form, so that what one needs is not kept while another runs.
MNW_NO_INLINE static void convolve_offset(int8_t *y, const void *const *table,
                                          const dwconv_group *group, size_t tap_count) {
  if (is_3x3(group->shape, 1)) {
    dwconv_3x3_row_pairs(y, table, group);
  } else if (is_3x3(group->shape, 2)) {
    dwconv_3x3(y, table, group, 2, MNW_FORM_OFFSET);
  } else {
    convolve_group(y, table, group, tap_count, 8, MNW_FORM_OFFSET);
  }
}

MNW_NO_INLINE static void convolve_int16(int8_t *y, const void *const *table,
                                         const dwconv_group *group, size_t tap_count,
                                         size_t channels) {
  if (channels == MNW_TILE_CHANNELS && is_3x3(group->shape, 1)) {
    dwconv_3x3(y, table, group, 1, MNW_FORM_INT16);
  } else if (channels == MNW_TILE_CHANNELS && is_3x3(group->shape, 2)) {
    dwconv_3x3(y, table, group, 2, MNW_FORM_INT16);
  } else {
    convolve_group(y, table, group, tap_count, channels, MNW_FORM_INT16);
  }
}

void MNW_ISA_NAME(dwconv_s8)(int8_t *y, const void *const *table, const int8_t *w,
                             const mnw_dwconv_shape *shape, int32_t weight_zero_point,
                             const mnw_requant *requant) {
  const size_t tap_count = shape->kernel_h * shape->kernel_w;
  const mnw_eighth_bit eighth_bit = mnw_dot_eighth_bit();
  const int by_dot = eighth_bit != MNW_EIGHTH_BIT_LOST && weight_zero_point == 0;
  dwconv_group group = {.w = w,
                        .shape = shape,
                        .forming = mnw_form_int16(weight_zero_point),
                        .x_flip = mnw_form_offset(0, 8, eighth_bit).add};
  for (; group.first < shape->channels; group.first += MNW_TILE_CHANNELS) {
    const size_t left = shape->channels - group.first;
    group.bias[0] = wasm_v128_load(requant->bias + group.first);
    group.bias[1] = wasm_v128_load(requant->bias + group.first + 4);
    group.requant = mnw_requant_load_8(requant, group.first);
    if (by_dot && left >= MNW_TILE_CHANNELS && tap_count <= TAPS_PER_PASS) {
      convolve_offset(y, table, &group, tap_count);
    } else {
      convolve_int16(y, table, &group, tap_count,
                     left < MNW_TILE_CHANNELS ? left : MNW_TILE_CHANNELS);
    }
    group.w += mnw_depthwise_8x2_bytes(MNW_TILE_CHANNELS, tap_count);
  }
}
