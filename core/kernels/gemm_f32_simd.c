// The float32 matrix product: groups of rows times the 8 output channels of a weight tile, whose
// sums stay in registers through all of k. A single row has too few sums to keep the multipliers
// busy and takes four tiles together. Every sum adds its products in the order of k, so that it
// does not matter which rows stand together.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "simd.h"

// 12 sums, 2 weights and 1 value of x: as many registers as an engine on x86 has to give.
enum { GROUP_ROWS = 6, LONE_ROW_TILES = 4 };

// One weight tile and where its rows are.
typedef struct tile_rows {
  float *y;
  const float *x, *w;
  size_t y_stride, x_stride, k, o_count;
  v128_t bias[2], clamp_min, clamp_max;
} tile_rows;

MNW_INLINE void store_sums(float *y, const v128_t sums[2], const tile_rows *tile) {
  const v128_t low = wasm_f32x4_pmin(wasm_f32x4_pmax(sums[0], tile->clamp_min), tile->clamp_max);
  const v128_t high = wasm_f32x4_pmin(wasm_f32x4_pmax(sums[1], tile->clamp_min), tile->clamp_max);
  if (tile->o_count == MNW_TILE_CHANNELS) {
    wasm_v128_store(y, low);
    wasm_v128_store(y + 4, high);
    return;
  }
  float lanes[MNW_TILE_CHANNELS];
  wasm_v128_store(lanes, low);
  wasm_v128_store(lanes + 4, high);
  memcpy(y, lanes, tile->o_count * sizeof *y);
}

MNW_INLINE void multiply_step(v128_t acc[2], const float *x, const float *w) {
  const v128_t value = wasm_v128_load32_splat(x);
  acc[0] = mnw_madd_f32x4(value, wasm_v128_load(w), acc[0]);
  acc[1] = mnw_madd_f32x4(value, wasm_v128_load(w + 4), acc[1]);
}

// Constant `rows` keeps the sums in registers.
MNW_INLINE void multiply_rows(const tile_rows *tile, size_t row, const int rows) {
  v128_t acc[GROUP_ROWS][2];
  const float *x[GROUP_ROWS], *w = tile->w;
  for (int r = 0; r < rows; r++) {
    x[r] = tile->x + (row + (size_t)r) * tile->x_stride;
    acc[r][0] = tile->bias[0];
    acc[r][1] = tile->bias[1];
  }
  size_t left = tile->k;
  for (; left >= 4; left -= 4) {
    for (int step = 0; step < 4; step++) {
      for (int r = 0; r < rows; r++) {
        multiply_step(acc[r], x[r] + step, w + step * MNW_TILE_CHANNELS);
      }
    }
    for (int r = 0; r < rows; r++) {
      x[r] += 4;
    }
    w += 4 * MNW_TILE_CHANNELS;
  }
  for (; left > 0; left--, w += MNW_TILE_CHANNELS) {
    for (int r = 0; r < rows; r++) {
      multiply_step(acc[r], x[r]++, w);
    }
  }
  for (int r = 0; r < rows; r++) {
    store_sums(tile->y + (row + (size_t)r) * tile->y_stride, acc[r], tile);
  }
}

// One row of LONE_ROW_TILES whole tiles from `tile` on.
MNW_INLINE void multiply_lone_row(const tile_rows *tile, const float *bias) {
  v128_t acc[LONE_ROW_TILES][2];
  for (int t = 0; t < LONE_ROW_TILES; t++) {
    acc[t][0] = wasm_v128_load(bias + t * MNW_TILE_CHANNELS);
    acc[t][1] = wasm_v128_load(bias + t * MNW_TILE_CHANNELS + 4);
  }
  const float *w = tile->w;
  for (size_t k = 0; k < tile->k; k++, w += MNW_TILE_CHANNELS) {
    for (int t = 0; t < LONE_ROW_TILES; t++) {
      multiply_step(acc[t], tile->x + k, w + (size_t)t * MNW_TILE_CHANNELS * tile->k);
    }
  }
  for (int t = 0; t < LONE_ROW_TILES; t++) {
    store_sums(tile->y + t * MNW_TILE_CHANNELS, acc[t], tile);
  }
}

void MNW_ISA_NAME(gemm_f32)(float *y, size_t y_stride, const float *x, size_t x_stride,
                            const float *w, size_t rows, size_t k, size_t o_count,
                            const float *bias, float clamp_min, float clamp_max) {
  tile_rows tile = {.x = x, .y_stride = y_stride, .x_stride = x_stride, .k = k};
  tile.clamp_min = wasm_f32x4_splat(clamp_min);
  tile.clamp_max = wasm_f32x4_splat(clamp_max);
  size_t o = 0;
  for (; rows == 1 && o + LONE_ROW_TILES * MNW_TILE_CHANNELS <= o_count;
       o += LONE_ROW_TILES * MNW_TILE_CHANNELS) {
    tile.y = y + o;
    tile.w = w + o * k;
    tile.o_count = MNW_TILE_CHANNELS;
    multiply_lone_row(&tile, bias + o);
  }
  for (; o < o_count; o += MNW_TILE_CHANNELS) {
    tile.y = y + o;
    tile.w = w + o * k;
    tile.o_count = o_count - o < MNW_TILE_CHANNELS ? o_count - o : MNW_TILE_CHANNELS;
    tile.bias[0] = wasm_v128_load(bias + o);
    tile.bias[1] = wasm_v128_load(bias + o + 4);
    size_t row = 0;
    for (; row + GROUP_ROWS <= rows; row += GROUP_ROWS) {
      multiply_rows(&tile, row, GROUP_ROWS);
    }
    for (; row + 2 <= rows; row += 2) {
      multiply_rows(&tile, row, 2);
    }
    if (row < rows) {
      multiply_rows(&tile, row, 1);
    }
  }
}
