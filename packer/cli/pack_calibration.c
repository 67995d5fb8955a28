#include "pack_calibration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../package/file_io.h"
#include "../package/package_load.h"
#include "../report/compress_page.h"
#include "activation_arguments.h"
#include "cli_common.h"
#include "model_file.h"
#include "prune_arguments.h"

static const double default_max_drop = 1.0;

// Whether a file can be put beside others there: nobody likes to wait for a refusal.
static bool check_report_file(const char *file, pk_error *error) {
  const size_t folder_size = (size_t)(pk_path_base(file) - file);
  char *folder = folder_size > 0 ? strndup(file, folder_size) : strdup(".");
  if (!folder) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a path");
  const bool ok = access(folder, W_OK) == 0;
  free(folder);
  return ok || pk_fail(error, PK_IO, "--report %s: its folder cannot be written to", file);
}

bool pk_calibration_check(pk_calibration *calibration, pk_error *error) {
  pk_compress_options *options = &calibration->options;
  if (!options->folder &&
      (options->max_drop > 0.0 || options->target_bytes > 0 || options->target_ms > 0.0 ||
       options->journal_file || calibration->report_file || calibration->refinement.steps > 0)) {
    return pk_fail(error, PK_USAGE,
                   "--max-drop, --target-size, --target-latency, --refine, --resume and --report "
                   "need samples to measure with: give a folder of them with --calibrate");
  }
  if (!pk_check_weights(&calibration->weights, options->folder != NULL, error)) return false;
  options->weight_values = calibration->weights.values;
  if (options->target_ms > 0.0 && options->prune.channel_share > 0.0) {
    return pk_fail(error, PK_USAGE,
                   "--target-latency decides how many channels go, --prune-channels as well: give "
                   "one");
  }
  if (options->target_ms > 0.0 && options->activations == PK_ACTIVATIONS_MIXED) {
    return pk_fail(
        error, PK_USAGE,
        "--target-latency times a model before it is known which operators --activations "
        "mixed leaves in float32: give int8 or float32");
  }
  if (options->max_drop > 0.0 && options->target_bytes > 0) {
    return pk_fail(error, PK_USAGE, "--max-drop and --target-size exclude each other: give one");
  }
  if (calibration->report_file && !check_report_file(calibration->report_file, error)) return false;
  if (options->max_drop == 0.0) options->max_drop = default_max_drop;
  return pk_prune_check(&options->prune, options->folder != NULL, error);
}

bool pk_calibration_write_report(const pk_calibration *calibration, const char *name,
                                 const pk_manifest *manifest, const pk_pack_options *pack,
                                 pk_error *error) {
  pk_bytes page = {0}, labels = {0};
  if (!calibration->report_file) return true;
  if (pack->labels_file && !pk_file_read(&labels, pack->labels_file, PK_MAX_LABELS_BYTES, error)) {
    return false;
  }
  pk_page_subject subject = {.name = name,
                             .report = &calibration->report,
                             .options = &calibration->options,
                             .labels = pack->labels_file ? &labels : pack->own_labels};
  if (manifest) subject.br_bytes = pk_manifest_shard_totals(manifest).br;
  pk_compress_page(&page, &subject);
  const bool ok = page.failed
                      ? pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the report")
                      : pk_file_write(calibration->report_file, page.data, page.size, error);
  pk_bytes_free(&page);
  pk_bytes_free(&labels);
  return ok;
}

static bool compress(void *user, struct pk_graph *graph, pk_error *error) {
  pk_calibration *calibration = user;
  const bool ok = pk_compress_graph(graph, &calibration->options, &calibration->report, error);
  pk_progress_end();
  return ok;
}

static bool round_plain(void *user, struct pk_graph *graph, pk_error *error) {
  pk_calibration *calibration = user;
  return pk_round_plain(graph, &calibration->plain, calibration->weights.plain, error);
}

static pk_graph_edit_fn *edit_of(const pk_calibration *calibration) {
  if (calibration->options.folder) return compress;
  return calibration->weights.is_plain ? round_plain : NULL;
}

bool pk_calibration_read(pk_lowered_graph *graph, const char *model, pk_calibration *calibration,
                         const pk_pack_options *pack, pk_error *error) {
  const pk_graph_edit edit = {
      .apply = edit_of(calibration), .user = calibration, .inputs = &calibration->inputs};
  pk_bytes labels = {0};
  if (!calibration->options.folder) return pk_model_read_edited(graph, model, &edit, error);
  if (pack->labels_file && !pk_file_read(&labels, pack->labels_file, PK_MAX_LABELS_BYTES, error)) {
    return false;
  }
  calibration->options.labels = pack->labels_file ? &labels : pack->own_labels;
  calibration->options.pack = pack;
  if (calibration->refinement.steps > 0) {
    calibration->refinement.folder = calibration->options.folder;
    calibration->refinement.seed = calibration->options.seed;
    calibration->refinement.progress = pack->progress;
    calibration->options.refine = pk_refine_from_folder;
    calibration->options.refine_user = &calibration->refinement;
  }
  const bool ok = pk_model_read_edited(graph, model, &edit, error);
  calibration->options.labels = NULL;
  pk_bytes_free(&labels);
  return ok;
}

static void print_refinement(const pk_refinement *told) {
  if (told->steps == 0) return;
  printf("  refined  loss of samples not learnt from %.4g, before %.4g%s\n", told->held_after,
         told->held_before,
         told->is_kept ? "" : "; not kept: what was asked for or the answers would suffer");
}

static json_t *refinement_json(const pk_refinement *told) {
  return told->steps == 0
             ? NULL
             : json_pack("{s:I, s:I, s:f, s:f, s:b}", "steps", (json_int_t)told->steps, "rounds",
                         (json_int_t)told->rounds, "heldLossBefore", told->held_before, "heldLoss",
                         told->held_after, "kept", told->is_kept);
}

void pk_calibration_print(const pk_calibration *calibration) {
  const pk_compress_report *report = &calibration->report;
  pk_plain_print(&calibration->plain, calibration->weights.plain);
  if (report->trials.count == 0) return;
  const pk_trial *chosen = &report->trials.items[report->trials.chosen];
  const pk_quality *q = &chosen->quality;
  printf("  weights  %zu at %.2f bits each; the package was %s before\n", report->weight_count,
         chosen->bits, pk_format_size(report->source_bytes).text);
  if (report->removed_channels > 0) {
    printf("  channels %zu that never change are removed\n", report->removed_channels);
  }
  pk_prune_print(report);
  pk_mixed_print(&report->mixed);
  printf("  samples  %zu views of %zu files: agreement %.1f %%, error %.2f %% of the range\n",
         q->samples, report->files, q->agreement, q->range_error);
  if (q->labelled > 0) {
    printf("           top-1 %.1f %%, before %.1f %% (%zu labelled)\n", q->top1, q->reference_top1,
           q->labelled);
  }
  print_refinement(&report->refinement);
  for (size_t i = 0; i < report->trials.count; i++) {
    const pk_trial *trial = &report->trials.items[i];
    printf("  %s    %.2f bits, %s, drop %.2f points%s\n", trial->is_on_front ? "front" : "trial",
           trial->bits, pk_format_size(trial->package_bytes).text, trial->quality.drop,
           i == report->trials.chosen ? "  <- taken" : "");
  }
}

static json_t *trial_json(const pk_trial *trial) {
  const pk_quality *q = &trial->quality;
  return json_pack("{s:f, s:I, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:b}", "bits", trial->bits,
                   "bytes", (json_int_t)trial->package_bytes, "drop", q->drop, "agreement",
                   q->agreement, "top1", q->top1, "top1Before", q->reference_top1, "rangeError",
                   q->range_error, "samples", (json_int_t)q->samples, "labelled",
                   (json_int_t)q->labelled, "onFront", trial->is_on_front);
}

json_t *pk_calibration_json(const pk_calibration *calibration) {
  const pk_compress_report *report = &calibration->report;
  if (report->trials.count == 0) return NULL;
  json_t *trials = json_array(), *layers = json_array();
  for (size_t i = 0; i < report->trials.count; i++) {
    json_array_append_new(trials, trial_json(&report->trials.items[i]));
  }
  for (size_t i = 0; i < report->layer_count; i++) {
    const pk_layer_report *layer = &report->layers[i];
    json_array_append_new(
        layers, json_pack("{s:s, s:s, s:I, s:f, s:b, s:I, s:f, s:f, s:f, s:f}", "name", layer->name,
                          "kind", layer->kind, "weights", (json_int_t)layer->weights, "step",
                          (double)layer->step, "trellis", layer->has_trellis, "sharedValues",
                          (json_int_t)layer->shared, "bits", layer->bits, "entropy", layer->entropy,
                          "zeros", layer->zeros, "cost", layer->cost));
  }
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o*, s:o*, s:o*}", "weights",
                   (json_int_t)report->weight_count, "removedChannels",
                   (json_int_t)report->removed_channels, "files", (json_int_t)report->files,
                   "zeros", (json_int_t)report->zero_count, "bytesBefore",
                   (json_int_t)report->source_bytes, "taken", (json_int_t)report->trials.chosen,
                   "result", trial_json(&report->trials.items[report->trials.chosen]), "trials",
                   trials, "layers", layers, "pruned", pk_prune_json(report), "refined",
                   refinement_json(&report->refinement), "mixed", pk_mixed_json(&report->mixed));
}
