#include "step_choice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../encode/huffman_encode.h"
#include "worker_pair.h"

static const float rung_ratio = 1.12246205f;  // six steps double it

void pk_count_symbols(uint64_t *counts, const int8_t *levels, size_t count, bool has_trellis) {
  uint64_t halves[PK_HUFFMAN_SYMBOLS] = {0};
  pk_huffman_count(counts, (const uint8_t *)levels, count);
  if (!has_trellis) return;
  // Half of each level, rounded down; both stand 128 higher here.
  for (size_t s = 0; s < PK_HUFFMAN_SYMBOLS; s++) halves[(s + 128) / 2] += counts[s];
  memcpy(counts, halves, sizeof halves);
}

double pk_level_bits(const int8_t *levels, size_t count, bool has_trellis) {
  uint64_t counts[PK_HUFFMAN_SYMBOLS];
  pk_huffman_code code;
  double bits = 0.0;
  pk_count_symbols(counts, levels, count, has_trellis);
  if (!pk_huffman_build(&code, counts)) return 0.0;
  for (size_t s = 0; s < PK_HUFFMAN_SYMBOLS; s++) bits += (double)counts[s] * code.lengths[s];
  return bits + 8.0 * (double)pk_huffman_table_bytes(&code);
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

static bool climb(pk_step_table *table, size_t index, pk_error *error) {
  const pk_layer *layer = &table->layers->items[index];
  int8_t *levels = malloc(pk_layer_elements(layer) + 1);
  float step = first_step(layer);
  bool ok = levels && pk_feedback_init(&table->feedbacks[index], layer, error);
  for (size_t i = 0; ok && i < PK_RUNGS; i++) {
    pk_rung *rung = &table->rungs[index][i];
    rung->grid = (pk_grid){step, i % 2 == 1};
    rung->cost = INFINITY;
    if (i % 2 == 1) step *= rung_ratio;
    if (rung->grid.has_trellis && !pk_layer_suits_trellis(layer)) continue;
    rung->cost = pk_feedback_round(levels, layer, &table->feedbacks[index], rung->grid);
    rung->bits = pk_level_bits(levels, pk_layer_elements(layer), rung->grid.has_trellis);
    ok = !isnan(rung->cost);
  }
  free(levels);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to round a layer's weights");
}

typedef struct table_work {
  pk_step_table *table;
  pk_progress_fn *progress;
  void *progress_user;
} table_work;

static bool run_worker(void *user, size_t worker, pk_error *error) {
  const table_work *work = user;
  const size_t count = work->table->layers->count;
  bool ok = true;
  for (size_t i = worker; ok && i < count; i += PK_WORKERS) {
    ok = climb(work->table, i, error);
    if (worker == 0 && work->progress) {
      work->progress(work->progress_user, "weighing steps", i + 1, count);
    }
  }
  return ok;
}

bool pk_step_table_init(pk_step_table *table, const pk_layer_list *layers, pk_progress_fn *progress,
                        void *progress_user, pk_error *error) {
  table_work work = {.table = table, .progress = progress, .progress_user = progress_user};
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
