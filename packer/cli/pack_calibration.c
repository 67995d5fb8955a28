#include "pack_calibration.h"

#include <stdio.h>

#include "../package/file_io.h"
#include "../package/package_load.h"
#include "cli_common.h"
#include "model_file.h"
#include "prune_arguments.h"

static const double default_max_drop = 1.0;

bool pk_calibration_check(pk_calibration *calibration, pk_error *error) {
  pk_compress_options *options = &calibration->options;
  if (!options->folder && (options->max_drop > 0.0 || options->target_bytes > 0)) {
    return pk_fail(error, PK_USAGE,
                   "--max-drop and --target-size need samples to measure with: give a folder of "
                   "them with --calibrate");
  }
  if (options->max_drop > 0.0 && options->target_bytes > 0) {
    return pk_fail(error, PK_USAGE, "--max-drop and --target-size exclude each other: give one");
  }
  if (options->max_drop == 0.0) options->max_drop = default_max_drop;
  return pk_prune_check(&options->prune, options->folder != NULL, error);
}

static bool compress(void *user, struct pk_graph *graph, pk_error *error) {
  pk_calibration *calibration = user;
  const bool ok = pk_compress_graph(graph, &calibration->options, &calibration->report, error);
  pk_progress_end();
  return ok;
}

bool pk_calibration_read(pk_lowered_graph *graph, const char *model, pk_calibration *calibration,
                         const pk_pack_options *pack, pk_error *error) {
  const pk_graph_edit edit = {.apply = calibration->options.folder ? compress : NULL,
                              .user = calibration,
                              .inputs = &calibration->inputs};
  pk_bytes labels = {0};
  if (!edit.apply) return pk_model_read_edited(graph, model, &edit, error);
  if (pack->labels_file && !pk_file_read(&labels, pack->labels_file, PK_MAX_LABELS_BYTES, error)) {
    return false;
  }
  calibration->options.labels = pack->labels_file ? &labels : pack->own_labels;
  calibration->options.pack = pack;
  const bool ok = pk_model_read_edited(graph, model, &edit, error);
  calibration->options.labels = NULL;
  pk_bytes_free(&labels);
  return ok;
}

void pk_calibration_print(const pk_calibration *calibration) {
  const pk_compress_report *report = &calibration->report;
  if (report->trial_count == 0) return;
  const pk_trial *chosen = &report->trials[report->chosen];
  const pk_quality *q = &chosen->quality;
  printf("  weights  %zu at %.2f bits each; the package was %s before\n", report->weight_count,
         chosen->bits, pk_format_size(report->source_bytes).text);
  if (report->removed_channels > 0) {
    printf("  channels %zu that never change are removed\n", report->removed_channels);
  }
  pk_prune_print(report);
  printf("  samples  %zu views of %zu files: agreement %.1f %%, error %.2f %% of the range\n",
         q->samples, report->files, q->agreement, q->range_error);
  if (q->labelled > 0) {
    printf("           top-1 %.1f %%, before %.1f %% (%zu labelled)\n", q->top1, q->reference_top1,
           q->labelled);
  }
  for (size_t i = 0; i < report->trial_count; i++) {
    const pk_trial *trial = &report->trials[i];
    printf("  trial    %.2f bits, %s, drop %.2f points%s\n", trial->bits,
           pk_format_size(trial->package_bytes).text, trial->quality.drop,
           i == report->chosen ? "  <- taken" : "");
  }
}

static json_t *trial_json(const pk_trial *trial) {
  const pk_quality *q = &trial->quality;
  return json_pack("{s:f, s:I, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "bits", trial->bits, "bytes",
                   (json_int_t)trial->package_bytes, "drop", q->drop, "agreement", q->agreement,
                   "top1", q->top1, "top1Before", q->reference_top1, "rangeError", q->range_error,
                   "samples", (json_int_t)q->samples, "labelled", (json_int_t)q->labelled);
}

json_t *pk_calibration_json(const pk_calibration *calibration) {
  const pk_compress_report *report = &calibration->report;
  if (report->trial_count == 0) return NULL;
  json_t *trials = json_array(), *layers = json_array();
  for (size_t i = 0; i < report->trial_count; i++) {
    json_array_append_new(trials, trial_json(&report->trials[i]));
  }
  for (size_t i = 0; i < report->layer_count; i++) {
    const pk_layer_report *layer = &report->layers[i];
    json_array_append_new(
        layers, json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:f}", "name", layer->name, "kind",
                          layer->kind, "weights", (json_int_t)layer->weights, "step",
                          (double)layer->step, "bits", layer->bits, "entropy", layer->entropy,
                          "zeros", layer->zeros, "cost", layer->cost));
  }
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o*}", "weights",
                   (json_int_t)report->weight_count, "removedChannels",
                   (json_int_t)report->removed_channels, "files", (json_int_t)report->files,
                   "zeros", (json_int_t)report->zero_count, "bytesBefore",
                   (json_int_t)report->source_bytes, "taken", (json_int_t)report->chosen, "result",
                   trial_json(&report->trials[report->chosen]), "trials", trials, "layers", layers,
                   "pruned", pk_prune_json(report));
}
