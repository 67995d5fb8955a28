#include "weight_grid.h"

#include <math.h>

size_t pk_nearest_shared(const pk_shared_levels *shared, float value) {
  size_t low = 0, high = shared->count - 1;  // the nearest is among these
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (2.0f * value <= (float)(shared->items[middle] + shared->items[middle + 1])) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

float pk_grid_level(const pk_grid *grid, float value) {
  if (grid->shared.count > 0) {
    return (float)grid->shared.items[pk_nearest_shared(&grid->shared, value)];
  }
  return fmaxf(fminf(rintf(value), (float)PK_LEVEL_MAX), (float)-PK_LEVEL_MAX);
}
