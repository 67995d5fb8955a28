#include "channel_damage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"

static const double damping = 1e-3;      // of the mean variance, added to the diagonal
static const double round_share = 0.05;  // of the channels, removed before all is measured anew

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to remove channels");
}

// --- least squares ---

// Of the products that `kept` [count] names: the damped covariance [count][count].
static void gather(double *matrix, const pk_layer *layer, const size_t *kept, size_t count) {
  const size_t k = layer->k;
  const double added = damping * pk_layer_variance(layer, 0) / (double)k + 1e-30;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < count; j++) {
      matrix[i * count + j] =
          (double)layer->covariance[kept[i] * k + kept[j]] + (i == j ? added : 0.0);
    }
  }
}

// `kept` [count]: products that stay; `factors` those of their covariance; `x` [count] is used.
static void refit_row(float *weights, float *bias, const pk_layer *layer, const bool *is_gone,
                      const size_t *kept, size_t count, const double *factors, double *x) {
  const size_t k = layer->k;
  double moved = 0.0;
  memset(x, 0, count * sizeof *x);
  for (size_t p = 0; p < k; p++) {
    if (!is_gone[p]) continue;
    const float *covariance = layer->covariance + p * k;
    const double weight = (double)weights[p];
    for (size_t i = 0; i < count; i++) x[i] += weight * (double)covariance[kept[i]];
    moved += weight * (double)layer->mean[p];
    weights[p] = 0.0f;
  }
  pk_cholesky_solve(x, factors, count);
  for (size_t i = 0; i < count; i++) {
    weights[kept[i]] += (float)x[i];
    moved -= x[i] * (double)layer->mean[kept[i]];
  }
  *bias = (float)((double)*bias + moved);
}

bool pk_refit_rows(float *weights, float *bias, const pk_layer *layer, const bool *is_gone,
                   pk_error *error) {
  const size_t k = layer->k;
  size_t *kept = calloc(k + 1, sizeof *kept), count = 0;
  double *x = calloc(k + 1, sizeof *x), *matrix = calloc(k * k + 1, sizeof *matrix);
  const bool ok = kept && x && matrix;
  for (size_t j = 0; ok && j < k; j++) {
    if (!is_gone[j]) kept[count++] = j;
  }
  if (ok) {
    gather(matrix, layer, kept, count);
    pk_cholesky_factor(matrix, count);
  }
  for (size_t o = 0; ok && o < layer->rows; o++) {
    refit_row(weights + o * k, bias + o, layer, is_gone, kept, count, matrix, x);
  }
  free(kept);
  free(x);
  free(matrix);
  return ok || out_of_memory(error);
}

// --- choosing ---

typedef struct channel_rank {
  double damage;
  size_t group, channel;
} channel_rank;

// What one reader works with.
typedef struct reader_work {
  double *factor, *inverse;  // [k][k]: of the covariance
  double *block, *solved;    // [taps][taps], [taps]: of one channel
  size_t *products;          // [k]: 0, 1, …
} reader_work;

// The least sum of sensitivity * e^T C e over all outputs without one channel. Where e is v on some
// products and best on the others, e^T C e is v^T B^-1 v, B being their block of C's inverse.
static double reader_damage(const pk_layer *layer, const reader_work *work, size_t channels,
                            size_t channel) {
  const size_t k = layer->k, taps = k / channels;
  double damage = 0.0;
  for (size_t i = 0; i < taps * taps; i++) {
    const size_t row = i / taps * channels + channel, column = i % taps * channels + channel;
    work->block[i] = work->inverse[row * k + column];
  }
  pk_cholesky_factor(work->block, taps);
  for (size_t o = 0; o < layer->rows; o++) {
    const float *weights = layer->weights + o * k + channel;
    double form = 0.0;
    for (size_t t = 0; t < taps; t++) work->solved[t] = (double)weights[t * channels];
    pk_cholesky_solve(work->solved, work->block, taps);
    for (size_t t = 0; t < taps; t++) form += (double)weights[t * channels] * work->solved[t];
    damage += (double)layer->sensitivity[o] * form;
  }
  return damage;
}

// Adds to ranks [channels] what their channels' loss does to this reader.
static bool add_reader(channel_rank *ranks, const pk_layer *layer, size_t channels,
                       pk_error *error) {
  const size_t k = layer->k, taps = k / channels;
  const reader_work work = {.factor = malloc((k * k + 1) * sizeof(double)),
                            .inverse = malloc((k * k + 1) * sizeof(double)),
                            .block = malloc((taps * taps + 1) * sizeof(double)),
                            .solved = malloc((taps + 1) * sizeof(double)),
                            .products = malloc((k + 1) * sizeof(size_t))};
  const bool ok = work.factor && work.inverse && work.block && work.solved && work.products;
  if (ok) {
    for (size_t j = 0; j < k; j++) work.products[j] = j;
    gather(work.factor, layer, work.products, k);
    pk_cholesky_factor(work.factor, k);
    pk_cholesky_invert(work.inverse, work.factor, k);
    for (size_t c = 0; c < channels; c++) {
      ranks[c].damage += reader_damage(layer, &work, channels, c);
    }
  }
  free(work.factor);
  free(work.inverse);
  free(work.block);
  free(work.solved);
  free(work.products);
  return ok || out_of_memory(error);
}

static int compare_ranks(const void *left, const void *right) {
  const channel_rank *a = left, *b = right;
  if (a->damage != b->damage) return a->damage < b->damage ? -1 : 1;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  return a->channel < b->channel ? -1 : a->channel > b->channel;
}

static void mark_least(const pk_channel_groups *groups, channel_rank *ranks, size_t total,
                       size_t wanted) {
  size_t gone = 0;
  qsort(ranks, total, sizeof *ranks, compare_ranks);
  for (size_t i = 0; i < total && gone < wanted; i++) {
    const size_t g = ranks[i].group;
    size_t left = 0;
    for (size_t c = 0; c < groups->channels[g]; c++) left += !groups->is_gone[g][c];
    if (left == 1) continue;
    groups->is_gone[g][ranks[i].channel] = true;
    gone++;
  }
}

static bool choose(const pk_channel_groups *groups, const pk_graph *graph,
                   const pk_layer_list *layers, size_t total, size_t wanted, pk_error *error) {
  channel_rank *ranks = calloc(total + 1, sizeof *ranks);
  bool ok = true;
  if (!ranks) return out_of_memory(error);
  for (size_t g = 0, at = 0; ok && g < groups->count; at += groups->channels[g], g++) {
    for (size_t c = 0; c < groups->channels[g]; c++) {
      ranks[at + c] = (channel_rank){.group = g, .channel = c};
    }
    for (size_t i = 0; ok && groups->channels[g] > 0 && i < layers->count; i++) {
      const pk_layer *layer = &layers->items[i];
      if (pk_channel_group_read(groups, graph, &graph->ops[layer->op]) != (int32_t)g) continue;
      ok = add_reader(ranks + at, layer, groups->channels[g], error);
    }
  }
  if (ok) mark_least(groups, ranks, total, wanted);
  free(ranks);
  return ok;
}

// --- removing ---

static bool refit_reader(pk_graph *graph, const pk_layer *layer, const bool *is_gone_channel,
                         size_t channels, pk_error *error) {
  const pk_op *op = &graph->ops[layer->op];
  pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  const size_t elements = pk_layer_elements(layer);
  float *rows = pk_arena_copy(&graph->arena, weights->data, elements, sizeof *rows, error);
  float *biases = pk_arena_copy(&graph->arena, bias->data, layer->rows, sizeof *biases, error);
  bool *is_gone = calloc(layer->k + 1, sizeof *is_gone);
  if (!is_gone) return out_of_memory(error);
  bool ok = rows && biases;
  for (size_t j = 0; ok && j < layer->k; j++) is_gone[j] = is_gone_channel[j % channels];
  ok = ok && pk_refit_rows(rows, biases, layer, is_gone, error);
  if (ok) {
    weights->data = (const uint8_t *)rows;
    bias->data = (const uint8_t *)biases;
  }
  free(is_gone);
  return ok;
}

static bool refit_readers(pk_graph *graph, const pk_channel_groups *groups,
                          const pk_layer_list *layers, pk_error *error) {
  bool ok = true;
  for (size_t i = 0; ok && i < layers->count; i++) {
    const pk_layer *layer = &layers->items[i];
    const int32_t g = pk_channel_group_read(groups, graph, &graph->ops[layer->op]);
    if (g == PK_NO_GROUP || !memchr(groups->is_gone[g], true, groups->channels[g])) continue;
    ok = refit_reader(graph, layer, groups->is_gone[g], groups->channels[g], error);
  }
  return ok;
}

static size_t channels_in(const pk_channel_groups *groups) {
  size_t total = 0;
  for (size_t g = 0; g < groups->count; g++) total += groups->channels[g];
  return total;
}

// Removes `wanted` channels, or as many as there are but one of each group.
static bool remove_some(pk_graph *graph, size_t *removed, const pk_sample_set *set, size_t wanted,
                        const pk_statistics_options *options, pk_error *error) {
  pk_diff_net net;
  pk_layer_list layers = {0};
  pk_channel_groups groups = {0};
  if (!pk_diff_net_init(&net, graph, error)) return false;
  const bool ok = pk_channel_groups_init(&groups, graph, error) &&
                  pk_layer_list_init(&layers, &net, true, error) &&
                  pk_layer_statistics(&layers, &net, set, options, error) &&
                  choose(&groups, graph, &layers, channels_in(&groups), wanted, error) &&
                  refit_readers(graph, &groups, &layers, error) &&
                  pk_channel_groups_cut(graph, &groups, removed, error);
  pk_layer_list_deinit(&layers);
  pk_channel_groups_deinit(&groups);
  pk_diff_net_deinit(&net);
  return ok;
}

static bool count_channels(pk_channel_pruning *pruning, const pk_graph *graph, pk_error *error) {
  pk_channel_groups groups;
  *pruning = (pk_channel_pruning){0};
  if (!pk_channel_groups_init(&groups, graph, error)) return false;
  pruning->total = channels_in(&groups);
  pk_channel_groups_deinit(&groups);
  if (pruning->total == 0) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "no channels of the model can be removed: none lies between two convolutions "
                   "or fully connected operators; pack it without --prune-channels and "
                   "--target-latency");
  }
  return true;
}

static size_t round_channels(const pk_channel_pruning *pruning) {
  return 1 + (size_t)(round_share * (double)pruning->total);
}

bool pk_prune_channels_until(pk_graph *graph, pk_channel_pruning *pruning, const pk_sample_set *set,
                             pk_enough_fn *is_enough, void *user,
                             const pk_statistics_options *options, pk_error *error) {
  bool has_enough = false, ok = is_enough(user, graph, &has_enough, error);
  *pruning = (pk_channel_pruning){0};
  if (!ok || has_enough) return ok;
  ok = count_channels(pruning, graph, error);
  for (size_t before = SIZE_MAX; ok && !has_enough && before != pruning->removed;) {
    before = pruning->removed;
    ok = remove_some(graph, &pruning->removed, set, round_channels(pruning), options, error) &&
         is_enough(user, graph, &has_enough, error);
  }
  return ok;
}

bool pk_prune_channel_share(pk_graph *graph, pk_channel_pruning *pruning, const pk_sample_set *set,
                            double share, const pk_statistics_options *options, pk_error *error) {
  if (!count_channels(pruning, graph, error)) return false;
  const size_t wanted = (size_t)llrint(share * (double)pruning->total);
  const size_t most = round_channels(pruning);
  while (pruning->removed < wanted) {
    const size_t left = wanted - pruning->removed, before = pruning->removed;
    if (!remove_some(graph, &pruning->removed, set, left < most ? left : most, options, error)) {
      return false;
    }
    if (pruning->removed == before) break;
  }
  return true;
}
