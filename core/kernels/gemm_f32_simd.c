// The float32 matrix product: groups of rows times the 8 output channels of a weight tile, whose
// sums stay in registers through all of k. A lone row has too few sums to keep the multipliers busy
// and splits k over four sets of them instead.
#include "kernel_isa.h"
#include "packed_layout.h"
#include "simd.h"

// 12 sums, 2 weights and 1 value of x: as many registers as an engine on x86 has to give.
enum { GROUP_ROWS = 6, LONE_ROW_SETS = 4 };

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

MNW_INLINE void multiply_lone_row(const tile_rows *tile, size_t row) {
  const v128_t zero = wasm_f32x4_splat(0.0f);
  v128_t acc[LONE_ROW_SETS][2] = {{tile->bias[0], tile->bias[1]}};
  const float *x = tile->x + row * tile->x_stride, *w = tile->w;
  for (int set = 1; set < LONE_ROW_SETS; set++) {
    acc[set][0] = acc[set][1] = zero;
  }
  size_t left = tile->k;
  for (; left >= LONE_ROW_SETS; left -= LONE_ROW_SETS) {
    for (int set = 0; set < LONE_ROW_SETS; set++) {
      multiply_step(acc[set], x + set, w + set * MNW_TILE_CHANNELS);
    }
    x += LONE_ROW_SETS;
    w += LONE_ROW_SETS * MNW_TILE_CHANNELS;
  }
  for (; left > 0; left--, w += MNW_TILE_CHANNELS) {
    multiply_step(acc[0], x++, w);
  }
  for (int half = 0; half < 2; half++) {
    acc[0][half] = wasm_f32x4_add(wasm_f32x4_add(acc[0][half], acc[1][half]),
                                  wasm_f32x4_add(acc[2][half], acc[3][half]));
  }
  store_sums(tile->y + row * tile->y_stride, acc[0], tile);
}

void MNW_ISA_NAME(gemm_f32)(float *y, size_t y_stride, const float *x, size_t x_stride,
                            const float *w, size_t rows, size_t k, size_t o_count,
                            const float *bias, float clamp_min, float clamp_max) {
  tile_rows tile = {.x = x, .y_stride = y_stride, .x_stride = x_stride, .k = k};
  tile.clamp_min = wasm_f32x4_splat(clamp_min);
  tile.clamp_max = wasm_f32x4_splat(clamp_max);
  for (size_t o = 0; o < o_count; o += MNW_TILE_CHANNELS) {
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
      multiply_lone_row(&tile, row);
    }
  }
}
