// int8 weights of float32 operators: the runtime makes them real once, when they are read, so that
// they cost no time in a run.
#include <stdlib.h>
#include <string.h>

#include "../../core/format/levels.h"
#include "../../core/format/package_format.h"
#include "../../core/kernels/packed_layout.h"
#include "lower.h"

bool pk_suits_levels(const pk_lowering *lowering, const pk_tensor *weights, int layout) {
  const pk_quantization *q = &weights->quantization;
  if (lowering->graph->keeps_int8 || !weights->data || weights->dtype != PK_DTYPE_S8 ||
      q->count == 0 || weights->rank < 1 || weights->rank > MNW_MAX_RANK) {
    return false;
  }
  const bool is_last = q->count > 1 && q->axis == weights->rank - 1;
  if (is_last && layout == MNW_LAYOUT_TILE_8_F32) return false;
  for (size_t i = 0; i < q->count; i++) {
    if (q->zero_points[i] != 0 || !mnw_level_step_fits(q->scales[i])) return false;
  }
  return true;
}

int32_t pk_lowering_steps(pk_lowering *lowering, const pk_tensor *weights, size_t channels) {
  const pk_quantization *q = &weights->quantization;
  const bool has_one = q->count == 1;
  const size_t count = has_one ? channels : q->count;
  pk_lowered_tensor steps = {.dtype = MNW_DTYPE_F32,
                             .rank = has_one || q->axis == weights->rank - 1 ? 1 : 2,
                             .dims = {(int32_t)count, 1},
                             .layout = MNW_LAYOUT_ROW_MAJOR,
                             .data_bytes = count * sizeof(float)};
  steps.data = pk_lowering_bytes(lowering, weights->name, steps.data_bytes);
  if (!steps.data) return MNW_NO_TENSOR;
  for (size_t i = 0; i < count; i++) {
    memcpy(steps.data + i * sizeof(float), &q->scales[has_one ? 0 : i], sizeof(float));
  }
  steps.name = pk_lowering_name(lowering, weights->name, "/steps");
  return pk_lowering_constant(lowering, steps);
}

// Whose step weight `i` has.
static size_t channel_of(const pk_tensor *weights, size_t i) {
  const pk_quantization *q = &weights->quantization;
  if (q->count == 1) return 0;
  if (q->axis == weights->rank - 1) return i % q->count;
  return i / (weights->data_bytes / q->count);
}

size_t pk_place_in_tiles(size_t i, size_t o_count, size_t k_count) {
  const size_t g = i / (o_count * k_count), o = i / k_count % o_count, k = i % k_count;
  return g * mnw_round_up(o_count, MNW_TILE_CHANNELS) * k_count +
         mnw_tile_8_f32_index(o, k, k_count);
}

int32_t pk_lowering_levels(pk_lowering *lowering, const pk_tensor *weights,
                           pk_lowered_tensor constant) {
  const bool is_tiled = constant.layout == MNW_LAYOUT_TILE_8_F32, is_grouped = constant.rank == 5;
  const size_t groups = is_grouped ? (size_t)constant.dims[0] : 1, count = weights->data_bytes;
  const size_t o_count = (size_t)constant.dims[is_grouped], k_count = count / groups / o_count;
  const size_t elements =
      is_tiled ? groups * mnw_round_up(o_count, MNW_TILE_CHANNELS) * k_count : count;
  // The runtime wants the step of each channel of tiles.
  const size_t channels = is_tiled ? groups * o_count : 1;
  if (pk_lowering_steps(lowering, weights, channels) == MNW_NO_TENSOR) return MNW_NO_TENSOR;
  constant.dtype = MNW_DTYPE_F32;
  constant.data_bytes = elements * sizeof(float);
  constant.data = pk_lowering_bytes(lowering, weights->name, constant.data_bytes);
  constant.level_count = count;
  if (constant.data) constant.levels = pk_lowering_bytes(lowering, weights->name, count);
  if (constant.levels) {
    constant.name = pk_lowering_name(lowering, weights->name, "");
    memcpy(constant.levels, weights->data, count);
  }
  for (size_t i = 0; constant.levels && i < count; i++) {
    const size_t place = is_tiled ? pk_place_in_tiles(i, o_count, k_count) : i;
    const float real =
        (float)constant.levels[i] * weights->quantization.scales[channel_of(weights, i)];
    memcpy(constant.data + place * sizeof real, &real, sizeof real);
  }
  return pk_lowering_constant(lowering, constant);
}
