// Depthwise convolution, 8 channels at a time through all pixels. The bytes of several taps are
// interleaved, so that the dot product instruction adds over taps, and met by the taps' weights,
// which are brought into its form (see weight_forms.h) once:
//
//   INT16          two taps together: 2 vectors, channels 0..3 and 4..7.
//   LOW_AND_SIGN   four taps together: 4 vectors, low parts of channels 0..3, of 4..7, then their
//                  signs. For weights without a zero point, where the dot product is fast.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize_simd.h"
#include "weight_forms.h"

enum {
  TAPS_PER_PASS = 64,  // of which the weights are kept at a time; more taps are rare and only slow
  PAIR_BYTES = MNW_TILE_CHANNELS * MNW_DEPTHWISE_TAPS
};

// Both forms have one vector a tap on average, after rounding up to two or four taps.
typedef struct channel_weights {
  v128_t vectors[TAPS_PER_PASS];
} channel_weights;

// One group of channels and where its pixels are.
typedef struct channel_group {
  const int8_t *w;
  size_t channels;  // of a pixel
  size_t first;     // of the group
  int32_t weight_zero_point;
  v128_t bias[2];
  mnw_requant_8 requant;
} channel_group;

MNW_INLINE v128_t interleave_bytes(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

MNW_INLINE v128_t interleave_low_words(v128_t a, v128_t b) {
  return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

MNW_INLINE v128_t interleave_high_words(v128_t a, v128_t b) {
  return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

MNW_INLINE void form_weights(channel_weights *weights, const int8_t *w, size_t tap_count,
                             int32_t weight_zero_point, const mnw_weight_form form) {
  v128_t *vectors = weights->vectors;
  if (form == MNW_FORM_INT16) {
    for (size_t tap = 0; tap < tap_count; tap += 2, w += PAIR_BYTES, vectors += 2) {
      const v128_t pair = wasm_v128_load(w);
      vectors[0] =
          mnw_weights_less_zero_point(wasm_i16x8_extend_low_i8x16(pair), weight_zero_point);
      vectors[1] =
          mnw_weights_less_zero_point(wasm_i16x8_extend_high_i8x16(pair), weight_zero_point);
    }
    return;
  }
  for (size_t tap = 0; tap < tap_count; tap += 4, w += 2 * PAIR_BYTES, vectors += 4) {
    const v128_t pair_0 = wasm_v128_load(w);
    const v128_t pair_1 =
        tap + 2 < tap_count ? wasm_v128_load(w + PAIR_BYTES) : wasm_i8x16_splat(0);
    const v128_t low_channels = interleave_low_words(pair_0, pair_1);
    const v128_t high_channels = interleave_high_words(pair_0, pair_1);
    vectors[0] = mnw_weights_low(low_channels);
    vectors[1] = mnw_weights_low(high_channels);
    vectors[2] = mnw_weights_sign(low_channels);
    vectors[3] = mnw_weights_sign(high_channels);
  }
}

// The group's channels of tap `tap`, or zeros past the last tap.
MNW_INLINE v128_t load_tap(const int8_t *const *taps, size_t tap, size_t tap_count, size_t first,
                           size_t count) {
  if (tap >= tap_count) {
    return wasm_i8x16_splat(0);
  }
  return count == 8 ? wasm_v128_load64_zero(taps[tap] + first)
                    : mnw_load_tail(taps[tap] + first, count, first);
}

// acc: two vectors of sums; for LOW_AND_SIGN two more, of the signs' sums.
MNW_INLINE void add_taps(v128_t acc[4], const int8_t *const *taps, size_t tap_count,
                         const v128_t *weights, size_t first, size_t count,
                         const mnw_weight_form form) {
  if (form == MNW_FORM_INT16) {
    for (size_t tap = 0; tap < tap_count; tap += 2, weights += 2) {
      const v128_t x = interleave_bytes(load_tap(taps, tap, tap_count, first, count),
                                        load_tap(taps, tap + 1, tap_count, first, count));
      const v128_t low = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(x), weights[0]);
      const v128_t high = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(x), weights[1]);
      acc[0] = wasm_i32x4_add(acc[0], low);
      acc[1] = wasm_i32x4_add(acc[1], high);
    }
    return;
  }
  for (size_t tap = 0; tap < tap_count; tap += 4, weights += 4) {
    const v128_t pair_0 = interleave_bytes(load_tap(taps, tap, tap_count, first, count),
                                           load_tap(taps, tap + 1, tap_count, first, count));
    const v128_t pair_1 = interleave_bytes(load_tap(taps, tap + 2, tap_count, first, count),
                                           load_tap(taps, tap + 3, tap_count, first, count));
    const v128_t low = interleave_low_words(pair_0, pair_1);
    const v128_t high = interleave_high_words(pair_0, pair_1);
    acc[0] = mnw_dot_add(low, weights[0], acc[0]);
    acc[1] = mnw_dot_add(high, weights[1], acc[1]);
    acc[2] = mnw_dot_add(low, weights[2], acc[2]);
    acc[3] = mnw_dot_add(high, weights[3], acc[3]);
  }
}

// Constant `tap_count` and `count` unroll the taps and choose their loads.
MNW_INLINE void convolve_group(int8_t *y, const int8_t *const *taps, size_t pixels,
                               const channel_group *group, size_t tap_count, size_t count,
                               const mnw_weight_form form) {
  channel_weights weights;
  if (tap_count <= TAPS_PER_PASS) {
    form_weights(&weights, group->w, tap_count, group->weight_zero_point, form);
  }
  const v128_t zero = wasm_i32x4_splat(0);
  for (size_t pixel = 0; pixel < pixels; pixel++, taps += tap_count, y += group->channels) {
    v128_t acc[4] = {group->bias[0], group->bias[1], zero, zero};
    if (tap_count <= TAPS_PER_PASS) {
      add_taps(acc, taps, tap_count, weights.vectors, group->first, count, form);
    } else {
      for (size_t tap = 0; tap < tap_count; tap += TAPS_PER_PASS) {
        const size_t part = tap_count - tap < TAPS_PER_PASS ? tap_count - tap : TAPS_PER_PASS;
        form_weights(&weights, group->w + tap * MNW_TILE_CHANNELS, part, group->weight_zero_point,
                     form);
        add_taps(acc, taps + tap, part, weights.vectors, group->first, count, form);
      }
    }
    if (form == MNW_FORM_LOW_AND_SIGN) {
      acc[0] = mnw_join_low_and_sign(acc[0], acc[2]);
      acc[1] = mnw_join_low_and_sign(acc[1], acc[3]);
    }
    const v128_t words = mnw_requantize_8(acc, &group->requant);
    mnw_store_half(y + group->first, wasm_i8x16_narrow_i16x8(words, words), 0, count);
  }
}

void MNW_ISA_NAME(dwconv_s8)(int8_t *y, const int8_t *const *taps, const int8_t *w, size_t pixels,
                             size_t tap_count, size_t channels, int32_t weight_zero_point,
                             const mnw_requant *requant) {
  const int by_dot = mnw_dot_is_fast() && weight_zero_point == 0;
  channel_group group = {.w = w, .channels = channels, .weight_zero_point = weight_zero_point};
  for (; group.first < channels; group.first += MNW_TILE_CHANNELS) {
    const size_t left = channels - group.first;
    group.bias[0] = wasm_v128_load(requant->bias + group.first);
    group.bias[1] = wasm_v128_load(requant->bias + group.first + 4);
    group.requant = mnw_requant_load_8(requant, group.first);
    if (left < MNW_TILE_CHANNELS) {
      convolve_group(y, taps, pixels, &group, tap_count, left, MNW_FORM_INT16);
    } else if (tap_count == 9 && by_dot) {
      convolve_group(y, taps, pixels, &group, 9, 8, MNW_FORM_LOW_AND_SIGN);
    } else if (tap_count == 9) {
      convolve_group(y, taps, pixels, &group, 9, 8, MNW_FORM_INT16);
    } else if (by_dot) {
      convolve_group(y, taps, pixels, &group, tap_count, 8, MNW_FORM_LOW_AND_SIGN);
    } else {
      convolve_group(y, taps, pixels, &group, tap_count, 8, MNW_FORM_INT16);
    }
    group.w += mnw_depthwise_8x2_bytes(MNW_TILE_CHANNELS, tap_count);
  }
}
