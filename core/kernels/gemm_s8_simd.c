// The matrix products in vector instructions.
//
// Weights come in tiles of 8 output channels. A tile is brought into the inner loop's form (see
// weight_forms.h) once for a block of rows, on the stack, and every row then streams through it out
// of the L1 cache. Per step of 4 k the weights are a few vectors, each to be multiplied with one
// vector per row that repeats the row's 4 activations:
//
//   INT16 forms    4 vectors, [channel 2v: k 0..3, channel 2v + 1: k 0..3]. i32x4.dot_i16x8 adds
//                  pairs of k only, so neighbouring accumulators are added at the end.
//   LOW_AND_SIGN   4 vectors: low parts of channels 0..3, of 4..7, then their signs.
//   OFFSET         2 vectors: channels 0..3, 4..7.
//
// A group of rows shares each weight vector; its accumulators, 8 vectors, stay in registers. When k
// takes several tiles, the rows' sums are kept on the stack in between.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize_simd.h"
#include "weight_forms.h"

enum {
  ROWS_PER_BLOCK = 64,
  STEPS_PER_TILE = 128,
  K_PER_TILE = STEPS_PER_TILE * MNW_TILE_K,
  TILE_BYTES_PER_STEP = MNW_TILE_CHANNELS * MNW_TILE_K,
  MAX_VECTORS = 4,
  MAX_GROUP_ROWS = 4
};

// A tile in the inner loop's form and the block of rows that it is multiplied with.
typedef struct tile_pass {
  v128_t tile[STEPS_PER_TILE * MAX_VECTORS];
  v128_t partial[ROWS_PER_BLOCK][2];    // sums so far, when k takes several tiles
  int32_t row_offsets[ROWS_PER_BLOCK];  // to subtract at the end, if has_row_offsets
  v128_t start[MAX_VECTORS];  // where accumulators start: the bias, or 0 after the first tile
  mnw_requant_8 requant;
  const int8_t *x;  // of the block's first row, at the tile's first k
  int8_t *y;        // of the block's first row, at the tile's first channel
  size_t x_stride, y_stride, k_count, o_count;
  int is_first, is_last, has_row_offsets;
} tile_pass;

MNW_INLINE int vectors_of(const mnw_weight_form form) {
  return form == MNW_FORM_OFFSET ? 2 : 4;
}

MNW_INLINE void form_step(v128_t *vectors, const int8_t *w, const mnw_weight_form form,
                          int32_t weight_zero_point) {
  if (mnw_form_is_int16(form)) {
    for (int v = 0; v < 4; v++) {
      const v128_t wide = wasm_i16x8_extend_low_i8x16(wasm_v128_load64_zero(w + 8 * v));
      vectors[v] = mnw_weights_less_zero_point(wide, weight_zero_point);
      if (form == MNW_FORM_INT16_LOW_BIT) {
        vectors[v] = mnw_weights_to_low_bit(vectors[v]);
      }
    }
    return;
  }
  for (int half = 0; half < 2; half++) {
    const v128_t weights = wasm_v128_load(w + 16 * half);
    if (form == MNW_FORM_OFFSET) {
      vectors[half] = mnw_weights_offset(weights, weight_zero_point);
    } else {
      vectors[half] = mnw_weights_low(weights);
      vectors[2 + half] = mnw_weights_sign(weights);
    }
  }
}

MNW_INLINE void set_start(tile_pass *pass, const int32_t *bias, const mnw_weight_form form) {
  const v128_t zero = wasm_i32x4_splat(0);
  for (int half = 0; half < 2; half++) {
    const v128_t four = bias != NULL ? wasm_v128_load(bias + 4 * half) : zero;
    if (mnw_form_is_int16(form)) {
      pass->start[2 * half] = wasm_i32x4_shuffle(four, zero, 0, 4, 1, 4);
      pass->start[2 * half + 1] = wasm_i32x4_shuffle(four, zero, 2, 4, 3, 4);
    } else {
      pass->start[half] = four;
      pass->start[2 + half] = zero;
    }
  }
}

MNW_INLINE v128_t form_x(v128_t four_k, const mnw_weight_form form) {
  return mnw_form_is_int16(form) ? wasm_i16x8_extend_low_i8x16(four_k) : four_k;
}

MNW_INLINE v128_t multiply_add(v128_t x, v128_t weights, v128_t acc, const mnw_weight_form form) {
  return mnw_form_is_int16(form) ? wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(x, weights))
                                 : mnw_dot_add(x, weights, acc);
}

MNW_INLINE v128_t sum_of_half(const v128_t *acc, const int half, const mnw_weight_form form) {
  if (mnw_form_is_int16(form)) {
    return mnw_add_pairs_i32x4(acc[2 * half], acc[2 * half + 1]);
  }
  return form == MNW_FORM_OFFSET ? acc[half] : mnw_join_low_and_sign(acc[half], acc[2 + half]);
}

// rows x 8 channels. `rows` and `form` are constants, so that acc lives in registers.
MNW_INLINE void multiply_rows(v128_t sums[][2], const int rows, const mnw_weight_form form,
                              const tile_pass *pass, const int8_t *x) {
  const int vectors = vectors_of(form);
  v128_t acc[MAX_GROUP_ROWS][MAX_VECTORS];
  const int8_t *row_x[MAX_GROUP_ROWS];
  for (int r = 0; r < rows; r++) {
    row_x[r] = x + (size_t)r * pass->x_stride;
    for (int v = 0; v < vectors; v++) {
      acc[r][v] = pass->start[v];
    }
  }
  const v128_t *weights = pass->tile;
  const size_t whole = pass->k_count / MNW_TILE_K * MNW_TILE_K, rest = pass->k_count - whole;
  for (size_t k = 0; k < whole; k += MNW_TILE_K, weights += vectors) {
    v128_t four_k[MAX_GROUP_ROWS];
    for (int r = 0; r < rows; r++) {
      four_k[r] = form_x(wasm_v128_load32_splat(row_x[r] + k), form);
    }
    for (int v = 0; v < vectors; v++) {
      for (int r = 0; r < rows; r++) {
        acc[r][v] = multiply_add(four_k[r], weights[v], acc[r][v], form);
      }
    }
  }
  for (int r = 0; rest != 0 && r < rows; r++) {
    const v128_t bytes = mnw_load_tail(row_x[r] + whole, rest, whole);
    const v128_t four_k = form_x(wasm_i32x4_shuffle(bytes, bytes, 0, 0, 0, 0), form);
    for (int v = 0; v < vectors; v++) {
      acc[r][v] = multiply_add(four_k, weights[v], acc[r][v], form);
    }
  }
  for (int r = 0; r < rows; r++) {
    sums[r][0] = sum_of_half(acc[r], 0, form);
    sums[r][1] = sum_of_half(acc[r], 1, form);
  }
}

// Adds what is kept of the row to its sums of this tile.
MNW_INLINE void complete_sums(v128_t sums[2], const mnw_weight_form form, const tile_pass *pass,
                              size_t row) {
  if (!pass->is_first) {
    sums[0] = wasm_i32x4_add(sums[0], pass->partial[row][0]);
    sums[1] = wasm_i32x4_add(sums[1], pass->partial[row][1]);
  }
  if (!mnw_form_is_int16(form) && pass->is_last && pass->has_row_offsets) {
    const v128_t offset = wasm_i32x4_splat(pass->row_offsets[row]);
    sums[0] = wasm_i32x4_sub(sums[0], offset);
    sums[1] = wasm_i32x4_sub(sums[1], offset);
  }
}

MNW_INLINE void finish_rows(const int rows, const mnw_weight_form form, tile_pass *pass,
                            size_t row) {
  v128_t sums[MAX_GROUP_ROWS][2];
  multiply_rows(sums, rows, form, pass, pass->x + row * pass->x_stride);
  for (int r = 0; r < rows; r++) {
    complete_sums(sums[r], form, pass, row + (size_t)r);
  }
  if (!pass->is_last) {
    memcpy(pass->partial[row], sums, (size_t)rows * sizeof sums[0]);
    return;
  }
  int8_t *y = pass->y + row * pass->y_stride;
  for (int r = 0; r < rows; r += 2) {
    const v128_t words_0 = mnw_requantize_8(sums[r], &pass->requant);
    if (rows == 1) {
      mnw_store_half(y, wasm_i8x16_narrow_i16x8(words_0, words_0), 0, pass->o_count);
      return;
    }
    const v128_t words_1 = mnw_requantize_8(sums[r + 1], &pass->requant);
    const v128_t bytes = wasm_i8x16_narrow_i16x8(words_0, words_1);
    mnw_store_half(y, bytes, 0, pass->o_count);
    mnw_store_half(y + pass->y_stride, bytes, 1, pass->o_count);
    y += 2 * pass->y_stride;
  }
}

// Of the rows' sums, `offset_per_x` times each.
MNW_INLINE void set_row_offsets(tile_pass *pass, const int8_t *x, size_t rows, size_t k_count,
                                int32_t offset_per_x) {
  for (size_t row = 0; row < rows; row++, x += pass->x_stride) {
    v128_t sums = wasm_i32x4_splat(0);
    size_t k = 0;
    for (; k + 16 <= k_count; k += 16) {
      sums = mnw_dot_add(wasm_v128_load(x + k), wasm_i8x16_splat(1), sums);
    }
    sums = mnw_add_pairs_i32x4(sums, sums);
    int32_t sum = wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1);
    for (; k < k_count; k++) {
      sum += x[k];
    }
    pass->row_offsets[row] = (int32_t)((uint32_t)sum * (uint32_t)offset_per_x);
  }
}

MNW_INLINE void gemm(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride, const int8_t *w,
                     size_t rows, size_t k_count, size_t o_count, int32_t weight_zero_point,
                     const mnw_requant *requant, const mnw_weight_form form) {
  const int group = form == MNW_FORM_OFFSET ? 4 : 2;
  const int vectors = vectors_of(form);
  const int32_t offset_per_x = form == MNW_FORM_OFFSET ? MNW_LOW_BIT_OFFSET : weight_zero_point;
  const size_t steps = mnw_ceil_div(k_count, MNW_TILE_K);
  tile_pass pass;
  pass.x_stride = x_stride;
  pass.y_stride = y_stride;
  pass.has_row_offsets = !mnw_form_is_int16(form) && offset_per_x != 0;
  for (size_t block = 0; block < rows; block += ROWS_PER_BLOCK) {
    const size_t block_rows = rows - block < ROWS_PER_BLOCK ? rows - block : ROWS_PER_BLOCK;
    const int8_t *const block_x = x + block * x_stride;
    if (pass.has_row_offsets) {
      set_row_offsets(&pass, block_x, block_rows, k_count, offset_per_x);
    }
    const int8_t *next_w = w;
    for (size_t o = 0; o < o_count; o += MNW_TILE_CHANNELS) {
      pass.requant = mnw_requant_load_8(requant, o);
      pass.y = y + block * y_stride + o;
      pass.o_count = o_count - o < MNW_TILE_CHANNELS ? o_count - o : MNW_TILE_CHANNELS;
      for (size_t step = 0; step < steps; step += STEPS_PER_TILE) {
        const size_t k = step * MNW_TILE_K;
        const size_t tile_steps = steps - step < STEPS_PER_TILE ? steps - step : STEPS_PER_TILE;
        for (size_t i = 0; i < tile_steps; i++, next_w += TILE_BYTES_PER_STEP) {
          form_step(pass.tile + i * (size_t)vectors, next_w, form, weight_zero_point);
        }
        pass.x = block_x + k;
        pass.k_count = k_count - k < K_PER_TILE ? k_count - k : K_PER_TILE;
        pass.is_first = step == 0;
        pass.is_last = step + tile_steps == steps;
        set_start(&pass, pass.is_first ? requant->bias + o : NULL, form);
        size_t row = 0;
        for (; row + (size_t)group <= block_rows; row += (size_t)group) {
          finish_rows(group, form, &pass, row);
        }
        for (; row < block_rows; row++) {
          finish_rows(1, form, &pass, row);
        }
      }
    }
  }
}

void MNW_ISA_NAME(gemm_s8)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                           const int8_t *w, size_t rows, size_t k, size_t o_count,
                           int32_t weight_zero_point, const mnw_requant *requant) {
  if (mnw_dot_is_fast()) {
    gemm(y, y_stride, x, x_stride, w, rows, k, o_count, weight_zero_point, requant,
         MNW_FORM_LOW_AND_SIGN);
  } else {
    gemm(y, y_stride, x, x_stride, w, rows, k, o_count, weight_zero_point, requant, MNW_FORM_INT16);
  }
}

void MNW_ISA_NAME(gemm_s8w7)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                             const int8_t *w, size_t rows, size_t k, size_t o_count,
                             int32_t weight_zero_point, const mnw_requant *requant) {
  if (mnw_dot_is_fast()) {
    gemm(y, y_stride, x, x_stride, w, rows, k, o_count, weight_zero_point, requant,
         MNW_FORM_OFFSET);
  } else {
    gemm(y, y_stride, x, x_stride, w, rows, k, o_count, weight_zero_point, requant,
         MNW_FORM_INT16_LOW_BIT);
  }
}
