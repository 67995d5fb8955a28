#include "share_weights.h"

#include <math.h>
#include <stdlib.h>

#include "error_feedback.h"

enum {
  PARTS = 8,  // of a step, into which weights are sorted
  BINS = 2 * PK_LEVEL_MAX * PARTS + 1
};

// Weights sorted by value. Sums run from the first bin on: [bins + 1].
typedef struct sorted {
  size_t bins;
  double *mass, *moment, *square;
  uint16_t *starts;  // [clusters][bins]: where the last of so many clusters begins that end here
  double *before, *best;  // [bins]: cost of one cluster fewer, and of these
} sorted;

float pk_sharing_step(const pk_layer *layer) {
  float largest = 0.0f;
  for (size_t i = 0; i < pk_layer_elements(layer); i++) {
    largest = fmaxf(largest, fabsf(layer->weights[i]));
  }
  // A little above, so that rounding leaves no weight beyond the last level.
  return largest > 0.0f ? largest / (float)PK_LEVEL_MAX * (1.0f + 1e-6f) : 1.0f;
}

// What a squared error of a weight costs, but for what the others make up for.
static double weight_cost(const pk_layer *layer, size_t o, size_t j) {
  const size_t k = layer->k, group = o / layer->rows;
  return (double)layer->sensitivity[o] * (double)layer->covariance[(group * k + j) * k + j];
}

static void add_weights(double *mass, double *moment, const pk_layer *layer, float step,
                        bool has_costs) {
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      if (pk_layer_is_pruned(layer, at)) continue;
      const double value = (double)(layer->weights[at] / step);
      const size_t bin =
          (size_t)lrint(fmin(fmax(value + PK_LEVEL_MAX, 0.0), 2 * PK_LEVEL_MAX) * PARTS);
      const double cost = has_costs ? weight_cost(layer, o, j) : 1.0;
      mass[bin] += cost;
      moment[bin] += cost * value;
    }
  }
}

// Sorts the weights, and leaves out bins without any.
static void sort_weights(sorted *s, const pk_layer *layer, float step) {
  double mass[BINS] = {0}, moment[BINS] = {0}, all = 0.0;
  add_weights(mass, moment, layer, step, true);
  for (size_t i = 0; i < BINS; i++) all += mass[i];
  if (all == 0.0) add_weights(mass, moment, layer, step, false);
  for (size_t i = 0; i < BINS; i++) {
    if (mass[i] == 0.0) continue;
    const size_t n = s->bins++;
    s->mass[n + 1] = s->mass[n] + mass[i];
    s->moment[n + 1] = s->moment[n] + moment[i];
    s->square[n + 1] = s->square[n] + moment[i] * moment[i] / mass[i];
  }
}

static double mean_of(const sorted *s, size_t first, size_t end) {
  return (s->moment[end] - s->moment[first]) / (s->mass[end] - s->mass[first]);
}

static double cluster_cost(const sorted *s, size_t first, size_t end) {
  const double moment = s->moment[end] - s->moment[first];
  return fmax(s->square[end] - s->square[first] - moment * mean_of(s, first, end), 0.0);
}

// Where the last cluster begins, for ends first … last - 1, is between `low` and `high`, and rises
// with the end: the middle one halves the search for the others.
static void divide(sorted *s, uint16_t *starts, size_t first, size_t last, size_t low,
                   size_t high) {
  if (first >= last) return;
  const size_t middle = (first + last) / 2;
  size_t found = low;
  double best = INFINITY;
  for (size_t start = low; start <= high && start <= middle; start++) {
    const double cost = s->before[start - 1] + cluster_cost(s, start, middle + 1);
    if (cost < best) found = start;
    best = fmin(best, cost);
  }
  s->best[middle] = best;
  starts[middle] = (uint16_t)found;
  divide(s, starts, first, middle, low, found);
  divide(s, starts, middle + 1, last, found, high);
}

// Fills the starts for up to `most` clusters.
static void find_clusters(sorted *s, size_t most) {
  for (size_t end = 0; end < s->bins; end++) s->best[end] = cluster_cost(s, 0, end + 1);
  for (size_t n = 1; n < most && n < s->bins; n++) {
    double *const kept = s->before;
    s->before = s->best;
    s->best = kept;
    divide(s, s->starts + n * s->bins, n, s->bins, n, s->bins - 1);
  }
}

// The means of `count` clusters as levels; 0 where all weights are pruned.
static void take_levels(pk_shared_levels *shared, const sorted *s, size_t count) {
  int8_t levels[PK_SHARED_MAX] = {0};
  const size_t clusters = count < s->bins ? count : s->bins;
  size_t end = s->bins;
  for (size_t n = clusters; n-- > 0;) {
    const size_t first = n > 0 ? s->starts[n * s->bins + end - 1] : 0;
    levels[n] = (int8_t)lrint(mean_of(s, first, end));
    end = first;
  }
  pk_share_levels(shared, levels, clusters > 0 ? clusters : 1);
}

static bool allocate(sorted *s, size_t most) {
  const size_t each = BINS + 1;
  s->mass = calloc(5 * each, sizeof *s->mass);
  s->starts = calloc(most * BINS, sizeof *s->starts);
  if (!s->mass || !s->starts) return false;
  s->moment = s->mass + each;
  s->square = s->moment + each;
  s->before = s->square + each;
  s->best = s->before + each;
  return true;
}

bool pk_share_weights(pk_shared_levels *shared, const size_t *sizes, size_t count,
                      const pk_layer *layer, float step, pk_error *error) {
  sorted s = {0};
  const bool ok = allocate(&s, sizes[count - 1]);
  if (ok) {
    sort_weights(&s, layer, step);
    find_clusters(&s, sizes[count - 1]);
    for (size_t i = 0; i < count; i++) take_levels(&shared[i], &s, sizes[i]);
  }
  free(s.mass);
  free(s.starts);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to sort a layer's weights");
}
