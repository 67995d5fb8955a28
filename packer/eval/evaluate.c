#include "evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "../compress/worker_pair.h"
#include "../package/class_scores.h"
#include "../package/real_value.h"

// What the two threads share.
typedef struct evaluating {
  const pk_evaluate_options *options;
  pk_evaluation *result;
  size_t classes;
} evaluating;

// One thread's package, reader and inputs.
typedef struct judge {
  pk_chain chain;
  pk_data_reader *reader;
  uint8_t *inputs;  // all tensors behind each other
} judge;

static bool open_judge(judge *j, const pk_evaluate_options *options, pk_error *error) {
  const pk_manifest *manifest = &j->chain.whole.manifest;
  size_t bytes = 0;
  if (!pk_chain_open(&j->chain, options->folder, options->kernels, 1, error)) return false;
  for (size_t i = 0; i < manifest->input_count; i++) bytes += pk_chain_input_bytes(&j->chain, i);
  j->inputs = malloc(bytes + 1);
  if (!j->inputs) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the inputs");
  return pk_data_reader_open(&j->reader, options->set, manifest, NULL, error);
}

static void close_judge(judge *j) {
  pk_data_reader_close(j->reader);
  free(j->inputs);
  pk_chain_close(&j->chain);
}

static pk_example_answer read_answer(const judge *j, size_t label) {
  const pk_manifest_tensor *tensor = &j->chain.whole.manifest.outputs[0];
  size_t bytes;
  const void *scores = pk_chain_output(&j->chain, 0, &bytes);
  pk_class_score best = {0};
  pk_top_classes(&best, 1, tensor, scores);
  return (pk_example_answer){
      label, best.index,
      pk_real_value(tensor->dtype, tensor->scale, tensor->zero_point, scores, label), best.score};
}

static bool answer_example(judge *j, const evaluating *e, size_t index, pk_error *error) {
  const pk_evaluate_options *options = e->options;
  const pk_data_example example = pk_data_set_example(options->set, options->part, index);
  const size_t label = (size_t)example.label;
  const uint8_t *from = j->inputs;
  if (label >= e->classes) {
    return pk_fail(error, PK_USAGE, "%s is of class %zu, but the package gives scores of %zu",
                   example.name, label, e->classes);
  }
  if (!pk_data_reader_fill(j->reader, options->part, index, 0, j->inputs, error)) return false;
  for (size_t i = 0; i < j->chain.whole.manifest.input_count; i++) {
    const size_t bytes = pk_chain_input_bytes(&j->chain, i);
    memcpy(pk_chain_input(&j->chain, i), from, bytes);
    from += bytes;
  }
  if (!pk_chain_run(&j->chain, error)) return false;
  e->result->answers[index] = read_answer(j, label);
  return true;
}

static bool answer_share(void *user, size_t worker, pk_error *error) {
  const evaluating *e = user;
  judge *j = calloc(1, sizeof *j);
  if (!j) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to run the package");
  bool ok = open_judge(j, e->options, error);
  for (size_t i = worker; ok && i < e->result->count; i += PK_WORKERS) {
    ok = answer_example(j, e, i, error);
    if (worker == 0 && e->options->progress) {
      e->options->progress(e->options->user, "judging", i + 1, e->result->count);
    }
  }
  close_judge(j);
  free(j);
  return ok;
}

static bool count_classes(evaluating *e, pk_error *error) {
  pk_loaded_package head = {0};
  const char *folder = e->options->folder;
  bool ok = pk_package_load_head(&head, folder, error);
  if (ok && !pk_has_class_scores(&head.manifest)) {
    ok = pk_fail(error, PK_USAGE, "%s gives tensors, not class scores: only classifiers are judged",
                 folder);
  }
  if (ok) {
    const pk_manifest_tensor *scores = &head.manifest.outputs[0];
    e->classes = (size_t)scores->dims[scores->rank - 1];
  }
  pk_package_unload(&head);
  return ok;
}

bool pk_evaluate(pk_evaluation *evaluation, const pk_evaluate_options *options, pk_error *error) {
  evaluating e = {.options = options, .result = evaluation};
  *evaluation = (pk_evaluation){.count = pk_data_set_count(options->set, options->part)};
  if (evaluation->count == 0) {
    return pk_fail(error, PK_USAGE, "the data has no examples in the part to be judged");
  }
  bool ok = count_classes(&e, error) && pk_judgement_init(&evaluation->judgement, e.classes, error);
  evaluation->answers = ok ? calloc(evaluation->count, sizeof *evaluation->answers) : NULL;
  if (ok && !evaluation->answers) {
    ok = pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu answers", evaluation->count);
  }
  ok = ok && pk_workers_run(answer_share, &e, error);
  for (size_t i = 0; ok && i < evaluation->count; i++) {
    pk_judgement_add(&evaluation->judgement, evaluation->answers[i].label,
                     evaluation->answers[i].answer);
  }
  if (!ok) pk_evaluation_deinit(evaluation);
  return ok;
}

void pk_evaluation_deinit(pk_evaluation *evaluation) {
  pk_judgement_deinit(&evaluation->judgement);
  free(evaluation->answers);
  *evaluation = (pk_evaluation){0};
}

const char *pk_example_name(const pk_data_set *set, pk_data_part part, size_t index) {
  const char *name = pk_data_set_example(set, part, index).name;
  return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}
