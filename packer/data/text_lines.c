#include "text_lines.h"

#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "data_random.h"

enum { PLACE_BYTES = 512 };

static bool add_text(pk_data_set *set, const pk_text_lines *lines, const json_t *text,
                     const json_t *label, const json_t *group, size_t row, pk_error *error) {
  char place[PLACE_BYTES];
  int32_t class_number;
  snprintf(place, sizeof place, "%s%s%s:%zu", lines->name, lines->list ? "#" : "",
           lines->list ? lines->list : "", row);
  if (!json_is_string(text) || json_string_length(text) > PK_MAX_TEXT_BYTES) {
    return pk_fail(error, PK_BAD_TEXT,
                   "%s: its text is missing or longer than %d bytes; correct it", place,
                   PK_MAX_TEXT_BYTES);
  }
  if (!pk_class_of_label(&class_number, lines->names, label, place, error)) return false;
  if (class_number == PK_CLASS_NONE) return true;
  const char *group_text = json_string_value(group ? group : text);
  if (!group_text) {
    return pk_fail(error, PK_BAD_TEXT, "%s: its \"%s\" is no string; correct it", place,
                   lines->group_field);
  }
  pk_data_item *item = pk_data_add(set, error);
  if (!item) return false;
  item->label = class_number;
  item->run = set->run_count;
  item->identity = pk_random_mix(lines->identity + row);
  item->group = pk_hash_bytes(group_text, strlen(group_text));
  item->count = json_string_length(text);
  item->name = strdup(place);
  item->content = malloc(item->count + 1);
  if (!item->name || !item->content) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its text", place);
  }
  memcpy(item->content, json_string_value(text), item->count + 1);
  return true;
}

static json_t *parse(const void *bytes, size_t size, const char *path, size_t line,
                     pk_error *error) {
  json_error_t problem;
  json_t *json = json_loadb(bytes, size, 0, &problem);
  if (!json && line > 0) {
    pk_fail(error, PK_BAD_TEXT, "%s:%zu: not JSON: %s; correct the line", path, line, problem.text);
  } else if (!json) {
    pk_fail(error, PK_BAD_TEXT, "%s: not JSON: line %d: %s; correct it", path, problem.line,
            problem.text);
  }
  return json;
}

static bool read_line(pk_data_set *set, const pk_text_lines *lines, const uint8_t *line,
                      size_t size, size_t number, pk_error *error) {
  json_t *json = parse(line, size, lines->path, number, error);
  bool ok = json != NULL;
  if (ok && !json_is_object(json)) {
    ok = pk_fail(error, PK_BAD_TEXT, "%s:%zu: no JSON object; correct the line", lines->path,
                 number);
  }
  const json_t *group = ok && lines->group_field ? json_object_get(json, lines->group_field) : NULL;
  if (ok && lines->group_field && !group) {
    ok = pk_fail(error, PK_BAD_TEXT, "%s:%zu: it has no \"%s\" to split by; add it", lines->path,
                 number, lines->group_field);
  }
  ok = ok && add_text(set, lines, json_object_get(json, lines->text_field),
                      json_object_get(json, lines->label_field), group, number, error);
  json_decref(json);
  return ok;
}

static bool read_lines(pk_data_set *set, const pk_text_lines *lines, const pk_bytes *file,
                       pk_error *error) {
  size_t number = 1;
  for (size_t at = 0; at < file->size; number++) {
    const uint8_t *line = file->data + at;
    const uint8_t *end = memchr(line, '\n', file->size - at);
    const size_t size = end ? (size_t)(end - line) : file->size - at;
    const bool is_blank = size == 0 || (size == 1 && line[0] == '\r');
    if (!is_blank && !read_line(set, lines, line, size, number, error)) return false;
    at += size + 1;
  }
  return true;
}

static bool read_list(pk_data_set *set, const pk_text_lines *lines, const pk_bytes *file,
                      pk_error *error) {
  json_t *root = parse(file->data, file->size, lines->path, 0, error);
  const json_t *list = json_object_get(root, lines->list);
  bool ok = root != NULL;
  if (ok && !json_is_array(list)) {
    ok = pk_fail(error, PK_BAD_TEXT,
                 "%s has no list \"%s\" of [text, label] pairs; name one that it has", lines->path,
                 lines->list);
  }
  for (size_t i = 0; ok && i < json_array_size(list); i++) {
    const json_t *pair = json_array_get(list, i);
    if (json_array_size(pair) == 2) {
      ok = add_text(set, lines, json_array_get(pair, 0), json_array_get(pair, 1), NULL, i + 1,
                    error);
    } else {
      ok = pk_fail(error, PK_BAD_TEXT, "%s#%s:%zu is no [text, label] pair; correct it",
                   lines->path, lines->list, i + 1);
    }
  }
  json_decref(root);
  return ok;
}

bool pk_text_lines_read(pk_data_set *set, const pk_text_lines *lines, pk_error *error) {
  pk_bytes file = {0};
  const bool ok =
      pk_file_read(&file, lines->path, PK_MAX_TEXT_FILE_BYTES, error) &&
      (lines->list ? read_list(set, lines, &file, error) : read_lines(set, lines, &file, error));
  pk_bytes_free(&file);
  set->run_count++;
  return ok;
}
