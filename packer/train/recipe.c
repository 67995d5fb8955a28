#include "recipe.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"

enum { MAX_RECIPE_BYTES = 4 << 20, MAX_LABELS = 4096 };

static const char *const optimizers[] = {"adamw", "sgd", NULL};

static const pk_field_rule rules[] = {
    {"epochs", PK_FIELD_INTEGER, true, offsetof(pk_training, epochs), 1, 100000, NULL},
    {"batch", PK_FIELD_INTEGER, false, offsetof(pk_training, batch), 2, 4096, NULL},
    {"seed", PK_FIELD_INTEGER, false, offsetof(pk_training, seed), 0, INT32_MAX, NULL},
    {"validateEvery", PK_FIELD_INTEGER, false, offsetof(pk_training, validate_every), 1, 100000,
     NULL},
    {"optimizer", PK_FIELD_NAME, false, offsetof(pk_training, optimizer), 0, 0, optimizers},
    {"rate", PK_FIELD_NUMBER, false, offsetof(pk_training, rate), 1e-8, 100, NULL},
    {"finalRate", PK_FIELD_NUMBER, false, offsetof(pk_training, final_rate), 0, 1, NULL},
    {"momentum", PK_FIELD_NUMBER, false, offsetof(pk_training, momentum), 0, 0.9999, NULL},
    {"beta2", PK_FIELD_NUMBER, false, offsetof(pk_training, beta2), 0, 0.99999, NULL},
    {"weightDecay", PK_FIELD_NUMBER, false, offsetof(pk_training, weight_decay), 0, 10, NULL},
    {"clip", PK_FIELD_NUMBER, false, offsetof(pk_training, clip), 0, 1e9, NULL},
    {"average", PK_FIELD_NUMBER, false, offsetof(pk_training, average), 0, 0.99999, NULL},
    {"warmup", PK_FIELD_NUMBER, false, offsetof(pk_training, warmup), 0, 1000, NULL},
    {"labelSmoothing", PK_FIELD_NUMBER, false, offsetof(pk_training, label_smoothing), 0, 0.9,
     NULL}};

static const pk_field_rule prune_rules[] = {
    {"share", PK_FIELD_NUMBER, true, offsetof(pk_gradual_prune, share), 0, 0.99, NULL},
    {"from", PK_FIELD_NUMBER, false, offsetof(pk_gradual_prune, from), 0, 1, NULL},
    {"to", PK_FIELD_NUMBER, false, offsetof(pk_gradual_prune, to), 0, 1, NULL}};

static const pk_field_rule channel_rules[] = {
    {"share", PK_FIELD_NUMBER, true, offsetof(pk_channel_prune, schedule.share), 0, 0.8, NULL},
    {"from", PK_FIELD_NUMBER, false, offsetof(pk_channel_prune, schedule.from), 0, 1, NULL},
    {"to", PK_FIELD_NUMBER, false, offsetof(pk_channel_prune, schedule.to), 0, 1, NULL},
    {"multiple", PK_FIELD_INTEGER, false, offsetof(pk_channel_prune, multiple), 1, 64, NULL}};

pk_field_reader pk_recipe_reader(const pk_recipe *recipe, pk_error *error) {
  return (pk_field_reader){recipe->source, "docs/TRAINING.md describes recipes", PK_USAGE, true,
                           error};
}

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the recipe");
}

static bool read_json(pk_recipe *recipe, pk_error *error) {
  pk_bytes text = {0};
  json_error_t cause;
  if (!pk_file_read(&text, recipe->source, MAX_RECIPE_BYTES, error)) return false;
  recipe->json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &cause);
  pk_bytes_free(&text);
  if (json_is_object(recipe->json)) return true;
  if (recipe->json) return pk_fail(error, PK_USAGE, "%s: must be an object", recipe->source);
  return pk_fail(error, PK_USAGE, "%s, line %d: %s", recipe->source, cause.line, cause.text);
}

static const char *text_of(const pk_recipe *recipe, const char *field, pk_error *error) {
  const pk_field_reader reader = pk_recipe_reader(recipe, error);
  const char *text = json_string_value(json_object_get(recipe->json, field));
  if (text && *text) return text;
  pk_field_bad(&reader, "", field, "a text that is not empty");
  return NULL;
}

// A path that starts from the recipe's folder, unless it is absolute.
static char *path_of(const pk_recipe *recipe, const char *path, pk_error *error) {
  if (!path) return NULL;
  if (*path == '/') {
    char *copy = strdup(path);
    if (!copy) no_memory(error);
    return copy;
  }
  return pk_path_join(recipe->folder, path, error);
}

static bool add_label(char **labels, size_t *count, const char *line, size_t length,
                      const char *file, pk_error *error) {
  if (length > 0 && line[length - 1] == '\r') length--;
  if (length == 0 || *count == MAX_LABELS) {
    return pk_fail(error, PK_USAGE, "%s: line %zu is empty or one too many; one class name a line",
                   file, *count + 1);
  }
  labels[*count] = strndup(line, length);
  if (!labels[*count]) return no_memory(error);
  (*count)++;
  return true;
}

static bool read_labels(char ***labels, size_t *count, pk_bytes *text, const char *file,
                        pk_error *error) {
  if (!pk_file_read(text, file, PK_MAX_LABELS_BYTES, error)) return false;
  *labels = calloc(MAX_LABELS, sizeof **labels);
  if (!*labels) return no_memory(error);
  bool ok = true;
  for (size_t at = 0; ok && at < text->size;) {
    const char *line = (const char *)text->data + at;
    const char *end = memchr(line, '\n', text->size - at);
    const size_t length = end ? (size_t)(end - line) : text->size - at;
    ok = add_label(*labels, count, line, length, file, error);
    at += length + 1;
  }
  if (ok && *count < 2) {
    ok = pk_fail(error, PK_USAGE, "%s: at least two class names are needed", file);
  }
  return ok;
}

// The data's description without what turns the files' own labels into classes.
static bool describe_fine_data(pk_recipe *recipe, pk_error *error) {
  static const char *const coarse[] = {"groups", "map", "rest", "ignore"};
  recipe->fine_data = json_deep_copy(json_object_get(recipe->json, "data"));
  if (!recipe->fine_data) return no_memory(error);
  const json_t *sources = json_object_get(recipe->fine_data, "sources");
  for (size_t i = 0; i < json_array_size(sources); i++) {
    for (size_t f = 0; f < sizeof coarse / sizeof *coarse; f++) {
      json_object_del(json_array_get(sources, i), coarse[f]);
    }
  }
  return true;
}

static bool read_fine_labels(pk_recipe *recipe, pk_error *error) {
  const char *name = json_string_value(json_object_get(recipe->json, "fineLabels"));
  pk_bytes text = {0};
  if (!name) return true;
  char *file = path_of(recipe, name, error);
  const bool ok = file &&
                  read_labels(&recipe->fine_labels, &recipe->fine_count, &text, file, error) &&
                  describe_fine_data(recipe, error);
  pk_bytes_free(&text);
  free(file);
  return ok;
}

static bool read_paths(pk_recipe *recipe, const char *data_root, pk_error *error) {
  const json_t *data = json_object_get(recipe->json, "data");
  const char *own_root = json_string_value(json_object_get(data, "root"));
  recipe->labels_file = path_of(recipe, text_of(recipe, "labels", error), error);
  if (!recipe->labels_file) return false;
  recipe->frontend_file = path_of(recipe, text_of(recipe, "frontend", error), error);
  if (!recipe->frontend_file) return false;
  recipe->data_root =
      data_root ? strdup(data_root) : path_of(recipe, own_root ? own_root : ".", error);
  return recipe->data_root || no_memory(error);
}

// Paths of sources that begin with "./" start from the recipe's folder, all others from the data's
// root: makes them absolute. Leaves in the description what data_set.h reads.
static bool resolve_sources(const pk_recipe *recipe, pk_error *error) {
  static const char *const fields[] = {"folder", "file"};
  char folder[PATH_MAX];
  if (!realpath(recipe->folder, folder)) {
    return pk_fail(error, PK_IO, "%s: this folder cannot be opened", recipe->folder);
  }
  json_t *data = json_object_get(recipe->json, "data");
  const json_t *sources = json_object_get(data, "sources");
  for (size_t i = 0; i < json_array_size(sources); i++) {
    json_t *source = json_array_get(sources, i);
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
      const char *path = json_string_value(json_object_get(source, fields[f]));
      if (!path || strncmp(path, "./", 2) != 0) continue;
      char *whole = pk_path_join(folder, path + 2, error);
      if (!whole) return false;
      json_object_set_new(source, fields[f], json_string(whole));
      free(whole);
    }
  }
  json_object_del(data, "root");  // known by now, and no part of the description
  return true;
}

static bool check_schedule(const pk_gradual_prune *schedule, const pk_field_reader *reader,
                           const char *where) {
  return schedule->from <= schedule->to ||
         pk_field_bad(reader, where, "from", "at most as large as \"to\"");
}

// Left out: nothing goes.
static bool read_pruning(pk_recipe *recipe, const json_t *training, const pk_field_reader *reader) {
  const json_t *weights = json_object_get(training, "prune");
  const json_t *channels = json_object_get(training, "pruneChannels");
  recipe->prune = (pk_gradual_prune){.from = 0.15f, .to = 0.7f};
  recipe->prune_channels =
      (pk_channel_prune){.schedule = {.from = 0.15f, .to = 0.6f}, .multiple = 1};
  return (!weights || (pk_field_read_rules(&recipe->prune, prune_rules,
                                           sizeof prune_rules / sizeof *prune_rules, NULL, reader,
                                           weights, "training.prune") &&
                       check_schedule(&recipe->prune, reader, "training.prune"))) &&
         (!channels ||
          (pk_field_read_rules(&recipe->prune_channels, channel_rules,
                               sizeof channel_rules / sizeof *channel_rules, NULL, reader, channels,
                               "training.pruneChannels") &&
           check_schedule(&recipe->prune_channels.schedule, reader, "training.pruneChannels")));
}

static bool read_training(pk_recipe *recipe, pk_error *error) {
  static const char *const also_known[] = {"prune", "pruneChannels", NULL};
  const pk_field_reader reader = pk_recipe_reader(recipe, error);
  recipe->training = (pk_training){.batch = 64,
                                   .seed = 1,
                                   .validate_every = 5,
                                   .rate = 0.003f,
                                   .final_rate = 0.01f,
                                   .momentum = 0.9f,
                                   .beta2 = 0.99f,
                                   .weight_decay = 0.02f,
                                   .clip = 5.0f,
                                   .average = 0.998f,
                                   .warmup = 1.0f};
  const json_t *training = json_object_get(recipe->json, "training");
  if (!pk_field_read_rules(&recipe->training, rules, sizeof rules / sizeof *rules, also_known,
                           &reader, training, "training") ||
      !read_pruning(recipe, training, &reader)) {
    return false;
  }
  return recipe->training.batch % 2 == 0 ||
         pk_field_bad(&reader, "training", "batch", "even: two threads share it");
}

static bool check_fields(const pk_recipe *recipe, pk_error *error) {
  static const char *const known[] = {
      "name", "labels",  "fineLabels",  "frontend", "network", "data",    "augment", "training",
      "pack", "licence", "attribution", "about",    "prepare", "distill", "search",  NULL};
  const pk_field_reader reader = pk_recipe_reader(recipe, error);
  return pk_field_read_rules(NULL, NULL, 0, known, &reader, recipe->json, "");
}

static bool name_folder(pk_recipe *recipe, const char *folder, pk_error *error) {
  *recipe = (pk_recipe){0};
  recipe->folder = strdup(folder);
  recipe->source = pk_path_join(folder, "model.json", error);
  return (recipe->folder && recipe->source) || no_memory(error);
}

static bool read_all(pk_recipe *recipe, const char *data_root, pk_error *error) {
  bool ok = check_fields(recipe, error);
  if (ok) recipe->name = text_of(recipe, "name", error);
  ok = ok && recipe->name && read_paths(recipe, data_root, error) &&
       read_labels(&recipe->labels, &recipe->label_count, &recipe->labels_text, recipe->labels_file,
                   error) &&
       read_training(recipe, error) && resolve_sources(recipe, error) &&
       read_fine_labels(recipe, error);
  if (!ok) pk_recipe_free(recipe);
  return ok;
}

bool pk_recipe_read(pk_recipe *recipe, const char *folder, const char *data_root, pk_error *error) {
  if (name_folder(recipe, folder, error) && read_json(recipe, error)) {
    return read_all(recipe, data_root, error);
  }
  pk_recipe_free(recipe);
  return false;
}

bool pk_recipe_take(pk_recipe *recipe, const json_t *json, const char *folder,
                    const char *data_root, pk_error *error) {
  const bool ok = name_folder(recipe, folder, error);
  if (ok) recipe->json = json_deep_copy(json);
  if (ok && recipe->json) return read_all(recipe, data_root, error);
  pk_recipe_free(recipe);
  return no_memory(error);
}

void pk_recipe_free(pk_recipe *recipe) {
  for (size_t i = 0; i < recipe->label_count; i++) free(recipe->labels[i]);
  free(recipe->labels);
  for (size_t i = 0; i < recipe->fine_count; i++) free(recipe->fine_labels[i]);
  free(recipe->fine_labels);
  json_decref(recipe->fine_data);
  free(recipe->folder);
  free(recipe->source);
  free(recipe->data_root);
  free(recipe->labels_file);
  free(recipe->frontend_file);
  pk_bytes_free(&recipe->labels_text);
  json_decref(recipe->json);
  *recipe = (pk_recipe){0};
}
