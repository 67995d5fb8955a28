#include "weight_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_levels(const void *left, const void *right) {
  return *(const int8_t *)left - *(const int8_t *)right;
}

void pk_share_levels(pk_shared_levels *shared, const int8_t *levels, size_t count) {
  int8_t *const items = shared->items;
  memcpy(items, levels, count);
  qsort(items, count, sizeof *items, compare_levels);
  shared->count = 0;
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || items[i] != items[shared->count - 1]) items[shared->count++] = items[i];
  }
}

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
