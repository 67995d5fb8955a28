#include "step_choice.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../encode/ans_encode.h"
#include "../encode/huffman_encode.h"
#include "share_weights.h"
#include "worker_pair.h"

const char *const pk_weight_value_names[] = {"steps", "shared", "either", NULL};

enum { FINEST_RUNGS = 2 };  // of the first step: they can always be taken
static const size_t sharing_sizes[PK_SHARINGS] = {3,  4,  5,   6,   7,   8,   10,           12, 14,
                                                  16, 20, 24,  28,  32,  40,  48,           56, 64,
                                                  80, 96, 112, 128, 160, 192, PK_SHARED_MAX};
static const float rung_ratio = 1.12246205f;  // six steps double it
// Of what it would cost if all of a layer's weights were 0: beyond this the estimate, of second
// order, says nothing, and a layer that hardly costs bits would go altogether.
static const double most_lost = 0.25;
// Share of its weights' squares by which a layer may change that costs nothing by the estimate,
// such as one behind the scores: its damage is not seen.
static const double most_weight_error = 1e-3;

void pk_count_symbols(uint64_t *counts, const int8_t *levels, size_t count, bool has_trellis) {
  uint64_t halves[MNW_SYMBOLS] = {0};
  pk_huffman_count(counts, (const uint8_t *)levels, count);
  if (!has_trellis) return;
  // Half of each level, rounded down; both stand 128 higher here.
  for (size_t s = 0; s < MNW_SYMBOLS; s++) halves[(s + 128) / 2] += counts[s];
  memcpy(counts, halves, sizeof halves);
}

static double huffman_bits(const uint64_t *counts) {
  pk_huffman_code code;
  if (!pk_huffman_build(&code, counts)) return 0.0;
  double bits = 8.0 * (double)pk_huffman_table_bytes(&code);
  for (size_t s = 0; s < MNW_SYMBOLS; s++) bits += (double)counts[s] * code.lengths[s];
  return bits;
}

static double ans_bits(const uint64_t *counts) {
  pk_ans_code code;
  if (!pk_ans_build(&code, counts)) return 0.0;
  double bits = 8.0 * (double)pk_ans_table_bytes(&code);
  for (size_t s = 0; s < MNW_SYMBOLS; s++) {
    if (counts[s] == 0) continue;
    bits += (double)counts[s] * log2((double)MNW_SYMBOL_TABLE_ENTRIES / code.frequencies[s]);
  }
  return bits;
}

double pk_level_bits(const int8_t *levels, size_t count, bool has_trellis) {
  uint64_t counts[MNW_SYMBOLS];
  pk_count_symbols(counts, levels, count, has_trellis);
  return fmin(huffman_bits(counts), ans_bits(counts));
}

// Where the ladder starts: the step that the channel with the smallest weights has at eight bits,
// but no more than nine doublings below that of the largest.
static float first_step(const pk_layer *layer) {
  float largest = 0.0f, smallest = INFINITY;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const float step = pk_output_step(layer, o, 0.0f);
    largest = fmaxf(largest, step);
    if (step > 0.0f) smallest = fminf(smallest, step);
  }
  if (largest == 0.0f) return 1.0f;
  return fmaxf(0.5f * smallest, largest / 512.0f);
}

// The squares of what rounding changed, by those of the weights.
static double weight_error(const int8_t *levels, const pk_layer *layer, float step) {
  double squares = 0.0, errors = 0.0;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const double scale = (double)pk_output_step(layer, o, step);
    for (size_t i = o * layer->k; i < (o + 1) * layer->k; i++) {
      const double weight = (double)layer->weights[i], error = scale * levels[i] - weight;
      squares += weight * weight;
      errors += error * error;
    }
  }
  return squares > 0.0 ? errors / squares : 0.0;
}

// Rounds the layer on the rung's grid and fills its figures. `limit` is of the cost, 0: by the
// weights; `is_finest` rungs are never too coarse.
static bool weigh(pk_rung *rung, int8_t *levels, const pk_layer *layer, const pk_feedback *feedback,
                  double limit, bool is_finest) {
  rung->cost = pk_feedback_round(levels, layer, feedback, &rung->grid);
  rung->bits = pk_level_bits(levels, pk_layer_elements(layer), rung->grid.has_trellis);
  if (isnan(rung->cost)) return false;
  const bool is_lost = limit > 0.0
                           ? rung->cost > limit
                           : weight_error(levels, layer, rung->grid.step) > most_weight_error;
  if (is_lost && !is_finest) rung->cost = INFINITY;
  return true;
}

static bool climb_steps(pk_rung *rungs, int8_t *levels, const pk_layer *layer,
                        const pk_feedback *feedback, double limit) {
  float step = first_step(layer);
  for (size_t i = 0; i < 2 * PK_STEPS; i++) {
    rungs[i].grid = (pk_grid){.step = step, .has_trellis = i % 2 == 1};
    if (i % 2 == 1) step *= rung_ratio;
    if (rungs[i].grid.has_trellis && !pk_layer_suits_trellis(layer)) continue;
    if (!weigh(&rungs[i], levels, layer, feedback, limit, i < FINEST_RUNGS)) return false;
  }
  return true;
}

static bool climb_sharings(pk_rung *rungs, int8_t *levels, const pk_layer *layer,
                           const pk_feedback *feedback, double limit, pk_error *error) {
  pk_shared_levels shared[PK_SHARINGS];
  const float step = pk_sharing_step(layer);
  if (!pk_share_weights(shared, sharing_sizes, PK_SHARINGS, layer, step, error)) return false;
  for (size_t i = 0; i < PK_SHARINGS; i++) {
    rungs[i].grid = (pk_grid){.step = step, .shared = shared[PK_SHARINGS - 1 - i]};
    if (!weigh(&rungs[i], levels, layer, feedback, limit, i == 0)) return false;
  }
  return true;
}

static bool climb(pk_step_table *table, size_t index, pk_weight_values values, pk_error *error) {
  const pk_layer *layer = &table->layers->items[index];
  pk_feedback *feedback = &table->feedbacks[index];
  pk_rung *rungs = table->rungs[index];
  int8_t *levels = malloc(pk_layer_elements(layer) + 1);
  bool ok = levels && pk_feedback_init(feedback, layer, error);
  const pk_grid nothing = {.step = FLT_MAX / 256.0f};
  const double limit = ok ? most_lost * pk_feedback_round(levels, layer, feedback, &nothing) : 0.0;
  for (size_t i = 0; i < PK_RUNGS; i++) rungs[i].cost = INFINITY;
  ok = ok && !isnan(limit) &&
       (values == PK_WEIGHTS_SHARED || climb_steps(rungs, levels, layer, feedback, limit)) &&
       (values == PK_WEIGHTS_STEPS ||
        climb_sharings(rungs + 2 * PK_STEPS, levels, layer, feedback, limit, error));
  free(levels);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to round a layer's weights");
}

typedef struct table_work {
  pk_step_table *table;
  pk_weight_values values;
  pk_progress_fn *progress;
  void *progress_user;
} table_work;

static bool run_worker(void *user, size_t worker, pk_error *error) {
  const table_work *work = user;
  const size_t count = work->table->layers->count;
  bool ok = true;
  for (size_t i = worker; ok && i < count; i += PK_WORKERS) {
    ok = climb(work->table, i, work->values, error);
    if (worker == 0 && work->progress) {
      work->progress(work->progress_user, "weighing steps", i + 1, count);
    }
  }
  return ok;
}

bool pk_step_table_init(pk_step_table *table, const pk_layer_list *layers, pk_weight_values values,
                        pk_progress_fn *progress, void *progress_user, pk_error *error) {
  table_work work = {
      .table = table, .values = values, .progress = progress, .progress_user = progress_user};
  *table = (pk_step_table){.layers = layers};
  table->feedbacks = calloc(layers->count + 1, sizeof *table->feedbacks);
  table->rungs = calloc(layers->count + 1, sizeof *table->rungs);
  if (!table->feedbacks || !table->rungs) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the layers' steps");
  }
  return pk_workers_run(run_worker, &work, error);
}

void pk_step_table_deinit(pk_step_table *table) {
  for (size_t i = 0; table->feedbacks && i < table->layers->count; i++) {
    pk_feedback_deinit(&table->feedbacks[i]);
  }
  free(table->feedbacks);
  free(table->rungs);
  *table = (pk_step_table){0};
}

double pk_choose_rungs(size_t *chosen, const pk_step_table *table, double lambda) {
  double bits = 0.0;
  for (size_t i = 0; i < table->layers->count; i++) {
    double best = INFINITY;
    for (size_t r = 0; r < PK_RUNGS; r++) {
      const pk_rung *rung = &table->rungs[i][r];
      const double value = rung->cost + lambda * rung->bits;
      if (value < best) chosen[i] = r;
      best = fmin(best, value);
    }
    bits += table->rungs[i][chosen[i]].bits;
  }
  return bits;
}

double pk_lambda_for_bits(const pk_step_table *table, double bits) {
  double low = -200.0, high = 100.0;  // log2
  size_t *chosen = calloc(table->layers->count + 1, sizeof *chosen);
  for (int i = 0; chosen && i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (pk_choose_rungs(chosen, table, exp2(middle)) <= bits) {
      high = middle;
    } else {
      low = middle;
    }
  }
  free(chosen);
  return exp2(high);
}
