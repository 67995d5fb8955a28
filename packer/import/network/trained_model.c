#include "trained_model.h"

#include <string.h>

static bool fill_constants(pk_graph *graph, const pk_safetensors *file, pk_error *error) {
  for (size_t i = 0; i < graph->tensor_count; i++) {
    pk_tensor *tensor = &graph->tensors[i];
    if (!tensor->data) continue;
    const size_t count = tensor->data_bytes / sizeof(float);
    float *values = pk_arena_alloc(&graph->arena, count, sizeof *values, error);
    if (!values || !pk_safetensors_read(values, file, tensor->name, count, error)) return false;
    tensor->data = (const uint8_t *)values;
  }
  return true;
}

static json_t *network_of(const pk_safetensors *file, pk_error *error) {
  json_error_t cause;
  const char *text = pk_safetensors_text(file, PK_TRAINED_NETWORK);
  json_t *network = text ? json_loads(text, JSON_REJECT_DUPLICATES, &cause) : NULL;
  if (!network) {
    pk_fail(error, PK_UNSUPPORTED,
            "the safetensors file does not say what network its tensors belong to; files that "
            "`minnow train` writes do. Convert the model to .onnx or .tflite");
  }
  return network;
}

bool pk_trained_to_graph(pk_graph *graph, const uint8_t *bytes, size_t size_bytes,
                         const pk_trained_options *options, pk_error *error) {
  pk_safetensors file;
  pk_error cause = {.code = PK_OK};
  if (!pk_safetensors_open(&file, bytes, size_bytes, error)) return false;
  json_t *network = network_of(&file, error);
  const pk_network_options build = {
      .network = network, .source = "network", .batch = options->batch};
  bool ok = network != NULL;
  if (ok && !pk_network_build(graph, NULL, &build, &cause)) {
    // What is a slip in a recipe is a broken file here.
    ok = pk_fail(error, cause.code == PK_USAGE ? PK_BAD_MODEL : cause.code, "%.*s", 3000,
                 cause.message);
  }
  ok = ok && fill_constants(graph, &file, error);
  if (ok && options->has_scores && !pk_network_add_scores(graph, &build, &cause)) {
    ok = pk_fail(error, cause.code == PK_USAGE ? PK_BAD_MODEL : cause.code, "%.*s", 3000,
                 cause.message);
  }
  graph->source_file = "";
  json_decref(network);
  pk_safetensors_close(&file);
  return ok;
}
