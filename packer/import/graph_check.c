#include "graph_check.h"

#include <math.h>
#include <stdio.h>

#include "../../core/format/package_format.h"
#include "op_rules.h"

enum { MAX_DIMENSION = 1 << 24 };

typedef struct kind_row {
  int inputs_min, inputs_max;
  pk_op_check_fn *check;
} kind_row;

static const kind_row kind_rows[PK_OP_COUNT] = {
#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) \
  [PK_OP_##name] = {inputs_min, inputs_max, pk_check_##lower},
#include "source_ops.inc"
#undef PK_SOURCE_OP
};

static bool is_8_bit(pk_dtype dtype) {
  return dtype == PK_DTYPE_S8 || dtype == PK_DTYPE_U8;
}

static bool is_float(pk_dtype dtype) {
  return dtype == PK_DTYPE_F32 || dtype == PK_DTYPE_F16 || dtype == PK_DTYPE_BF16 ||
         dtype == PK_DTYPE_F64;
}

// Whether the packer can handle `dtype` in this place; `input` is -1 for the output. Operators that
// are not named take whatever the runtime stores; whether their dtypes go together is for the
// rules.
static bool dtype_fits(pk_op_kind kind, int input, pk_dtype dtype) {
  switch (kind) {
    case PK_OP_CONV_2D:
    case PK_OP_DEPTHWISE_CONV_2D:
    case PK_OP_FULLY_CONNECTED:
      if (input == PK_INPUT_BIAS) return dtype == PK_DTYPE_S32 || dtype == PK_DTYPE_F32;
      return is_8_bit(dtype) || dtype == PK_DTYPE_F32;
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_MAX_POOL_2D:
    case PK_OP_MEAN:
    case PK_OP_SOFTMAX:
    case PK_OP_ACTIVATION:
      return is_8_bit(dtype) || dtype == PK_DTYPE_S16 || dtype == PK_DTYPE_F32;
    case PK_OP_QUANTIZE:
      return is_8_bit(dtype) || dtype == PK_DTYPE_S16 ||
             (input == PK_INPUT_DATA && dtype == PK_DTYPE_F32);
    case PK_OP_DEQUANTIZE:
      return input < 0 ? dtype == PK_DTYPE_F32 : is_8_bit(dtype) || dtype == PK_DTYPE_S16;
    default:
      return pk_dtype_runtime(dtype) != 0;
  }
}

void pk_graph_report_dtypes(const pk_graph *graph, pk_report *report) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    const pk_tensor *misfit = NULL;
    const pk_tensor *output = pk_op_output(graph, op);
    for (int input = 0; input < op->input_count && !misfit; input++) {
      const pk_tensor *tensor = pk_op_input(graph, op, input);
      if (tensor && !dtype_fits(op->kind, input, tensor->dtype)) misfit = tensor;
    }
    if (!misfit && !dtype_fits(op->kind, -1, output->dtype)) misfit = output;
    if (!misfit) continue;
    char what[96];
    snprintf(what, sizeof what, "%s with %s tensors", pk_op_kind_name(op->kind),
             pk_dtype_name(misfit->dtype));
    pk_report_add(report, what, "operator", (size_t)op->source_index, op->name);
    report->has_float |= is_float(misfit->dtype) && misfit->dtype != PK_DTYPE_F32;
  }
}

static bool check_constant(const pk_op *op, const pk_tensor *tensor, pk_error *error) {
  const int64_t elements = pk_tensor_elements(tensor);
  const int64_t bits = elements * pk_dtype_bits(tensor->dtype);
  if ((uint64_t)(bits + 7) / 8 == tensor->data_bytes) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL,
                    "its constant \"%s\" (%s %s) has %zu bytes instead of %lld; the file is broken",
                    tensor->name, pk_dtype_name(tensor->dtype), pk_tensor_shape_text(tensor).text,
                    tensor->data_bytes, (long long)(bits + 7) / 8);
}

static bool check_quantization(const pk_op *op, const pk_tensor *tensor, bool is_weights,
                               pk_error *error) {
  const pk_quantization *q = &tensor->quantization;
  if (q->count == 0) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its tensor \"%s\" is %s but has no scale; quantise the model again",
                      tensor->name, pk_dtype_name(tensor->dtype));
  }
  if (q->count > 1 && !is_weights) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its tensor \"%s\" has a scale for each channel; only weights may",
                      tensor->name);
  }
  const bool is_wide = tensor->dtype == PK_DTYPE_S16;
  const int32_t low = is_wide || tensor->dtype == PK_DTYPE_U8 ? 0 : -128;
  const int32_t high = is_wide ? 0 : low + 255;
  for (size_t i = 0; i < q->count; i++) {
    if (!(q->scales[i] > 0.0f) || !isfinite(q->scales[i])) {
      return pk_op_fail(op, error, PK_BAD_MODEL,
                        "scale %zu of its tensor \"%s\" is %g, but must be positive and finite", i,
                        tensor->name, q->scales[i]);
    }
    if (q->zero_points[i] < low || q->zero_points[i] > high) {
      return pk_op_fail(op, error, PK_BAD_MODEL,
                        "zero point %zu of its tensor \"%s\" is %d, outside %d to %d", i,
                        tensor->name, q->zero_points[i], low, high);
    }
  }
  return true;
}

static bool has_weights(pk_op_kind kind) {
  return kind == PK_OP_CONV_2D || kind == PK_OP_DEPTHWISE_CONV_2D ||
         kind == PK_OP_FULLY_CONNECTED || kind == PK_OP_CONV_TRANSPOSE_2D ||
         kind == PK_OP_FIXED_CONV_2D;
}

// Whether the kind also works on plain integers of 8 bits.
static bool is_generic(pk_op_kind kind) {
  return kind == PK_OP_RESHAPE || kind == PK_OP_PAD || kind == PK_OP_ADD ||
         kind == PK_OP_MAX_POOL_2D || kind >= PK_OP_UNARY;
}

// Whether the tensor may have a scale for each channel there: weights, and constants that become
// real, where each scale is one of the last axis or of a row of the rest and all have one zero
// point.
static bool takes_scales(const pk_op *op, const pk_tensor *tensor, int input) {
  const pk_quantization *q = &tensor->quantization;
  size_t rows = 1;
  if (op->kind != PK_OP_DEQUANTIZE) return input == PK_INPUT_WEIGHTS && has_weights(op->kind);
  for (size_t i = 1; i < q->count; i++) {
    if (q->zero_points[i] != q->zero_points[0]) return false;
  }
  for (int i = 0; i <= q->axis && i < tensor->rank; i++) rows *= (size_t)tensor->dims[i];
  const bool is_last =
      q->axis >= 0 && q->axis == tensor->rank - 1 && q->count == (size_t)tensor->dims[q->axis];
  return tensor->data && (is_last || q->count == rows);
}

static bool check_tensor(const pk_op *op, const pk_tensor *tensor, int input, pk_error *error) {
  for (int i = 0; i < tensor->rank; i++) {
    if (tensor->dims[i] < 1 || tensor->dims[i] > MAX_DIMENSION) {
      return pk_op_fail(op, error, tensor->dims[i] < 1 ? PK_UNSUPPORTED : PK_BAD_MODEL,
                        "its tensor \"%s\" has shape %s; every dimension must be known and 1 to %d",
                        tensor->name, pk_tensor_shape_text(tensor).text, MAX_DIMENSION);
    }
  }
  const int64_t elements = pk_tensor_elements(tensor);
  if (elements < 0 || elements * pk_dtype_bits(tensor->dtype) / 8 > MNW_MAX_TENSOR_BYTES) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its tensor \"%s\" of shape %s is larger than the %d bytes that the runtime "
                      "accepts",
                      tensor->name, pk_tensor_shape_text(tensor).text, MNW_MAX_TENSOR_BYTES);
  }
  if (tensor->rank > MNW_MAX_RANK) {
    return pk_op_fail(op, error, PK_UNSUPPORTED, "its tensor \"%s\" has %d axes, more than %d",
                      tensor->name, tensor->rank, MNW_MAX_RANK);
  }
  if (tensor->data && !check_constant(op, tensor, error)) return false;
  if (tensor->dtype == PK_DTYPE_S16 && tensor->quantization.count > 0) {
    return check_quantization(op, tensor, false, error);
  }
  if (!is_8_bit(tensor->dtype) || (tensor->quantization.count == 0 && is_generic(op->kind))) {
    return true;
  }
  return check_quantization(op, tensor, takes_scales(op, tensor, input), error);
}

// `written` tells for each tensor whether a value is there already.
static bool check_op(const pk_graph *graph, const pk_op *op, uint8_t *written, pk_error *error) {
  const kind_row *row = &kind_rows[op->kind];
  if (op->input_count < row->inputs_min || op->input_count > row->inputs_max) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "it has %d inputs, but takes %d to %d",
                      op->input_count, row->inputs_min, row->inputs_max);
  }
  for (int i = 0; i < op->input_count; i++) {
    const pk_tensor *tensor = pk_op_input(graph, op, i);
    if (!tensor && i < row->inputs_min) {
      return pk_op_fail(op, error, PK_BAD_MODEL, "its input %d is missing", i);
    }
    if (!tensor) continue;
    if (!tensor->data && !written[op->inputs[i]]) {
      return pk_op_fail(op, error, PK_BAD_MODEL,
                        "it reads tensor %d (\"%s\"), which nothing has written before",
                        op->inputs[i], tensor->name);
    }
    if (!check_tensor(op, tensor, i, error)) return false;
  }
  const pk_tensor *output = pk_op_output(graph, op);
  if (output->data || written[op->output]) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "it writes tensor %d (\"%s\"), which is a constant, an input of the graph or "
                      "written by another operator",
                      op->output, output->name);
  }
  written[op->output] = 1;
  return check_tensor(op, output, -1, error) && row->check(graph, op, error);
}

bool pk_graph_check(pk_graph *graph, pk_error *error) {
  uint8_t *written = pk_arena_alloc(&graph->arena, graph->tensor_count, 1, error);
  if (!written) return false;
  if (graph->output_count == 0) return pk_fail(error, PK_BAD_MODEL, "the model has no outputs");
  for (size_t i = 0; i < graph->input_count; i++) {
    if (written[graph->inputs[i]]) {
      return pk_fail(error, PK_BAD_MODEL,
                     "input %zu of the model is tensor %d, as another input is", i,
                     graph->inputs[i]);
    }
    if (graph->tensors[graph->inputs[i]].data) {
      return pk_fail(error, PK_BAD_MODEL, "input %zu of the model (\"%s\") is computed in it", i,
                     graph->tensors[graph->inputs[i]].name);
    }
    written[graph->inputs[i]] = 1;
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    if (!check_op(graph, &graph->ops[i], written, error)) return false;
  }
  for (size_t i = 0; i < graph->output_count; i++) {
    const int32_t number = graph->outputs[i];
    if (!written[number]) {
      return pk_fail(error, PK_BAD_MODEL,
                     "output %zu of the model (tensor %d, \"%s\") is computed by no operator", i,
                     number, graph->tensors[number].name);
    }
  }
  return true;
}
