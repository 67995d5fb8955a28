#include <jansson.h>

#include "manifest_file.h"
#include "manifest_frontend.h"

// Nine significant digits bring every float32 back exactly.
enum { REAL_DIGITS = 9 };

static json_t *tensor_json(const pk_manifest_tensor *tensor) {
  json_t *shape = json_array();
  for (uint32_t i = 0; i < tensor->rank; i++) {
    json_array_append_new(shape, json_integer(tensor->dims[i]));
  }
  json_t *object = json_pack("{s:s, s:s, s:o}", "name", tensor->name, "dtype",
                             pk_manifest_dtype_name(tensor->dtype), "shape", shape);
  if (tensor->scale > 0.0f) {
    json_object_set_new(
        object, "quantization",
        json_pack("{s:f, s:i}", "scale", (double)tensor->scale, "zeroPoint", tensor->zero_point));
  }
  pk_frontend_write_input(object, tensor);
  return object;
}

static json_t *tensors_json(const pk_manifest_tensor *tensors, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(array, tensor_json(&tensors[i]));
  return array;
}

static json_t *shards_json(const pk_manifest *manifest) {
  json_t *array = json_array();
  for (size_t i = 0; i < manifest->shard_count; i++) {
    json_array_append_new(array, pk_manifest_file_json(&manifest->shards[i]));
  }
  return array;
}

char *pk_manifest_write(const pk_manifest *manifest) {
  json_t *root = json_pack(
      "{s:s, s:i, s:s, s:s, s:{s:I, s:I, s:I}, s:o, s:o}", "format", "minnow", "version",
      MNW_FORMAT_VERSION, "name", manifest->name, "task", pk_task_name(manifest->task), "memory",
      "weights", (json_int_t)manifest->weight_bytes, "activations",
      (json_int_t)manifest->activation_bytes, "staging", (json_int_t)manifest->staging_bytes,
      "inputs", tensors_json(manifest->inputs, manifest->input_count), "outputs",
      tensors_json(manifest->outputs, manifest->output_count));
  if (root && manifest->has_labels) {
    json_object_set_new(root, "labels", pk_manifest_file_json(&manifest->labels));
  }
  if (root && manifest->has_vocabulary) {
    json_object_set_new(root, "vocabulary", pk_manifest_file_json(&manifest->vocabulary));
  }
  if (root) pk_frontend_write_task(root, manifest);
  if (!root) return NULL;
  if (manifest->part_count > 0) {
    pk_manifest_write_parts(root, manifest);
  } else {
    json_object_set_new(root, "shards", shards_json(manifest));
  }
  if (manifest->has_release) {
    json_object_set_new(root, "release", json_integer((json_int_t)manifest->release));
  }
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));
  json_decref(root);
  return text;
}
