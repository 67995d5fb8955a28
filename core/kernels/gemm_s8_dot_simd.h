// The matrix product where the relaxed dot product keeps the eighth bit of its second operand
// (mnw_dot_eighth_bit()): one instruction for four products, and weights are its first operand as
// they stand in the package.
//
// Activations are the second operand. Where that is unsigned, a block of rows is copied with every
// byte's highest bit flipped, that is 128 added, and each channel starts at its bias less 128 times
// the sum of its weights. A group has as many rows as fill 15 registers with sums: fewer would wait
// for each other's results.
#ifndef MINNOW_KERNELS_GEMM_S8_DOT_SIMD_H_
#define MINNOW_KERNELS_GEMM_S8_DOT_SIMD_H_

#include "gemm_s8_row_simd.h"

enum { DOT_GROUP_ROWS = 6, DOT_SMALL_GROUP_ROWS = 2, DOT_BLOCK_BYTES = 32768 };

// A block of rows and the tile that it is multiplied with.
typedef struct dot_pass {
  const int8_t *x, *w;
  int8_t *y;  // 8 channels a row
  size_t x_stride, y_stride, k_count;
  v128_t start[2];
  mnw_requant_8 requant;
  const int32_t *row_offsets;  // to subtract at the end; NULL for none
} dot_pass;

// Bytes between the rows of a block.
MNW_INLINE size_t dot_stride(size_t k_count) {
  return mnw_round_up(k_count, 16);
}

// One row, flipped, and zeros behind it up to a whole step.
MNW_INLINE void dot_copy_row(int8_t *to, const int8_t *x, size_t k_count, v128_t flip) {
  size_t k = 0;
  wasm_v128_store(to + dot_stride(k_count) - 16, wasm_i8x16_splat(0));
  for (; k + 16 <= k_count; k += 16) {
    wasm_v128_store(to + k, wasm_v128_xor(wasm_v128_load(x + k), flip));
  }
  if (k < k_count && k_count >= 16) {
    const v128_t last = wasm_v128_load(x + k_count - 16);
    wasm_v128_store(to + k_count - 16, wasm_v128_xor(last, flip));
    return;
  }
  const int8_t bit = (int8_t)wasm_i8x16_extract_lane(flip, 0);
  for (; k < k_count; k++) {
    to[k] = (int8_t)(x[k] ^ bit);
  }
}

// The sums of the tile's weights, times the flipped zero in each byte of `flip`.
MNW_INLINE void dot_flip_offsets(v128_t offsets[2], const int8_t *w, size_t k_count, v128_t flip) {
  const v128_t zero = wasm_i32x4_splat(0);
  v128_t sums[4][2];
  size_t k = 0;
  for (int i = 0; i < 8; i++) {
    sums[i / 2][i % 2] = zero;
  }
  for (; k + 4 * MNW_TILE_K <= k_count; k += 4 * MNW_TILE_K, w += 4 * GEMM_TILE_BYTES_PER_STEP) {
    for (int i = 0; i < 8; i++) {
      sums[i / 2][i % 2] = mnw_dot_add(wasm_v128_load(w + 16 * i), flip, sums[i / 2][i % 2]);
    }
  }
  for (; k < k_count; k += MNW_TILE_K, w += GEMM_TILE_BYTES_PER_STEP) {
    const size_t absent = k + MNW_TILE_K > k_count ? k + MNW_TILE_K - k_count : 0;
    const v128_t present = wasm_u32x4_shr(flip, 8 * (uint32_t)absent);
    for (int half = 0; half < 2; half++) {
      sums[0][half] = mnw_dot_add(wasm_v128_load(w + 16 * half), present, sums[0][half]);
    }
  }
  for (int half = 0; half < 2; half++) {
    offsets[half] = wasm_i32x4_add(wasm_i32x4_add(sums[0][half], sums[1][half]),
                                   wasm_i32x4_add(sums[2][half], sums[3][half]));
  }
}

// rows x 8 channels; `rows`, even, is constant, so that the sums live in registers.
MNW_INLINE void dot_rows(const dot_pass *pass, size_t row, const int rows) {
  v128_t acc[DOT_GROUP_ROWS][2];
  const int8_t *row_x[DOT_GROUP_ROWS];
  for (int r = 0; r < rows; r++) {
    row_x[r] = pass->x + (row + (size_t)r) * pass->x_stride;
    acc[r][0] = pass->start[0];
    acc[r][1] = pass->start[1];
  }
  const int8_t *w = pass->w;
  for (size_t k = 0; k < pass->k_count; k += MNW_TILE_K, w += GEMM_TILE_BYTES_PER_STEP) {
    const v128_t weights[2] = {wasm_v128_load(w), wasm_v128_load(w + 16)};
    for (int r = 0; r < rows; r++) {
      const v128_t four_k = wasm_v128_load32_splat(row_x[r] + k);
      acc[r][0] = mnw_dot_add(weights[0], four_k, acc[r][0]);
      acc[r][1] = mnw_dot_add(weights[1], four_k, acc[r][1]);
    }
  }
  for (int r = 0; pass->row_offsets != NULL && r < rows; r++) {
    const v128_t offset = wasm_v128_load32_splat(pass->row_offsets + row + r);
    acc[r][0] = wasm_i32x4_sub(acc[r][0], offset);
    acc[r][1] = wasm_i32x4_sub(acc[r][1], offset);
  }
  int8_t *y = pass->y + row * pass->y_stride;
  for (int r = 0; r < rows; r += 2, y += 2 * pass->y_stride) {
    const v128_t bytes = mnw_requantize_8x2(acc[r], acc[r + 1], &pass->requant);
    wasm_v128_store64_lane(y, bytes, 0);
    wasm_v128_store64_lane(y + pass->y_stride, bytes, 1);
  }
}

// Groups from row 0 on; the last one computes once more what it shares with the one before. In
// functions of their own, so that sums need not share registers with a caller's values.
#define DOT_TILE(name, group_rows)                                    \
  MNW_NO_INLINE static void name(const dot_pass *pass, size_t rows) { \
    for (size_t row = 0; row < rows; row += (group_rows)) {           \
      const size_t last = rows - (group_rows);                        \
      dot_rows(pass, row < last ? row : last, (group_rows));          \
    }                                                                 \
  }
DOT_TILE(dot_tile, DOT_GROUP_ROWS)
DOT_TILE(dot_small_tile, DOT_SMALL_GROUP_ROWS)

// The block's rows, x_stride apart at x, with all tiles. rows >= 2. zero_point: of the weights.
static void dot_block(const gemm_call *call, const int8_t *x, size_t x_stride, size_t rows,
                      v128_t flip, int32_t zero_point) {
  int32_t row_offsets[GEMM_MAX_ROWS];
  gemm_last_tile last = {{0}};
  dot_pass pass = {.x = x,
                   .w = call->w,
                   .x_stride = x_stride,
                   .k_count = call->k_count,
                   .row_offsets = zero_point != 0 ? row_offsets : NULL};
  for (size_t row = 0; zero_point != 0 && row < rows; row++) {
    row_offsets[row] = gemm_row_offset(call->x + row * call->x_stride, call->k_count, zero_point);
  }
  for (size_t o = 0; o < call->o_count; o += MNW_TILE_CHANNELS) {
    pass.requant = mnw_requant_load_8(call->requant, o);
    gemm_tile_begin(&pass.y, &pass.y_stride, &last, call, call->y, o);
    dot_flip_offsets(pass.start, pass.w, call->k_count, flip);
    for (int half = 0; half < 2; half++) {
      const v128_t bias = wasm_v128_load(call->requant->bias + o + 4 * (size_t)half);
      pass.start[half] = wasm_i32x4_sub(bias, pass.start[half]);
    }
    if (rows < DOT_GROUP_ROWS) {
      dot_small_tile(&pass, rows);
    } else {
      dot_tile(&pass, rows);
    }
    gemm_tile_end(&last, call, call->y, o, rows);
    pass.w += mnw_tile_8x4_bytes(MNW_TILE_CHANNELS, call->k_count);
  }
}

// Whether gemm_dot() takes rows of so many k: a group of them fits a block.
MNW_INLINE int gemm_dot_takes(size_t k_count) {
  return k_count <= DOT_BLOCK_BYTES / DOT_GROUP_ROWS / 16 * 16;
}

// The product of rows >= 2.
static void gemm_dot(const gemm_call *whole_call, size_t rows, int32_t zero_point,
                     const mnw_eighth_bit eighth_bit) {
  _Alignas(16) int8_t block_x[DOT_BLOCK_BYTES];
  gemm_call call = *whole_call;
  const int is_unsigned = eighth_bit == MNW_EIGHTH_BIT_UNSIGNED;
  const v128_t flip = wasm_i8x16_splat((int8_t)(is_unsigned ? -128 : 0));
  const int is_copied = is_unsigned || call.k_count % MNW_TILE_K != 0;
  const size_t stride = dot_stride(call.k_count), fitting = DOT_BLOCK_BYTES / stride;
  const size_t blocks = mnw_ceil_div(rows, fitting < GEMM_MAX_ROWS ? fitting : GEMM_MAX_ROWS);
  const size_t per_block = mnw_ceil_div(rows, blocks);
  for (size_t done = 0; done < rows; done += per_block) {
    const size_t first = rows - done == 1 ? done - 1 : done;
    const size_t count = rows - first < per_block ? rows - first : per_block;
    call.x = whole_call->x + first * call.x_stride;
    call.y = whole_call->y + first * call.y_stride;
    for (size_t row = 0; is_copied && row < count; row++) {
      dot_copy_row(block_x + row * stride, call.x + row * call.x_stride, call.k_count, flip);
    }
    dot_block(&call, is_copied ? block_x : call.x, is_copied ? stride : call.x_stride, count, flip,
              zero_point);
  }
}

#endif  // MINNOW_KERNELS_GEMM_S8_DOT_SIMD_H_
