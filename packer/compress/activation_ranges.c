#include "activation_ranges.h"

#include <math.h>
#include <stdlib.h>

#include "layer_statistics.h"
#include "worker_pair.h"

enum { BINS = 1024, CUTS = 48 };

typedef struct range_work {
  const pk_diff_net *net;
  const pk_sample_set *set;
  pk_range *seen[PK_WORKERS];          // pass 1
  uint32_t (*bins[PK_WORKERS])[BINS];  // pass 2
  const pk_range *all;                 // pass 2: of both workers
  pk_progress_fn *progress;
  void *progress_user;
  bool counts;  // pass 2
} range_work;

static void widen(pk_range *range, const float *values, size_t elements) {
  for (size_t i = 0; i < elements; i++) {
    range->low = values[i] < range->low ? values[i] : range->low;
    range->high = values[i] > range->high ? values[i] : range->high;
  }
}

static void count_values(uint32_t *bins, pk_range range, const float *values, size_t elements) {
  const float width = range.high - range.low;
  const float scale = width > 0.0f ? (float)BINS / width : 0.0f;
  for (size_t i = 0; i < elements; i++) {
    const float place = (values[i] - range.low) * scale;
    bins[place < (float)(BINS - 1) ? (size_t)fmaxf(place, 0.0f) : BINS - 1]++;
  }
}

static bool run_worker(void *user, size_t worker, pk_error *error) {
  range_work *work = user;
  pk_diff_tape tape;
  bool ok = pk_diff_tape_init(&tape, work->net, error);
  for (size_t i = worker; ok && i < work->set->count; i += PK_WORKERS) {
    ok = pk_sample_to_tape(&tape, &work->set->items[i], error) && pk_diff_forward(&tape, error);
    for (size_t t = 0; ok && t < work->net->tensor_count; t++) {
      const float *values = tape.values[t];
      if (values && !work->counts) widen(&work->seen[worker][t], values, work->net->elements[t]);
      if (values && work->counts) {
        count_values(work->bins[worker][t], work->all[t], values, work->net->elements[t]);
      }
    }
    if (worker == 0 && work->progress) {
      work->progress(work->progress_user, "measuring ranges",
                     i + 1 + work->counts * work->set->count, 2 * work->set->count);
    }
  }
  pk_diff_tape_deinit(&tape);
  return ok;
}

// Mean squared error, times the count, of rounding to 256 levels of low … high and cutting off what
// lies beyond.
static double cut_error(const uint32_t *bins, size_t count, pk_range seen, double low,
                        double high) {
  const double width = ((double)seen.high - (double)seen.low) / (double)count;
  const double step = (high - low) / 255.0;
  double error = 0.0;
  for (size_t i = 0; i < count; i++) {
    const double value = (double)seen.low + ((double)i + 0.5) * width;
    const double beyond = value < low ? low - value : value > high ? value - high : 0.0;
    error += (double)bins[i] * (beyond > 0.0 ? beyond * beyond : step * step / 12.0);
  }
  return error;
}

pk_range pk_best_range(const uint32_t *bins, size_t count, pk_range seen) {
  pk_range best = seen;
  double least = cut_error(bins, count, seen, (double)seen.low, (double)seen.high);
  for (int cut = 1; cut < CUTS; cut++) {
    const double share = 1.0 - (double)cut / (double)CUTS;
    const double low = share * (double)seen.low, high = share * (double)seen.high;
    const double both[3][2] = {{low, high}, {(double)seen.low, high}, {low, (double)seen.high}};
    for (int i = 0; i < 3; i++) {
      const double error = cut_error(bins, count, seen, both[i][0], both[i][1]);
      if (error >= least) continue;
      least = error;
      best = (pk_range){(float)both[i][0], (float)both[i][1]};
    }
  }
  return best;
}

static bool allocate(range_work *work, size_t tensors, pk_error *error) {
  bool ok = true;
  for (size_t w = 0; w < PK_WORKERS; w++) {
    work->seen[w] = calloc(tensors + 1, sizeof **work->seen);
    work->bins[w] = calloc(tensors + 1, sizeof **work->bins);
    ok = ok && work->seen[w] && work->bins[w];
  }
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the ranges of activations");
}

bool pk_activation_ranges(pk_range *ranges, const pk_diff_net *net, const pk_sample_set *set,
                          pk_progress_fn *progress, void *progress_user, pk_error *error) {
  range_work work = {
      .net = net, .set = set, .all = ranges, .progress = progress, .progress_user = progress_user};
  bool ok = allocate(&work, net->tensor_count, error) && pk_workers_run(run_worker, &work, error);
  for (size_t t = 0; ok && t < net->tensor_count; t++) {
    ranges[t].low = fminf(work.seen[0][t].low, work.seen[1][t].low);
    ranges[t].high = fmaxf(work.seen[0][t].high, work.seen[1][t].high);
  }
  work.counts = true;
  ok = ok && pk_workers_run(run_worker, &work, error);
  for (size_t t = 0; ok && t < net->tensor_count; t++) {
    uint32_t *bins = work.bins[0][t];
    for (size_t i = 0; i < BINS; i++) bins[i] += work.bins[1][t][i];
    if (ranges[t].high > ranges[t].low) ranges[t] = pk_best_range(bins, BINS, ranges[t]);
  }
  for (size_t w = 0; w < PK_WORKERS; w++) {
    free(work.seen[w]);
    free(work.bins[w]);
  }
  return ok;
}
