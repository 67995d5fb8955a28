#include "refine_shared.h"

#include <math.h>
#include <stdlib.h>

bool pk_refined_sharing_init(pk_refined_sharing *sharing, const pk_layer *layer,
                             const int8_t *levels, const pk_shared_levels *shared,
                             pk_error *error) {
  const size_t elements = pk_layer_elements(layer);
  *sharing = (pk_refined_sharing){.count = shared->count, .members = malloc(elements + 1)};
  if (!sharing->members) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to refine the weights");
  }
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

static bool is_pruned(const pk_layer *layer, size_t at) {
  return layer->is_pruned && layer->is_pruned[at];
}

static int compare_levels(const void *left, const void *right) {
  return *(const int8_t *)left - *(const int8_t *)right;
}

// The values may have met or passed each other.
static void list_levels(pk_shared_levels *shared, const int8_t *levels, size_t count) {
  size_t kept = 0;
  for (size_t v = 0; v < count; v++) shared->items[v] = levels[v];
  qsort(shared->items, count, sizeof *shared->items, compare_levels);
  for (size_t v = 0; v < count; v++) {
    if (kept == 0 || shared->items[v] != shared->items[kept - 1]) {
      shared->items[kept++] = shared->items[v];
    }
  }
  shared->count = kept;
}

void pk_refined_sharing_round(const pk_refined_sharing *sharing, int8_t *levels, pk_grid *grid,
                              const pk_layer *layer) {
  int8_t rounded[PK_SHARED_MAX];
  for (size_t v = 0; v < sharing->count; v++) rounded[v] = (int8_t)lrintf(sharing->values[v]);
  for (size_t i = 0; i < pk_layer_elements(layer); i++) {
    levels[i] = is_pruned(layer, i) ? 0 : rounded[sharing->members[i]];
  }
  list_levels(&grid->shared, rounded, sharing->count);
}

void pk_refined_sharing_step(pk_refined_sharing *sharing, const pk_layer *layer,
                             const float *gradient, const float *steps, const pk_descent *descent) {
  double sums[PK_SHARED_MAX] = {0};
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      if (is_pruned(layer, at)) continue;
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
