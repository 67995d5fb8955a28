#include "compress_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../encode/huffman_encode.h"
#include "../encode/manifest_build.h"
#include "../import/lower.h"
#include "bias_correction.h"
#include "layer_statistics.h"
#include "prune_channels.h"
#include "quantize_graph.h"
#include "step_choice.h"
#include "weight_rewrite.h"
#include "worker_pair.h"

enum { MAX_FILES = 120, SIZE_STEPS = 5, DROP_STEPS = 7 };
static const size_t correction_limit_bytes = (size_t)2 << 30;
static const double most_bits = 7.0, least_bits = 1.0;  // a weight, between which is searched

typedef struct compression {
  pk_graph *graph;
  const pk_compress_options *options;
  pk_compress_report *report;
  pk_sample_set set;
  pk_diff_net net;
  pk_layer_list layers;
  pk_step_table table;
  pk_answers reference;
  float **means, **biases;  // by layer
  int8_t **levels;          // by layer
  size_t *chosen;           // by layer: rung
  bool is_float;            // the model came with float32 activations
} compression;

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to compress the model");
}

static size_t shard_bytes(const compression *c) {
  return c->options->pack->shard_bytes ? c->options->pack->shard_bytes : PK_SHARD_BYTES_DEFAULT;
}

static pk_statistics_options statistics_options(const compression *c) {
  const pk_pack_options *pack = c->options->pack;
  return (pk_statistics_options){
      .seed = c->options->seed, .progress = pack->progress, .progress_user = pack->progress_user};
}

// --- before the search ---

static bool read_samples(compression *c, pk_error *error) {
  const pk_pack_options *pack = c->options->pack;
  const bool has_range = pack->image_low != pack->image_high;
  const pk_image_view view = {.crop = pack->crop > 0.0 ? pack->crop : 1.0,
                              .low = has_range ? pack->image_low : -1.0,
                              .high = has_range ? pack->image_high : 1.0};
  const pk_sample_options options = {.folder = c->options->folder,
                                     .labels = c->options->labels,
                                     .max_files = MAX_FILES,
                                     .progress = pack->progress,
                                     .progress_user = pack->progress_user};
  pk_lowered_graph lowered = {0};
  pk_manifest manifest = {0};
  const bool ok = pk_lower(&lowered, c->graph, error) &&
                  pk_manifest_describe(&manifest, &lowered, "calibrated", &view, error) &&
                  pk_manifest_apply_frontend(&manifest, pack, error) &&
                  pk_sample_set_read(&c->set, &manifest, &options, error);
  pk_manifest_free(&manifest);
  pk_lowered_graph_free(&lowered);
  return ok;
}

// Fewer samples where all of them together would take too much memory.
static void limit_samples(compression *c) {
  const size_t each = pk_correction_bytes(&c->net, 1) + 1;
  const size_t most = correction_limit_bytes / each < 16 ? 16 : correction_limit_bytes / each;
  while (c->set.count > most) free(c->set.items[--c->set.count].bytes);
}

static bool make_reference(compression *c, pk_error *error) {
  const bool ok = pk_answers_make(&c->reference, c->graph, &c->set, shard_bytes(c), error);
  c->report->source_bytes = c->reference.package_bytes;
  c->report->files = c->set.file_count;
  return ok;
}

static bool prune_channels_of_int8(const compression *c, pk_error *error) {
  return c->options->prune.channel_share == 0.0 ||
         pk_fail(error, PK_UNSUPPORTED,
                 "channels can be removed from float32 models only, and the activations of this "
                 "one are quantised already; give --prune-channels its float32 version");
}

static bool prune_channels(compression *c, pk_error *error) {
  const double share = c->options->prune.channel_share;
  const pk_statistics_options options = statistics_options(c);
  return pk_prune_constant_channels(c->graph, &c->report->removed_channels, &c->set, error) &&
         (share == 0.0 ||
          pk_prune_channel_share(c->graph, &c->report->channels, &c->set, share, &options, error));
}

// Takes dead channels out of a float model and gives it int8 activations.
static bool quantize(compression *c, pk_error *error) {
  const pk_pack_options *pack = c->options->pack;
  pk_diff_net net;
  c->is_float = pk_graph_is_float(c->graph);
  if (!c->is_float) return prune_channels_of_int8(c, error);
  if (!pk_add_missing_biases(c->graph, error) || !prune_channels(c, error)) return false;
  if (c->options->keeps_float) return true;
  if (!pk_diff_net_init(&net, c->graph, error)) return false;
  const pk_range_options options = {
      .seed = c->options->seed, .progress = pack->progress, .progress_user = pack->progress_user};
  pk_range *ranges = calloc(net.tensor_count + 1, sizeof *ranges);
  const bool ok = (ranges || out_of_memory(error)) &&
                  pk_activation_ranges(ranges, &net, &c->set, &options, error) &&
                  pk_quantize_graph(c->graph, ranges, error);
  free(ranges);
  pk_diff_net_deinit(&net);
  return ok;
}

static bool measure(compression *c, pk_error *error) {
  const pk_pack_options *pack = c->options->pack;
  const pk_statistics_options options = statistics_options(c);
  // A float model is measured as it is; what came in int8 is what the runtime made of it before.
  c->net.simulates_int8 = !c->is_float;
  return pk_layer_statistics(&c->layers, &c->net, &c->set, &options, error) &&
         (c->options->prune.share == 0.0 ||
          pk_prune_weights(&c->layers, &c->report->weights, &c->options->prune, error)) &&
         pk_step_table_init(&c->table, &c->layers, pack->progress, pack->progress_user, error) &&
         pk_mean_outputs(c->means, &c->layers, &c->net, error);
}

static bool allocate(compression *c, pk_error *error) {
  const size_t count = c->layers.count;
  c->means = calloc(count + 1, sizeof *c->means);
  c->biases = calloc(count + 1, sizeof *c->biases);
  c->levels = calloc(count + 1, sizeof *c->levels);
  c->chosen = calloc(count + 1, sizeof *c->chosen);
  if (!c->means || !c->biases || !c->levels || !c->chosen) return out_of_memory(error);
  for (size_t i = 0; i < count; i++) {
    const pk_layer *layer = &c->layers.items[i];
    c->biases[i] = calloc(pk_layer_outputs(layer), sizeof **c->biases);
    c->levels[i] = calloc(pk_layer_elements(layer), 1);
    if (!c->biases[i] || !c->levels[i]) return out_of_memory(error);
    c->report->weight_count += pk_layer_elements(layer);
  }
  if (c->report->weight_count > 0) return true;
  return pk_fail(error, PK_UNSUPPORTED,
                 "the model has no convolution or fully connected operator with constant weights, "
                 "so there is nothing to calibrate; pack it without --calibrate");
}

// --- one trial ---

static bool round_layers(void *user, size_t worker, pk_error *error) {
  compression *c = user;
  for (size_t i = worker; i < c->layers.count; i += PK_WORKERS) {
    const pk_layer *layer = &c->layers.items[i];
    const pk_grid grid = c->table.rungs[i][c->chosen[i]].grid;
    if (isnan(pk_feedback_round(c->levels[i], layer, &c->table.feedbacks[i], grid))) {
      return out_of_memory(error);
    }
  }
  return true;
}

static bool rewrite(compression *c, pk_error *error) {
  bool ok = true;
  for (size_t i = 0; ok && i < c->layers.count; i++) {
    ok = pk_rewrite_layer(c->graph, &c->layers.items[i], c->levels[i],
                          c->table.rungs[i][c->chosen[i]].grid.step, c->biases[i], error);
  }
  return ok;
}

// Rounds for `lambda`, and asks the runtime what came of it.
static bool try_lambda(compression *c, double lambda, pk_trial *trial, pk_error *error) {
  const pk_pack_options *pack = c->options->pack;
  pk_answers answers = {0};
  const double bits = pk_choose_rungs(c->chosen, &c->table, lambda);
  bool ok = pk_workers_run(round_layers, c, error);
  c->net.simulates_int8 = !c->is_float || !c->options->keeps_float;
  for (size_t i = 0; ok && i < c->layers.count; i++) {
    pk_simulate_levels(&c->net, &c->layers.items[i], c->levels[i],
                       c->table.rungs[i][c->chosen[i]].grid.step);
  }
  ok = ok &&
       pk_correct_biases(c->biases, &c->net, &c->layers, c->means, &c->set, pack->progress,
                         pack->progress_user, error) &&
       rewrite(c, error) && pk_answers_make(&answers, c->graph, &c->set, shard_bytes(c), error);
  if (ok) {
    *trial = (pk_trial){.bits = bits / (double)c->report->weight_count,
                        .package_bytes = answers.package_bytes,
                        .quality = pk_quality_compare(&answers, &c->reference, &c->set)};
    c->report->trials[c->report->trial_count++] = *trial;
  }
  pk_answers_free(&answers);
  return ok;
}

// --- the search ---

static bool fulfils(const compression *c, const pk_trial *trial) {
  return c->options->target_bytes > 0 ? trial->package_bytes <= c->options->target_bytes
                                      : trial->quality.drop <= c->options->max_drop;
}

// What a trial takes beyond its weights' bits hardly changes: the first trial tells it, the next
// ones aim at what is left.
static bool search_size(compression *c, double *lambda, pk_error *error) {
  const double target = (double)c->options->target_bytes;
  double budget = 0.9 * target;
  for (int i = 0; i < SIZE_STEPS; i++) {
    pk_trial trial;
    const double at = pk_lambda_for_bits(&c->table, 8.0 * budget);
    if (!try_lambda(c, at, &trial, error)) return false;
    if (fulfils(c, &trial)) {
      *lambda = at;
      c->report->chosen = c->report->trial_count - 1;
      if ((double)trial.package_bytes > 0.998 * target) break;
    }
    // Steps are few, so the next aim lies a little below.
    budget = trial.bits * (double)c->report->weight_count / 8.0 + target -
             (double)trial.package_bytes - 1e-3 * target * i;
  }
  return true;
}

// Towards fewer bits accuracy falls; bisection, by ratio, finds where it falls too far.
static bool search_drop(compression *c, double *lambda, pk_error *error) {
  const double weights = (double)c->report->weight_count;
  double good = most_bits, bad = least_bits;
  for (int i = 0; i < DROP_STEPS; i++) {
    pk_trial trial;
    const double bits = sqrt(good * bad);
    const double at = pk_lambda_for_bits(&c->table, bits * weights);
    if (!try_lambda(c, at, &trial, error)) return false;
    if (fulfils(c, &trial)) {
      *lambda = at;
      c->report->chosen = c->report->trial_count - 1;
      good = bits;
    } else {
      bad = bits;
    }
  }
  return true;
}

static bool prunes(const compression *c) {
  return c->options->prune.share > 0.0 || c->options->prune.channel_share > 0.0;
}

static bool search(compression *c, pk_error *error) {
  const bool by_size = c->options->target_bytes > 0;
  double lambda = 0.0;
  pk_trial last;
  c->report->chosen = PK_MAX_TRIALS;
  if (!(by_size ? search_size : search_drop)(c, &lambda, error)) return false;
  last = c->report->trials[c->report->trial_count - 1];
  if (c->report->chosen == PK_MAX_TRIALS) {
    return pk_fail(error, PK_USAGE,
                   "no step sizes fulfil what is asked for: the last trial took %zu bytes with a "
                   "drop of %.2f points. %s a larger %s, or calibrate with more samples",
                   last.package_bytes, last.quality.drop, prunes(c) ? "Prune less, allow" : "Allow",
                   by_size ? "--target-size" : "--max-drop");
  }
  // The graph holds the last trial; the chosen one is made again where it is another.
  if (c->report->chosen == c->report->trial_count - 1) return true;
  if (!try_lambda(c, lambda, &last, error)) return false;
  c->report->trial_count--;
  return true;
}

static size_t zeros_of(const int8_t *levels, size_t count) {
  size_t zeros = 0;
  for (size_t i = 0; i < count; i++) zeros += levels[i] == 0;
  return zeros;
}

static bool report_layers(compression *c, pk_error *error) {
  pk_compress_report *report = c->report;
  report->layers = calloc(c->layers.count + 1, sizeof *report->layers);
  if (!report->layers) return out_of_memory(error);
  for (size_t i = 0; i < c->layers.count; i++) {
    const pk_layer *layer = &c->layers.items[i];
    const pk_op *op = &c->graph->ops[layer->op];
    const pk_rung *rung = &c->table.rungs[i][c->chosen[i]];
    const size_t count = pk_layer_elements(layer);
    uint64_t counts[PK_HUFFMAN_SYMBOLS];
    pk_count_symbols(counts, c->levels[i], count, rung->grid.has_trellis);
    pk_layer_report *out = &report->layers[report->layer_count++];
    strncpy(out->name, op->name, sizeof out->name - 1);
    strncpy(out->kind, pk_op_kind_name(op->kind), sizeof out->kind - 1);
    out->weights = count;
    out->step = rung->grid.step;
    out->has_trellis = rung->grid.has_trellis;
    out->bits = rung->bits / (double)count;
    out->entropy = pk_entropy_bits(counts);
    out->zeros = (double)counts[128] / (double)count;
    out->cost = rung->cost;
    report->zero_count += zeros_of(c->levels[i], count);
  }
  return true;
}

static void close_compression(compression *c) {
  for (size_t i = 0; i < c->layers.count; i++) {
    if (c->means) free(c->means[i]);
    if (c->biases) free(c->biases[i]);
    if (c->levels) free(c->levels[i]);
  }
  free(c->means);
  free(c->biases);
  free(c->levels);
  free(c->chosen);
  pk_step_table_deinit(&c->table);
  pk_layer_list_deinit(&c->layers);
  pk_diff_net_deinit(&c->net);
  pk_answers_free(&c->reference);
  pk_sample_set_free(&c->set);
}

bool pk_compress_graph(pk_graph *graph, const pk_compress_options *options,
                       pk_compress_report *report, pk_error *error) {
  compression c = {.graph = graph, .options = options, .report = report};
  *report = (pk_compress_report){0};
  bool ok = read_samples(&c, error) && make_reference(&c, error) && quantize(&c, error) &&
            pk_add_missing_biases(graph, error) && pk_diff_net_init(&c.net, graph, error);
  if (ok) limit_samples(&c);
  ok = ok && pk_layer_list_init(&c.layers, &c.net, options->keeps_float, error) &&
       allocate(&c, error) && measure(&c, error) && search(&c, error) && report_layers(&c, error);
  close_compression(&c);
  if (!ok) pk_compress_report_free(report);
  return ok;
}

void pk_compress_report_free(pk_compress_report *report) {
  free(report->layers);
  *report = (pk_compress_report){0};
}
