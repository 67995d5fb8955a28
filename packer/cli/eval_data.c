#include "eval_data.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../package/file_io.h"
#include "cli_common.h"

enum { MAX_DESCRIPTION_BYTES = 16 << 20, MAX_TEXTS_BYTES = 512 << 20 };

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the data");
}

static bool has_ending(const char *path, const char *ending) {
  const size_t size = strlen(path), tail = strlen(ending);
  return size >= tail && strcmp(path + size - tail, ending) == 0;
}

static bool read_part(pk_eval_data *data, const char *name, pk_error *error) {
  size_t place = PK_DATA_TEST;
  const bool ok = !name || pk_parse_name(&place, name, "part", pk_data_part_names, error);
  data->part = (pk_data_part)place;
  return ok;
}

// --- labels ---

static bool split_labels(pk_eval_data *data, pk_error *error) {
  size_t lines = 0;
  for (const char *c = data->label_text; *c; c++) lines += *c == '\n';
  data->labels = calloc(lines + 2, sizeof *data->labels);
  if (!data->labels) return no_memory(error);
  char *rest = NULL;
  for (char *line = strtok_r(data->label_text, "\r\n", &rest); line;
       line = strtok_r(NULL, "\r\n", &rest)) {
    data->labels[data->label_count++] = line;
  }
  return true;
}

static bool read_labels_file(pk_eval_data *data, const char *path, pk_error *error) {
  pk_bytes bytes;
  if (!pk_file_read(&bytes, path, PK_MAX_LABELS_BYTES, error)) return false;
  data->label_text = strndup((const char *)bytes.data, bytes.size);
  pk_bytes_free(&bytes);
  return data->label_text ? split_labels(data, error) : no_memory(error);
}

// Labels that stand elsewhere: `count` of `labels`, or of the array of strings `list`.
static bool refer_to_labels(pk_eval_data *data, char *const *labels, const json_t *list,
                            size_t count, pk_error *error) {
  data->labels = calloc(count + 1, sizeof *data->labels);
  if (!data->labels) return no_memory(error);
  for (size_t i = 0; i < count; i++) {
    const char *name = list ? json_string_value(json_array_get(list, i)) : labels[i];
    if (!name) return pk_fail(error, PK_USAGE, "\"labels\" must be a list of class names");
    data->labels[data->label_count++] = name;
  }
  return true;
}

static bool find_labels(pk_eval_data *data, const pk_eval_data_options *options,
                        const pk_loaded_package *package, pk_error *error) {
  const json_t *list = json_object_get(data->file, "labels");
  const pk_recipe *recipe = &data->recipe;
  bool ok = options->labels_file ? read_labels_file(data, options->labels_file, error)
            : recipe->json ? refer_to_labels(data, recipe->labels, NULL, recipe->label_count, error)
            : list         ? refer_to_labels(data, NULL, list, json_array_size(list), error)
                   : refer_to_labels(data, package->labels, NULL, package->label_count, error);
  if (ok && data->label_count == 0) {
    ok = pk_fail(error, PK_USAGE,
                 "the package has no class names: give a file with one a line with --labels");
  }
  if (ok && data->label_count != options->classes) {
    ok = pk_fail(error, PK_USAGE, "there are %zu class names, but the package gives scores of %zu",
                 data->label_count, options->classes);
  }
  return ok;
}

// --- descriptions ---

static const char *format_of(const pk_manifest *manifest) {
  const pk_manifest_tensor *input = &manifest->inputs[0];
  return input->is_audio ? "sounds" : input->is_text ? "texts" : "pictures";
}

// The folder that a path is in, "." for none.
static char *folder_of(const char *path) {
  const size_t size = (size_t)(pk_path_base(path) - path);
  return size > 0 ? strndup(path, size) : strdup(".");
}

// The recipe of a model: its data, its labels.
static bool read_recipe(pk_eval_data *data, const char *path, const char *root, pk_error *error) {
  char *folder = folder_of(path);
  if (!folder) return no_memory(error);
  const bool ok = pk_recipe_take(&data->recipe, data->file, folder, root, error);
  free(folder);
  if (!ok) return false;
  data->description = json_incref(json_object_get(data->recipe.json, "data"));
  data->root = strdup(data->recipe.data_root);
  return data->root || no_memory(error);
}

// The folder that a description's paths start from, and the description without it.
static bool take_root(pk_eval_data *data, const char *path, const char *root, pk_error *error) {
  const char *own = json_string_value(json_object_get(data->description, "root"));
  if (root || (own && *own == '/')) {
    data->root = strdup(root ? root : own);
  } else if (own) {
    char *folder = folder_of(path);
    data->root = folder ? pk_path_join(folder, own, error) : NULL;
    free(folder);
  } else {
    data->root = folder_of(path);
  }
  json_object_del(data->description, "root");
  return data->root || no_memory(error);
}

static bool read_json(pk_eval_data *data, const char *path, const char *root, pk_error *error) {
  pk_bytes bytes;
  json_error_t cause;
  if (!pk_file_read(&bytes, path, MAX_DESCRIPTION_BYTES, error)) return false;
  data->file = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &cause);
  pk_bytes_free(&bytes);
  if (!data->file) {
    return pk_fail(error, PK_USAGE, "%s: line %d is no JSON: %s", path, cause.line, cause.text);
  }
  if (json_object_get(data->file, "network")) return read_recipe(data, path, root, error);
  json_t *inner = json_object_get(data->file, "data");
  data->description = json_incref(inner ? inner : data->file);
  return take_root(data, path, root, error);
}

static bool describe(pk_eval_data *data, const pk_eval_data_options *options,
                     const pk_manifest *manifest, pk_error *error) {
  const char *path = options->data, *part = pk_data_part_names[data->part];
  struct stat status;
  if (stat(path, &status) != 0) {
    return pk_fail(error, PK_IO, "--data %s: there is no such file or folder", path);
  }
  if (S_ISDIR(status.st_mode)) {
    data->root = strdup(path);
    data->description = json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "format", format_of(manifest),
                                  "sources", "folder", ".", "classes", "folders", "part", part);
  } else if (has_ending(path, ".jsonl")) {
    data->root = folder_of(path);
    data->description =
        json_pack("{s:s, s:[{s:s, s:s, s:s, s:s}]}", "format", "texts", "sources", "file",
                  pk_path_base(path), "text", "text", "label", "label", "part", part);
  } else {
    return read_json(data, path, options->root, error);
  }
  return (data->root && data->description) || no_memory(error);
}

bool pk_eval_data_open(pk_eval_data *data, const pk_eval_data_options *options,
                       const pk_loaded_package *package, pk_error *error) {
  *data = (pk_eval_data){0};
  bool ok = read_part(data, options->part, error) &&
            describe(data, options, &package->manifest, error) &&
            find_labels(data, options, package, error);
  if (ok) {
    const pk_data_options set_options = {.description = data->description,
                                         .root = data->root,
                                         .labels = data->labels,
                                         .label_count = data->label_count};
    ok = pk_data_set_open(&data->set, &set_options, error);
  }
  const size_t room = strlen(options->data) + 32;
  data->title = ok ? malloc(room) : NULL;
  if (ok && !data->title) ok = no_memory(error);
  if (ok) snprintf(data->title, room, "%s, %s part", options->data, pk_data_part_names[data->part]);
  if (!ok) pk_eval_data_close(data);
  return ok;
}

void pk_eval_data_close(pk_eval_data *data) {
  pk_data_set_close(data->set);
  json_decref(data->description);
  json_decref(data->file);
  pk_recipe_free(&data->recipe);
  pk_bytes_free(&data->texts);
  free(data->texts_path);
  free(data->title);
  free(data->root);
  free(data->labels);
  free(data->label_text);
  *data = (pk_eval_data){0};
}

// --- texts ---

// Makes data->texts those of the file; the last one is kept.
static bool load_texts(pk_eval_data *data, const char *name) {
  pk_error error = {0};
  char *path = pk_path_join(data->root, name, &error);
  if (path && data->texts_path && strcmp(path, data->texts_path) == 0) {
    free(path);
    return true;
  }
  pk_bytes_free(&data->texts);
  free(data->texts_path);
  data->texts_path = path;
  return path && pk_file_read(&data->texts, path, MAX_TEXTS_BYTES, &error);
}

// Line `number`, counted from 1, or NULL.
static const char *find_line(const pk_bytes *texts, size_t number, size_t *size) {
  const char *at = (const char *)texts->data, *end = at + texts->size;
  for (size_t i = 1; at && i < number; i++) {
    at = memchr(at, '\n', (size_t)(end - at));
    if (at) at++;
  }
  if (!at || at >= end || number == 0) return NULL;
  const char *stop = memchr(at, '\n', (size_t)(end - at));
  *size = (size_t)((stop ? stop : end) - at);
  return at;
}

// The field that holds the text, as the first source that names one says.
static const char *text_field(const json_t *description) {
  const json_t *sources = json_object_get(description, "sources");
  const char *name = NULL;
  for (size_t i = 0; !name && i < json_array_size(sources); i++) {
    name = json_string_value(json_object_get(json_array_get(sources, i), "text"));
  }
  return name ? name : "text";
}

bool pk_eval_data_text(void *user, size_t index, pk_bytes *text) {
  pk_eval_data *data = user;
  const char *name = pk_data_set_example(data->set, data->part, index).name;
  const char *colon = strrchr(name, ':');
  size_t size = 0;
  char *end;
  if (!colon) return false;
  const unsigned long line = strtoul(colon + 1, &end, 10);
  char *file = *end == '\0' ? strndup(name, (size_t)(colon - name)) : NULL;
  const bool is_loaded = file && has_ending(file, ".jsonl") && load_texts(data, file);
  free(file);
  const char *at = is_loaded ? find_line(&data->texts, line, &size) : NULL;
  json_t *object = at ? json_loadb(at, size, 0, NULL) : NULL;
  const char *value = json_string_value(json_object_get(object, text_field(data->description)));
  if (value) pk_bytes_append(text, value, strlen(value));
  const bool ok = value != NULL;
  json_decref(object);
  return ok;
}
