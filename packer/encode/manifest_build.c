#include "manifest_build.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/ops/op_params.h"

// A copy that JSON can hold: names come from the model file and may be anything.
static char *copy_name(const char *name) {
  const size_t bytes = strlen(name) + 1;
  char *copy = malloc(bytes);
  json_t *probe = json_string(name);
  if (copy) memcpy(copy, name, bytes);
  for (char *p = copy; p && !probe && *p; p++) {
    if ((unsigned char)*p >= 0x80) *p = '?';
  }
  json_decref(probe);
  return copy;
}

static bool is_picture(const pk_lowered_tensor *tensor) {
  const bool holds_pixels = tensor->dtype == MNW_DTYPE_U8 || tensor->dtype == MNW_DTYPE_S8 ||
                            tensor->dtype == MNW_DTYPE_F32;
  return holds_pixels && tensor->rank == 4 && tensor->dims[0] == 1 &&
         tensor->dims[1] >= PK_IMAGE_SIDE_MIN && tensor->dims[2] >= PK_IMAGE_SIDE_MIN &&
         (tensor->dims[3] == 1 || tensor->dims[3] == 3);
}

static const pk_lowered_op *find_producer(const pk_lowered_graph *graph, int32_t tensor) {
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int o = 0; o < graph->ops[i].output_count; o++) {
      if (graph->ops[i].outputs[o] == tensor) return &graph->ops[i];
    }
  }
  return NULL;
}

// Whether the tensor is a softmax's result, seen through operators that keep the values' meaning.
static bool comes_from_softmax(const pk_lowered_graph *graph, int32_t tensor) {
  const pk_lowered_op *op = find_producer(graph, tensor);
  for (size_t steps = 0; op && steps < graph->op_count; steps++) {
    if (op->code == MNW_OP_SOFTMAX) return true;
    if (op->code != MNW_OP_RESHAPE && op->code != MNW_OP_QUANTIZE &&
        op->code != MNW_OP_DEQUANTIZE) {
      return false;
    }
    op = find_producer(graph, op->inputs[0]);
  }
  return false;
}

// One row of at least two class scores: [1, N], or [1, …, 1, N] after a softmax.
static bool is_class_scores(const pk_lowered_graph *graph, int32_t number) {
  const pk_lowered_tensor *tensor = &graph->tensors[number];
  if (tensor->rank < 1 || tensor->dims[tensor->rank - 1] < 2) return false;
  for (uint32_t i = 0; i + 1 < tensor->rank; i++) {
    if (tensor->dims[i] != 1) return false;
  }
  return tensor->rank == 2 || comes_from_softmax(graph, number);
}

static bool describe_tensors(pk_manifest_tensor **described, size_t *count,
                             const pk_lowered_graph *graph, const int32_t *numbers,
                             size_t number_count) {
  *described = calloc(number_count + 1, sizeof **described);
  if (!*described) return false;
  *count = number_count;
  for (size_t i = 0; i < number_count; i++) {
    const pk_lowered_tensor *tensor = &graph->tensors[numbers[i]];
    pk_manifest_tensor *d = &(*described)[i];
    d->name = copy_name(tensor->name ? tensor->name : "");
    d->dtype = tensor->dtype;
    d->rank = tensor->rank;
    memcpy(d->dims, tensor->dims, sizeof d->dims);
    d->scale = tensor->scale;
    d->zero_point = tensor->zero_point;
    if (!d->name) return false;
  }
  return true;
}

bool pk_manifest_describe_part(pk_manifest *manifest, const pk_lowered_graph *graph,
                               const char *name, pk_error *error) {
  manifest->name = copy_name(name);
  return (manifest->name &&
          describe_tensors(&manifest->inputs, &manifest->input_count, graph, graph->inputs,
                           graph->input_count) &&
          describe_tensors(&manifest->outputs, &manifest->output_count, graph, graph->outputs,
                           graph->output_count)) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the manifest");
}

bool pk_manifest_describe(pk_manifest *manifest, const pk_lowered_graph *graph, const char *name,
                          const pk_image_view *view, pk_error *error) {
  if (!name) name = graph->name ? graph->name : "model";
  if (!pk_manifest_describe_part(manifest, graph, name, error)) return false;
  if (graph->input_count != 1 || !is_picture(&graph->tensors[graph->inputs[0]])) return true;
  manifest->inputs[0].is_image = true;
  manifest->inputs[0].crop = view->crop;
  if (manifest->inputs[0].dtype == MNW_DTYPE_F32) {
    for (int c = 0; c < 3; c++) {
      manifest->inputs[0].image_scale[c] = (view->high - view->low) / 255.0;
      manifest->inputs[0].image_offset[c] = view->low;
    }
  }
  if (graph->output_count == 1 && is_class_scores(graph, graph->outputs[0])) {
    manifest->task = PK_TASK_IMAGE_CLASSIFICATION;
  }
  return true;
}

static bool is_utf8(const pk_bytes *text) {
  json_t *probe = json_stringn((const char *)text->data, text->size);
  json_decref(probe);
  return probe != NULL;
}

static size_t count_lines(const pk_bytes *text) {
  size_t lines = 0;
  for (size_t i = 0; i < text->size; i++) lines += text->data[i] == '\n';
  return lines;
}

bool pk_labels_normalize(pk_bytes *labels, const pk_bytes *text, const pk_manifest *manifest,
                         const char *source, pk_error *error) {
  const size_t mark = text->size >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  *labels = (pk_bytes){0};
  for (size_t i = mark; i < text->size; i++) {
    const bool is_crlf = text->data[i] == '\r' && i + 1 < text->size && text->data[i + 1] == '\n';
    if (!is_crlf) pk_bytes_append(labels, &text->data[i], 1);
  }
  if (labels->size > 0 && labels->data[labels->size - 1] != '\n') pk_bytes_append(labels, "\n", 1);
  if (labels->failed) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the labels");
  if (labels->size == 0 || !is_utf8(labels) || memchr(labels->data, '\0', labels->size)) {
    return pk_fail(error, PK_USAGE,
                   "%s is no list of labels: a text file in UTF-8 with one name a line is needed",
                   source);
  }
  if (manifest->task == PK_TASK_IMAGE_CLASSIFICATION ||
      manifest->task == PK_TASK_AUDIO_CLASSIFICATION ||
      manifest->task == PK_TASK_TEXT_CLASSIFICATION) {
    const pk_manifest_tensor *scores = &manifest->outputs[0];
    const size_t classes = (size_t)scores->dims[scores->rank - 1], lines = count_lines(labels);
    if (lines != classes) {
      return pk_fail(error, PK_USAGE,
                     "%s has %zu lines, but the model has %zu classes: give a list with one name "
                     "for each class with --labels",
                     source, lines, classes);
    }
  }
  return true;
}
