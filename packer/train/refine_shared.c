#include "refine_shared.h"

#include <math.h>
#include <stdlib.h>

bool pk_refined_sharing_init(pk_refined_sharing *sharing, const pk_layer *layer,
                             const int8_t *levels, const pk_shared_levels *shared) {
  const size_t elements = pk_layer_elements(layer);
  *sharing = (pk_refined_sharing){.count = shared->count, .members = malloc(elements + 1)};
  if (!sharing->members) return false;
  for (size_t i = 0; i < elements; i++) {
    sharing->members[i] = (uint8_t)pk_nearest_shared(shared, (float)levels[i]);
  }
  for (size_t v = 0; v < shared->count; v++) sharing->values[v] = (float)shared->items[v];
  sharing->gap = shared->count > 1 ? (float)(shared->items[shared->count - 1] - shared->items[0]) /
                                         (float)(shared->count - 1)
                                   : 1.0f;
  return true;
}

void pk_refined_sharing_deinit(pk_refined_sharing *sharing) {
  free(sharing->members);
  *sharing = (pk_refined_sharing){0};
}

void pk_refined_sharing_round(const pk_refined_sharing *sharing, int8_t *levels, pk_grid *grid,
                              const pk_layer *layer) {
  int8_t rounded[PK_SHARED_MAX];
  for (size_t v = 0; v < sharing->count; v++) rounded[v] = (int8_t)lrintf(sharing->values[v]);
  for (size_t i = 0; i < pk_layer_elements(layer); i++) {
    levels[i] = pk_layer_is_pruned(layer, i) ? 0 : rounded[sharing->members[i]];
  }
  // The values may have met or passed each other.
  pk_share_levels(&grid->shared, rounded, sharing->count);
}

void pk_refined_sharing_step(pk_refined_sharing *sharing, const pk_layer *layer,
                             const float *gradient, const float *steps, const pk_descent *descent) {
  double sums[PK_SHARED_MAX] = {0};
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      if (pk_layer_is_pruned(layer, at)) continue;
      sums[sharing->members[at]] += (double)(gradient[pk_layer_index(layer, o, j)] * steps[o]);
    }
  }
  for (size_t v = 0; v < sharing->count; v++) {
    const float moved =
        descent->rate * sharing->gap *
        pk_descend(descent, &sharing->momentum[v], &sharing->squares[v], (float)sums[v]);
    sharing->values[v] =
        fmaxf(fminf(sharing->values[v] - moved, (float)PK_LEVEL_MAX), (float)-PK_LEVEL_MAX);
  }
}
