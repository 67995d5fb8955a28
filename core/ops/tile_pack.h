// Brings a float32 matrix that is no packed constant into the order of packed weights.
#ifndef MINNOW_OPS_TILE_PACK_H_
#define MINNOW_OPS_TILE_PACK_H_

#include <stddef.h>

// Writes TILE_8_F32 of [o_count][k_count]: round_up(o_count, 8) * k_count floats. Element (o, k)
// stands at from[o * o_stride + k * k_stride].
void mnw_tile_pack_f32(float *packed, const float *from, size_t o_count, size_t k_count,
                       size_t o_stride, size_t k_stride);

#endif  // MINNOW_OPS_TILE_PACK_H_
