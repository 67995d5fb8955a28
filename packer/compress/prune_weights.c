#include "prune_weights.h"

#include <math.h>
#include <stdlib.h>

#include "error_feedback.h"
#include "worker_pair.h"

// Consecutive outputs of one product.
typedef struct block {
  double saliency;  // by weight
  uint32_t layer, output, product, size;
} block;

typedef struct prune_work {
  const pk_layer_list *layers;
  const pk_prune_options *options;
  block *blocks;
  size_t *first_block;  // by layer
} prune_work;

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to choose the weights that are left out");
}

static size_t block_size(const pk_prune_options *options) {
  return options->block > 0 ? options->block : 1;
}

static bool can_prune(const pk_layer_list *layers, size_t index) {
  return index > 0 && !layers->items[index].is_depthwise;
}

// Blocks do not cross from one group of a convolution into the next.
static size_t blocks_of(const pk_layer *layer, size_t size) {
  return layer->groups * ((layer->rows + size - 1) / size) * layer->k;
}

// --- saliency ---

static double mean_square(const pk_layer *layer) {
  const size_t count = pk_layer_elements(layer);
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += (double)layer->weights[i] * (double)layer->weights[i];
  return sum / (double)count + 1e-30;
}

// What one squared weight of product j costs, prices [groups][k]; outputs' sensitivities come on
// top but for magnitudes.
static bool price_products(double *prices, const pk_layer *layer, pk_prune_rule rule,
                           pk_error *error) {
  const size_t k = layer->k, count = layer->groups * k;
  pk_feedback feedback = {0};
  if (rule == PK_PRUNE_OBS && !pk_feedback_init(&feedback, layer, error)) return false;
  const double magnitude = 1.0 / mean_square(layer);
  for (size_t i = 0; i < count; i++) {
    const size_t first = i - i % k;
    if (rule == PK_PRUNE_OBS) prices[first + feedback.order[i]] = (double)feedback.costs[i];
    if (rule == PK_PRUNE_SENSITIVITY) prices[i] = (double)layer->covariance[i * k + i % k];
    if (rule == PK_PRUNE_MAGNITUDE) prices[i] = magnitude;
  }
  pk_feedback_deinit(&feedback);
  return true;
}

// Appends the blocks of rows first … last - 1 of a group.
static block *add_blocks(block *at, const prune_work *work, size_t index, size_t first, size_t last,
                         const double *prices) {
  const pk_layer *layer = &work->layers->items[index];
  const bool by_output = work->options->rule != PK_PRUNE_MAGNITUDE;
  for (size_t j = 0; j < layer->k; j++, at++) {
    double sum = 0.0;
    for (size_t o = first; o < last; o++) {
      const double weight = (double)layer->weights[o * layer->k + j];
      sum += weight * weight * (by_output ? (double)layer->sensitivity[o] : 1.0);
    }
    *at = (block){.saliency = sum * prices[j] / (double)(last - first),
                  .layer = (uint32_t)index,
                  .output = (uint32_t)first,
                  .product = (uint32_t)j,
                  .size = (uint32_t)(last - first)};
  }
  return at;
}

static bool weigh_layer(const prune_work *work, size_t index, pk_error *error) {
  const pk_layer *layer = &work->layers->items[index];
  const size_t size = block_size(work->options);
  block *at = work->blocks + work->first_block[index];
  double *prices = calloc(layer->groups * layer->k + 1, sizeof *prices);
  if (!prices) return out_of_memory(error);
  const bool ok = price_products(prices, layer, work->options->rule, error);
  for (size_t g = 0; ok && g < layer->groups; g++) {
    const size_t end = (g + 1) * layer->rows;
    for (size_t o = g * layer->rows; o < end; o += size) {
      at = add_blocks(at, work, index, o, o + size < end ? o + size : end, prices + g * layer->k);
    }
  }
  free(prices);
  return ok;
}

static bool run_worker(void *user, size_t worker, pk_error *error) {
  const prune_work *work = user;
  bool ok = true;
  for (size_t i = worker; ok && i < work->layers->count; i += PK_WORKERS) {
    ok = !can_prune(work->layers, i) || weigh_layer(work, i, error);
  }
  return ok;
}

// --- masks ---

static int compare_blocks(const void *left, const void *right) {
  const block *a = left, *b = right;
  if (a->saliency != b->saliency) return a->saliency < b->saliency ? -1 : 1;
  if (a->layer != b->layer) return a->layer < b->layer ? -1 : 1;
  if (a->output != b->output) return a->output < b->output ? -1 : 1;
  return a->product < b->product ? -1 : a->product > b->product;
}

// A layer of which nothing goes gets no mask.
static bool mark(pk_layer *layer, const block *b, pk_error *error) {
  if (!layer->is_pruned) {
    layer->is_pruned = calloc(pk_layer_elements(layer) + 1, sizeof *layer->is_pruned);
    if (!layer->is_pruned) return out_of_memory(error);
  }
  for (size_t o = b->output; o < (size_t)b->output + b->size; o++) {
    layer->is_pruned[o * layer->k + b->product] = true;
  }
  return true;
}

static bool mark_least(pk_layer_list *layers, pk_weight_pruning *pruning, block *blocks,
                       size_t count, double share, pk_error *error) {
  const size_t wanted = (size_t)llrint(share * (double)pruning->total);
  qsort(blocks, count, sizeof *blocks, compare_blocks);
  for (size_t i = 0; i < count && pruning->pruned + blocks[i].size <= wanted; i++) {
    if (!mark(&layers->items[blocks[i].layer], &blocks[i], error)) return false;
    pruning->pruned += blocks[i].size;
  }
  return true;
}

bool pk_prune_weights(pk_layer_list *layers, pk_weight_pruning *pruning,
                      const pk_prune_options *options, pk_error *error) {
  prune_work work = {.layers = layers, .options = options};
  size_t count = 0;
  *pruning = (pk_weight_pruning){0};
  work.first_block = calloc(layers->count + 1, sizeof *work.first_block);
  for (size_t i = 0; work.first_block && i < layers->count; i++) {
    work.first_block[i] = count;
    if (!can_prune(layers, i)) continue;
    count += blocks_of(&layers->items[i], block_size(options));
    pruning->total += pk_layer_elements(&layers->items[i]);
  }
  work.blocks = calloc(count + 1, sizeof *work.blocks);
  bool ok = (work.first_block && work.blocks) || out_of_memory(error);
  ok = ok && pk_workers_run(run_worker, &work, error) &&
       mark_least(layers, pruning, work.blocks, count, options->share, error);
  free(work.first_block);
  free(work.blocks);
  return ok;
}

// Less than this share of zeros comes from rounding, not from pruning.
static const double kept_share = 1.0 / 3.0;

bool pk_prune_keep_zeros(pk_layer_list *layers, pk_error *error) {
  for (size_t i = 0; i < layers->count; i++) {
    pk_layer *layer = &layers->items[i];
    const size_t elements = pk_layer_elements(layer);
    size_t zeros = 0;
    for (size_t j = 0; j < elements; j++) zeros += layer->weights[j] == 0.0f;
    if ((double)zeros < kept_share * (double)elements) continue;
    layer->is_pruned = calloc(elements + 1, sizeof *layer->is_pruned);
    if (!layer->is_pruned) return out_of_memory(error);
    for (size_t j = 0; j < elements; j++) layer->is_pruned[j] = layer->weights[j] == 0.0f;
  }
  return true;
}
