#include "onnx_external_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *entry(const Onnx__TensorProto *source, const char *key) {
  for (size_t i = 0; i < source->n_external_data; i++) {
    const Onnx__StringStringEntryProto *row = source->external_data[i];
    if (row->key && row->value && strcmp(row->key, key) == 0) return row->value;
  }
  return NULL;
}

static bool parse_number(const char *text, uint64_t *value) {
  char *end;
  errno = 0;
  if (text[0] < '0' || text[0] > '9') return false;
  *value = strtoull(text, &end, 10);
  return errno == 0 && *end == '\0' && *value <= INT64_MAX;
}

// A model must not read files outside its folder: no absolute paths, no "..", no drive letters.
static bool is_inside(const char *path) {
  if (path[0] == '\0' || path[0] == '/' || strpbrk(path, "\\:")) return false;
  for (const char *part = path; part; part = strchr(part, '/')) {
    if (*part == '/') part++;
    if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
  }
  return true;
}

static bool read_range(uint8_t *data, const char *path, uint64_t offset, size_t size_bytes) {
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  const bool ok =
      fseek(file, (long)offset, SEEK_SET) == 0 && fread(data, 1, size_bytes, file) == size_bytes;
  fclose(file);
  return ok;
}

bool pk_onnx_external_data(const uint8_t **data, size_t *size_bytes, pk_arena *arena,
                           const Onnx__TensorProto *source, const char *name, size_t expected_bytes,
                           const char *folder, pk_error *error) {
  const char *location = entry(source, "location"), *offset_text = entry(source, "offset"),
             *length_text = entry(source, "length");
  uint64_t offset = 0, length = expected_bytes;
  if (!location || !is_inside(location)) {
    return pk_fail(error, PK_BAD_MODEL,
                   "constant \"%s\" stands in another file, but its location is not a path inside "
                   "the model's folder",
                   name);
  }
  if ((offset_text && !parse_number(offset_text, &offset)) ||
      (length_text && !parse_number(length_text, &length)) || length != expected_bytes) {
    return pk_fail(
        error, PK_BAD_MODEL,
        "constant \"%s\" stands in \"%.100s\" with an offset or length that does not fit "
        "its shape (%zu bytes)",
        name, location, expected_bytes);
  }
  if (!folder) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "constant \"%s\" stands in another file (\"%.100s\"), and the model's folder is "
                   "not known",
                   name, location);
  }
  const char *path = pk_arena_text(arena, error, "%s/%s", folder, location);
  uint8_t *bytes = path ? pk_arena_alloc(arena, expected_bytes, 1, error) : NULL;
  if (!bytes) return false;
  if (!read_range(bytes, path, offset, expected_bytes)) {
    return pk_fail(error, PK_IO,
                   "constant \"%s\": cannot read %zu bytes at %llu of \"%.200s\"; the file belongs "
                   "beside the model",
                   name, expected_bytes, (unsigned long long)offset, path);
  }
  *data = bytes;
  *size_bytes = expected_bytes;
  return true;
}

typedef struct file_range {
  const char *location;
  uint64_t start, end;
} file_range;

static int compare_ranges(const void *a, const void *b) {
  const file_range *p = a, *q = b;
  const int order = strcmp(p->location, q->location);
  if (order != 0) return order;
  if (p->start != q->start) return p->start < q->start ? -1 : 1;
  return p->end < q->end ? -1 : p->end > q->end;
}

bool pk_onnx_check_overlaps(const Onnx__GraphProto *graph, pk_arena *arena, pk_error *error) {
  size_t count = 0;
  file_range *ranges = pk_arena_alloc(arena, graph->n_initializer, sizeof *ranges, error);
  if (!ranges) return false;
  for (size_t i = 0; i < graph->n_initializer; i++) {
    const Onnx__TensorProto *source = graph->initializer[i];
    const char *location = entry(source, "location"), *offset = entry(source, "offset"),
               *length = entry(source, "length");
    uint64_t start = 0, size = 0;
    if (source->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL || !location ||
        (offset && !parse_number(offset, &start)) || !length || !parse_number(length, &size)) {
      continue;
    }
    ranges[count++] = (file_range){location, start, start + size};
  }
  if (count > 1) qsort(ranges, count, sizeof *ranges, compare_ranges);
  for (size_t i = 1; i < count; i++) {
    const file_range *a = &ranges[i - 1], *b = &ranges[i];
    const bool is_shared = a->start == b->start && a->end == b->end;
    if (is_shared || strcmp(a->location, b->location) != 0 || b->start >= a->end) continue;
    return pk_fail(error, PK_BAD_MODEL,
                   "two constants overlap in \"%.100s\" from byte %llu on; the file is broken",
                   a->location, (unsigned long long)b->start);
  }
  return true;
}
