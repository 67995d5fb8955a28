#include "tflite_ops.h"

#include <stdio.h>
#include <string.h>

#include "../../core/base/bytes.h"
#include "float_constant.h"

// Marks the operator as one that needs something that is not implemented.
bool pk_tflite_report(pk_tflite_import *import, pk_op *op, const pk_tflite_operator *source,
                      const char *what) {
  char text[96];
  snprintf(text, sizeof text, "%s %s", source->builtin_name, what);
  pk_report_add(import->report, text, "operator", (size_t)op->source_index, op->name);
  op->is_removed = true;
  return true;
}

// Options of another operator would be read as nonsense; absent ones mean defaults.
bool pk_tflite_check_options(pk_tflite_import *import, const pk_tflite_operator *source, int type) {
  if (source->options_type == type || !source->options.buffer) return true;
  return pk_fb_fail(&import->model.file, "its options are of type %d instead of %d",
                    source->options_type, type);
}

bool pk_tflite_require_inputs(pk_tflite_import *import, const pk_op *op, int count) {
  for (int i = 0; i < count; i++) {
    if (i >= op->input_count || op->inputs[i] == PK_NO_TENSOR) {
      return pk_fb_fail(&import->model.file, "input %d of %d is missing", i, count);
    }
  }
  return true;
}

bool pk_tflite_set_activation(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op,
                              uint8_t activation) {
  switch (activation) {
    case PK_TFLITE_ACTIVATION_NONE:
      op->activation = PK_ACTIVATION_NONE;
      return true;
    case PK_TFLITE_ACTIVATION_RELU:
      op->activation = PK_ACTIVATION_RELU;
      return true;
    case PK_TFLITE_ACTIVATION_RELU6:
      op->activation = PK_ACTIVATION_RELU6;
      return true;
    case PK_TFLITE_ACTIVATION_RELU_N1_TO_1:
      op->activation = PK_ACTIVATION_RELU_N1_TO_1;
      return true;
    case PK_TFLITE_ACTIVATION_TANH:
      return pk_tflite_report(import, op, source, "with fused TANH");
    case PK_TFLITE_ACTIVATION_SIGN_BIT:
      return pk_tflite_report(import, op, source, "with fused SIGN_BIT");
    default:
      return pk_fb_fail(&import->model.file, "unknown fused activation %u", activation);
  }
}

bool pk_tflite_set_padding(pk_tflite_import *import, pk_padding *padding, uint8_t value) {
  if (value > PK_TFLITE_PADDING_VALID) {
    return pk_fb_fail(&import->model.file, "unknown padding %u", value);
  }
  padding->mode = value == PK_TFLITE_PADDING_SAME ? PK_PADDING_SAME : PK_PADDING_VALID;
  return true;
}

// Reads an int32 or int64 constant of at most `max` elements.
bool pk_tflite_read_integers(pk_tflite_import *import, const pk_op *op, int input, int64_t *values,
                             size_t max, size_t *count) {
  const pk_tensor *tensor = pk_op_input(import->graph, op, input);
  const size_t bytes = tensor->dtype == PK_DTYPE_S64 ? 8 : 4;
  const int64_t elements = pk_tensor_elements(tensor);
  if (tensor->dtype != PK_DTYPE_S32 && tensor->dtype != PK_DTYPE_S64) {
    return pk_fb_fail(&import->model.file, "input %d (\"%s\") is %s instead of int32 or int64",
                      input, tensor->name, pk_dtype_name(tensor->dtype));
  }
  if (elements < 0 || (size_t)elements > max || (size_t)elements * bytes != tensor->data_bytes) {
    return pk_fb_fail(&import->model.file,
                      "input %d (\"%s\", shape %s, %zu bytes) has not the size that is expected",
                      input, tensor->name, pk_tensor_shape_text(tensor).text, tensor->data_bytes);
  }
  *count = (size_t)elements;
  for (size_t i = 0; i < *count; i++) {
    values[i] = bytes == 8 ? (int64_t)mnw_load_u64(tensor->data + 8 * i)
                           : (int32_t)mnw_load_u32(tensor->data + 4 * i);
  }
  return true;
}

// Whether the input is there but is computed, so that it cannot become an attribute.
bool pk_tflite_is_computed(const pk_tflite_import *import, const pk_op *op, int input) {
  const pk_tensor *tensor = pk_op_input(import->graph, op, input);
  return tensor && !tensor->data;
}

bool pk_tflite_fix_axis(pk_tflite_import *import, int64_t *axis, int rank) {
  const int64_t given = *axis;
  if (given < 0) *axis += rank;
  if (*axis >= 0 && *axis < rank) return true;
  return pk_fb_fail(&import->model.file, "axis %lld is out of range for rank %d", (long long)given,
                    rank);
}

bool pk_tflite_read_axes(pk_tflite_import *import, const pk_op *op, int input, uint32_t *mask) {
  int64_t axes[PK_MAX_RANK];
  size_t count = 0;
  if (!pk_tflite_read_integers(import, op, input, axes, PK_MAX_RANK, &count)) return false;
  *mask = 0;
  for (size_t i = 0; i < count; i++) {
    if (!pk_tflite_fix_axis(import, &axes[i], pk_op_input(import->graph, op, 0)->rank)) {
      return false;
    }
    *mask |= 1u << axes[i];
  }
  return true;
}

int32_t pk_tflite_add_value(pk_tflite_import *import, int32_t like, const char *suffix, int rank,
                            const int32_t *dims) {
  pk_graph *graph = import->graph;
  if (rank > PK_MAX_RANK) {
    pk_fb_fail(&import->model.file, "a value of %d axes is needed, more than %d", rank,
               PK_MAX_RANK);
    return -1;
  }
  pk_tensor tensor = graph->tensors[like];
  tensor.data = NULL;
  tensor.data_bytes = 0;
  tensor.rank = rank;
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  tensor.name = pk_arena_text(&graph->arena, import->error, "%s %s", tensor.name, suffix);
  return tensor.name ? pk_graph_add_tensor(graph, &tensor, import->error) : -1;
}

bool pk_tflite_add_step(pk_tflite_import *import, const pk_op *op, pk_op_kind kind,
                        const int32_t *words, const int32_t *inputs, int input_count,
                        int32_t output) {
  pk_graph *graph = import->graph;
  pk_op step = {.kind = kind,
                .name = op->name,
                .source_index = op->source_index,
                .input_count = input_count,
                .output = output};
  if (output < 0) return false;
  for (int i = 0; i < input_count; i++) {
    if (inputs[i] < 0) return false;
  }
  step.inputs =
      pk_arena_copy(&graph->arena, inputs, (size_t)input_count, sizeof *inputs, import->error);
  if (words) memcpy(step.attributes.words.words, words, sizeof step.attributes.words.words);
  return step.inputs && pk_graph_add_op(graph, &step, import->error) != NULL;
}

bool pk_tflite_widen_weights(pk_tflite_import *import, pk_op *op) {
  const pk_tensor *data = pk_op_input(import->graph, op, PK_INPUT_DATA);
  if (!data || data->dtype != PK_DTYPE_F32) return true;
  for (int i = PK_INPUT_WEIGHTS; i < op->input_count && i <= PK_INPUT_BIAS; i++) {
    const pk_tensor *tensor = pk_op_input(import->graph, op, i);
    if (!tensor || !pk_is_float_convertible(tensor)) continue;
    op->inputs[i] = pk_graph_float_constant(import->graph, op->inputs[i], import->error);
    if (op->inputs[i] < 0) return false;
  }
  return true;
}

// Gives the operator's output the values of a constant: nothing is left to compute.
static bool fold_into_output(pk_tflite_import *import, pk_op *op, const pk_tensor *values) {
  pk_tensor *output = pk_op_output(import->graph, op);
  if (output->dtype != values->dtype || output->data || !pk_tensor_same_shape(output, values)) {
    return pk_fb_fail(&import->model.file, "its output \"%s\" is no %s tensor of shape %s",
                      output->name, pk_dtype_name(values->dtype),
                      pk_tensor_shape_text(values).text);
  }
  output->data = values->data;
  output->data_bytes = values->data_bytes;
  output->grid = values->grid;
  op->is_removed = true;
  return true;
}

// The constant was made whole when it was read.
bool pk_tflite_import_densify(pk_tflite_import *import, const pk_tflite_operator *source,
                              pk_op *op) {
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  return input->data ? fold_into_output(import, op, input)
                     : pk_tflite_report(import, op, source, "of a computed tensor");
}

// Of a constant (float16 weights, mostly): done here, the result takes the output's place.
bool pk_tflite_import_dequantize(pk_tflite_import *import, const pk_tflite_operator *source,
                                 pk_op *op) {
  (void)source;
  op->kind = PK_OP_DEQUANTIZE;
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  if (!pk_is_float_convertible(input)) return true;
  const int32_t number = pk_graph_float_constant(import->graph, op->inputs[0], import->error);
  if (number < 0) return false;
  return fold_into_output(import, op, &import->graph->tensors[number]);
}
