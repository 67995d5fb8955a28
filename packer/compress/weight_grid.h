// What a layer's weights may become: multiples of a step, all or a chosen few of them.
#ifndef MINNOW_PACKER_WEIGHT_GRID_H_
#define MINNOW_PACKER_WEIGHT_GRID_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  PK_LEVEL_MAX = 127,                   // levels are symmetric int8
  PK_SHARED_MAX = 2 * PK_LEVEL_MAX + 1  // all levels there are
};

// The levels that a layer's weights share: rising, no two the same.
typedef struct pk_shared_levels {
  size_t count;  // 0: any level will do
  int8_t items[PK_SHARED_MAX];
} pk_shared_levels;

typedef struct pk_grid {
  float step;        // see pk_output_step()
  bool has_trellis;  // levels of each product are a path along the outputs: trellis_round.h
  pk_shared_levels shared;
} pk_grid;

// Fills the list with `count` levels in any order, some of them perhaps the same.
void pk_share_levels(pk_shared_levels *shared, const int8_t *levels, size_t count);

// The place of the shared level that is nearest to `value`, in steps.
size_t pk_nearest_shared(const pk_shared_levels *shared, float value);

// The level that is nearest to `value`, in steps. Not for a trellis.
float pk_grid_level(const pk_grid *grid, float value);

#endif  // MINNOW_PACKER_WEIGHT_GRID_H_
