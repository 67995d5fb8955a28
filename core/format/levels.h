// float32 constants that a package holds as int8 levels of a step for each output channel. While
// their blocks arrive the levels stand at the end of the constant's room; when all are there they
// become real, in place.
#ifndef MINNOW_FORMAT_LEVELS_H_
#define MINNOW_FORMAT_LEVELS_H_

#include "graph.h"

// The levels as a tensor of their own, int8 and row-major, of the constant's shape.
mnw_tensor mnw_levels_of(const mnw_tensor *tensor);

// Whether float32 `steps` can be the steps of the constant: in TILE_8_F32 one for each output
// channel, else [C] of the last axis or [O, 1] of the first axes, whose extents make O together.
bool mnw_levels_have_steps(const mnw_tensor *tensor, const mnw_tensor *steps);

// Whether the way back from real values is exact.
static inline bool mnw_level_step_fits(float step) {
  return step >= 0x1p-96f && step <= 0x1p96f;
}

// Makes levels real, level times step. False, and nothing has changed, where a step does not fit.
bool mnw_levels_expand(const mnw_tensor *tensor, const mnw_tensor *steps);

// The way back, of what was expanded.
void mnw_levels_collapse(const mnw_tensor *tensor, const mnw_tensor *steps);

#endif  // MINNOW_FORMAT_LEVELS_H_
