#include "compress_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../encode/huffman_encode.h"
#include "layer_statistics.h"

enum { ERROR_SAMPLES = 8 };

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the report");
}

void pk_compress_report_free(pk_compress_report *report) {
  for (size_t i = 0; i < report->change_count; i++) free(report->changes[i].file);
  free(report->changes);
  free(report->layers);
  *report = (pk_compress_report){0};
}

bool pk_report_layers(pk_compress_report *report, const pk_decision *decision, pk_error *error) {
  const pk_coded_weights *weights = decision->weights;
  const pk_layer_list *layers = weights->layers;
  report->layers = calloc(layers->count + 1, sizeof *report->layers);
  if (!report->layers) return out_of_memory(error);
  for (size_t i = 0; i < layers->count; i++) {
    const pk_layer *layer = &layers->items[i];
    const pk_op *op = &decision->graph->ops[layer->op];
    const pk_grid *grid = &weights->grids[i];
    const size_t count = pk_layer_elements(layer);
    uint64_t counts[PK_HUFFMAN_SYMBOLS];
    pk_count_symbols(counts, weights->levels[i], count, grid->has_trellis);
    pk_layer_report *out = &report->layers[report->layer_count++];
    strncpy(out->name, op->name, sizeof out->name - 1);
    strncpy(out->kind, pk_op_kind_name(op->kind), sizeof out->kind - 1);
    out->weights = count;
    out->bytes_before = decision->bytes_before[i];
    out->step = grid->step;
    out->has_trellis = grid->has_trellis;
    out->shared = grid->shared.count;
    out->bits = pk_level_bits(weights->levels[i], count, grid->has_trellis) / (double)count;
    out->entropy = pk_entropy_bits(counts);
    out->zeros = (double)counts[128] / (double)count;
    out->cost = decision->table->rungs[i][decision->chosen[i]].cost;
    out->relative_error = (double)NAN;
    for (size_t j = 0; j < count; j++) report->zero_count += weights->levels[i][j] == 0;
  }
  return true;
}

typedef struct error_sums {
  double error, reference;
} error_sums;

static void add_error(error_sums *sums, const float *values, const float *reference, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const double off = (double)values[i] - (double)reference[i];
    sums->error += off * off;
    sums->reference += (double)reference[i] * (double)reference[i];
  }
}

bool pk_report_errors(pk_compress_report *report, const pk_layer_list *layers,
                      const pk_diff_net *source, const pk_diff_net *rounded,
                      const pk_sample_set *set, pk_error *error) {
  pk_diff_tape tapes[2] = {{0}};
  error_sums *sums = calloc(layers->count + 1, sizeof *sums);
  if (!sums) return out_of_memory(error);
  bool ok =
      pk_diff_tape_init(&tapes[0], source, error) && pk_diff_tape_init(&tapes[1], rounded, error);
  for (size_t s = 0; ok && s < ERROR_SAMPLES && s < set->count; s++) {
    ok = pk_sample_run(&tapes[0], set->items[s].bytes, error) &&
         pk_sample_run(&tapes[1], set->items[s].bytes, error);
    for (size_t i = 0; ok && i < layers->count; i++) {
      const int32_t output = source->graph->ops[layers->items[i].op].output;
      add_error(&sums[i], tapes[1].values[output], tapes[0].values[output],
                source->elements[output]);
    }
  }
  for (size_t i = 0; ok && i < layers->count; i++) {
    report->layers[i].relative_error = sqrt(sums[i].error / fmax(sums[i].reference, 1e-30));
  }
  for (int i = 0; i < 2; i++) {
    if (tapes[i].net) pk_diff_tape_deinit(&tapes[i]);
  }
  free(sums);
  return ok;
}

bool pk_report_changes(pk_compress_report *report, const pk_answers *answers,
                       const pk_answers *reference, const pk_sample_set *set, pk_error *error) {
  if (!answers->is_class_row) return true;
  report->changes = calloc(set->file_count + 1, sizeof *report->changes);
  if (!report->changes) return out_of_memory(error);
  for (size_t i = 0; i < set->count; i++) {
    const pk_sample *sample = &set->items[i];
    const size_t before = pk_best_class(reference, i), after = pk_best_class(answers, i);
    const bool is_usual_view = i == 0 || set->items[i - 1].file != sample->file;
    if (!is_usual_view || before == after) continue;
    pk_changed_answer *change = &report->changes[report->change_count++];
    *change =
        (pk_changed_answer){.file = strdup(set->files[sample->file]),
                            .label = sample->label,
                            .before = before,
                            .after = after,
                            .before_score = reference->values[i * reference->values_each + before],
                            .after_score = answers->values[i * answers->values_each + after]};
    if (!change->file) return out_of_memory(error);
  }
  return true;
}
