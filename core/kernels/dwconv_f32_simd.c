// Float32 depthwise convolution. A 3x3 kernel of stride 1 takes 4 channels of 4 neighbouring pixels
// together, its 9 weights in registers: each line's 6 columns are read once for all the windows
// they lie in. Other kernels take 8 channels through all pixels, two pixels together so that each
// weight is loaded once for both. What channels are left go by four, then one by one. Every sum has
// the order of the specification.
#include "kernel_isa.h"
#include "simd.h"

enum { GROUP_VECTORS = 2, GROUP_PIXELS = 2, BLOCK_PIXELS = 4, KNOWN_TAPS = 64 };

// A group of channels.
typedef struct channel_group {
  const float *w;  // of tap 0
  const mnw_dwconv_shape *shape;
  size_t first;
  v128_t bias[GROUP_VECTORS], clamp_min, clamp_max;
} channel_group;

MNW_INLINE size_t tap_offset(const mnw_dwconv_shape *shape, size_t tap) {
  return tap / shape->kernel_w * shape->tap_row_step + tap % shape->kernel_w * shape->tap_step;
}

MNW_INLINE v128_t clamped(v128_t value, const channel_group *group) {
  return wasm_f32x4_pmin(wasm_f32x4_pmax(value, group->clamp_min), group->clamp_max);
}

// Constant `pixels` and `vectors` keep the sums in registers. offsets: NULL to work them out.
MNW_INLINE void convolve_pixels(float *y, const void *const *window, const size_t *offsets,
                                const channel_group *group, const int pixels, const int vectors) {
  const mnw_dwconv_shape *shape = group->shape;
  const size_t tap_count = shape->kernel_h * shape->kernel_w;
  v128_t acc[GROUP_PIXELS][GROUP_VECTORS];
  const float *w = group->w;
  for (int p = 0; p < pixels; p++) {
    for (int v = 0; v < vectors; v++) {
      acc[p][v] = group->bias[v];
    }
  }
  for (size_t tap = 0; tap < tap_count; tap++, w += shape->channels) {
    const void *const *const taps = window + (offsets ? offsets[tap] : tap_offset(shape, tap));
    for (int v = 0; v < vectors; v++) {
      const v128_t weights = wasm_v128_load(w + 4 * v);
      for (int p = 0; p < pixels; p++) {
        const float *const x = (const float *)taps[(size_t)p * shape->pixel_step] + group->first;
        acc[p][v] = mnw_madd_f32x4(wasm_v128_load(x + 4 * v), weights, acc[p][v]);
      }
    }
  }
  for (int p = 0; p < pixels; p++) {
    for (int v = 0; v < vectors; v++) {
      wasm_v128_store(y + (size_t)p * shape->channels + 4 * v, clamped(acc[p][v], group));
    }
  }
}

MNW_INLINE void convolve_group(float *y, const void *const *table, const size_t *offsets,
                               const channel_group *group, const int vectors) {
  const mnw_dwconv_shape *shape = group->shape;
  y += group->first;
  for (size_t row = 0; row < shape->rows; row++, table += shape->row_step) {
    const void *const *window = table;
    size_t pixel = 0;
    for (; pixel + GROUP_PIXELS <= shape->pixels; pixel += GROUP_PIXELS) {
      convolve_pixels(y, window, offsets, group, GROUP_PIXELS, vectors);
      window += GROUP_PIXELS * shape->pixel_step;
      y += GROUP_PIXELS * shape->channels;
    }
    if (pixel < shape->pixels) {
      convolve_pixels(y, window, offsets, group, 1, vectors);
      y += shape->channels;
    }
  }
}

// `pixels`, BLOCK_PIXELS or 1, is constant. Each sum takes its taps in the order of the weights.
MNW_INLINE void convolve_block_3x3(float *y, const void *const *window, const v128_t w[9],
                                   const channel_group *group, const int pixels) {
  const mnw_dwconv_shape *shape = group->shape;
  v128_t acc[BLOCK_PIXELS];
  for (int p = 0; p < pixels; p++) acc[p] = group->bias[0];
  for (int line = 0; line < 3; line++) {
    const void *const *const columns = window + (size_t)line * shape->tap_row_step;
    for (int column = 0; column < pixels + 2; column++) {
      const v128_t value = wasm_v128_load((const float *)columns[column] + group->first);
      for (int j = 0; j < 3; j++) {
        const int p = column - j;
        if (p >= 0 && p < pixels) acc[p] = mnw_madd_f32x4(value, w[3 * line + j], acc[p]);
      }
    }
  }
  for (int p = 0; p < pixels; p++) {
    wasm_v128_store(y + (size_t)p * shape->channels, clamped(acc[p], group));
  }
}

MNW_INLINE void convolve_3x3(float *y, const void *const *table, const channel_group *group) {
  const mnw_dwconv_shape *shape = group->shape;
  v128_t w[9];
  for (size_t tap = 0; tap < 9; tap++) {
    w[tap] = wasm_v128_load(group->w + tap * shape->channels);
  }
  y += group->first;
  for (size_t row = 0; row < shape->rows; row++, table += shape->row_step) {
    size_t pixel = 0;
    for (; pixel + BLOCK_PIXELS <= shape->pixels; pixel += BLOCK_PIXELS) {
      convolve_block_3x3(y, table + pixel, w, group, BLOCK_PIXELS);
      y += BLOCK_PIXELS * shape->channels;
    }
    for (; pixel < shape->pixels; pixel++, y += shape->channels) {
      convolve_block_3x3(y, table + pixel, w, group, 1);
    }
  }
}

static void convolve_channel(float *y, const void *const *table, const float *w,
                             const mnw_dwconv_shape *shape, size_t c, float bias, float clamp_min,
                             float clamp_max) {
  const size_t tap_count = shape->kernel_h * shape->kernel_w;
  for (size_t pixel = 0; pixel < shape->rows * shape->pixels; pixel++) {
    const void *const *const window =
        table + pixel / shape->pixels * shape->row_step + pixel % shape->pixels * shape->pixel_step;
    float acc = bias;
    for (size_t tap = 0; tap < tap_count; tap++) {
      const float *const x = window[tap_offset(shape, tap)];
      acc += x[c] * w[tap * shape->channels + c];
    }
    y[pixel * shape->channels + c] =
        acc < clamp_min ? clamp_min : (acc > clamp_max ? clamp_max : acc);
  }
}

void MNW_ISA_NAME(dwconv_f32)(float *y, const void *const *table, const float *w,
                              const mnw_dwconv_shape *shape, const float *bias, float clamp_min,
                              float clamp_max) {
  const size_t channels = shape->channels, tap_count = shape->kernel_h * shape->kernel_w;
  const int is_3x3 = shape->kernel_h == 3 && shape->kernel_w == 3 && shape->tap_step == 1 &&
                     shape->pixel_step == 1;
  channel_group group = {.shape = shape};
  size_t known[KNOWN_TAPS], c = 0;
  const size_t *const offsets = tap_count <= KNOWN_TAPS ? known : NULL;
  for (size_t tap = 0; tap < tap_count && offsets; tap++) {
    known[tap] = tap_offset(shape, tap);
  }
  group.clamp_min = wasm_f32x4_splat(clamp_min);
  group.clamp_max = wasm_f32x4_splat(clamp_max);
  while (c + 4 <= channels) {
    const int is_wide = !is_3x3 && c + 8 <= channels;
    group.w = w + c;
    group.first = c;
    group.bias[0] = wasm_v128_load(bias + c);
    if (is_wide) {
      group.bias[1] = wasm_v128_load(bias + c + 4);
      convolve_group(y, table, offsets, &group, GROUP_VECTORS);
    } else if (is_3x3) {
      convolve_3x3(y, table, &group);
    } else {
      convolve_group(y, table, offsets, &group, 1);
    }
    c += is_wide ? 8 : 4;
  }
  for (; c < channels; c++) {
    convolve_channel(y, table, w, shape, c, bias[c], clamp_min, clamp_max);
  }
}
