#include "tile_pack.h"

#include "../kernels/packed_layout.h"

void mnw_tile_pack_f32(float *packed, const float *from, size_t o_count, size_t k_count,
                       size_t o_stride, size_t k_stride) {
  for (size_t o = 0; o < o_count; o += MNW_TILE_CHANNELS) {
    const size_t left = o_count - o, count = left < MNW_TILE_CHANNELS ? left : MNW_TILE_CHANNELS;
    for (size_t k = 0; k < k_count; k++, packed += MNW_TILE_CHANNELS) {
      const float *element = from + o * o_stride + k * k_stride;
      for (size_t i = 0; i < count; i++) packed[i] = element[i * o_stride];
      for (size_t i = count; i < MNW_TILE_CHANNELS; i++) packed[i] = 0.0f;
    }
  }
}
