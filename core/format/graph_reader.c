#include <string.h>

#include "../base/checked.h"
#include "../base/error.h"
#include "../kernels/packed_layout.h"
#include "graph.h"

typedef struct word_reader {
  const int32_t *next, *end;
} word_reader;

// Takes `count` words; NULL when fewer are left.
static const int32_t *take_words(word_reader *reader, size_t count) {
  if ((size_t)(reader->end - reader->next) < count) return NULL;
  const int32_t *words = reader->next;
  reader->next += count;
  return words;
}

size_t mnw_dtype_bytes(mnw_dtype dtype) {
  switch (dtype) {
    case MNW_DTYPE_F32:
    case MNW_DTYPE_S32:
      return 4;
    case MNW_DTYPE_S64:
      return 8;
    case MNW_DTYPE_S16:
      return 2;
    case MNW_DTYPE_S8:
    case MNW_DTYPE_U8:
    case MNW_DTYPE_BOOL:
      return 1;
  }
  return 0;
}

size_t mnw_tensor_elements(const mnw_tensor *tensor) {
  size_t elements = 1;
  for (uint32_t i = 0; i < tensor->rank; i++) elements *= (size_t)tensor->dims[i];
  return elements;
}

// The bytes of a constant in its layout, from its dimensions; false when they make no sense
// together.
static bool layout_bytes(size_t *bytes, const mnw_tensor *t) {
  const size_t elements = mnw_tensor_elements(t);
  const bool is_byte = t->dtype == MNW_DTYPE_S8;
  switch (t->layout) {
    case MNW_LAYOUT_ROW_MAJOR:
      return mnw_checked_mul(bytes, elements, mnw_dtype_bytes(t->dtype));
    case MNW_LAYOUT_TILE_8_F32: {
      if (t->dtype != MNW_DTYPE_F32 || t->rank < 2) return false;
      const size_t groups = t->rank == 5 ? (size_t)t->dims[0] : 1;
      const size_t o = (size_t)t->dims[t->rank == 5 ? 1 : 0];
      return mnw_checked_mul(bytes, mnw_round_up(o, MNW_TILE_CHANNELS), elements / o / groups) &&
             mnw_checked_mul(bytes, *bytes, groups * sizeof(float));
    }
    case MNW_LAYOUT_TILE_8X4:
      if (!is_byte || t->rank < 2) return false;
      return mnw_checked_mul(bytes, mnw_round_up((size_t)t->dims[0], MNW_TILE_CHANNELS),
                             mnw_round_up(elements / (size_t)t->dims[0], MNW_TILE_K));
    case MNW_LAYOUT_DEPTHWISE_8X2:
      if (!is_byte || t->rank != 3) return false;
      return mnw_checked_mul(
          bytes, mnw_round_up((size_t)t->dims[2], MNW_TILE_CHANNELS),
          mnw_round_up((size_t)t->dims[0] * (size_t)t->dims[1], MNW_DEPTHWISE_TAPS));
    default:
      return false;
  }
}

static mnw_status read_dims(mnw_tensor *t, const int32_t *dims, uint32_t number, mnw_error *error) {
  size_t elements = 1;
  for (uint32_t i = 0; i < t->rank; i++) {
    if (dims[i] < 1 || dims[i] > 1 << 24 ||
        !mnw_checked_mul(&elements, elements, (size_t)dims[i]) || elements > MNW_MAX_TENSOR_BYTES) {
      return mnw_fail(error, MNW_STATUS_LIMIT_EXCEEDED,
                      "tensor %0: dimension %1 is %2, out of range or makes the tensor too large",
                      number, i, dims[i]);
    }
    t->dims[i] = dims[i];
  }
  return MNW_STATUS_OK;
}

static mnw_status read_tensor(mnw_tensor *t, word_reader *reader, uint32_t number,
                              mnw_error *error) {
  const char *const ends_early = "graph ends inside tensor %0";
  const int32_t *head = take_words(reader, 1);
  if (!head) return mnw_fail(error, MNW_STATUS_TRUNCATED, ends_early, number, 0, 0);
  const uint32_t bits = (uint32_t)*head;
  memset(t, 0, sizeof *t);
  t->dtype = bits & 255;
  t->rank = (bits >> 8) & 255;
  t->kind = (bits >> 16) & 255;
  t->layout = (uint8_t)(bits >> 24);
  if (mnw_dtype_bytes((mnw_dtype)t->dtype) == 0 || t->rank > MNW_MAX_RANK ||
      t->kind > MNW_KIND_CONSTANT ||
      (t->kind == MNW_KIND_ACTIVATION && t->layout != MNW_LAYOUT_ROW_MAJOR)) {
    return mnw_fail(error, MNW_STATUS_INVALID_GRAPH,
                    "tensor %0: dtype %1, rank %2 or its layout is unknown", number, t->dtype,
                    t->rank);
  }
  const int32_t *dims = take_words(reader, t->rank);
  const int32_t *rest = dims ? take_words(reader, t->kind == MNW_KIND_CONSTANT ? 3 : 2) : NULL;
  if (!rest) return mnw_fail(error, MNW_STATUS_TRUNCATED, ends_early, number, 0, 0);
  const mnw_status status = read_dims(t, dims, number, error);
  if (status != MNW_STATUS_OK) return status;

  memcpy(&t->scale, &rest[0], sizeof t->scale);
  t->zero_point = rest[1];
  t->value_min = INT8_MIN;
  t->value_max = INT8_MAX;
  if (!(t->scale >= 0.0f && t->scale <= 3.4e38f) || t->zero_point < -128 || t->zero_point > 255) {
    return mnw_fail(error, MNW_STATUS_INVALID_GRAPH,
                    "tensor %0: scale or zero point (%1) is out of range", number, t->zero_point,
                    0);
  }
  size_t bytes = 0;
  if (!layout_bytes(&bytes, t) || bytes > MNW_MAX_TENSOR_BYTES ||
      (t->kind == MNW_KIND_CONSTANT && bytes != (uint32_t)rest[2])) {
    return mnw_fail(error, MNW_STATUS_INVALID_GRAPH,
                    "tensor %0: its %1 bytes do not fit its shape and layout", number,
                    t->kind == MNW_KIND_CONSTANT ? rest[2] : (int64_t)bytes, 0);
  }
  t->size_bytes = (uint32_t)bytes;
  return MNW_STATUS_OK;
}

// Constants stand in `weights` in the order of their numbers, each at a multiple of 16.
static mnw_status place_constants(mnw_graph *graph, uint8_t *weights, size_t weight_bytes,
                                  mnw_error *error) {
  size_t offset = 0;
  for (uint32_t i = 0; i < graph->tensor_count; i++) {
    mnw_tensor *t = &graph->tensors[i];
    if (t->kind != MNW_KIND_CONSTANT) continue;
    const size_t bytes = mnw_round_up(t->size_bytes, MNW_ALIGNMENT);
    if (bytes > weight_bytes - offset) {
      return mnw_fail(error, MNW_STATUS_CORRUPT,
                      "constants exceed the %0 bytes that the header gives", (int64_t)weight_bytes,
                      0, 0);
    }
    t->data = weights + offset;
    offset += bytes;
  }
  if (offset != weight_bytes) {
    return mnw_fail(error, MNW_STATUS_CORRUPT, "constants have %0 bytes, the header gives %1",
                    (int64_t)offset, (int64_t)weight_bytes, 0);
  }
  return MNW_STATUS_OK;
}

static mnw_status read_node(mnw_node *node, word_reader *reader, uint32_t number,
                            mnw_param_words_fn *param_words, mnw_error *error) {
  const int32_t *head = take_words(reader, 1);
  if (head) {
    const uint32_t bits = (uint32_t)*head;
    memset(node, 0, sizeof *node);
    node->code = bits & 0xffff;
    node->input_count = (bits >> 16) & 255;
    node->output_count = (uint8_t)(bits >> 24);
    const char *why_missing_text = NULL;
    const int words = param_words(node->code, &why_missing_text);
    if (words < 0) {
      return mnw_fail(error, MNW_STATUS_UNSUPPORTED_OPERATOR, why_missing_text, number, node->code,
                      0);
    }
    node->inputs = take_words(reader, node->input_count);
    node->outputs = node->inputs ? take_words(reader, node->output_count) : NULL;
    node->params = node->outputs ? take_words(reader, (size_t)words) : NULL;
  }
  if (!head || !node->params) {
    return mnw_fail(error, MNW_STATUS_TRUNCATED, "graph ends inside operator %0", number, 0, 0);
  }
  return MNW_STATUS_OK;
}

// While checking, an activation's `data` marks that it was written already (reset afterwards).
static mnw_status check_flow(mnw_graph *graph, uint8_t *mark, mnw_error *error) {
  const char *const bad_number = "operator %0 refers to tensor %1, of %2";
  const int64_t count = graph->tensor_count;
  for (uint32_t i = 0; i < graph->input_count; i++) {
    const int32_t t = graph->inputs[i];
    if (t < 0 || t >= count || graph->tensors[t].data) {
      return mnw_fail(error, MNW_STATUS_INVALID_GRAPH, "input %0 of the graph cannot be tensor %1",
                      i, t, 0);
    }
    graph->tensors[t].data = mark;
  }
  for (uint32_t n = 0; n < graph->node_count; n++) {
    mnw_node *node = &graph->nodes[n];
    node->last_constant = MNW_NO_TENSOR;
    for (uint32_t i = 0; i < node->input_count; i++) {
      const int32_t t = node->inputs[i];
      if (t == MNW_NO_TENSOR) continue;
      if (t < 0 || t >= count) {
        return mnw_fail(error, MNW_STATUS_INVALID_GRAPH, bad_number, n, t, count);
      }
      if (!graph->tensors[t].data) {
        return mnw_fail(error, MNW_STATUS_INVALID_GRAPH,
                        "operator %0 reads tensor %1 before anything writes it", n, t, 0);
      }
      if (graph->tensors[t].kind == MNW_KIND_CONSTANT && t > node->last_constant) {
        node->last_constant = t;
      }
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
      const int32_t t = node->outputs[i];
      if (t < 0 || t >= count) {
        return mnw_fail(error, MNW_STATUS_INVALID_GRAPH, bad_number, n, t, count);
      }
      if (graph->tensors[t].data) {
        return mnw_fail(
            error, MNW_STATUS_INVALID_GRAPH,
            "operator %0 writes tensor %1, which is a constant, an input or written already", n, t,
            0);
      }
      graph->tensors[t].data = mark;
    }
  }
  for (uint32_t i = 0; i < graph->output_count; i++) {
    const int32_t t = graph->outputs[i];
    if (t < 0 || t >= count || graph->tensors[t].data != mark) {
      return mnw_fail(error, MNW_STATUS_INVALID_GRAPH, "output %0 of the graph cannot be tensor %1",
                      i, t, 0);
    }
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_graph_read(mnw_graph *graph, const uint32_t *header, int32_t *words,
                          mnw_param_words_fn *param_words, uint8_t *weights, mnw_error *error) {
  word_reader reader = {words, words + header[MNW_PACKAGE_GRAPH_WORDS]};
  uint8_t mark;
  mnw_status status = MNW_STATUS_OK;
  graph->tensor_count = header[MNW_PACKAGE_TENSOR_COUNT];
  graph->node_count = header[MNW_PACKAGE_OP_COUNT];
  graph->input_count = header[MNW_PACKAGE_INPUT_COUNT];
  graph->output_count = header[MNW_PACKAGE_OUTPUT_COUNT];
  for (uint32_t i = 0; i < graph->tensor_count && status == MNW_STATUS_OK; i++) {
    status = read_tensor(&graph->tensors[i], &reader, i, error);
  }
  if (status == MNW_STATUS_OK) {
    status = place_constants(graph, weights, header[MNW_PACKAGE_WEIGHT_BYTES], error);
  }
  for (uint32_t i = 0; i < graph->node_count && status == MNW_STATUS_OK; i++) {
    status = read_node(&graph->nodes[i], &reader, i, param_words, error);
  }
  if (status != MNW_STATUS_OK) return status;
  graph->inputs = take_words(&reader, graph->input_count);
  graph->outputs = graph->inputs ? take_words(&reader, graph->output_count) : NULL;
  if (!graph->outputs || reader.next != reader.end) {
    return mnw_fail(error, graph->outputs ? MNW_STATUS_CORRUPT : MNW_STATUS_TRUNCATED,
                    "graph has %0 words, which do not end after its outputs",
                    header[MNW_PACKAGE_GRAPH_WORDS], 0, 0);
  }
  status = check_flow(graph, &mark, error);
  for (uint32_t i = 0; i < graph->tensor_count; i++) {
    if (graph->tensors[i].kind == MNW_KIND_ACTIVATION) graph->tensors[i].data = NULL;
  }
  return status;
}
