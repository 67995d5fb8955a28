#include "source_graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void pk_graph_init(pk_graph *graph, size_t limit_bytes) {
  memset(graph, 0, sizeof *graph);
  pk_arena_init(&graph->arena, limit_bytes);
}

void pk_graph_deinit(pk_graph *graph) {
  pk_arena_deinit(&graph->arena);
  memset(graph, 0, sizeof *graph);
}

static bool copy_ops(pk_graph *copy, const pk_graph *graph, pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op op = graph->ops[i];
    op.inputs =
        pk_arena_copy(&copy->arena, op.inputs, (size_t)op.input_count, sizeof *op.inputs, error);
    if (!op.inputs || !pk_graph_add_op(copy, &op, error)) return false;
  }
  return true;
}

bool pk_graph_copy(pk_graph *copy, const pk_graph *graph, pk_error *error) {
  bool ok = true;
  pk_graph_init(copy, graph->arena.limit_bytes);
  copy->source_file = graph->source_file;
  copy->keeps_int8 = graph->keeps_int8;
  copy->input_count = graph->input_count;
  copy->output_count = graph->output_count;
  copy->inputs =
      pk_arena_copy(&copy->arena, graph->inputs, graph->input_count, sizeof *graph->inputs, error);
  copy->outputs = pk_arena_copy(&copy->arena, graph->outputs, graph->output_count,
                                sizeof *graph->outputs, error);
  for (size_t i = 0; ok && i < graph->tensor_count; i++) {
    ok = pk_graph_add_tensor(copy, &graph->tensors[i], error) >= 0;
  }
  ok = ok && copy->inputs && copy->outputs && copy_ops(copy, graph, error);
  if (!ok) pk_graph_deinit(copy);
  return ok;
}

typedef struct dtype_row {
  const char *name;
  int bits, runtime;
} dtype_row;

static const dtype_row dtype_rows[PK_DTYPE_COUNT] = {
#define PK_DTYPE(name, text, bits, runtime) [PK_DTYPE_##name] = {text, bits, runtime},
#include "source_dtypes.inc"
#undef PK_DTYPE
};

const char *pk_dtype_name(pk_dtype dtype) {
  return dtype_rows[dtype].name;
}
int pk_dtype_bits(pk_dtype dtype) {
  return dtype_rows[dtype].bits;
}
mnw_dtype pk_dtype_runtime(pk_dtype dtype) {
  return (mnw_dtype)dtype_rows[dtype].runtime;
}

const char *pk_op_kind_name(pk_op_kind kind) {
  static const char *const names[PK_OP_COUNT] = {
#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) #name,
#include "source_ops.inc"
#undef PK_SOURCE_OP
  };
  return names[kind];
}

bool pk_op_kind_fuses_activation(pk_op_kind kind) {
  static const bool fuses[PK_OP_COUNT] = {
#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) fuses_activation,
#include "source_ops.inc"
#undef PK_SOURCE_OP
  };
  return fuses[kind];
}

int32_t pk_graph_add_tensor(pk_graph *graph, const pk_tensor *tensor, pk_error *error) {
  const pk_tensor added = *tensor;  // `tensor` may stand in the list that moves now
  pk_tensor *tensors = pk_arena_grow(&graph->arena, graph->tensors, graph->tensor_count,
                                     &graph->tensor_capacity, sizeof *tensors, error);
  if (!tensors) return -1;
  graph->tensors = tensors;
  tensors[graph->tensor_count] = added;
  return (int32_t)graph->tensor_count++;
}

pk_op *pk_graph_add_op(pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_op added = *op;
  pk_op *ops = pk_arena_grow(&graph->arena, graph->ops, graph->op_count, &graph->op_capacity,
                             sizeof *ops, error);
  if (!ops) return NULL;
  graph->ops = ops;
  ops[graph->op_count] = added;
  return &ops[graph->op_count++];
}

void pk_graph_compact(pk_graph *graph) {
  size_t kept = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    if (!graph->ops[i].is_removed) graph->ops[kept++] = graph->ops[i];
  }
  graph->op_count = kept;
}

bool pk_tensor_take_levels(pk_graph *graph, pk_tensor *tensor, const int8_t *levels,
                           const float *scales, size_t count, int axis, pk_error *error) {
  const int32_t *zeros = pk_arena_alloc(&graph->arena, count, sizeof *zeros, error);
  if (!zeros) return false;
  tensor->dtype = PK_DTYPE_S8;
  tensor->data = (const uint8_t *)levels;
  tensor->data_bytes = (size_t)pk_tensor_elements(tensor);
  tensor->quantization = (pk_quantization){count, scales, zeros, axis};
  return true;
}

size_t pk_graph_use_count(const pk_graph *graph, int32_t tensor) {
  size_t count = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int j = 0; j < graph->ops[i].input_count; j++) {
      count += graph->ops[i].inputs[j] == tensor;
    }
  }
  return count;
}

int64_t pk_tensor_elements(const pk_tensor *tensor) {
  int64_t elements = 1;
  for (int i = 0; i < tensor->rank; i++) {
    if (tensor->dims[i] < 1) return -1;
    elements *= tensor->dims[i];
    if (elements > (int64_t)1 << 32) return -1;  // so that the next product fits
  }
  return elements;
}

bool pk_tensor_same_shape(const pk_tensor *a, const pk_tensor *b) {
  return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

bool pk_tensor_same_quantization(const pk_tensor *a, const pk_tensor *b) {
  const pk_quantization *p = &a->quantization, *q = &b->quantization;
  if (p->count != q->count || (p->count > 1 && p->axis != q->axis)) return false;
  for (size_t i = 0; i < p->count; i++) {
    if (p->scales[i] != q->scales[i] || p->zero_points[i] != q->zero_points[i]) return false;
  }
  return true;
}

float pk_tensor_scale(const pk_tensor *tensor) {
  return tensor->quantization.count ? tensor->quantization.scales[0] : 0.0f;
}

int32_t pk_tensor_zero_point(const pk_tensor *tensor) {
  return tensor->quantization.count ? tensor->quantization.zero_points[0] : 0;
}

pk_tensor *pk_op_input(const pk_graph *graph, const pk_op *op, int index) {
  if (index >= op->input_count || op->inputs[index] == PK_NO_TENSOR) return NULL;
  return &graph->tensors[op->inputs[index]];
}

pk_tensor *pk_op_output(const pk_graph *graph, const pk_op *op) {
  return &graph->tensors[op->output];
}

bool pk_op_fail(const pk_op *op, pk_error *error, pk_code code, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (op->source_index < 0) {
    return pk_fail(error, code, "operator %s \"%s\" (made while importing): %s",
                   pk_op_kind_name(op->kind), op->name, text);
  }
  return pk_fail(error, code, "operator %d (%s \"%s\"): %s", op->source_index,
                 pk_op_kind_name(op->kind), op->name, text);
}

pk_shape_text pk_tensor_shape_text(const pk_tensor *tensor) {
  pk_shape_text shape = {"["};
  size_t length = 1;
  for (int i = 0; i < tensor->rank; i++) {
    length += (size_t)snprintf(shape.text + length, sizeof shape.text - length, i ? ",%d" : "%d",
                               tensor->dims[i]);
  }
  snprintf(shape.text + length, sizeof shape.text - length, "]");
  return shape;
}
