#include "manifest_file.h"

#include <stdlib.h>
#include <string.h>

bool pk_manifest_is_plain_name(const char *name) {
  const size_t length = strlen(name);
  return length > 0 && length < PK_FILE_NAME_BYTES && name[0] != '.' &&
         strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             length;
}

bool pk_manifest_read_file(pk_manifest_file *file, const pk_field_reader *r, const json_t *object,
                           const char *where, int64_t max_bytes) {
  int64_t bytes;
  const char *name = json_string_value(json_object_get(object, "file"));
  const char *sha256 = json_string_value(json_object_get(object, "sha256"));
  const json_t *encodings = json_object_get(object, "encodings");
  if (!json_is_object(object)) return pk_field_bad(r, where, "", "an object");
  if (!name || !pk_manifest_is_plain_name(name))
    return pk_field_bad(r, where, "file", "a plain file name");
  if (!sha256 || strlen(sha256) != PK_SHA256_HEX_BYTES - 1 ||
      strspn(sha256, "0123456789abcdef") != PK_SHA256_HEX_BYTES - 1) {
    return pk_field_bad(r, where, "sha256", "64 hexadecimal digits in lower case");
  }
  if (!pk_field_integer(&bytes, r, object, where, "bytes", 0, max_bytes)) return false;
  snprintf(file->file, sizeof file->file, "%s", name);
  snprintf(file->sha256, sizeof file->sha256, "%s", sha256);
  file->bytes = (uint64_t)bytes;
  if (!encodings) return true;
  if (!json_is_object(encodings)) return pk_field_bad(r, where, "encodings", "an object");
  if (json_object_get(encodings, "br")) {
    if (!pk_field_integer(&bytes, r, encodings, where, "br", 1, INT64_MAX)) return false;
    file->br_bytes = (uint64_t)bytes;
  }
  if (json_object_get(encodings, "gzip")) {
    if (!pk_field_integer(&bytes, r, encodings, where, "gzip", 1, INT64_MAX)) return false;
    file->gzip_bytes = (uint64_t)bytes;
  }
  return true;
}

json_t *pk_manifest_file_json(const pk_manifest_file *file) {
  json_t *encodings = json_object();
  if (file->br_bytes > 0)
    json_object_set_new(encodings, "br", json_integer((json_int_t)file->br_bytes));
  if (file->gzip_bytes > 0) {
    json_object_set_new(encodings, "gzip", json_integer((json_int_t)file->gzip_bytes));
  }
  return json_pack("{s:s, s:I, s:s, s:o}", "file", file->file, "bytes", (json_int_t)file->bytes,
                   "sha256", file->sha256, "encodings", encodings);
}

static bool read_source(pk_manifest_source *source, const pk_manifest *manifest, int64_t part,
                        const pk_field_reader *r, const json_t *object, const char *where) {
  int64_t from = PK_SOURCE_INPUT, index;
  const bool is_input = json_object_get(object, "input") != NULL;
  const int64_t last_input = (int64_t)manifest->input_count - 1;
  if (!json_is_object(object)) return pk_field_bad(r, where, "", "an object");
  if (!is_input && part == 0) return pk_field_bad(r, where, "input", "the number of an input");
  if (!is_input && !pk_field_integer(&from, r, object, where, "part", 0, part - 1)) return false;
  if (!pk_field_integer(&index, r, object, where, is_input ? "input" : "output", 0,
                        is_input ? last_input : UINT8_MAX - 1)) {
    return false;
  }
  *source = (pk_manifest_source){(int32_t)from, (int32_t)index};
  return true;
}

// A list of sources as the part `part` may have them.
static bool read_sources(pk_manifest_source **sources, size_t *count, const pk_manifest *manifest,
                         int64_t part, const pk_field_reader *r, const json_t *array,
                         const char *list) {
  char where[96];
  if (!json_is_array(array) || json_array_size(array) == 0 || json_array_size(array) > UINT8_MAX) {
    return pk_field_bad(r, list, "", "a list of 1 to 255 sources");
  }
  *sources = calloc(json_array_size(array), sizeof **sources);
  if (!*sources) return pk_fail(r->error, PK_OUT_OF_MEMORY, "%s: no memory", r->source);
  *count = json_array_size(array);
  for (size_t i = 0; i < *count; i++) {
    snprintf(where, sizeof where, "%s[%zu]", list, i);
    if (!read_source(&(*sources)[i], manifest, part, r, json_array_get(array, i), where)) {
      return false;
    }
  }
  return true;
}

static bool read_part(pk_manifest *manifest, size_t number, const pk_field_reader *r,
                      const json_t *object) {
  char where[64], list[80];
  pk_manifest_part *part = &manifest->parts[number];
  const char *folder = json_string_value(json_object_get(object, "folder"));
  snprintf(where, sizeof where, "parts[%zu]", number);
  snprintf(list, sizeof list, "%s.inputs", where);
  if (!folder || !pk_manifest_is_plain_name(folder)) {
    return pk_field_bad(r, where, "folder", "a plain name");
  }
  snprintf(part->folder, sizeof part->folder, "%s", folder);
  snprintf(where, sizeof where, "parts[%zu].manifest", number);
  return pk_manifest_read_file(&part->manifest, r, json_object_get(object, "manifest"), where,
                               PK_MAX_MANIFEST_BYTES) &&
         read_sources(&part->inputs, &part->input_count, manifest, (int64_t)number, r,
                      json_object_get(object, "inputs"), list);
}

bool pk_manifest_read_parts(pk_manifest *manifest, const pk_field_reader *r, const json_t *root) {
  const json_t *parts = json_object_get(root, "parts");
  size_t results = 0;
  if (!json_is_array(parts) || json_array_size(parts) < 2 ||
      json_array_size(parts) > PK_MAX_PARTS) {
    return pk_field_bad(r, "", "parts", "a list of 2 to 64 parts");
  }
  manifest->parts = calloc(json_array_size(parts), sizeof *manifest->parts);
  if (!manifest->parts) return pk_fail(r->error, PK_OUT_OF_MEMORY, "%s: no memory", r->source);
  manifest->part_count = json_array_size(parts);
  for (size_t i = 0; i < manifest->part_count; i++) {
    if (!read_part(manifest, i, r, json_array_get(parts, i))) return false;
  }
  if (!read_sources(&manifest->results, &results, manifest, (int64_t)manifest->part_count, r,
                    json_object_get(root, "results"), "results")) {
    return false;
  }
  return results == manifest->output_count ||
         pk_field_bad(r, "", "results", "as long as the list of outputs");
}

static json_t *sources_json(const pk_manifest_source *sources, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) {
    const pk_manifest_source *s = &sources[i];
    json_array_append_new(array,
                          s->part == PK_SOURCE_INPUT
                              ? json_pack("{s:i}", "input", s->index)
                              : json_pack("{s:i, s:i}", "part", s->part, "output", s->index));
  }
  return array;
}

void pk_manifest_write_parts(json_t *root, const pk_manifest *manifest) {
  json_t *parts = json_array();
  for (size_t i = 0; i < manifest->part_count; i++) {
    const pk_manifest_part *part = &manifest->parts[i];
    json_array_append_new(parts, json_pack("{s:s, s:o, s:o}", "folder", part->folder, "manifest",
                                           pk_manifest_file_json(&part->manifest), "inputs",
                                           sources_json(part->inputs, part->input_count)));
  }
  json_object_set_new(root, "parts", parts);
  json_object_set_new(root, "results", sources_json(manifest->results, manifest->output_count));
}
