// The matrix product's steps that do not depend on the number of rows, and the product of one row.
#ifndef MINNOW_KERNELS_GEMM_S8_ROW_SIMD_H_
#define MINNOW_KERNELS_GEMM_S8_ROW_SIMD_H_

#include "kernel_isa.h"
#include "packed_layout.h"
#include "requantize_simd.h"
#include "weight_forms.h"

enum {
  GEMM_MAX_VECTORS = 4,
  GEMM_MAX_ROWS = 60,  // of a block: whole groups of every form
  GEMM_TILE_BYTES_PER_STEP = MNW_TILE_CHANNELS * MNW_TILE_K
};

// The arguments of one call.
typedef struct gemm_call {
  int8_t *y;
  const int8_t *x, *w;
  size_t y_stride, x_stride, k_count, o_count;
  const mnw_requant *requant;
  mnw_weight_forming forming;
} gemm_call;

// Where the results of a tile with fewer than 8 channels stand at first, so that loops over rows
// know only whole tiles.
typedef struct gemm_last_tile {
  int8_t y[GEMM_MAX_ROWS * MNW_TILE_CHANNELS];
} gemm_last_tile;

// Where the tile from channel `o` on is to write its rows. `last`: initialised.
MNW_INLINE void gemm_tile_begin(int8_t **y, size_t *y_stride, gemm_last_tile *last,
                                const gemm_call *call, int8_t *block_y, size_t o) {
  const int is_whole = call->o_count - o >= MNW_TILE_CHANNELS;
  *y = is_whole ? block_y + o : last->y;
  *y_stride = is_whole ? call->y_stride : MNW_TILE_CHANNELS;
}

MNW_INLINE void gemm_tile_end(const gemm_last_tile *last, const gemm_call *call, int8_t *block_y,
                              size_t o, size_t rows) {
  const size_t left = call->o_count - o;
  for (size_t row = 0; left < MNW_TILE_CHANNELS && row < rows; row++) {
    for (size_t i = 0; i < left; i++) {
      block_y[row * call->y_stride + o + i] = last->y[row * MNW_TILE_CHANNELS + i];
    }
  }
}

MNW_INLINE int gemm_vectors_of(const mnw_weight_form form) {
  return form == MNW_FORM_INT16 ? 4 : 2;
}

MNW_INLINE void gemm_form_step(v128_t *vectors, const int8_t *w, const mnw_weight_forming *forming,
                               const mnw_weight_form form) {
  for (int v = 0; v < gemm_vectors_of(form); v++) {
    vectors[v] = form == MNW_FORM_INT16 ? mnw_weights_int16(w + 8 * v, forming)
                                        : mnw_weights_offset(w + 16 * v, forming);
  }
}

// bias: of the tile's 8 channels, NULL for 0.
MNW_INLINE void gemm_set_start(v128_t *start, const int32_t *bias, const mnw_weight_form form) {
  const v128_t zero = wasm_i32x4_splat(0);
  for (int half = 0; half < 2; half++) {
    const v128_t four = bias != NULL ? wasm_v128_load(bias + 4 * half) : zero;
    if (form == MNW_FORM_INT16) {
      start[2 * half] = wasm_i32x4_shuffle(four, zero, 0, 4, 1, 4);
      start[2 * half + 1] = wasm_i32x4_shuffle(four, zero, 2, 4, 3, 4);
    } else {
      start[half] = four;
    }
  }
}

MNW_INLINE v128_t gemm_form_x(v128_t four_k, const mnw_weight_form form) {
  return form == MNW_FORM_INT16 ? wasm_i16x8_extend_low_i8x16(four_k) : four_k;
}

MNW_INLINE v128_t gemm_multiply_add(v128_t x, v128_t weights, v128_t acc,
                                    const mnw_weight_form form) {
  return form == MNW_FORM_INT16 ? wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(x, weights))
                                : mnw_dot_add(x, weights, acc);
}

MNW_INLINE v128_t gemm_sum_of_half(const v128_t *acc, const int half, const mnw_weight_form form) {
  return form == MNW_FORM_INT16 ? mnw_add_pairs_i32x4(acc[2 * half], acc[2 * half + 1]) : acc[half];
}

// offset_per_x times the sum of the row.
MNW_INLINE int32_t gemm_row_offset(const int8_t *x, size_t k_count, int32_t offset_per_x) {
  v128_t sums = wasm_i32x4_splat(0);
  size_t k = 0;
  for (; k + 16 <= k_count; k += 16) {
    const v128_t pairs = wasm_i16x8_extadd_pairwise_i8x16(wasm_v128_load(x + k));
    sums = wasm_i32x4_add(sums, wasm_i32x4_extadd_pairwise_i16x8(pairs));
  }
  sums = mnw_add_pairs_i32x4(sums, sums);
  int32_t sum = wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1);
  for (; k < k_count; k++) {
    sum += x[k];
  }
  return (int32_t)((uint32_t)sum * (uint32_t)offset_per_x);
}

// One step of a lone row: `form` is constant.
MNW_INLINE void gemm_row_step(v128_t acc[GEMM_MAX_VECTORS], v128_t four_k, const int8_t *w,
                              const mnw_weight_forming *forming, const mnw_weight_form form) {
  v128_t weights[GEMM_MAX_VECTORS];
  const v128_t x = gemm_form_x(four_k, form);
  gemm_form_step(weights, w, forming, form);
  for (int v = 0; v < gemm_vectors_of(form); v++) {
    acc[v] = gemm_multiply_add(x, weights[v], acc[v], form);
  }
}

// Two sets of accumulators, so that additions need not wait for each other.
MNW_INLINE void gemm_row_tile(v128_t sums[2], const gemm_call *call, const int8_t *w,
                              const int32_t *bias, const mnw_weight_form form) {
  const size_t whole = call->k_count / MNW_TILE_K * MNW_TILE_K, rest = call->k_count - whole;
  v128_t acc[2][GEMM_MAX_VECTORS];
  const int8_t *x = call->x;
  gemm_set_start(acc[0], bias, form);
  gemm_set_start(acc[1], NULL, form);
  size_t k = 0;
  for (; k + 2 * MNW_TILE_K <= whole; k += 2 * MNW_TILE_K, w += 2 * GEMM_TILE_BYTES_PER_STEP) {
    gemm_row_step(acc[0], wasm_v128_load32_splat(x + k), w, &call->forming, form);
    gemm_row_step(acc[1], wasm_v128_load32_splat(x + k + MNW_TILE_K), w + GEMM_TILE_BYTES_PER_STEP,
                  &call->forming, form);
  }
  if (k < whole) {
    gemm_row_step(acc[0], wasm_v128_load32_splat(x + k), w, &call->forming, form);
    w += GEMM_TILE_BYTES_PER_STEP;
  }
  if (rest != 0) {
    const v128_t bytes = mnw_load_tail(x + whole, rest, whole);
    gemm_row_step(acc[1], wasm_i32x4_shuffle(bytes, bytes, 0, 0, 0, 0), w, &call->forming, form);
  }
  for (int v = 0; v < gemm_vectors_of(form); v++) {
    acc[0][v] = wasm_i32x4_add(acc[0][v], acc[1][v]);
  }
  sums[0] = gemm_sum_of_half(acc[0], 0, form);
  sums[1] = gemm_sum_of_half(acc[0], 1, form);
}

MNW_INLINE void gemm_lone_row(const gemm_call *call, const mnw_weight_form form) {
  const size_t steps = mnw_ceil_div(call->k_count, MNW_TILE_K);
  const int8_t *w = call->w;
  v128_t row_offset = wasm_i32x4_splat(0);
  if (form == MNW_FORM_OFFSET && call->forming.offset_per_x != 0) {
    row_offset =
        wasm_i32x4_splat(gemm_row_offset(call->x, call->k_count, call->forming.offset_per_x));
  }
  for (size_t o = 0; o < call->o_count; o += MNW_TILE_CHANNELS) {
    const mnw_requant_8 requant = mnw_requant_load_8(call->requant, o);
    const size_t left = call->o_count - o;
    v128_t sums[2];
    gemm_row_tile(sums, call, w, call->requant->bias + o, form);
    for (int half = 0; form == MNW_FORM_OFFSET && half < 2; half++) {
      sums[half] = wasm_i32x4_sub(sums[half], row_offset);
    }
    mnw_store_half(call->y + o, mnw_requantize_8(sums, &requant), 0,
                   left < MNW_TILE_CHANNELS ? left : MNW_TILE_CHANNELS);
    w += steps * GEMM_TILE_BYTES_PER_STEP;
  }
}

MNW_NO_INLINE static void gemm_lone_row_offset(const gemm_call *call) {
  gemm_lone_row(call, MNW_FORM_OFFSET);
}

MNW_NO_INLINE static void gemm_lone_row_int16(const gemm_call *call) {
  gemm_lone_row(call, MNW_FORM_INT16);
}

#endif  // MINNOW_KERNELS_GEMM_S8_ROW_SIMD_H_
