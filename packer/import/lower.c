#include "lower.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/format/package_format.h"

enum { MAX_DIMENSION = 1 << 24 };

static bool out_of_memory(pk_lowering *lowering) {
  return pk_fail(lowering->error, PK_OUT_OF_MEMORY, "out of memory while packing the weights");
}

char *pk_lowering_name(pk_lowering *lowering, const char *name, const char *suffix) {
  const size_t size_bytes = strlen(name) + strlen(suffix) + 1;
  char *text = malloc(size_bytes);
  if (!text) {
    out_of_memory(lowering);
    return NULL;
  }
  snprintf(text, size_bytes, "%s%s", name, suffix);
  return text;
}

void *pk_lowering_bytes(pk_lowering *lowering, const char *name, size_t size_bytes) {
  if (size_bytes > MNW_MAX_TENSOR_BYTES ||
      size_bytes > lowering->max_constant_bytes - lowering->constant_bytes) {
    pk_fail(lowering->error, PK_UNSUPPORTED,
            "constant \"%s\": its %zu packed bytes make the constants larger than the %zu MiB that "
            "are accepted for a file of this size",
            name, size_bytes, lowering->max_constant_bytes >> 20);
    return NULL;
  }
  lowering->constant_bytes += size_bytes;
  void *bytes = calloc(size_bytes ? size_bytes : 1, 1);
  if (!bytes) out_of_memory(lowering);
  return bytes;
}

// Takes over name and data.
static int32_t add_tensor(pk_lowering *lowering, pk_lowered_tensor *tensor) {
  pk_lowered_graph *out = lowering->out;
  if (out->tensor_count == lowering->tensor_capacity) {
    const size_t capacity = lowering->tensor_capacity ? 2 * lowering->tensor_capacity : 64;
    pk_lowered_tensor *tensors = realloc(out->tensors, capacity * sizeof *tensors);
    if (!tensors) {
      pk_lowered_tensor_free(tensor);
      out_of_memory(lowering);
      return MNW_NO_TENSOR;
    }
    out->tensors = tensors;
    lowering->tensor_capacity = capacity;
  }
  out->tensors[out->tensor_count] = *tensor;
  return (int32_t)out->tensor_count++;
}

int32_t pk_lowering_constant(pk_lowering *lowering, pk_lowered_tensor tensor) {
  if (!tensor.name || !tensor.data) {
    pk_lowered_tensor_free(&tensor);
    return MNW_NO_TENSOR;
  }
  return add_tensor(lowering, &tensor);
}

int32_t pk_lowering_activation(pk_lowering *lowering, pk_lowered_tensor tensor) {
  return tensor.name ? add_tensor(lowering, &tensor) : MNW_NO_TENSOR;
}

// The limits that the package reader enforces. Operators' tensors are checked already; inputs that
// no operator reads are not.
static bool check_limits(const pk_tensor *tensor, pk_error *error) {
  bool fits = pk_dtype_runtime(tensor->dtype) != 0 && tensor->rank <= MNW_MAX_RANK;
  for (int i = 0; i < tensor->rank; i++) {
    fits = fits && tensor->dims[i] >= 1 && tensor->dims[i] <= MAX_DIMENSION;
  }
  const int64_t elements = fits ? pk_tensor_elements(tensor) : -1;
  if (elements >= 0 && elements * pk_dtype_bits(tensor->dtype) / 8 <= MNW_MAX_TENSOR_BYTES) {
    return true;
  }
  return pk_fail(error, PK_UNSUPPORTED,
                 "tensor \"%s\" (%s %s): its type is unknown to the runtime or its shape is out of "
                 "range",
                 tensor->name, pk_dtype_name(tensor->dtype), pk_tensor_shape_text(tensor).text);
}

// Of tensors that no operator's rule has looked at: inputs of the graph that nobody reads.
static bool check_scale(const pk_tensor *tensor, pk_error *error) {
  const float scale = pk_tensor_scale(tensor);
  const int32_t zero_point = pk_tensor_zero_point(tensor);
  if (scale >= 0.0f && isfinite(scale) && zero_point >= -128 && zero_point <= 255) return true;
  return pk_fail(error, PK_BAD_MODEL, "tensor \"%s\" has the scale %g and the zero point %d",
                 tensor->name, (double)scale, zero_point);
}

int32_t pk_lowering_tensor(pk_lowering *lowering, int32_t source) {
  const pk_tensor *tensor = &lowering->graph->tensors[source];
  if (lowering->numbers[source] != MNW_NO_TENSOR) return lowering->numbers[source];
  if (!check_limits(tensor, lowering->error) || !check_scale(tensor, lowering->error)) {
    return MNW_NO_TENSOR;
  }
  pk_lowered_tensor lowered = {.name = pk_lowering_name(lowering, tensor->name, ""),
                               .dtype = pk_dtype_runtime(tensor->dtype),
                               .rank = (uint32_t)tensor->rank,
                               .scale = pk_tensor_scale(tensor),
                               .zero_point = pk_tensor_zero_point(tensor),
                               .layout = MNW_LAYOUT_ROW_MAJOR};
  if (!lowered.name) return MNW_NO_TENSOR;
  memcpy(lowered.dims, tensor->dims, sizeof lowered.dims);
  if (tensor->data) {
    lowered.data = pk_lowering_bytes(lowering, tensor->name, tensor->data_bytes);
    if (!lowered.data) {
      free(lowered.name);
      return MNW_NO_TENSOR;
    }
    memcpy(lowered.data, tensor->data, tensor->data_bytes);
    lowered.data_bytes = tensor->data_bytes;
  }
  lowering->numbers[source] = add_tensor(lowering, &lowered);
  return lowering->numbers[source];
}

pk_lowered_op *pk_lowering_begin(pk_lowering *lowering, const pk_op *op, int code) {
  pk_lowered_op *lowered = &lowering->out->ops[lowering->out->op_count];
  lowered->name = pk_lowering_name(lowering, op->name, "");
  if (!lowered->name) return NULL;
  lowered->code = code;
  lowering->out->op_count++;
  return lowered;
}

static bool lower_ops(pk_lowering *lowering) {
  static pk_lower_fn *const lower_fns[PK_OP_COUNT] = {
#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) \
  [PK_OP_##name] = pk_lower_##lower,
#include "source_ops.inc"
#undef PK_SOURCE_OP
  };
  const pk_graph *graph = lowering->graph;
  if (graph->op_count > MNW_MAX_OPS) {
    return pk_fail(lowering->error, PK_UNSUPPORTED,
                   "the model needs %zu operators, more than the %d that a package may have",
                   graph->op_count, MNW_MAX_OPS);
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    if (!lower_fns[graph->ops[i].kind](lowering, &graph->ops[i])) return false;
  }
  return true;
}

static bool lower_ends(pk_lowering *lowering) {
  const pk_graph *graph = lowering->graph;
  pk_lowered_graph *out = lowering->out;
  for (size_t i = 0; i < graph->output_count; i++) {
    out->outputs[i] = lowering->numbers[graph->outputs[i]];
    for (size_t j = 0; j < graph->input_count; j++) {
      if (graph->outputs[i] == graph->inputs[j]) {
        return pk_fail(lowering->error, PK_UNSUPPORTED,
                       "output %zu of the model (\"%s\") is its input %zu: nothing computes it", i,
                       graph->tensors[graph->outputs[i]].name, j);
      }
    }
  }
  out->output_count = graph->output_count;
  if (out->op_count > MNW_MAX_OPS) {
    return pk_fail(lowering->error, PK_UNSUPPORTED,
                   "the model needs %zu operators, more than the %d that a package may have",
                   out->op_count, MNW_MAX_OPS);
  }
  if (out->tensor_count > MNW_MAX_TENSORS) {
    return pk_fail(lowering->error, PK_UNSUPPORTED,
                   "the model needs %zu tensors, more than the %d that a package may have",
                   out->tensor_count, MNW_MAX_TENSORS);
  }
  return true;
}

// Inputs of the graph come first, then tensors in the order of the operators that use them.
bool pk_lower(pk_lowered_graph *out, const pk_graph *graph, pk_error *error) {
  memset(out, 0, sizeof *out);
  pk_lowering lowering = {.graph = graph, .out = out, .error = error};
  lowering.max_constant_bytes = graph->arena.limit_bytes;
  lowering.numbers = malloc((graph->tensor_count + 1) * sizeof *lowering.numbers);
  out->inputs = calloc(graph->input_count + 1, sizeof *out->inputs);
  out->outputs = calloc(graph->output_count + 1, sizeof *out->outputs);
  out->ops = calloc(2 * graph->op_count + 1, sizeof *out->ops);  // weights may need a DEQUANTIZE
  bool ok = lowering.numbers && out->inputs && out->outputs && out->ops;
  if (!ok) out_of_memory(&lowering);
  for (size_t i = 0; ok && i < graph->tensor_count; i++) lowering.numbers[i] = MNW_NO_TENSOR;
  for (size_t i = 0; ok && i < graph->input_count; i++) {
    out->inputs[i] = pk_lowering_tensor(&lowering, graph->inputs[i]);
    ok = out->inputs[i] != MNW_NO_TENSOR;
  }
  out->input_count = ok ? graph->input_count : 0;
  ok = ok && lower_ops(&lowering) && lower_ends(&lowering);
  free(lowering.numbers);
  return ok;
}
