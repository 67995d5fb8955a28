#include "graph_encode.h"

#include <string.h>

#include "core/format/package_format.h"
#include "core/kernels/packed_layout.h"
#include "core/ops/op_params.h"

enum { MAX_DIM = 1 << 24, MAX_LIST = 255 };

int pk_op_param_words(int code) {
  switch (code) {
#define MNW_OP(number, name, lower, words) \
  case number:                             \
    return words;
#include "core/ops/op_table.inc"
#undef MNW_OP
  }
  return -1;
}

const char *pk_op_name(int code) {
  switch (code) {
#define MNW_OP(number, name, lower, words) \
  case number:                             \
    return #name;
#include "core/ops/op_table.inc"
#undef MNW_OP
  }
  return "UNKNOWN";
}

static bool check_tensor(const pk_lowered_tensor *tensor, size_t number, pk_error *error) {
  const char *name = tensor->name ? tensor->name : "";
  if (tensor->rank > MNW_MAX_RANK) {
    return pk_fail(error, PK_UNSUPPORTED, "tensor %zu (%s) has rank %u; at most %d is supported",
                   number, name, tensor->rank, MNW_MAX_RANK);
  }
  for (uint32_t i = 0; i < tensor->rank; i++) {
    if (tensor->dims[i] < 1 || tensor->dims[i] > MAX_DIM) {
      return pk_fail(error, PK_UNSUPPORTED,
                     "tensor %zu (%s): dimension %u is %d; 1 to %d are supported", number, name, i,
                     tensor->dims[i], MAX_DIM);
    }
  }
  if (tensor->data && (tensor->data_bytes == 0 || tensor->data_bytes > MNW_MAX_TENSOR_BYTES)) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "constant %zu (%s) has %zu bytes; 1 to %d bytes are supported", number, name,
                   tensor->data_bytes, MNW_MAX_TENSOR_BYTES);
  }
  return true;
}

static void append_tensor(pk_bytes *payload, const pk_lowered_tensor *tensor) {
  const uint32_t kind = tensor->data ? MNW_KIND_CONSTANT : MNW_KIND_ACTIVATION;
  uint32_t scale_bits;
  memcpy(&scale_bits, &tensor->scale, sizeof scale_bits);
  pk_bytes_append_u32(payload, (uint32_t)tensor->dtype | tensor->rank << 8 | kind << 16 |
                                   (uint32_t)tensor->layout << 24);
  for (uint32_t i = 0; i < tensor->rank; i++) {
    pk_bytes_append_u32(payload, (uint32_t)tensor->dims[i]);
  }
  pk_bytes_append_u32(payload, scale_bits);
  pk_bytes_append_u32(payload, (uint32_t)tensor->zero_point);
  if (tensor->data) pk_bytes_append_u32(payload, (uint32_t)tensor->data_bytes);
}

static void append_list(pk_bytes *payload, const int32_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) pk_bytes_append_u32(payload, (uint32_t)words[i]);
}

static bool append_op(pk_bytes *payload, const pk_lowered_op *op, size_t number, pk_error *error) {
  const int param_words = pk_op_param_words(op->code);
  if (param_words < 0 || param_words > PK_MAX_OP_PARAMS) {
    return pk_fail(error, PK_UNSUPPORTED, "operator %zu (%s) has the unknown code %d", number,
                   op->name ? op->name : "", op->code);
  }
  pk_bytes_append_u32(payload, (uint32_t)op->code | (uint32_t)op->input_count << 16 |
                                   (uint32_t)op->output_count << 24);
  append_list(payload, op->inputs, (size_t)op->input_count);
  append_list(payload, op->outputs, (size_t)op->output_count);
  append_list(payload, op->params, (size_t)param_words);
  return true;
}

bool pk_encode_graph(pk_bytes *payload, const pk_lowered_graph *graph, pk_error *error) {
  if (graph->tensor_count > MNW_MAX_TENSORS || graph->op_count > MNW_MAX_OPS ||
      graph->input_count > MAX_LIST || graph->output_count > MAX_LIST) {
    return pk_fail(error, PK_UNSUPPORTED,
                   "%s has %zu tensors, %zu operators, %zu inputs and %zu outputs; at most %d, %d, "
                   "%d and %d are supported",
                   graph->source_file, graph->tensor_count, graph->op_count, graph->input_count,
                   graph->output_count, MNW_MAX_TENSORS, MNW_MAX_OPS, MAX_LIST, MAX_LIST);
  }
  for (size_t i = 0; i < graph->tensor_count; i++) {
    if (!check_tensor(&graph->tensors[i], i, error)) return false;
    append_tensor(payload, &graph->tensors[i]);
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    if (!append_op(payload, &graph->ops[i], i, error)) return false;
  }
  append_list(payload, graph->inputs, graph->input_count);
  append_list(payload, graph->outputs, graph->output_count);
  return !payload->failed || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the graph");
}

bool pk_encode_package_header(pk_bytes *payload, const pk_lowered_graph *graph, size_t graph_words,
                              pk_error *error) {
  uint32_t words[MNW_PACKAGE_WORDS] = {0};
  uint64_t weight_bytes = 0;
  for (size_t i = 0; i < graph->tensor_count; i++) {
    if (graph->tensors[i].data) {
      weight_bytes += mnw_round_up(graph->tensors[i].data_bytes, MNW_ALIGNMENT);
    }
  }
  if (weight_bytes > MNW_MAX_TENSOR_BYTES) {
    return pk_fail(error, PK_UNSUPPORTED, "%s has %llu bytes of weights; a package holds %d",
                   graph->source_file, (unsigned long long)weight_bytes, MNW_MAX_TENSOR_BYTES);
  }
  words[MNW_PACKAGE_FORMAT_VERSION] = MNW_FORMAT_VERSION;
  words[MNW_PACKAGE_TENSOR_COUNT] = (uint32_t)graph->tensor_count;
  words[MNW_PACKAGE_OP_COUNT] = (uint32_t)graph->op_count;
  words[MNW_PACKAGE_INPUT_COUNT] = (uint32_t)graph->input_count;
  words[MNW_PACKAGE_OUTPUT_COUNT] = (uint32_t)graph->output_count;
  words[MNW_PACKAGE_GRAPH_WORDS] = (uint32_t)graph_words;
  words[MNW_PACKAGE_WEIGHT_BYTES] = (uint32_t)weight_bytes;
  for (int i = 0; i < MNW_PACKAGE_WORDS; i++) pk_bytes_append_u32(payload, words[i]);
  return true;
}
