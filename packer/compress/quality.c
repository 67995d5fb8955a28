#include "quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/format/graph.h"
#include "../package/real_value.h"
#include "graph_model.h"
#include "worker_pair.h"

enum { LABELS_MIN = 20, MAX_OUTPUTS = MNW_MAX_RANK * 16 };

typedef struct answer_run {
  pk_answers *answers;
  const pk_core_model *core;
  const pk_sample_set *set;
} answer_run;

static size_t info_elements(const mnw_tensor_info *info) {
  return info->size_bytes / mnw_dtype_bytes(info->dtype);
}

static void copy_inputs(mnw_session *session, const pk_core_model *core, const uint8_t *bytes) {
  for (size_t i = 0; i < mnw_model_input_count(core->model); i++) {
    mnw_tensor_info info;
    mnw_model_input_info(&info, core->model, i);
    memcpy(mnw_session_input(session, i), bytes, info.size_bytes);
    bytes += info.size_bytes;
  }
}

static void copy_outputs(float *values, const mnw_session *session, const pk_core_model *core) {
  for (size_t i = 0; i < mnw_model_output_count(core->model); i++) {
    mnw_tensor_info info;
    mnw_model_output_info(&info, core->model, i);
    const size_t elements = info_elements(&info);
    const uint8_t *bytes = mnw_session_output(session, i);
    for (size_t j = 0; j < elements; j++) {
      *values++ = (float)pk_real_value(info.dtype, info.scale, info.zero_point, bytes, j);
    }
  }
}

static bool run_samples(void *user, size_t worker, pk_error *error) {
  const answer_run *run = user;
  void *memory = NULL;
  mnw_error core_error = {0};
  mnw_session *session = pk_core_session_open(&memory, run->core, "the calibrated model", error);
  bool ok = session != NULL;
  for (size_t i = worker; ok && i < run->set->count; i += PK_WORKERS) {
    copy_inputs(session, run->core, run->set->items[i].bytes);
    ok = mnw_session_run(session, &core_error) == MNW_STATUS_OK ||
         pk_core_fail(error, &core_error, "the calibrated model");
    if (ok) {
      copy_outputs(run->answers->values + i * run->answers->values_each, session, run->core);
    }
  }
  free(memory);
  return ok;
}

// Sizes of the outputs.
static bool describe(pk_answers *answers, const pk_core_model *core, const pk_sample_set *set,
                     pk_error *error) {
  mnw_tensor_info info = {0};
  answers->output_count = mnw_model_output_count(core->model);
  if (answers->output_count > MAX_OUTPUTS) {
    return pk_fail(error, PK_UNSUPPORTED, "the model has %zu outputs; calibration handles %d",
                   answers->output_count, MAX_OUTPUTS);
  }
  for (size_t i = 0; i < answers->output_count; i++) {
    mnw_model_output_info(&info, core->model, i);
    answers->output_values[i] = info_elements(&info);
    answers->values_each += answers->output_values[i];
  }
  // As many values as go in are no classes but a reconstruction (an autoencoder).
  size_t inputs = 0;
  for (size_t i = 0; i < mnw_model_input_count(core->model); i++) {
    mnw_tensor_info input;
    mnw_model_input_info(&input, core->model, i);
    inputs += info_elements(&input);
  }
  answers->is_class_row = answers->output_count == 1 && answers->values_each != inputs &&
                          info.rank > 0 && answers->values_each > 1 &&
                          (size_t)info.dims[info.rank - 1] == answers->values_each;
  answers->sample_count = set->count;
  answers->values = calloc(set->count * answers->values_each + 1, sizeof *answers->values);
  return answers->values || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the outputs");
}

bool pk_answers_make(pk_answers *answers, const pk_graph *graph, const pk_sample_set *set,
                     size_t shard_bytes, pk_error *error) {
  pk_graph_model model;
  *answers = (pk_answers){0};
  bool ok = pk_graph_model_open(&model, graph, shard_bytes, "the calibrated model", error) &&
            describe(answers, &model.core, set, error);
  answers->package_bytes = model.package_bytes;
  answer_run run = {.answers = answers, .core = &model.core, .set = set};
  ok = ok && pk_workers_run(run_samples, &run, error);
  pk_graph_model_close(&model);
  if (!ok) pk_answers_free(answers);
  return ok;
}

void pk_answers_free(pk_answers *answers) {
  free(answers->values);
  *answers = (pk_answers){0};
}

size_t pk_best_class(const pk_answers *answers, size_t sample) {
  const float *values = answers->values + sample * answers->values_each;
  size_t best = 0;
  for (size_t i = 1; i < answers->values_each; i++) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

static void compare_classes(pk_quality *quality, const pk_answers *answers,
                            const pk_answers *reference, const pk_sample_set *set) {
  size_t agree = 0, right = 0, reference_right = 0;
  for (size_t i = 0; i < set->count; i++) {
    const size_t got = pk_best_class(answers, i), expected = pk_best_class(reference, i);
    const int32_t label = set->items[i].label;
    agree += got == expected;
    if (label == PK_NO_CLASS) continue;
    quality->labelled++;
    right += got == (size_t)label;
    reference_right += expected == (size_t)label;
  }
  quality->agreement = 100.0 * (double)agree / (double)set->count;
  if (quality->labelled > 0) {
    quality->top1 = 100.0 * (double)right / (double)quality->labelled;
    quality->reference_top1 = 100.0 * (double)reference_right / (double)quality->labelled;
  }
}

static double output_error(const pk_answers *answers, const pk_answers *reference, size_t first,
                           size_t count) {
  double squares = 0.0, low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < answers->sample_count; i++) {
    const size_t at = i * answers->values_each + first;
    for (size_t j = 0; j < count; j++) {
      const double expected = (double)reference->values[at + j];
      const double difference = (double)answers->values[at + j] - expected;
      squares += difference * difference;
      low = fmin(low, expected);
      high = fmax(high, expected);
    }
  }
  const double rms = sqrt(squares / (double)(count * answers->sample_count));
  return high > low ? 100.0 * rms / (high - low) : rms > 0.0 ? 100.0 : 0.0;
}

pk_quality pk_quality_compare(const pk_answers *answers, const pk_answers *reference,
                              const pk_sample_set *set) {
  pk_quality quality = {.samples = set->count, .agreement = 100.0};
  size_t first = 0;
  for (size_t i = 0; i < answers->output_count; i++) {
    quality.range_error = fmax(quality.range_error,
                               output_error(answers, reference, first, answers->output_values[i]));
    first += answers->output_values[i];
  }
  quality.drop = quality.range_error;
  if (!answers->is_class_row) return quality;
  compare_classes(&quality, answers, reference, set);
  quality.drop = 100.0 - quality.agreement;
  if (quality.labelled >= LABELS_MIN) {
    quality.drop = fmax(quality.reference_top1 - quality.top1, quality.drop / 4.0);
  }
  return quality;
}

double pk_quality_chance(const pk_quality *quality) {
  return 2.0 * 100.0 / (double)(quality->samples > 0 ? quality->samples : 1);
}
