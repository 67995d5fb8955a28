#include "levels.h"

#include "../base/float_math.h"
#include "../kernels/packed_layout.h"

mnw_tensor mnw_levels_of(const mnw_tensor *tensor) {
  mnw_tensor levels = *tensor;
  levels.dtype = MNW_DTYPE_S8;
  levels.layout = MNW_LAYOUT_ROW_MAJOR;
  levels.size_bytes = (uint32_t)mnw_tensor_elements(tensor);
  levels.data += tensor->size_bytes - levels.size_bytes;
  return levels;
}

bool mnw_levels_have_steps(const mnw_tensor *tensor, const mnw_tensor *steps) {
  const size_t count = mnw_tensor_elements(steps);
  if (tensor->dtype != MNW_DTYPE_F32 || mnw_tensor_elements(tensor) % count != 0) return false;
  if (tensor->layout == MNW_LAYOUT_ROW_MAJOR) return true;
  const int32_t *dims = tensor->dims;
  return count == (size_t)dims[0] * (tensor->rank == 5 ? (size_t)dims[1] : 1);
}

// Eight output channels of TILE_8_F32: products k of each, as real values product by product and as
// levels channel by channel.
typedef struct level_tile {
  float *real;
  int8_t *levels;
  const float *step;
  size_t k, channels;  // channels: that are there, 8 at most
} level_tile;

static size_t tile_count(const mnw_tensor *tensor, const mnw_tensor *steps) {
  const size_t k = mnw_tensor_elements(tensor) / mnw_tensor_elements(steps);
  return tensor->size_bytes / sizeof(float) / MNW_TILE_CHANNELS / k;
}

static level_tile tile_at(const mnw_tensor *tensor, const mnw_tensor *steps, size_t number) {
  const mnw_tensor levels = mnw_levels_of(tensor);
  const size_t k = levels.size_bytes / mnw_tensor_elements(steps);
  const size_t group = (size_t)tensor->dims[tensor->rank == 5 ? 1 : 0];
  const size_t tiles = mnw_ceil_div(group, MNW_TILE_CHANNELS);
  const size_t in_group = number % tiles * MNW_TILE_CHANNELS, left = group - in_group;
  const size_t first = number / tiles * group + in_group;
  return (level_tile){.real = (float *)tensor->data + number * MNW_TILE_CHANNELS * k,
                      .levels = (int8_t *)levels.data + first * k,
                      .step = (const float *)steps->data + first,
                      .k = k,
                      .channels = left < MNW_TILE_CHANNELS ? left : MNW_TILE_CHANNELS};
}

// Through the front of the tile's own room, where the levels of no other tile stand any more: in
// the order of real values, then from the back.
static void expand_tile(const level_tile *tile) {
  int8_t *const packed = (int8_t *)tile->real;
  const size_t count = tile->k * MNW_TILE_CHANNELS;
  for (size_t i = 0; i < count; i++) {
    const size_t k = i / MNW_TILE_CHANNELS, c = i % MNW_TILE_CHANNELS;
    packed[i] = c < tile->channels ? tile->levels[c * tile->k + k] : 0;
  }
  for (size_t i = count; i-- > 0;) {
    const size_t c = i % MNW_TILE_CHANNELS;
    tile->real[i] = c < tile->channels ? (float)packed[i] * tile->step[c] : 0.0f;
  }
}

static int8_t level_of(float real, float step) {
  return (int8_t)mnw_round_even(real / step);
}

static void collapse_tile(const level_tile *tile) {
  int8_t *const packed = (int8_t *)tile->real;
  for (size_t i = 0; i < tile->k * MNW_TILE_CHANNELS; i++) {
    const size_t c = i % MNW_TILE_CHANNELS;
    packed[i] = c < tile->channels ? level_of(tile->real[i], tile->step[c]) : 0;
  }
  for (size_t c = 0; c < tile->channels; c++) {
    for (size_t k = 0; k < tile->k; k++) {
      tile->levels[c * tile->k + k] = packed[k * MNW_TILE_CHANNELS + c];
    }
  }
}

// How many elements of a row-major constant in a row have the same step.
static size_t step_run(const mnw_tensor *tensor, const mnw_tensor *steps) {
  if (steps->rank == 1) return 1;
  return mnw_ceil_div(mnw_tensor_elements(tensor), mnw_tensor_elements(steps));
}

bool mnw_levels_expand(const mnw_tensor *tensor, const mnw_tensor *steps) {
  const mnw_tensor levels = mnw_levels_of(tensor);
  const float *const step = (const float *)steps->data;
  const size_t channels = mnw_tensor_elements(steps);
  for (size_t i = 0; i < channels; i++) {
    if (!mnw_level_step_fits(step[i])) return false;
  }
  if (tensor->layout != MNW_LAYOUT_ROW_MAJOR) {
    const size_t tiles = tile_count(tensor, steps);
    for (size_t t = 0; t < tiles; t++) {
      const level_tile tile = tile_at(tensor, steps, t);
      expand_tile(&tile);
    }
    return true;
  }
  // From the front: a level's place is written over when it has been read.
  const size_t run = step_run(tensor, steps);
  for (size_t i = 0, c = 0; i < levels.size_bytes; c = c + 1 < channels ? c + 1 : 0) {
    for (const size_t end = i + run; i < end; i++) {
      ((float *)tensor->data)[i] = (float)((const int8_t *)levels.data)[i] * step[c];
    }
  }
  return true;
}

void mnw_levels_collapse(const mnw_tensor *tensor, const mnw_tensor *steps) {
  const mnw_tensor levels = mnw_levels_of(tensor);
  if (tensor->layout != MNW_LAYOUT_ROW_MAJOR) {
    for (size_t t = tile_count(tensor, steps); t-- > 0;) {
      const level_tile tile = tile_at(tensor, steps, t);
      collapse_tile(&tile);
    }
    return;
  }
  const size_t run = step_run(tensor, steps), channels = mnw_tensor_elements(steps);
  for (size_t i = levels.size_bytes; i-- > 0;) {
    const float step = ((const float *)steps->data)[i / run % channels];
    ((int8_t *)levels.data)[i] = level_of(((const float *)tensor->data)[i], step);
  }
}
