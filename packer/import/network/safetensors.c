#include "safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "../../../core/base/bytes.h"

enum { PREFIX_BYTES = 8 };
static const char metadata_key[] = "__metadata__";

static size_t header_bytes(const uint8_t *bytes, size_t size_bytes) {
  if (size_bytes < PREFIX_BYTES + 2 || mnw_load_u32(bytes + 4) != 0) return 0;
  const size_t length = mnw_load_u32(bytes);
  return length <= PK_SAFETENSORS_MAX_HEADER && length <= size_bytes - PREFIX_BYTES ? length : 0;
}

bool pk_is_safetensors(const uint8_t *bytes, size_t size_bytes) {
  return header_bytes(bytes, size_bytes) >= 2 && bytes[PREFIX_BYTES] == '{';
}

bool pk_safetensors_open(pk_safetensors *out, const uint8_t *bytes, size_t size_bytes,
                         pk_error *error) {
  const size_t length = header_bytes(bytes, size_bytes);
  json_error_t cause;
  *out = (pk_safetensors){0};
  if (length == 0) {
    return pk_fail(error, PK_BAD_MODEL, "the file is cut off, or no safetensors file");
  }
  out->header = json_loadb((const char *)bytes + PREFIX_BYTES, length, 0, &cause);
  if (!json_is_object(out->header)) {
    pk_safetensors_close(out);
    return pk_fail(error, PK_BAD_MODEL, "the header of the safetensors file is broken");
  }
  out->data = bytes + PREFIX_BYTES + length;
  out->data_bytes = size_bytes - PREFIX_BYTES - length;
  return true;
}

void pk_safetensors_close(pk_safetensors *file) {
  json_decref(file->header);
  *file = (pk_safetensors){0};
}

const char *pk_safetensors_text(const pk_safetensors *file, const char *name) {
  return json_string_value(json_object_get(json_object_get(file->header, metadata_key), name));
}

bool pk_safetensors_read(float *values, const pk_safetensors *file, const char *name, size_t count,
                         pk_error *error) {
  const json_t *entry = json_object_get(file->header, name);
  const json_t *offsets = json_object_get(entry, "data_offsets");
  const char *dtype = json_string_value(json_object_get(entry, "dtype"));
  const json_int_t begin = json_integer_value(json_array_get(offsets, 0));
  const json_int_t end = json_integer_value(json_array_get(offsets, 1));
  if (!entry) return pk_fail(error, PK_BAD_MODEL, "the file has no tensor \"%s\"", name);
  if (!dtype || strcmp(dtype, "F32") != 0 || begin < 0 || end < begin ||
      (uint64_t)end > file->data_bytes || (uint64_t)(end - begin) != count * sizeof(float)) {
    return pk_fail(error, PK_BAD_MODEL,
                   "tensor \"%s\" is not made of %zu float32 numbers inside the file", name, count);
  }
  const uint8_t *source = file->data + begin;
  for (size_t i = 0; i < count; i++) {
    const uint32_t word = mnw_load_u32(source + i * sizeof word);
    memcpy(&values[i], &word, sizeof word);
  }
  return true;
}

// --- writing ---

static json_t *header_of(pk_safetensors_writer *writer) {
  if (!writer->header) writer->header = json_object();
  return writer->header;
}

void pk_safetensors_put_text(pk_safetensors_writer *writer, const char *name, const char *text) {
  json_t *texts = json_object_get(header_of(writer), metadata_key);
  if (!texts) {
    json_object_set_new(writer->header, metadata_key, json_object());
    texts = json_object_get(writer->header, metadata_key);
  }
  if (json_object_set_new(texts, name, json_string(text)) != 0) writer->failed = true;
}

static bool make_room(pk_safetensors_writer *writer) {
  if (writer->tensor_count < writer->capacity) return true;
  const size_t capacity = writer->capacity ? 2 * writer->capacity : 64;
  const float **values = realloc((void *)writer->values, capacity * sizeof *values);
  if (values) writer->values = values;
  size_t *counts = realloc(writer->counts, capacity * sizeof *counts);
  if (counts) writer->counts = counts;
  if (!values || !counts) return false;
  writer->capacity = capacity;
  return true;
}

void pk_safetensors_put(pk_safetensors_writer *writer, const char *name, const float *values,
                        const int32_t *dims, int rank) {
  json_t *shape = json_array();
  size_t count = 1;
  for (int i = 0; i < rank; i++) {
    json_array_append_new(shape, json_integer(dims[i]));
    count *= (size_t)dims[i];
  }
  const size_t begin = writer->data_bytes, end = begin + count * sizeof *values;
  json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                            (json_int_t)begin, (json_int_t)end);
  if (!entry || json_object_set_new(header_of(writer), name, entry) != 0 || !make_room(writer)) {
    writer->failed = true;
    return;
  }
  writer->values[writer->tensor_count] = values;
  writer->counts[writer->tensor_count++] = count;
  writer->data_bytes = end;
}

static uint8_t *assemble(const pk_safetensors_writer *writer, const char *text,
                         size_t *size_bytes) {
  const size_t text_bytes = strlen(text), padded = (text_bytes + 7) / 8 * 8;
  uint8_t *bytes = malloc(PREFIX_BYTES + padded + writer->data_bytes);
  if (!bytes) return NULL;
  mnw_store_u32(bytes, (uint32_t)padded);
  mnw_store_u32(bytes + 4, 0);
  for (size_t i = 0; i < padded; i++) {
    bytes[PREFIX_BYTES + i] = i < text_bytes ? (uint8_t)text[i] : ' ';
  }
  uint8_t *at = bytes + PREFIX_BYTES + padded;
  for (size_t i = 0; i < writer->tensor_count; i++) {
    for (size_t j = 0; j < writer->counts[i]; j++, at += sizeof(float)) {
      uint32_t word;
      memcpy(&word, &writer->values[i][j], sizeof word);
      mnw_store_u32(at, word);
    }
  }
  *size_bytes = (size_t)(at - bytes);
  return bytes;
}

uint8_t *pk_safetensors_finish(pk_safetensors_writer *writer, size_t *size_bytes, pk_error *error) {
  char *text = writer->failed ? NULL : json_dumps(header_of(writer), JSON_COMPACT);
  uint8_t *bytes = text ? assemble(writer, text, size_bytes) : NULL;
  free(text);
  free((void *)writer->values);
  free(writer->counts);
  json_decref(writer->header);
  *writer = (pk_safetensors_writer){0};
  if (!bytes) pk_fail(error, PK_OUT_OF_MEMORY, "no memory to write the tensors");
  return bytes;
}
