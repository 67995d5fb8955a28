// Where a weight stands in the packed layouts. The packer writes these orders, the decoder
// emits them, the kernels stream through them front to back; nothing is rearranged on the device.
//
// TILE_8X4 (conv 2-d, fully connected), weights [O][K] with K = kernel_h * kernel_w * I, k fastest
// in I:
//   [ceil(O/8)] [ceil(K/4)] [8 output channels] [4 consecutive k]; absent o or k hold the weight
//   zero point.
// DEPTHWISE_8X2, weights [T][C] with T = kernel_h * kernel_w taps in row-major order:
//   [ceil(C/8)] [ceil(T/2)] [8 channels] [2 consecutive taps]; absent channels or taps hold the
//   weight zero point.
// TILE_8_F32 (float32 conv 2-d, fully connected), weights [O][K]: [ceil(O/8)] [K] [8 output
// channels]; absent o hold 0.
//   Grouped convolutions have rank-5 weights [G][O/G][KH][KW][I/G]: the groups' tiles stand behind
//   each other, and their bias is padded group by group.
#ifndef MINNOW_KERNELS_PACKED_LAYOUT_H_
#define MINNOW_KERNELS_PACKED_LAYOUT_H_

#include <stddef.h>

enum { MNW_TILE_CHANNELS = 8, MNW_TILE_K = 4, MNW_DEPTHWISE_TAPS = 2 };

static inline size_t mnw_ceil_div(size_t value, size_t divisor) {
  return value / divisor + (value % divisor != 0);
}

static inline size_t mnw_round_up(size_t value, size_t multiple) {
  return mnw_ceil_div(value, multiple) * multiple;
}

static inline size_t mnw_tile_8x4_bytes(size_t o_count, size_t k_count) {
  return mnw_round_up(o_count, MNW_TILE_CHANNELS) * mnw_round_up(k_count, MNW_TILE_K);
}

static inline size_t mnw_tile_8x4_index(size_t o, size_t k, size_t k_count) {
  const size_t k_steps = mnw_ceil_div(k_count, MNW_TILE_K);
  return (((o / 8) * k_steps + k / 4) * 8 + o % 8) * 4 + k % 4;
}

static inline size_t mnw_depthwise_8x2_bytes(size_t channels, size_t taps) {
  return mnw_round_up(channels, MNW_TILE_CHANNELS) * mnw_round_up(taps, MNW_DEPTHWISE_TAPS);
}

static inline size_t mnw_depthwise_8x2_index(size_t channel, size_t tap, size_t taps) {
  const size_t pairs = mnw_ceil_div(taps, MNW_DEPTHWISE_TAPS);
  return (((channel / 8) * pairs + tap / 2) * 8 + channel % 8) * 2 + tap % 2;
}

static inline size_t mnw_tile_8_f32_index(size_t o, size_t k, size_t k_count) {
  return ((o / 8) * k_count + k) * 8 + o % 8;
}

#endif  // MINNOW_KERNELS_PACKED_LAYOUT_H_
