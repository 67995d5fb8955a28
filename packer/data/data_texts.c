// Texts with their classes: lines of JSON, and lists of [text, label] inside one JSON file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "data_items.h"

enum { MAX_FILE_BYTES = 512 << 20, MAX_TEXT_BYTES = 1 << 20 };

// How labels of the file become classes.
typedef struct label_rules {
  const json_t *map;     // label of the file → class name; NULL: they are class names
  const json_t *ignore;  // labels that do not count where others remain
  const char *empty;     // class of texts without labels; NULL: they are left out
  json_t *groups;        // class name → list of labels
  const char *rest;      // class of labels in no group
} label_rules;

static bool is_listed(const json_t *list, const char *text) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *entry = json_string_value(json_array_get(list, i));
    if (entry && strcmp(entry, text) == 0) return true;
  }
  return false;
}

// The class name of one label of the file; NULL: none.
static const char *class_name(const label_rules *rules, const char *label) {
  const char *group;
  json_t *labels;
  if (rules->groups) {
    json_object_foreach(rules->groups, group, labels) {
      if (is_listed(labels, label)) return group;
    }
    return rules->rest;
  }
  return rules->map ? json_string_value(json_object_get(rules->map, label)) : label;
}

// The class of a label or a list of them; -1: the text is left out; -2: error filled.
static int32_t find_class(const pk_data_set *set, const label_rules *rules, const json_t *label,
                          const char *where, pk_error *error) {
  const size_t count = json_is_array(label) ? json_array_size(label) : 1;
  const char *found = count == 0 ? rules->empty : NULL;
  size_t taken = 0;
  for (int pass = 0; pass < 2 && taken == 0; pass++) {
    // First without those that only count alone.
    for (size_t i = 0; i < count; i++) {
      const json_t *one = json_is_array(label) ? json_array_get(label, i) : label;
      const char *text = json_string_value(one);
      if (!text || (pass == 0 && is_listed(rules->ignore, text))) continue;
      const char *name = class_name(rules, text);
      if (!name || (found && strcmp(found, name) == 0)) continue;
      found = name;
      taken++;
    }
  }
  if (!found || taken > 1) return -1;
  const int32_t class = pk_data_class(set, found);
  if (class >= 0) return class;
  pk_fail(error, PK_USAGE, "%s: \"%s\" is none of the class names", where, found);
  return -2;
}

static uint64_t group_of(const json_t *value) {
  uint64_t hash = 0xcbf29ce484222325u;
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
  for (const char *p = text; p && *p; p++) hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
  free(text);
  return value ? hash | 1 : 0;
}

static bool add_text(pk_data_set *set, const label_rules *rules, const json_t *text,
                     const json_t *label, const json_t *group, const char *name, const char *where,
                     pk_error *error) {
  const char *value = json_string_value(text);
  if (!value || json_string_length(text) > MAX_TEXT_BYTES) {
    return pk_fail(error, PK_USAGE, "%s: there is no text, or one that is too long", name);
  }
  const int32_t class = find_class(set, rules, label, where, error);
  if (class == -1) return true;
  pk_data_item *item = class >= 0 ? pk_data_add(set, name, class, error) : NULL;
  if (!item) return false;
  item->text_bytes = json_string_length(text);
  item->text = malloc(item->text_bytes + 1);
  if (!item->text) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a text");
  memcpy(item->text, value, item->text_bytes + 1);
  item->group = group_of(group);
  return true;
}

static const char *text_field(const json_t *source, const char *field, const char *default_value) {
  const char *value = json_string_value(json_object_get(source, field));
  return value ? value : default_value;
}

static bool read_lines(pk_data_set *set, const label_rules *rules, const json_t *source,
                       const char *where, const char *path, const pk_bytes *bytes,
                       pk_error *error) {
  const char *text_name = text_field(source, "text", "text");
  const char *label_name = text_field(source, "label", "label");
  const char *field = json_string_value(json_object_get(json_object_get(source, "split"), "field"));
  size_t number = 0;
  bool ok = true;
  for (size_t at = 0; ok && at < bytes->size;) {
    const char *line = (const char *)bytes->data + at;
    const char *end = memchr(line, '\n', bytes->size - at);
    const size_t length = end ? (size_t)(end - line) : bytes->size - at;
    char name[512];
    json_error_t cause;
    at += length + 1;
    number++;
    if (length == 0 || (length == 1 && *line == '\r')) continue;
    snprintf(name, sizeof name, "%.480s:%zu", path, number);
    json_t *object = json_loadb(line, length, 0, &cause);
    ok = json_is_object(object) || pk_fail(error, PK_USAGE, "%s: no JSON object: %s", name,
                                           object ? "another value" : cause.text);
    ok = ok && add_text(set, rules, json_object_get(object, text_name),
                        json_object_get(object, label_name),
                        field ? json_object_get(object, field) : NULL, name, where, error);
    json_decref(object);
  }
  return ok;
}

static bool read_list(pk_data_set *set, const label_rules *rules, const json_t *root,
                      const char *list_name, const char *where, const char *path, pk_error *error) {
  const json_t *list = json_object_get(root, list_name);
  bool ok = json_is_array(list) ||
            pk_fail(error, PK_USAGE, "%s: there is no list \"%s\" in it", path, list_name);
  for (size_t i = 0; ok && i < json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i);
    char name[512];
    snprintf(name, sizeof name, "%.440s:%.32s:%zu", path, list_name, i);
    ok = add_text(set, rules, json_array_get(pair, 0), json_array_get(pair, 1), NULL, name, where,
                  error);
  }
  return ok;
}

static json_t *read_json(const char *path, pk_error *error) {
  pk_bytes bytes = {0};
  json_error_t cause;
  if (!pk_file_read(&bytes, path, MAX_FILE_BYTES, error)) return NULL;
  json_t *json = json_loadb((const char *)bytes.data, bytes.size, 0, &cause);
  if (!json) pk_fail(error, PK_USAGE, "%s, line %d: %s", path, cause.line, cause.text);
  pk_bytes_free(&bytes);
  return json;
}

static bool read_groups(label_rules *rules, const json_t *source, const char *root,
                        pk_error *error) {
  const char *groups = json_string_value(json_object_get(source, "groups"));
  if (!groups) return true;
  char *path = *groups == '/' ? strdup(groups) : pk_path_join(root, groups, error);
  rules->groups = path ? read_json(path, error) : NULL;
  free(path);
  return rules->groups != NULL;
}

bool pk_data_read_texts(pk_data_set *set, const json_t *source, const char *where, const char *path,
                        const char *root, pk_error *error) {
  const char *list = json_string_value(json_object_get(source, "list"));
  label_rules rules = {.map = json_object_get(source, "map"),
                       .ignore = json_object_get(source, "ignore"),
                       .empty = json_string_value(json_object_get(source, "empty")),
                       .rest = json_string_value(json_object_get(source, "rest"))};
  const size_t first = set->count;
  if (!read_groups(&rules, source, root, error)) return false;
  bool ok;
  if (list) {
    json_t *json = read_json(path, error);
    ok = json && read_list(set, &rules, json, list, where, path, error);
    json_decref(json);
  } else {
    pk_bytes bytes = {0};
    ok = pk_file_read(&bytes, path, MAX_FILE_BYTES, error) &&
         read_lines(set, &rules, source, where, path, &bytes, error);
    pk_bytes_free(&bytes);
  }
  if (ok && set->count == first) {
    ok = pk_fail(error, PK_USAGE, "%s: none of its texts has a class", path);
  }
  json_decref(rules.groups);
  return ok;
}
