#include "train_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recipe_manifest.h"

static const size_t graph_limit_bytes = (size_t)1 << 30;

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the training");
}

// --- opening ---

// Data that are missing may have to be made first: the recipe says how.
static bool tell_preparation(const pk_recipe *recipe, pk_error *error) {
  const char *command = json_string_value(json_object_get(recipe->json, "prepare"));
  const size_t length = strlen(error->message);
  if (command && error->code == PK_IO) {
    snprintf(error->message + length, sizeof error->message - length,
             "; this recipe needs first: %s", command);
  }
  return false;
}

static bool open_data(pk_train_session *s, pk_error *error) {
  const pk_recipe *recipe = s->recipe;
  const pk_data_options options = {.description = json_object_get(recipe->json, "data"),
                                   .root = recipe->data_root,
                                   .labels = (const char *const *)recipe->labels,
                                   .label_count = recipe->label_count};
  const pk_data_options fine = {.description = recipe->fine_data,
                                .root = recipe->data_root,
                                .labels = (const char *const *)recipe->fine_labels,
                                .label_count = recipe->fine_count};
  if (!pk_data_set_open(&s->data, &options, error) ||
      (recipe->fine_data && !pk_data_set_open(&s->fine_data, &fine, error))) {
    return tell_preparation(recipe, error);
  }
  const size_t count = pk_data_set_count(pk_train_data(s), PK_DATA_TRAIN);
  s->batches = count / (size_t)recipe->training.batch;
  s->order = malloc((count + 1) * sizeof *s->order);
  if (s->batches == 0) {
    return pk_fail(error, PK_USAGE, "%s: %zu examples to train with are fewer than a batch of %d",
                   recipe->source, count, (int)recipe->training.batch);
  }
  return s->order || no_memory(error);
}

static bool build_network(pk_train_session *s, pk_error *error) {
  const pk_network_options build = {.network = json_object_get(s->recipe->json, "network"),
                                    .source = s->recipe->source,
                                    .batch = (int32_t)s->half};
  pk_graph *graph = &s->graph;
  if (!pk_network_build(graph, &s->notes, &build, error) ||
      !pk_parameters_init(&s->parameters, graph, s->notes, error) ||
      !pk_diff_net_init(&s->net, graph, error) || !pk_diff_net_init(&s->folded, graph, error)) {
    return false;
  }
  const pk_tensor *output = &graph->tensors[graph->outputs[0]];
  s->input_elements = s->net.elements[graph->inputs[0]] / s->half;
  s->classes = s->net.elements[graph->outputs[0]] / s->half;
  s->class_of = calloc(s->classes + 1, sizeof *s->class_of);
  if (!s->class_of) return no_memory(error);
  const size_t wanted = s->recipe->fine_data ? s->recipe->fine_count : s->recipe->label_count;
  const size_t known = pk_network_read_groups(s->class_of, s->classes, &build, error);
  if (known == 0) return false;
  if (output->rank == 2 && s->classes == wanted && known == s->recipe->label_count) return true;
  return pk_fail(error, PK_USAGE,
                 "%s: the network's last layer gives %s in %zu groups, but there are %zu names to "
                 "learn and %zu classes",
                 s->recipe->source, pk_tensor_shape_text(output).text, known, wanted,
                 s->recipe->label_count);
}

static bool open_worker(pk_train_session *s, pk_train_worker *w, pk_error *error) {
  const json_t *augment = json_object_get(s->recipe->json, "augment");
  w->inputs = malloc((s->half * s->input_elements + 1) * sizeof *w->inputs);
  w->labels = calloc(s->half + 1, sizeof *w->labels);
  w->lessons = malloc((s->half * s->classes + 1) * sizeof *w->lessons);
  if (!w->inputs || !w->labels || !w->lessons) return no_memory(error);
  if (!pk_diff_tape_init(&w->tape, &s->net, error) ||
      !pk_diff_tape_init(&w->folded_tape, &s->folded, error) ||
      !pk_batch_hooks_init(&w->hooks, &s->net, s->notes, &s->parameters, error) ||
      !pk_data_reader_open(&w->reader, pk_train_data(s), &s->manifest, augment, error) ||
      !pk_data_reader_open(&w->plain_reader, s->data, &s->manifest, NULL, error)) {
    return false;
  }
  w->tape.hooks = &w->hooks.hooks;
  w->hooks.values = s->optimizer.values;
  return true;
}

static bool open_teachers(pk_train_session *s, pk_error *error) {
  s->teachers = calloc(s->plan.count + 1, sizeof *s->teachers);
  bool ok = s->teachers || no_memory(error);
  for (size_t i = 0; ok && i < s->plan.count; i++) {
    ok = pk_teacher_open(&s->teachers[i], s->plan.files[i], s->half, s->input_elements, s->classes,
                         error);
  }
  const pk_field_reader reader = {s->recipe->source, "docs/TRAINING.md describes distillation",
                                  PK_USAGE, true, error};
  ok = ok && pk_feature_match_init(&s->features, s->plan.features, &s->graph, s->teachers,
                                   s->plan.count, &reader);
  s->loss = (pk_class_loss){.smoothing = s->recipe->training.label_smoothing,
                            .temperature = s->plan.count ? s->plan.temperature : 1.0f,
                            .teacher_share = s->plan.share};
  return ok;
}

static pk_optimizer_options optimizer_options(const pk_train_session *s) {
  const pk_training *t = &s->recipe->training;
  return (pk_optimizer_options){.kind = (pk_optimizer_kind)t->optimizer,
                                .rate = t->rate,
                                .final_rate = t->final_rate,
                                .momentum = t->momentum,
                                .beta2 = t->beta2,
                                .weight_decay = t->weight_decay,
                                .clip = t->clip,
                                .average = t->average,
                                .steps = s->batches * (size_t)t->epochs,
                                .warmup_steps = (size_t)(t->warmup * (float)s->batches)};
}

bool pk_train_session_init(pk_train_session *session, const pk_recipe *recipe,
                           const pk_lesson_plan *plan, pk_error *error) {
  pk_train_session *s = session;
  *s = (pk_train_session){.recipe = recipe,
                          .plan = *plan,
                          .half = (size_t)recipe->training.batch / 2,
                          .settled_step = SIZE_MAX};
  pk_graph_init(&s->graph, graph_limit_bytes);
  bool ok = build_network(s, error) && open_teachers(s, error) &&
            pk_recipe_describe(&s->manifest, recipe, error) && open_data(s, error);
  if (ok) {
    const pk_optimizer_options options = optimizer_options(s);
    ok = pk_optimizer_init(&s->optimizer, &options, &s->parameters, error);
  }
  if (ok && recipe->prune_channels.schedule.share > 0.0f) {
    ok = pk_gradual_channels_init(&s->channels, &s->parameters, &s->graph, error);
  }
  for (size_t i = 0; ok && i < PK_WORKERS; i++) ok = open_worker(s, &s->workers[i], error);
  s->gradient = calloc(s->parameters.total + 1, sizeof *s->gradient);
  s->statistics = calloc(s->parameters.statistics_total + 1, sizeof *s->statistics);
  s->masked = calloc(s->parameters.total + 1, sizeof *s->masked);
  if (ok && (!s->gradient || !s->statistics || !s->masked)) ok = no_memory(error);
  if (ok) {
    pk_parameters_start(s->optimizer.values, &s->parameters, &s->graph,
                        (uint64_t)recipe->training.seed);
  }
  return ok;
}

void pk_train_session_deinit(pk_train_session *session) {
  pk_train_session *s = session;
  for (size_t i = 0; i < PK_WORKERS; i++) {
    pk_train_worker *w = &s->workers[i];
    if (w->tape.net) pk_diff_tape_deinit(&w->tape);
    if (w->folded_tape.net) pk_diff_tape_deinit(&w->folded_tape);
    if (w->hooks.net) pk_batch_hooks_deinit(&w->hooks);
    pk_data_reader_close(w->reader);
    pk_data_reader_close(w->plain_reader);
    free(w->inputs);
    free(w->lessons);
    free(w->labels);
  }
  pk_feature_match_deinit(&s->features);
  for (size_t i = 0; s->teachers && i < s->plan.count; i++) pk_teacher_close(&s->teachers[i]);
  free(s->teachers);
  pk_optimizer_deinit(&s->optimizer);
  pk_gradual_channels_deinit(&s->channels);
  pk_diff_net_deinit(&s->net);
  pk_diff_net_deinit(&s->folded);
  pk_parameters_deinit(&s->parameters);
  pk_graph_deinit(&s->graph);
  pk_manifest_free(&s->manifest);
  pk_data_set_close(s->data);
  pk_data_set_close(s->fine_data);
  free(s->class_of);
  free(s->gradient);
  free(s->statistics);
  free(s->masked);
  free(s->order);
  *s = (pk_train_session){0};
}
