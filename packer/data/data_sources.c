// One source of the description: first its examples are listed, then capped and split, and then
// what is kept of its files is read.
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../package/manifest_fields.h"
#include "class_names.h"
#include "data_load.h"
#include "data_random.h"
#include "data_split.h"
#include "data_store.h"
#include "file_order.h"
#include "npy_file.h"
#include "text_lines.h"

enum { WHERE_BYTES = 48 };

typedef struct source_fields {
  uint32_t side, is_inverted, count, limit, repeat, generator, classes;
  float seconds;
} source_fields;

typedef struct source_reader {
  pk_data_set *set;
  const json_t *json;
  char where[WHERE_BYTES];
  size_t number, first;  // first: its first item
  source_fields fields;
  pk_split split;
  pk_class_names names;
  pk_error *error;
} source_reader;

static const char *const generator_names[] = {"noise", "pieces", NULL};
static const char *const classes_names[] = {"folders", NULL};

static const pk_field_rule source_rules[] = {
    {"side", PK_FIELD_INTEGER, false, offsetof(source_fields, side), 1, PK_MAX_GREY_SIDE, NULL},
    {"invert", PK_FIELD_BOOLEAN, false, offsetof(source_fields, is_inverted), 0, 1, NULL},
    {"count", PK_FIELD_INTEGER, false, offsetof(source_fields, count), 1, 1000000, NULL},
    {"limit", PK_FIELD_INTEGER, false, offsetof(source_fields, limit), 1, 100000000, NULL},
    {"repeat", PK_FIELD_INTEGER, false, offsetof(source_fields, repeat), 1, 1000, NULL},
    {"generate", PK_FIELD_NAME, false, offsetof(source_fields, generator), 0, 0, generator_names},
    {"classes", PK_FIELD_NAME, false, offsetof(source_fields, classes), 0, 0, classes_names},
    {"seconds", PK_FIELD_NUMBER, false, offsetof(source_fields, seconds), 0.1, 3600, NULL},
};
enum { SOURCE_RULES = sizeof source_rules / sizeof *source_rules };
static const char *const other_fields[] = {"folder", "file",   "class", "text", "label",  "map",
                                           "one",    "ignore", "empty", "list", "groups", "rest",
                                           "of",     "part",   "split", NULL};

static const char *const picture_endings[] = {".jpg", ".jpeg", ".png", ".bmp", NULL};
static const char *const sound_endings[] = {".wav", NULL};

static bool bad(const source_reader *s, const char *field, const char *expected) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, s->error};
  return pk_field_bad(&r, s->where, field, expected);
}

static bool has(const source_reader *s, const char *field) {
  return json_object_get(s->json, field) != NULL;
}

static bool no_memory(const source_reader *s) {
  return pk_fail(s->error, PK_OUT_OF_MEMORY, "data: %s: no memory for its examples", s->where);
}

// Different names of one file are one file.
static uint64_t identity_of(const char *path) {
  char *real = realpath(path, NULL);
  const char *name = real ? real : path;
  const uint64_t identity = pk_hash_bytes(name, strlen(name));
  free(real);
  return identity;
}

// --- folders ---

static bool add_file(source_reader *s, const char *folder, const char *name, int32_t label) {
  const bool has_number = strpbrk(name, "0123456789") != NULL;
  pk_data_item *item = pk_data_add(s->set, s->error);
  if (!item) return false;
  item->label = label;
  item->run = s->set->run_count;
  item->group = pk_hash_bytes(name, strlen(name));
  item->name = pk_path_join(folder, name, s->error);
  char *path = item->name ? pk_data_path(s->set, item->name, s->error) : NULL;
  if (path) item->identity = identity_of(path);
  if (path && !has_number && !s->split.is_fixed && s->split.by == PK_SPLIT_NUMBER) {
    free(path);
    return pk_fail(s->error, PK_USAGE,
                   "data: %s: %s has no number in its name to split by; split by hash or order",
                   s->where, item->name);
  }
  free(path);
  return path != NULL;
}

static bool add_files(source_reader *s, const char *folder, int32_t label) {
  pk_file_names files = {0};
  char *path = pk_data_path(s->set, folder, s->error);
  bool ok = path && pk_file_names_read(
                        &files, path,
                        s->set->kind == PK_DATA_SOUNDS ? sound_endings : picture_endings, s->error);
  for (size_t i = 0; ok && i < files.count; i++) ok = add_file(s, folder, files.names[i], label);
  s->set->run_count++;
  pk_file_names_free(&files);
  free(path);
  return ok;
}

static bool add_class_folders(source_reader *s, const char *folder) {
  pk_file_names folders = {0};
  char *path = pk_data_path(s->set, folder, s->error);
  bool ok = path && pk_file_names_read(&folders, path, NULL, s->error);
  for (size_t i = 0; ok && i < folders.count; i++) {
    const int32_t label = pk_class_of_name(&s->names, folders.names[i]);
    char *inner = pk_path_join(folder, folders.names[i], s->error);
    if (label < 0 && !s->names.drops_unknown) {
      ok = pk_class_fail(s->set, inner ? inner : folder, folders.names[i], s->error);
    } else if (label >= 0) {
      ok = inner && add_files(s, inner, label);
    }
    free(inner);
  }
  pk_file_names_free(&folders);
  free(path);
  return ok;
}

static bool list_folder(source_reader *s) {
  const json_t *folder = json_object_get(s->json, "folder");
  int32_t label;
  if (s->set->kind == PK_DATA_TEXTS) return bad(s, "folder", "left out: texts come from a `file`");
  if (!json_is_string(folder)) return bad(s, "folder", "the path of a folder");
  if (has(s, "classes") == has(s, "class")) {
    return bad(s, "class", "a class for all files, or `classes` \"folders\"");
  }
  if (has(s, "classes")) return add_class_folders(s, json_string_value(folder));
  return pk_class_field(&label, s->set, s->json, "class", true, s->where, s->error) &&
         add_files(s, json_string_value(folder), label);
}

// --- files of many examples ---

static bool add_row(source_reader *s, const pk_grey_pictures *pictures, size_t row, int32_t label,
                    const char *file, uint64_t identity) {
  const size_t size = (size_t)pictures->width * pictures->height;
  const size_t name_bytes = strlen(file) + 24;
  const uint8_t *pixels = pictures->pixels + row * size;
  pk_data_item *item = pk_data_add(s->set, s->error);
  if (!item) return false;
  item->label = label;
  item->run = s->set->run_count;
  item->identity = pk_random_mix(identity + row);
  item->group = pk_hash_bytes(pixels, size);
  item->width = pictures->width;
  item->height = pictures->height;
  item->channels = 1;
  item->name = malloc(name_bytes);
  item->content = malloc(size);
  if (!item->name || !item->content) return no_memory(s);
  snprintf(item->name, name_bytes, "%s:%zu", file, row + 1);
  uint8_t *kept = item->content;
  const uint8_t flip = s->fields.is_inverted ? 255 : 0;
  for (size_t i = 0; i < size; i++) kept[i] = pixels[i] ^ flip;
  return true;
}

static bool list_pictures(source_reader *s, const char *file, const char *path) {
  pk_grey_pictures pictures = {0};
  int32_t label;
  bool ok = pk_class_field(&label, s->set, s->json, "class", true, s->where, s->error) &&
            pk_grey_pictures_read(&pictures, path, s->fields.side, s->error);
  const uint64_t identity = identity_of(path);
  for (size_t i = 0; ok && i < pictures.count; i++) {
    ok = add_row(s, &pictures, i, label, file, identity);
  }
  s->set->run_count++;
  pk_grey_pictures_free(&pictures);
  return ok;
}

static bool list_texts(source_reader *s, const char *file, const char *path) {
  const json_t *text = json_object_get(s->json, "text"), *label = json_object_get(s->json, "label");
  const json_t *list = json_object_get(s->json, "list");
  pk_text_lines lines = {.path = path,
                         .name = file,
                         .identity = identity_of(path),
                         .list = json_string_value(list),
                         .text_field = text ? json_string_value(text) : "text",
                         .label_field = label ? json_string_value(label) : "label",
                         .group_field = s->split.field,
                         .names = &s->names};
  if (!lines.text_field) return bad(s, "text", "the name of a JSON field");
  if (!lines.label_field) return bad(s, "label", "the name of a JSON field");
  if (list && !lines.list) return bad(s, "list", "the name of a list in the file's object");
  if (lines.list) lines.identity ^= pk_hash_bytes(lines.list, strlen(lines.list));
  return pk_text_lines_read(s->set, &lines, s->error);
}

static bool list_file(source_reader *s) {
  const char *file = json_string_value(json_object_get(s->json, "file"));
  if (!file) return bad(s, "file", "the path of a file");
  if (s->set->kind == PK_DATA_SOUNDS)
    return bad(s, "file", "left out: sounds come from a `folder`");
  char *path = pk_data_path(s->set, file, s->error);
  const bool ok = path && (s->set->kind == PK_DATA_TEXTS ? list_texts(s, file, path)
                                                         : list_pictures(s, file, path));
  free(path);
  return ok;
}

// --- generated examples ---

static bool read_pool(source_reader *s, int32_t own_class) {
  const json_t *of = json_object_get(s->json, "of");
  pk_data_pool *pools = realloc(s->set->pools, (s->set->pool_count + 1) * sizeof *pools);
  if (!pools) return no_memory(s);
  s->set->pools = pools;
  pk_data_pool *pool = &pools[s->set->pool_count++];
  *pool = (pk_data_pool){.classes = calloc(s->set->label_count + 1, sizeof *pool->classes)};
  if (!pool->classes) return no_memory(s);
  const bool is_all = !of || (json_is_string(of) && strcmp(json_string_value(of), "*") == 0);
  if (is_all) {
    for (size_t i = 0; i < s->set->label_count; i++) pool->classes[i] = (int32_t)i != own_class;
    return true;
  }
  if (json_array_size(of) == 0) return bad(s, "of", "\"*\" or a list of classes");
  for (size_t i = 0; i < json_array_size(of); i++) {
    const char *name = json_string_value(json_array_get(of, i));
    const int32_t label = name ? pk_label_find(s->set, name) : -1;
    if (!name) return bad(s, "of", "\"*\" or a list of classes");
    if (label < 0) return pk_class_fail(s->set, s->where, name, s->error);
    pool->classes[label] = true;
  }
  return true;
}

static bool list_generated(source_reader *s) {
  const bool is_pieces = s->fields.generator == 1;
  int32_t label;
  if (s->set->kind == PK_DATA_TEXTS) return bad(s, "generate", "left out: texts are not generated");
  if (s->fields.count == 0) return bad(s, "count", "the number of examples to generate");
  if (!pk_class_field(&label, s->set, s->json, "class", true, s->where, s->error) ||
      (is_pieces && !read_pool(s, label))) {
    return false;
  }
  for (uint32_t i = 0; i < s->fields.count; i++) {
    char name[96];
    pk_data_item *item = pk_data_add(s->set, s->error);
    if (!item) return false;
    snprintf(name, sizeof name, "%s %s %u", s->where, generator_names[s->fields.generator], i + 1);
    item->name = strdup(name);
    if (!item->name) return no_memory(s);
    item->label = label;
    item->origin = is_pieces ? PK_DATA_PIECES : PK_DATA_NOISE;
    item->run = s->set->run_count;
    item->number = pk_random_mix(((uint64_t)s->number << 32) + i + 1);
    item->group = item->number;
    if (is_pieces) item->pool = (uint32_t)(s->set->pool_count - 1);
  }
  s->set->run_count++;
  return true;
}

// --- the whole source ---

// Keeps `limit` evenly spaced ones of the listed items.
static void cap(source_reader *s) {
  pk_data_set *set = s->set;
  const size_t listed = set->item_count - s->first, limit = s->fields.limit;
  size_t kept = 0;
  if (limit == 0 || listed <= limit) return;
  for (size_t i = 0; i < listed; i++) {
    pk_data_item *item = &set->items[s->first + i];
    if (kept < limit && i == kept * listed / limit) {
      pk_data_item moved = *item;
      *item = (pk_data_item){0};
      set->items[s->first + kept++] = moved;
    } else {
      pk_data_item_free(item);
    }
  }
  set->item_count = s->first + kept;
}

static bool check_split(const source_reader *s) {
  const bool is_folder = has(s, "folder");
  const bool is_lines = s->set->kind == PK_DATA_TEXTS && !has(s, "list");
  if (s->split.is_fixed) return true;
  if (s->split.by == PK_SPLIT_NUMBER && !is_folder) {
    return bad(s, "split.by", "hash, order or group: only files of a `folder` have numbers");
  }
  return s->split.by != PK_SPLIT_GROUP || is_lines ||
         bad(s, "split.by", "number, hash or order: only JSON lines have fields to group by");
}

static bool read_source(source_reader *s) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, s->error};
  if (!pk_field_read_rules(&s->fields, source_rules, SOURCE_RULES, other_fields, &r, s->json,
                           s->where)) {
    return false;
  }
  if (has(s, "folder") + has(s, "file") + has(s, "generate") != 1) {
    return bad(s, "", "a `folder`, a `file` or what to `generate`");
  }
  if (!pk_split_read(&s->split, s->json, s->where, s->error) || !check_split(s) ||
      !pk_class_names_read(&s->names, s->set, s->json, s->where, s->error) ||
      !(has(s, "folder") ? list_folder(s)
        : has(s, "file") ? list_file(s)
                         : list_generated(s))) {
    return false;
  }
  if (s->set->item_count == s->first) return bad(s, "", "something with examples in it");
  cap(s);
  pk_split_apply(&s->split, s->set, s->first);
  if (has(s, "folder") && !pk_data_load(s->set, s->first, (double)s->fields.seconds, s->error)) {
    return false;
  }
  for (size_t i = s->first; i < s->set->item_count; i++) s->set->items[i].repeat = s->fields.repeat;
  return true;
}

bool pk_source_read(pk_data_set *set, const json_t *source, size_t number, pk_error *error) {
  source_reader s = {.set = set,
                     .json = source,
                     .number = number,
                     .first = set->item_count,
                     .fields = {.repeat = 1},
                     .error = error};
  snprintf(s.where, sizeof s.where, "sources[%zu]", number);
  const bool ok = read_source(&s);
  pk_class_names_free(&s.names);
  return ok;
}
