// The matrix product in vector instructions. Where the machine's dot product keeps the eighth bit,
// gemm_s8_dot_simd.h does it; here is how it goes elsewhere.
//
// Weights come in tiles of 8 output channels. A tile is brought into the inner loop's form (see
// weight_forms.h) once for a block of rows, on the stack, and every row then streams through it out
// of the L1 cache. Per step of 4 k the weights are a few vectors, each to be multiplied with one
// vector per row that repeats the row's 4 activations:
//
//   INT16    4 vectors, [channel 2v: k 0..3, channel 2v + 1: k 0..3]. i32x4.dot_i16x8 adds pairs of
//            k only, so neighbouring accumulators are added at the end.
//   OFFSET   2 vectors: channels 0..3, 4..7.
//
// OFFSET weights of few bits may add up in int16 for a run of steps before they are widened: a lane
// gets two products of -128..127 and 0..2^bits - 1 a step, and 2 * 128 * (2^bits - 1) times the
// run's steps stay within 2^15.
//
// A group of rows shares each weight vector; its accumulators stay in registers. When k takes
// several tiles, the rows' sums are kept on the stack in between. A lone row has no use for a tile
// and forms weights as it goes.
#include "gemm_s8_dot_simd.h"

enum {
  BLOCK_BYTES = 16384,
  STEPS_PER_TILE = 128,
  K_PER_TILE = STEPS_PER_TILE * MNW_TILE_K,
  MAX_GROUP_ROWS = 4
};

// How many steps add up in int16; RUN_MANY: as many as the pass says, 3 or more.
enum { RUN_NONE, RUN_2 = 2, RUN_MANY };

// A tile in the inner loop's form and the block of rows that it is multiplied with.
typedef struct tile_pass {
  v128_t tile[STEPS_PER_TILE * GEMM_MAX_VECTORS];
  v128_t partial[GEMM_MAX_ROWS][2];    // sums so far, when k takes several tiles
  int32_t row_offsets[GEMM_MAX_ROWS];  // to subtract at the end, if has_row_offsets
  v128_t start[GEMM_MAX_VECTORS];  // where accumulators start: the bias, or 0 after the first tile
  mnw_requant_8 requant;
  gemm_last_tile last;
  const mnw_weight_forming *forming;
  const int8_t *x;  // of the block's first row, at the tile's first k
  int8_t *y;        // of the block's first row, 8 channels a row
  size_t x_stride, y_stride, k_count;
  size_t run_steps;
  int is_first, is_last, has_row_offsets;
} tile_pass;

// One step of all rows. `rows` and `form` are constants.
MNW_INLINE void multiply_step(v128_t acc[][GEMM_MAX_VECTORS], const int8_t *const *row_x, size_t k,
                              const v128_t *weights, const int rows, const mnw_weight_form form) {
  v128_t four_k[MAX_GROUP_ROWS];
  for (int r = 0; r < rows; r++) {
    four_k[r] = gemm_form_x(wasm_v128_load32_splat(row_x[r] + k), form);
  }
  for (int v = 0; v < gemm_vectors_of(form); v++) {
    for (int r = 0; r < rows; r++) {
      acc[r][v] = gemm_multiply_add(four_k[r], weights[v], acc[r][v], form);
    }
  }
}

// The same of OFFSET weights, summed in int16; `is_first` is constant as well.
MNW_INLINE void multiply_step_narrow(v128_t narrow[][2], const int8_t *const *row_x, size_t k,
                                     const v128_t *weights, const int rows, const int is_first) {
  v128_t four_k[MAX_GROUP_ROWS];
  for (int r = 0; r < rows; r++) {
    four_k[r] = wasm_v128_load32_splat(row_x[r] + k);
  }
  for (int v = 0; v < 2; v++) {
    for (int r = 0; r < rows; r++) {
      const v128_t sums = mnw_dot_i16(four_k[r], weights[v]);
      narrow[r][v] = is_first ? sums : wasm_i16x8_add(narrow[r][v], sums);
    }
  }
}

// `steps` steps within the bound of int16, then widened. A constant number of them is unrolled.
MNW_INLINE void multiply_run(v128_t acc[][GEMM_MAX_VECTORS], const int8_t *const *row_x, size_t k,
                             const v128_t *weights, size_t steps, const int rows) {
  v128_t narrow[MAX_GROUP_ROWS][2];
  multiply_step_narrow(narrow, row_x, k, weights, rows, 1);
  for (size_t step = 1; step < steps; step++) {
    multiply_step_narrow(narrow, row_x, k + step * MNW_TILE_K, weights + step * 2, rows, 0);
  }
  for (int v = 0; v < 2; v++) {
    for (int r = 0; r < rows; r++) {
      acc[r][v] = wasm_i32x4_add(acc[r][v], wasm_i32x4_extadd_pairwise_i16x8(narrow[r][v]));
    }
  }
}

// rows x 8 channels. `rows`, `form` and `run` are constants, so that acc lives in registers.
MNW_INLINE void multiply_rows(v128_t sums[][2], const int rows, const mnw_weight_form form,
                              const int run, const tile_pass *pass, const int8_t *x) {
  const int vectors = gemm_vectors_of(form);
  const size_t run_steps = run == RUN_MANY ? pass->run_steps : (size_t)run;
  v128_t acc[MAX_GROUP_ROWS][GEMM_MAX_VECTORS];
  const int8_t *row_x[MAX_GROUP_ROWS];
  for (int r = 0; r < rows; r++) {
    row_x[r] = x + (size_t)r * pass->x_stride;
    for (int v = 0; v < vectors; v++) {
      acc[r][v] = pass->start[v];
    }
  }
  const v128_t *weights = pass->tile;
  const size_t whole = pass->k_count / MNW_TILE_K * MNW_TILE_K, rest = pass->k_count - whole;
  size_t k = 0;
  for (; run != 0 && k + run_steps * MNW_TILE_K <= whole; k += run_steps * MNW_TILE_K) {
    multiply_run(acc, row_x, k, weights, run_steps, rows);
    weights += run_steps * 2;
  }
  if (run == RUN_MANY && k < whole) {
    multiply_run(acc, row_x, k, weights, (whole - k) / MNW_TILE_K, rows);
    weights += (whole - k) / MNW_TILE_K * 2;
    k = whole;
  }
  for (; k < whole; k += MNW_TILE_K, weights += vectors) {
    multiply_step(acc, row_x, k, weights, rows, form);
  }
  for (int r = 0; rest != 0 && r < rows; r++) {
    const v128_t bytes = mnw_load_tail(row_x[r] + whole, rest, whole);
    const v128_t four_k = gemm_form_x(wasm_i32x4_shuffle(bytes, bytes, 0, 0, 0, 0), form);
    for (int v = 0; v < vectors; v++) {
      acc[r][v] = gemm_multiply_add(four_k, weights[v], acc[r][v], form);
    }
  }
  for (int r = 0; r < rows; r++) {
    sums[r][0] = gemm_sum_of_half(acc[r], 0, form);
    sums[r][1] = gemm_sum_of_half(acc[r], 1, form);
  }
}

// Adds what is kept of the row to its sums of this tile.
MNW_INLINE void complete_sums(v128_t sums[2], const mnw_weight_form form, const tile_pass *pass,
                              size_t row) {
  if (!pass->is_first) {
    sums[0] = wasm_i32x4_add(sums[0], pass->partial[row][0]);
    sums[1] = wasm_i32x4_add(sums[1], pass->partial[row][1]);
  }
  if (form == MNW_FORM_OFFSET && pass->is_last && pass->has_row_offsets) {
    const v128_t offset = wasm_i32x4_splat(pass->row_offsets[row]);
    sums[0] = wasm_i32x4_sub(sums[0], offset);
    sums[1] = wasm_i32x4_sub(sums[1], offset);
  }
}

// The first `done` rows of the group have been finished before and are left as they are.
MNW_INLINE void finish_rows(const int rows, const mnw_weight_form form, const int run,
                            tile_pass *pass, size_t row, size_t done) {
  v128_t sums[MAX_GROUP_ROWS][2];
  multiply_rows(sums, rows, form, run, pass, pass->x + row * pass->x_stride);
  for (int r = 0; r < rows; r++) {
    complete_sums(sums[r], form, pass, row + (size_t)r);
  }
  if (!pass->is_last) {
    memcpy(pass->partial[row + done], sums + done, ((size_t)rows - done) * sizeof sums[0]);
    return;
  }
  int8_t *y = pass->y + row * pass->y_stride;
  for (int r = 0; r + 2 <= rows; r += 2, y += 2 * pass->y_stride) {
    const v128_t bytes = mnw_requantize_8x2(sums[r], sums[r + 1], &pass->requant);
    wasm_v128_store64_lane(y, bytes, 0);
    wasm_v128_store64_lane(y + pass->y_stride, bytes, 1);
  }
  if (rows % 2 != 0) {
    wasm_v128_store64_lane(y, mnw_requantize_8(sums[rows - 1], &pass->requant), 0);
  }
}

// Forms the tile that starts at `w` and multiplies it with the block's rows. What is left over
// after whole groups is computed in a group with some rows before it, or row by row.
MNW_INLINE void multiply_tile(tile_pass *pass, const int8_t *w, size_t steps, size_t rows,
                              const mnw_weight_form form, const int run) {
  const size_t vectors = (size_t)gemm_vectors_of(form);
  const int group = form == MNW_FORM_INT16 ? 2 : run == RUN_2 ? 3 : 4;
  for (size_t i = 0; i < steps; i++, w += GEMM_TILE_BYTES_PER_STEP) {
    gemm_form_step(pass->tile + i * vectors, w, pass->forming, form);
  }
  size_t row = 0;
  for (; rows >= (size_t)group && row + 1 < rows; row += (size_t)group) {
    const size_t last = rows - (size_t)group, at = row < last ? row : last;
    finish_rows(group, form, run, pass, at, row - at);
  }
  for (; row < rows; row++) {
    finish_rows(1, form, run, pass, row, 0);
  }
}

// Functions of their own, so that sums need not share registers with a caller's values.
typedef void multiply_tile_fn(tile_pass *pass, const int8_t *w, size_t steps, size_t rows);

#define MULTIPLY_TILE(name, form, run)                                                          \
  MNW_NO_INLINE static void name(tile_pass *pass, const int8_t *w, size_t steps, size_t rows) { \
    multiply_tile(pass, w, steps, rows, form, run);                                             \
  }
MULTIPLY_TILE(multiply_tile_int16, MNW_FORM_INT16, RUN_NONE)
#if MNW_RELAXED
MULTIPLY_TILE(multiply_tile_run_2, MNW_FORM_OFFSET, RUN_2)
MULTIPLY_TILE(multiply_tile_run_many, MNW_FORM_OFFSET, RUN_MANY)
#endif

static void multiply_block(const gemm_call *call, tile_pass *pass, size_t block, size_t rows,
                           const mnw_weight_form form, multiply_tile_fn *tile) {
  const int8_t *const block_x = call->x + block * call->x_stride, *w = call->w;
  int8_t *const block_y = call->y + block * call->y_stride;
  const size_t steps = mnw_ceil_div(call->k_count, MNW_TILE_K);
  for (size_t row = 0; pass->has_row_offsets && row < rows; row++) {
    pass->row_offsets[row] =
        gemm_row_offset(block_x + row * call->x_stride, call->k_count, call->forming.offset_per_x);
  }
  for (size_t o = 0; o < call->o_count; o += MNW_TILE_CHANNELS) {
    pass->requant = mnw_requant_load_8(call->requant, o);
    gemm_tile_begin(&pass->y, &pass->y_stride, &pass->last, call, block_y, o);
    for (size_t step = 0; step < steps; step += STEPS_PER_TILE) {
      const size_t k = step * MNW_TILE_K;
      const size_t tile_steps = steps - step < STEPS_PER_TILE ? steps - step : STEPS_PER_TILE;
      pass->x = block_x + k;
      pass->k_count = call->k_count - k < K_PER_TILE ? call->k_count - k : K_PER_TILE;
      pass->is_first = step == 0;
      pass->is_last = step + tile_steps == steps;
      gemm_set_start(pass->start, pass->is_first ? call->requant->bias + o : NULL, form);
      tile(pass, w, tile_steps, rows);
      w += tile_steps * GEMM_TILE_BYTES_PER_STEP;
    }
    gemm_tile_end(&pass->last, call, block_y, o, rows);
  }
}

// rows >= 2
MNW_NO_INLINE static void multiply_all(const gemm_call *call, size_t rows,
                                       const mnw_weight_form form, multiply_tile_fn *tile,
                                       size_t run_steps) {
  tile_pass pass;
  pass.last = (gemm_last_tile){{0}};
  pass.forming = &call->forming;
  pass.x_stride = call->x_stride;
  pass.run_steps = run_steps;
  pass.has_row_offsets = form == MNW_FORM_OFFSET && call->forming.offset_per_x != 0;
  // Rows that stay in the first-level cache beside a tile.
  size_t per_block = BLOCK_BYTES / call->k_count / 12 * 12;
  per_block = per_block < 12 ? 12 : per_block > GEMM_MAX_ROWS ? GEMM_MAX_ROWS : per_block;
  for (size_t block = 0; block < rows; block += per_block) {
    const size_t left = rows - block;
    multiply_block(call, &pass, block, left < per_block ? left : per_block, form, tile);
  }
}

void MNW_ISA_NAME(gemm_s8)(int8_t *y, size_t y_stride, const int8_t *x, size_t x_stride,
                           const int8_t *w, size_t rows, size_t k, size_t o_count,
                           int32_t weight_zero_point, int32_t weight_bits,
                           const mnw_requant *requant) {
  const mnw_eighth_bit eighth_bit = MNW_RELAXED ? mnw_dot_eighth_bit() : MNW_EIGHTH_BIT_LOST;
  gemm_call call = {.y = y,
                    .x = x,
                    .w = w,
                    .y_stride = y_stride,
                    .x_stride = x_stride,
                    .k_count = k,
                    .o_count = o_count,
                    .requant = requant};
  const int keeps_bit = eighth_bit != MNW_EIGHTH_BIT_LOST;
  if (MNW_RELAXED && (keeps_bit || weight_bits < 7)) {
    call.forming = mnw_form_offset(weight_zero_point, keeps_bit ? 8 : weight_bits, eighth_bit);
    if (rows == 1) {
      gemm_lone_row_offset(&call);
      return;
    }
    if (keeps_bit && gemm_dot_takes(k)) {
      gemm_dot(&call, rows, weight_zero_point, eighth_bit);
      return;
    }
  }
#if MNW_RELAXED
  if (!keeps_bit && weight_bits < 7) {
    const size_t largest = ((size_t)1 << weight_bits) - 1, run = 32768 / (2 * 128 * largest);
    multiply_all(&call, rows, MNW_FORM_OFFSET,
                 run == 2 ? multiply_tile_run_2 : multiply_tile_run_many, run);
    return;
  }
#endif
  call.forming = mnw_form_int16(weight_zero_point);
  if (rows == 1) {
    gemm_lone_row_int16(&call);
  } else {
    multiply_all(&call, rows, MNW_FORM_INT16, multiply_tile_int16, 0);
  }
}
