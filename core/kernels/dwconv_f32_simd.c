// Float32 depthwise convolution: 8 channels at a time through all pixels, two pixels together so
// that each weight is loaded once for both. What channels are left go by four, then one by one.
#include "kernel_isa.h"
#include "simd.h"

enum { GROUP_CHANNELS = 8, GROUP_VECTORS = 2, GROUP_PIXELS = 2 };

// A group of channels; pointers and strides are of the whole row of pixels.
typedef struct channel_group {
  const float *w;  // of tap 0
  size_t channels, first;
  v128_t bias[GROUP_VECTORS], clamp_min, clamp_max;
} channel_group;

// Constant `pixels` and `vectors` keep the sums in registers.
MNW_INLINE void convolve_pixels(float *y, const float *const *taps, size_t tap_count,
                                const channel_group *group, const int pixels, const int vectors) {
  v128_t acc[GROUP_PIXELS][GROUP_VECTORS];
  const float *w = group->w;
  for (int p = 0; p < pixels; p++) {
    for (int v = 0; v < vectors; v++) {
      acc[p][v] = group->bias[v];
    }
  }
  for (size_t tap = 0; tap < tap_count; tap++, w += group->channels) {
    for (int v = 0; v < vectors; v++) {
      const v128_t weights = wasm_v128_load(w + 4 * v);
      for (int p = 0; p < pixels; p++) {
        const float *const x = taps[(size_t)p * tap_count + tap] + group->first + 4 * v;
        acc[p][v] = mnw_madd_f32x4(wasm_v128_load(x), weights, acc[p][v]);
      }
    }
  }
  for (int p = 0; p < pixels; p++) {
    for (int v = 0; v < vectors; v++) {
      wasm_v128_store(
          y + (size_t)p * group->channels + 4 * v,
          wasm_f32x4_pmin(wasm_f32x4_pmax(acc[p][v], group->clamp_min), group->clamp_max));
    }
  }
}

// Constant `tap_count` unrolls the taps.
MNW_INLINE void convolve_group(float *y, const float *const *taps, size_t pixels, size_t tap_count,
                               const channel_group *group, const int vectors) {
  size_t pixel = 0;
  y += group->first;
  for (; pixel + GROUP_PIXELS <= pixels; pixel += GROUP_PIXELS) {
    convolve_pixels(y, taps, tap_count, group, GROUP_PIXELS, vectors);
    taps += GROUP_PIXELS * tap_count;
    y += GROUP_PIXELS * group->channels;
  }
  if (pixel < pixels) {
    convolve_pixels(y, taps, tap_count, group, 1, vectors);
  }
}

static void convolve_channel(float *y, const float *const *taps, const float *w, size_t pixels,
                             size_t tap_count, size_t channels, size_t c, float bias,
                             float clamp_min, float clamp_max) {
  for (size_t pixel = 0; pixel < pixels; pixel++, taps += tap_count) {
    float acc = bias;
    for (size_t tap = 0; tap < tap_count; tap++) {
      acc += taps[tap][c] * w[tap * channels + c];
    }
    y[pixel * channels + c] = acc < clamp_min ? clamp_min : (acc > clamp_max ? clamp_max : acc);
  }
}

void MNW_ISA_NAME(dwconv_f32)(float *y, const float *const *taps, const float *w, size_t pixels,
                              size_t tap_count, size_t channels, const float *bias, float clamp_min,
                              float clamp_max) {
  channel_group group = {.channels = channels};
  group.clamp_min = wasm_f32x4_splat(clamp_min);
  group.clamp_max = wasm_f32x4_splat(clamp_max);
  size_t c = 0;
  for (; c + GROUP_CHANNELS <= channels; c += GROUP_CHANNELS) {
    group.w = w + c;
    group.first = c;
    group.bias[0] = wasm_v128_load(bias + c);
    group.bias[1] = wasm_v128_load(bias + c + 4);
    if (tap_count == 9) {
      convolve_group(y, taps, pixels, 9, &group, GROUP_VECTORS);
    } else {
      convolve_group(y, taps, pixels, tap_count, &group, GROUP_VECTORS);
    }
  }
  if (c + 4 <= channels) {
    group.w = w + c;
    group.first = c;
    group.bias[0] = wasm_v128_load(bias + c);
    convolve_group(y, taps, pixels, tap_count, &group, 1);
    c += 4;
  }
  for (; c < channels; c++) {
    convolve_channel(y, taps, w, pixels, tap_count, channels, c, bias[c], clamp_min, clamp_max);
  }
}
