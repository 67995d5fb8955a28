#include "compress_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../encode/manifest_build.h"
#include "../import/lower.h"
#include "../package/file_io.h"
#include "bias_correction.h"
#include "channel_levels.h"
#include "layer_statistics.h"
#include "mixed_precision.h"
#include "prune_channels.h"
#include "quantize_graph.h"
#include "slope_round.h"
#include "step_choice.h"
#include "weight_rewrite.h"
#include "worker_pair.h"

const char *const pk_activation_names[] = {"int8", "float32", "mixed", NULL};

enum { MAX_FILES = 120, REFINEMENT_ROUNDS = 3 };
static const size_t refinement_reserve = 256;   // of a target in bytes, one part is left for it
static const double default_mixed_error = 2.0;  // %
static const size_t correction_limit_bytes = (size_t)2 << 30;

typedef struct compression {
  pk_graph *graph;
  const pk_compress_options *options;
  pk_compress_report *report;
  pk_sample_set set;
  pk_diff_net net, source;  // with the weights of the latest trial, and as they came
  pk_layer_list layers;
  pk_step_table table;
  pk_answers reference, latest;  // of the model as it came, and of the latest trial
  size_t *bytes_before;          // by layer: of its weights
  float **means;                 // by layer
  pk_coded_weights weights;      // of the latest trial
  size_t *chosen;                // by layer: rung
  pk_manifest manifest;          // of the inputs
  pk_graph original_graph;       // as it came, where there is a refinement
  pk_diff_net original;
  bool is_float;  // the model came with float32 activations
} compression;

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to compress the model");
}

static size_t shard_bytes(const compression *c) {
  return c->options->pack->shard_bytes ? c->options->pack->shard_bytes : PK_SHARD_BYTES_DEFAULT;
}

static bool keeps_float(const compression *c) {
  return c->options->activations == PK_ACTIVATIONS_FLOAT32;
}

static bool mixes(const compression *c) {
  return c->options->activations == PK_ACTIVATIONS_MIXED;
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
  const bool ok = pk_lower(&lowered, c->graph, error) &&
                  pk_manifest_describe(&c->manifest, &lowered, "calibrated", &view, error) &&
                  pk_manifest_apply_frontend(&c->manifest, pack, error) &&
                  (c->options->folder ? pk_sample_set_read(&c->set, &c->manifest, &options, error)
                                      : c->options->read_samples(c->options->samples_user, &c->set,
                                                                 &c->manifest, error));
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

// What a refinement learns from.
static bool keep_original(compression *c, pk_error *error) {
  if (!c->options->refine) return true;
  if (!pk_graph_copy(&c->original_graph, c->graph, error) ||
      !pk_diff_net_init(&c->original, &c->original_graph, error)) {
    return false;
  }
  c->original.simulates_int8 = !pk_graph_is_float(c->graph);
  return true;
}

static bool prune_channels_of_int8(const compression *c, pk_error *error) {
  return c->options->prune.channel_share == 0.0 ||
         pk_fail(error, PK_UNSUPPORTED,
                 "channels can be removed from float32 models only, and the activations of this "
                 "one are quantised already; give --prune-channels its float32 version");
}

// Nothing can be done for the speed of a model that came in int8.
static bool check_latency_of_int8(const compression *c, pk_error *error) {
  pk_latency *latency = &c->report->latency;
  if (c->options->target_ms == 0.0) return true;
  if (!pk_time_graph(&latency->after, c->graph, error)) return false;
  latency->before = latency->after;
  return latency->after <= c->options->target_ms ||
         pk_fail(error, PK_UNSUPPORTED,
                 "one run takes %.3g ms on this machine; channels can be removed from float32 "
                 "models only, and the activations of this one are quantised already: give "
                 "--target-latency its float32 version",
                 latency->after);
}

static bool prune_to_latency(compression *c, pk_error *error) {
  const pk_latency_target target = {.ms = c->options->target_ms, .keeps_float = keeps_float(c)};
  const pk_statistics_options options = statistics_options(c);
  pk_compress_report *report = c->report;
  return pk_prune_to_latency(c->graph, &report->channels, &report->latency, &c->set, &target,
                             &options, error);
}

static bool prune_channels(compression *c, pk_error *error) {
  const double share = c->options->prune.channel_share;
  const pk_statistics_options options = statistics_options(c);
  return pk_prune_constant_channels(c->graph, &c->report->removed_channels, &c->set, error) &&
         (share == 0.0 || pk_prune_channel_share(c->graph, &c->report->channels, &c->set, share,
                                                 &options, error)) &&
         (c->options->target_ms == 0.0 || prune_to_latency(c, error));
}

// Takes dead channels out of a float model and gives it int8 activations.
static bool quantize(compression *c, pk_error *error) {
  const pk_pack_options *pack = c->options->pack;
  size_t constants, numbers;
  c->is_float = pk_graph_is_float(c->graph);
  if (!c->is_float) return prune_channels_of_int8(c, error) && check_latency_of_int8(c, error);
  if (!pk_add_missing_biases(c->graph, error) || !prune_channels(c, error) ||
      !pk_recurrent_levels(c->graph, &constants, &numbers, PK_LEVEL_MAX, error)) {
    return false;
  }
  if (keeps_float(c)) return pk_round_slopes(c->graph, error);
  const pk_range_options options = {
      .seed = c->options->seed, .progress = pack->progress, .progress_user = pack->progress_user};
  if (!mixes(c)) return pk_quantize_activations(c->graph, &c->set, &options, error);
  const double given = c->options->mixed_error;
  return pk_mix_activations(c->graph, &c->report->mixed, &c->set,
                            given > 0.0 ? given : default_mixed_error, &options, error) &&
         pk_round_slopes(c->graph, error);
}

static bool measure(compression *c, pk_error *error) {
  const pk_pack_options *pack = c->options->pack;
  const pk_statistics_options options = statistics_options(c);
  // A float model is measured as it is; what came in int8 is what the runtime made of it before.
  c->net.simulates_int8 = c->source.simulates_int8 = !c->is_float;
  return pk_layer_statistics(&c->layers, &c->net, &c->set, &options, error) &&
         pk_prune_keep_zeros(&c->layers, error) &&
         (c->options->prune.share == 0.0 ||
          pk_prune_weights(&c->layers, &c->report->weights, &c->options->prune, error)) &&
         pk_step_table_init(&c->table, &c->layers, c->options->weight_values, pack->progress,
                            pack->progress_user, error) &&
         pk_mean_outputs(c->means, &c->layers, &c->net, error);
}

static bool allocate(compression *c, pk_error *error) {
  const size_t count = c->layers.count;
  if (!pk_coded_weights_init(&c->weights, &c->layers, error)) return false;
  c->means = calloc(count + 1, sizeof *c->means);
  c->chosen = calloc(count + 1, sizeof *c->chosen);
  c->bytes_before = calloc(count + 1, sizeof *c->bytes_before);
  if (!c->means || !c->chosen || !c->bytes_before) return out_of_memory(error);
  for (size_t i = 0; i < count; i++) {
    const pk_layer *layer = &c->layers.items[i];
    c->report->weight_count += pk_layer_elements(layer);
    c->bytes_before[i] = c->graph->tensors[layer->weights_tensor].data_bytes;
  }
  if (c->report->weight_count > 0) return true;
  return pk_fail(
      error, PK_UNSUPPORTED,
      "the model has no convolution or fully connected operator with constant weights, "
      "so there is nothing to calibrate; leave --calibrate out, and give --weights int8 or "
      "float16 where its weights are float32");
}

// --- one trial ---

static bool round_layers(void *user, size_t worker, pk_error *error) {
  compression *c = user;
  for (size_t i = worker; i < c->layers.count; i += PK_WORKERS) {
    const pk_layer *layer = &c->layers.items[i];
    const pk_grid *grid = &c->table.rungs[i][c->chosen[i]].grid;
    c->weights.grids[i] = *grid;
    if (isnan(pk_feedback_round(c->weights.levels[i], layer, &c->table.feedbacks[i], grid))) {
      return out_of_memory(error);
    }
  }
  return true;
}

// The runtime's answers with the weights as they are now.
static bool judge(pk_quality *quality, compression *c, pk_error *error) {
  pk_answers_free(&c->latest);
  if (!pk_coded_weights_to_graph(c->graph, &c->weights, error) ||
      !pk_answers_make(&c->latest, c->graph, &c->set, shard_bytes(c), error)) {
    return false;
  }
  *quality = pk_quality_compare(&c->latest, &c->reference, &c->set);
  return true;
}

// Rounds for `lambda`, and asks the runtime what came of it.
static bool make_trial(void *user, pk_trial *trial, double lambda, pk_error *error) {
  compression *c = user;
  const pk_pack_options *pack = c->options->pack;
  const double bits = pk_choose_rungs(c->chosen, &c->table, lambda);
  *trial = (pk_trial){.bits = bits / (double)c->report->weight_count};
  if (!pk_workers_run(round_layers, c, error)) return false;
  c->net.simulates_int8 = !c->is_float || !keeps_float(c);
  pk_coded_weights_to_net(&c->net, &c->weights);
  if (!pk_correct_biases(c->weights.biases, &c->net, &c->layers, c->means, &c->set, pack->progress,
                         pack->progress_user, error) ||
      !judge(&trial->quality, c, error)) {
    return false;
  }
  trial->package_bytes = c->latest.package_bytes;
  return true;
}

// Of what a rate's trial depends on: the model's answers to the samples and what was measured of
// it.
static void make_fingerprint(char fingerprint[PK_SHA256_HEX_BYTES], const compression *c) {
  pk_bytes all = {0};
  char hash[PK_SHA256_HEX_BYTES];
  const size_t values = c->reference.sample_count * c->reference.values_each;
  pk_bytes_append_u32(&all, (uint32_t)shard_bytes(c));
  pk_bytes_append_u32(&all, (uint32_t)c->options->activations);
  if (mixes(c)) pk_bytes_append(&all, &c->report->mixed, sizeof c->report->mixed);
  pk_sha256_hex(hash, c->reference.values, values * sizeof *c->reference.values);
  pk_bytes_append(&all, hash, sizeof hash);
  for (size_t i = 0; i < c->layers.count * PK_RUNGS; i++) {
    const pk_rung *rung = &c->table.rungs[i / PK_RUNGS][i % PK_RUNGS];
    pk_bytes_append(&all, &rung->bits, sizeof rung->bits);
    pk_bytes_append(&all, &rung->cost, sizeof rung->cost);
  }
  pk_sha256_hex(fingerprint, all.data, all.size);
  pk_bytes_free(&all);
}

static const char *search_advice(const compression *c) {
  const pk_prune_options *prune = &c->options->prune;
  if (c->options->target_ms > 0.0 && c->report->channels.removed > 0) {
    return "Give a larger --target-latency";
  }
  return prune->share > 0.0 || prune->channel_share > 0.0 ? "Prune less" : NULL;
}

// `reserve`: bytes of the target that are left for a refinement.
static bool search(compression *c, size_t reserve, pk_error *error) {
  char fingerprint[PK_SHA256_HEX_BYTES];
  make_fingerprint(fingerprint, c);
  const pk_rate_search rates = {.table = &c->table,
                                .weight_count = c->report->weight_count,
                                .max_drop = c->options->max_drop,
                                .target_bytes = c->options->target_bytes - reserve,
                                .advice = search_advice(c),
                                .make = make_trial,
                                .user = c,
                                .journal_file = c->options->journal_file,
                                .fingerprint = fingerprint};
  return pk_rate_search_run(&c->report->trials, &rates, error);
}

static bool is_within_limits(const compression *c, const pk_quality *quality) {
  return c->options->target_bytes > 0 ? c->latest.package_bytes <= c->options->target_bytes
                                      : quality->drop <= c->options->max_drop;
}

static pk_trial *chosen_trial(compression *c) {
  return &c->report->trials.items[c->report->trials.chosen];
}

// What a search came to.
typedef struct finding {
  pk_coded_weights weights;
  pk_trials trials;
  size_t *chosen;
} finding;

static bool keep_finding(finding *kept, const compression *c, pk_error *error) {
  const size_t count = c->layers.count;
  *kept = (finding){.trials = c->report->trials, .chosen = malloc((count + 1) * sizeof(size_t))};
  if (!kept->chosen) return out_of_memory(error);
  if (!pk_coded_weights_init(&kept->weights, &c->layers, error)) return false;
  memcpy(kept->chosen, c->chosen, count * sizeof(size_t));
  pk_coded_weights_copy(&kept->weights, &c->weights);
  return true;
}

static bool return_to(const finding *kept, compression *c, pk_error *error) {
  pk_quality quality;
  c->report->trials = kept->trials;
  memcpy(c->chosen, kept->chosen, c->layers.count * sizeof(size_t));
  pk_coded_weights_copy(&c->weights, &kept->weights);
  pk_coded_weights_to_net(&c->net, &c->weights);
  return judge(&quality, c, error);
}

// Refines what the search chose; the runtime judges whether that is kept: where it is as good as
// `bar`. Drops differ by an answer or two by chance; there the outputs' error tells more. `excess`:
// the bytes that it takes too many where it would be kept otherwise.
static bool refine(compression *c, const pk_quality *bar, size_t *excess, pk_error *error) {
  pk_trial *trial = chosen_trial(c);
  pk_refinement *told = &c->report->refinement;
  const size_t target = c->options->target_bytes;
  const pk_refine_subject subject = {.net = &c->net,
                                     .weights = &c->weights,
                                     .original = &c->original,
                                     .inputs = &c->manifest,
                                     .samples = &c->set};
  pk_quality quality;
  if (!c->options->refine(c->options->refine_user, &subject, told, error) ||
      !judge(&quality, c, error)) {
    return false;
  }
  told->rounds++;
  const bool is_good =
      quality.drop <= bar->drop || (quality.drop <= bar->drop + pk_quality_chance(bar) &&
                                    quality.range_error < bar->range_error);
  told->is_kept = is_good && is_within_limits(c, &quality);
  *excess = is_good && target > 0 && !told->is_kept ? c->latest.package_bytes - target : 0;
  if (!told->is_kept) return true;
  trial->quality = quality;
  trial->package_bytes = c->latest.package_bytes;
  trial->bits = pk_coded_weights_bits(&c->weights) / (double)c->report->weight_count;
  return true;
}

// Levels that learnt may take more bytes than those they began as: then the search leaves more room
// for them, as long as it finds anything there. In vain, it is as if nothing had been.
static bool refine_from(const finding *first, size_t least, compression *c, pk_error *error) {
  const pk_quality bar = chosen_trial(c)->quality;
  size_t reserve = least, excess = 0;
  for (int round = 0; round < REFINEMENT_ROUNDS; round++) {
    if (round > 0 && !search(c, reserve, error)) {
      if (error->code != PK_USAGE) return false;
      *error = (pk_error){0};
      break;
    }
    if (!refine(c, &bar, &excess, error)) return false;
    if (c->report->refinement.is_kept) return true;
    reserve += excess + least;
    if (excess == 0 || reserve >= c->options->target_bytes) break;
  }
  return return_to(first, c, error);
}

static bool search_and_refine(compression *c, pk_error *error) {
  if (!c->options->refine) return search(c, 0, error);
  const size_t least = c->options->target_bytes / refinement_reserve;
  finding first = {0};
  const bool ok = search(c, least, error) && keep_finding(&first, c, error) &&
                  refine_from(&first, least, c, error);
  pk_coded_weights_deinit(&first.weights);
  free(first.chosen);
  return ok;
}

static bool time_result(compression *c, pk_error *error) {
  return c->options->target_ms == 0.0 || pk_time_graph(&c->report->latency.after, c->graph, error);
}

static bool make_report(compression *c, pk_error *error) {
  const pk_decision decision = {.graph = c->graph,
                                .table = &c->table,
                                .chosen = c->chosen,
                                .weights = &c->weights,
                                .bytes_before = c->bytes_before};
  return pk_report_layers(c->report, &decision, error) &&
         (!c->options->measures_layers ||
          pk_report_errors(c->report, &c->layers, &c->source, &c->net, &c->set, error)) &&
         pk_report_changes(c->report, &c->latest, &c->reference, &c->set, error);
}

static void close_compression(compression *c) {
  for (size_t i = 0; i < c->layers.count; i++) {
    if (c->means) free(c->means[i]);
  }
  free(c->means);
  pk_coded_weights_deinit(&c->weights);
  free(c->chosen);
  pk_step_table_deinit(&c->table);
  pk_layer_list_deinit(&c->layers);
  pk_diff_net_deinit(&c->net);
  pk_diff_net_deinit(&c->source);
  pk_diff_net_deinit(&c->original);
  pk_graph_deinit(&c->original_graph);
  pk_manifest_free(&c->manifest);
  pk_answers_free(&c->reference);
  pk_answers_free(&c->latest);
  free(c->bytes_before);
  pk_sample_set_free(&c->set);
}

bool pk_compress_graph(pk_graph *graph, const pk_compress_options *options,
                       pk_compress_report *report, pk_error *error) {
  compression c = {.graph = graph, .options = options, .report = report};
  *report = (pk_compress_report){0};
  bool ok = read_samples(&c, error) && make_reference(&c, error) && keep_original(&c, error) &&
            quantize(&c, error) && pk_add_missing_biases(graph, error) &&
            pk_diff_net_init(&c.net, graph, error) &&
            (!options->measures_layers || pk_diff_net_init(&c.source, graph, error));
  if (ok) limit_samples(&c);
  ok = ok && pk_layer_list_init(&c.layers, &c.net, keeps_float(&c) || mixes(&c), error) &&
       allocate(&c, error) && measure(&c, error) && search_and_refine(&c, error) &&
       time_result(&c, error) && make_report(&c, error);
  close_compression(&c);
  if (!ok) pk_compress_report_free(report);
  return ok;
}
