// The manifest comes from anywhere: every field is checked for presence, type and range before it
// is used, and the message names the field.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "manifest_file.h"
#include "manifest_frontend.h"

enum { MAX_TENSORS = 255, MAX_DIM = 1 << 24, MAX_NAME_BYTES = 4096 };

typedef pk_field_reader reader;

// A copy of the string, to be freed; NULL after a failure.
static char *read_string(const reader *r, const json_t *object, const char *where,
                         const char *field) {
  const json_t *json = json_object_get(object, field);
  if (!json_is_string(json) || json_string_length(json) > MAX_NAME_BYTES ||
      json_string_length(json) != strlen(json_string_value(json))) {
    pk_field_bad(r, where, field, "a string");
    return NULL;
  }
  char *copy = malloc(json_string_length(json) + 1);
  if (!copy) {
    pk_fail(r->error, PK_OUT_OF_MEMORY, "%s: no memory", r->source);
    return NULL;
  }
  return strcpy(copy, json_string_value(json));
}

static bool read_dtype(mnw_dtype *dtype, const reader *r, const json_t *object, const char *where) {
  static const mnw_dtype all[] = {MNW_DTYPE_F32, MNW_DTYPE_S8,   MNW_DTYPE_U8, MNW_DTYPE_S32,
                                  MNW_DTYPE_S64, MNW_DTYPE_BOOL, MNW_DTYPE_S16};
  const char *name = json_string_value(json_object_get(object, "dtype"));
  for (size_t i = 0; name && i < sizeof all / sizeof *all; i++) {
    if (strcmp(name, pk_manifest_dtype_name(all[i])) == 0) {
      *dtype = all[i];
      return true;
    }
  }
  return pk_field_bad(r, where, "dtype", "float32, int8, uint8, int16, int32, int64 or bool");
}

static bool read_quantization(pk_manifest_tensor *tensor, const reader *r, const json_t *object,
                              const char *tensor_where) {
  char where[80];
  int64_t zero_point;
  const json_t *quantization = json_object_get(object, "quantization");
  if (!quantization) return true;
  if (!json_is_object(quantization))
    return pk_field_bad(r, tensor_where, "quantization", "an object");
  const double scale = json_number_value(json_object_get(quantization, "scale"));
  snprintf(where, sizeof where, "%s.quantization", tensor_where);
  if (!(scale > 0.0 && scale < 3.0e38)) return pk_field_bad(r, where, "scale", "a number above 0");
  if (!pk_field_integer(&zero_point, r, quantization, where, "zeroPoint", -128, 255)) return false;
  tensor->scale = (float)scale;
  tensor->zero_point = (int32_t)zero_point;
  return true;
}

static bool read_tensor(pk_manifest_tensor *tensor, const reader *r, const json_t *object,
                        const char *where) {
  const json_t *shape = json_object_get(object, "shape");
  if (!json_is_object(object)) return pk_field_bad(r, where, "", "an object");
  tensor->name = read_string(r, object, where, "name");
  if (!tensor->name || !read_dtype(&tensor->dtype, r, object, where)) return false;
  if (!json_is_array(shape) || json_array_size(shape) > MNW_MAX_RANK) {
    return pk_field_bad(r, where, "shape", "a list of at most 6 dimensions");
  }
  tensor->rank = (uint32_t)json_array_size(shape);
  for (uint32_t i = 0; i < tensor->rank; i++) {
    const json_t *dim = json_array_get(shape, i);
    if (!json_is_integer(dim) || json_integer_value(dim) < 1 || json_integer_value(dim) > MAX_DIM) {
      return pk_field_bad(r, where, "shape", "whole numbers from 1 to 2^24");
    }
    tensor->dims[i] = (int32_t)json_integer_value(dim);
  }
  return read_quantization(tensor, r, object, where) &&
         pk_frontend_read_input(tensor, r, object, where);
}

static bool read_tensors(pk_manifest_tensor **tensors, size_t *count, const reader *r,
                         const json_t *root, const char *field) {
  char where[64];
  const json_t *array = json_object_get(root, field);
  if (!json_is_array(array) || json_array_size(array) == 0 ||
      json_array_size(array) > MAX_TENSORS) {
    return pk_field_bad(r, "", field, "a list of 1 to 255 tensors");
  }
  *tensors = calloc(json_array_size(array), sizeof **tensors);
  if (!*tensors) return pk_fail(r->error, PK_OUT_OF_MEMORY, "%s: no memory", r->source);
  *count = json_array_size(array);
  for (size_t i = 0; i < *count; i++) {
    snprintf(where, sizeof where, "%s[%zu]", field, i);
    if (!read_tensor(&(*tensors)[i], r, json_array_get(array, i), where)) return false;
  }
  return true;
}

static bool read_shards(pk_manifest *manifest, const reader *r, const json_t *root) {
  char where[64];
  const json_t *array = json_object_get(root, "shards");
  if (!json_is_array(array) || json_array_size(array) == 0 ||
      json_array_size(array) > MNW_MAX_SHARDS) {
    return pk_field_bad(r, "", "shards", "a list of 1 to 4096 files");
  }
  manifest->shards = calloc(json_array_size(array), sizeof *manifest->shards);
  if (!manifest->shards) return pk_fail(r->error, PK_OUT_OF_MEMORY, "%s: no memory", r->source);
  manifest->shard_count = json_array_size(array);
  for (size_t i = 0; i < manifest->shard_count; i++) {
    snprintf(where, sizeof where, "shards[%zu]", i);
    if (!pk_manifest_read_file(&manifest->shards[i], r, json_array_get(array, i), where,
                               PK_MAX_SHARD_FILE_BYTES)) {
      return false;
    }
  }
  return true;
}

static bool read_memory(pk_manifest *manifest, const reader *r, const json_t *root) {
  int64_t weights, activations, staging;
  const json_t *memory = json_object_get(root, "memory");
  if (!json_is_object(memory)) return pk_field_bad(r, "", "memory", "an object");
  if (!pk_field_integer(&weights, r, memory, "memory", "weights", 0, UINT32_MAX) ||
      !pk_field_integer(&activations, r, memory, "memory", "activations", 0, UINT32_MAX) ||
      !pk_field_integer(&staging, r, memory, "memory", "staging", 0, UINT32_MAX)) {
    return false;
  }
  manifest->weight_bytes = (uint64_t)weights;
  manifest->activation_bytes = (uint64_t)activations;
  manifest->staging_bytes = (uint64_t)staging;
  return true;
}

static bool read_release(pk_manifest *manifest, const reader *r, const json_t *root) {
  manifest->has_release = json_object_get(root, "release") != NULL;
  return !manifest->has_release ||
         pk_field_integer(&manifest->release, r, root, "", "release", 0, PK_MAX_RELEASE);
}

static bool needs_vocabulary(const pk_manifest *manifest) {
  bool needs = false;
  for (size_t i = 0; i < manifest->input_count; i++) {
    const pk_manifest_tensor *input = &manifest->inputs[i];
    needs |= input->is_text && input->text.options.tokenizer != MNW_TEXT_HASH;
  }
  return needs;
}

static bool read_root(pk_manifest *manifest, const reader *r, const json_t *root) {
  const char *format = json_string_value(json_object_get(root, "format"));
  const json_t *version = json_object_get(root, "version");
  const json_t *labels = json_object_get(root, "labels");
  const json_t *vocabulary = json_object_get(root, "vocabulary");
  if (!format || strcmp(format, "minnow") != 0) {
    return pk_fail(r->error, PK_BAD_PACKAGE, "%s is not the manifest of a Minnow package",
                   r->source);
  }
  const json_int_t number = json_is_integer(version) ? json_integer_value(version) : 0;
  if (number < 1 || number > MNW_FORMAT_VERSION) {
    return pk_fail(
        r->error, PK_BAD_PACKAGE,
        "%s: this tool reads packages of versions up to %d; pack the model again or update the "
        "tool",
        r->source, MNW_FORMAT_VERSION);
  }
  manifest->name = read_string(r, root, "", "name");
  if (!manifest->name || !read_memory(manifest, r, root) || !read_release(manifest, r, root) ||
      !read_tensors(&manifest->inputs, &manifest->input_count, r, root, "inputs") ||
      !read_tensors(&manifest->outputs, &manifest->output_count, r, root, "outputs") ||
      !(json_object_get(root, "parts") ? pk_manifest_read_parts(manifest, r, root)
                                       : read_shards(manifest, r, root))) {
    return false;
  }
  if (!pk_frontend_read_task(manifest, r, root)) return false;
  if (needs_vocabulary(manifest) != (vocabulary != NULL)) {
    return pk_field_bad(r, "", "vocabulary", "there for a tokenizer that needs one, and only then");
  }
  manifest->has_vocabulary = vocabulary != NULL;
  if (vocabulary && !pk_manifest_read_file(&manifest->vocabulary, r, vocabulary, "vocabulary",
                                           PK_MAX_VOCABULARY_BYTES)) {
    return false;
  }
  manifest->has_labels = labels != NULL;
  return !labels ||
         pk_manifest_read_file(&manifest->labels, r, labels, "labels", PK_MAX_LABELS_BYTES);
}

bool pk_manifest_read(pk_manifest *manifest, const char *text, size_t size_bytes,
                      const char *source, pk_error *error) {
  json_error_t json_error;
  const reader r = {.source = source,
                    .remedy =
                        "the manifest is damaged or from another version, pack the model "
                        "again",
                    .code = PK_BAD_PACKAGE,
                    .error = error};
  *manifest = (pk_manifest){0};
  json_t *root = json_loadb(text, size_bytes, JSON_REJECT_DUPLICATES, &json_error);
  if (!root) {
    return pk_fail(error, PK_BAD_PACKAGE, "%s is not valid JSON: line %d: %s; pack the model again",
                   source, json_error.line, json_error.text);
  }
  const bool ok = read_root(manifest, &r, root);
  json_decref(root);
  if (!ok) pk_manifest_free(manifest);
  return ok;
}
