// The 3x3 case of the depthwise convolution, for 8 channels: each column of three taps is read and
// interleaved once, and serves all pixels of the row whose windows it lies in.
//
//   INT16       A column is its upper two taps interleaved, 2 vectors, and its lowest tap, 1
//   vector.
//               Lowest taps of neighbouring columns are interleaved in turn: (left, middle) with
//               their weights, and (middle, right), the next pixel's (left, middle), with (0, w).
//   OFFSET      A column is its three taps and a zero interleaved, 2 vectors.
#ifndef MINNOW_KERNELS_DWCONV_S8_3X3_SIMD_H_
#define MINNOW_KERNELS_DWCONV_S8_3X3_SIMD_H_

#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize_simd.h"
#include "weight_forms.h"

enum { DWCONV_PAIR_BYTES = MNW_TILE_CHANNELS * MNW_DEPTHWISE_TAPS };

// A group of 8 channels, or of the last ones.
typedef struct dwconv_group {
  const int8_t *w;
  const mnw_dwconv_shape *shape;
  size_t first;                // channel
  mnw_weight_forming forming;  // INT16
  v128_t bias[2];
  v128_t x_flip;  // OFFSET: what makes activations the dot product's second operand
  mnw_requant_8 requant;
} dwconv_group;

MNW_INLINE v128_t dwconv_interleave_bytes(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

MNW_INLINE v128_t dwconv_interleave_low_words(v128_t a, v128_t b) {
  return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

MNW_INLINE v128_t dwconv_interleave_high_words(v128_t a, v128_t b) {
  return wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

typedef struct dwconv_column {
  v128_t joined[2];  // channels 0..3, 4..7
  v128_t lowest;     // INT16 only
} dwconv_column;

typedef struct dwconv_weights_3x3 {
  v128_t columns[3][2];
  v128_t lowest[2][2];  // INT16: (left, middle), (0, right)
} dwconv_weights_3x3;

// From three taps in the low 8 bytes.
MNW_INLINE dwconv_column dwconv_join_bytes(const v128_t taps[3], v128_t flip) {
  const v128_t upper = wasm_v128_xor(dwconv_interleave_bytes(taps[0], taps[1]), flip);
  const v128_t lower = wasm_v128_xor(dwconv_interleave_bytes(taps[2], wasm_i8x16_splat(0)), flip);
  const dwconv_column column = {.joined = {dwconv_interleave_low_words(upper, lower),
                                           dwconv_interleave_high_words(upper, lower)}};
  return column;
}

// From three taps of int16.
MNW_INLINE dwconv_column dwconv_join_words(const v128_t taps[3]) {
  const dwconv_column column = {.joined = {dwconv_interleave_low_words(taps[0], taps[1]),
                                           dwconv_interleave_high_words(taps[0], taps[1])},
                                .lowest = taps[2]};
  return column;
}

MNW_INLINE dwconv_column dwconv_load_column(const void *const *window, const dwconv_group *group,
                                            const mnw_weight_form form) {
  v128_t taps[3];
  for (size_t i = 0; i < 3; i++) {
    const int8_t *const x = window[i * group->shape->tap_row_step];
    taps[i] = form == MNW_FORM_INT16 ? wasm_i16x8_load8x8(x + group->first)
                                     : wasm_v128_load64_zero(x + group->first);
  }
  return form == MNW_FORM_INT16 ? dwconv_join_words(taps) : dwconv_join_bytes(taps, group->x_flip);
}

MNW_INLINE void dwconv_form_3x3(dwconv_weights_3x3 *weights, v128_t start[2],
                                const dwconv_group *group, const mnw_weight_form form) {
  v128_t taps[10], columns[3][3];
  for (size_t pair = 0; pair < 5; pair++) {
    const v128_t both = wasm_v128_load(group->w + pair * DWCONV_PAIR_BYTES);
    const v128_t apart =
        wasm_i8x16_shuffle(both, both, 0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    taps[2 * pair] = apart;
    taps[2 * pair + 1] = wasm_i64x2_shuffle(apart, apart, 1, 1);
  }
  for (int i = 0; i < 9; i++) {
    columns[i % 3][i / 3] =
        form == MNW_FORM_INT16
            ? wasm_i16x8_add(wasm_i16x8_extend_low_i8x16(taps[i]), group->forming.add)
            : taps[i];
  }
  const v128_t zero = wasm_i8x16_splat(0);
  for (int half = 0; half < 2; half++) {
    start[half] = group->bias[half];
  }
  for (int i = 0; i < 3; i++) {
    const dwconv_column joined = form == MNW_FORM_INT16 ? dwconv_join_words(columns[i])
                                                        : dwconv_join_bytes(columns[i], zero);
    for (int half = 0; half < 2; half++) {
      weights->columns[i][half] = joined.joined[half];
      if (form != MNW_FORM_INT16) {
        start[half] = wasm_i32x4_sub(
            start[half], mnw_dot_add(joined.joined[half], group->x_flip, wasm_i32x4_splat(0)));
      }
    }
  }
  if (form == MNW_FORM_INT16) {
    weights->lowest[0][0] = dwconv_interleave_low_words(columns[0][2], columns[1][2]);
    weights->lowest[0][1] = dwconv_interleave_high_words(columns[0][2], columns[1][2]);
    weights->lowest[1][0] = dwconv_interleave_low_words(zero, columns[2][2]);
    weights->lowest[1][1] = dwconv_interleave_high_words(zero, columns[2][2]);
  }
}

MNW_INLINE v128_t dwconv_join_lowest(const dwconv_column *left, const dwconv_column *right,
                                     const int half) {
  return half == 0 ? dwconv_interleave_low_words(left->lowest, right->lowest)
                   : dwconv_interleave_high_words(left->lowest, right->lowest);
}

// Sums of 4 channels; `lowest`: of the left and middle column, then of the middle and right one.
MNW_INLINE v128_t dwconv_sum_3x3(v128_t acc, const dwconv_column columns[3], v128_t lowest[2][2],
                                 const dwconv_weights_3x3 *weights, const int half,
                                 const mnw_weight_form form) {
  for (int i = 0; i < 3; i++) {
    const v128_t x = columns[i].joined[half], w = weights->columns[i][half];
    acc = form == MNW_FORM_INT16 ? wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(x, w))
                                 : mnw_dot_add(w, x, acc);
  }
  for (int i = 0; form == MNW_FORM_INT16 && i < 2; i++) {
    acc = wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(lowest[i][half], weights->lowest[i][half]));
  }
  return acc;
}

// `stride`, 1 or 2, and `form` are constants.
MNW_INLINE void dwconv_3x3(int8_t *y, const void *const *table, const dwconv_group *group,
                           const size_t stride, const mnw_weight_form form) {
  const mnw_dwconv_shape *shape = group->shape;
  const mnw_requant_8 requant = group->requant;
  dwconv_weights_3x3 weights;
  v128_t start[2];
  dwconv_form_3x3(&weights, start, group, form);
  y += group->first;
  for (size_t row = 0; row < shape->rows; row++, table += shape->row_step) {
    const void *const *window = table;
    dwconv_column columns[3] = {dwconv_load_column(window, group, form)};
    v128_t lowest[2][2];
    if (stride == 1) {
      columns[1] = dwconv_load_column(window + 1, group, form);
      for (int half = 0; form == MNW_FORM_INT16 && half < 2; half++) {
        lowest[0][half] = dwconv_join_lowest(&columns[0], &columns[1], half);
      }
    }
    for (size_t pixel = 0; pixel < shape->pixels; pixel++, window += stride) {
      if (stride == 2) {
        columns[1] = dwconv_load_column(window + 1, group, form);
      }
      columns[2] = dwconv_load_column(window + 2, group, form);
      v128_t acc[2];
      for (int half = 0; half < 2; half++) {
        if (form == MNW_FORM_INT16 && stride == 2) {
          lowest[0][half] = dwconv_join_lowest(&columns[0], &columns[1], half);
        }
        if (form == MNW_FORM_INT16) {
          lowest[1][half] = dwconv_join_lowest(&columns[1], &columns[2], half);
        }
        acc[half] = dwconv_sum_3x3(start[half], columns, lowest, &weights, half, form);
        if (form == MNW_FORM_INT16) {
          lowest[0][half] = lowest[1][half];
        }
      }
      wasm_v128_store64_lane(y, mnw_requantize_8(acc, &requant), 0);
      y += shape->channels;
      columns[0] = stride == 1 ? columns[1] : columns[2];
      columns[1] = columns[2];
    }
  }
}

// A column of four lines: the dot product's second operand for two rows of pixels, of which one
// takes the upper three lines and the other the lower three.
MNW_INLINE void dwconv_load_long_column(v128_t column[2], const void *const *const lines[4],
                                        size_t at, const dwconv_group *group) {
  v128_t taps[4];
  for (int i = 0; i < 4; i++) {
    taps[i] = wasm_v128_load64_zero((const int8_t *)lines[i][at] + group->first);
  }
  const v128_t upper = wasm_v128_xor(dwconv_interleave_bytes(taps[0], taps[1]), group->x_flip);
  const v128_t lower = wasm_v128_xor(dwconv_interleave_bytes(taps[2], taps[3]), group->x_flip);
  column[0] = dwconv_interleave_low_words(upper, lower);
  column[1] = dwconv_interleave_high_words(upper, lower);
}

// Stride 1 and OFFSET: two rows of pixels together, which share each column. A last row without a
// partner has its own last line in place of the fourth, and its result written last.
MNW_INLINE void dwconv_3x3_row_pairs(int8_t *y, const void *const *table,
                                     const dwconv_group *group) {
  const mnw_dwconv_shape *shape = group->shape;
  const size_t line = shape->tap_row_step, y_row = shape->pixels * shape->channels;
  dwconv_weights_3x3 weights;
  v128_t start[2], lower_weights[3][2];
  dwconv_form_3x3(&weights, start, group, MNW_FORM_OFFSET);
  for (int i = 0; i < 6; i++) {
    lower_weights[i / 2][i % 2] = wasm_i32x4_shl(weights.columns[i / 2][i % 2], 8);
  }
  y += group->first;
  for (size_t row = 0; row < shape->rows;) {
    const int is_pair = row + 1 < shape->rows && shape->row_step == line;
    const void *const *const lines[4] = {table, table + line, table + 2 * line,
                                         table + (is_pair ? 3 : 2) * line};
    const size_t to_lower = is_pair ? y_row : 0, rows = is_pair ? 2 : 1;
    int8_t *to = y;
    v128_t columns[3][2];
    dwconv_load_long_column(columns[0], lines, 0, group);
    dwconv_load_long_column(columns[1], lines, 1, group);
    for (size_t pixel = 0; pixel < shape->pixels; pixel++, to += shape->channels) {
      v128_t upper[2], lower[2];
      dwconv_load_long_column(columns[2], lines, pixel + 2, group);
      for (int half = 0; half < 2; half++) {
        upper[half] = lower[half] = start[half];
        for (int i = 0; i < 3; i++) {
          const v128_t x = columns[i][half];
          upper[half] = mnw_dot_add(weights.columns[i][half], x, upper[half]);
          lower[half] = mnw_dot_add(lower_weights[i][half], x, lower[half]);
          if (i > 0) columns[i - 1][half] = x;
        }
      }
      const v128_t bytes = mnw_requantize_8x2(upper, lower, &group->requant);
      wasm_v128_store64_lane(to + to_lower, bytes, 1);
      wasm_v128_store64_lane(to, bytes, 0);
    }
    row += rows;
    table += rows * shape->row_step;
    y += rows * y_row;
  }
}

#endif  // MINNOW_KERNELS_DWCONV_S8_3X3_SIMD_H_
