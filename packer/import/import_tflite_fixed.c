// TFLite operators on int16 activations (16x8 quantisation), which are defined in fixed point to
// the last bit: factors are computed here, in double as TFLite does it, and the runtime only
// applies them. Operators that are not in the table take the ordinary way, in float32 if they
// compute.
#include <math.h>
#include <string.h>

#include "../../core/base/fixed_point.h"
#include "../../core/ops/op_params.h"
#include "core/base/bytes.h"
#include "op_rules.h"
#include "tflite_ops.h"

enum { S16_MIN = -32768, S16_MAX = 32767, HEADROOM_BITS = 15 };

bool pk_tflite_set_factor(pk_tflite_import *import, int32_t *words, double real) {
  const double one = 2147483648.0;
  int shift = 0;
  double fraction = round(frexp(real, &shift) * one);
  if (fabs(fraction) >= one) {
    fraction /= 2;
    shift++;
  }
  if (!isfinite(real) || shift > MNW_FIXED_MAX_SHIFT) {
    return pk_fb_fail(&import->model.file, "its scales make the factor %g, which is out of range",
                      real);
  }
  words[0] = shift < MNW_FIXED_MIN_SHIFT ? 0 : (int32_t)fraction;
  words[1] = shift < MNW_FIXED_MIN_SHIFT ? 0 : shift;
  return true;
}

static int32_t quantized_bound(const pk_tensor *tensor, float bound) {
  const float steps = roundf(bound / pk_tensor_scale(tensor));
  const float value = (float)pk_tensor_zero_point(tensor) + steps;
  return value <= S16_MIN ? S16_MIN : value >= S16_MAX ? S16_MAX : (int32_t)value;
}

// The output's range, cut by the activation.
static void set_clamp(const pk_tensor *output, pk_activation activation, int32_t *words) {
  const int32_t low = output->dtype == PK_DTYPE_S8 ? -128 : S16_MIN;
  const int32_t high = output->dtype == PK_DTYPE_S8 ? 127 : S16_MAX;
  words[0] = output->dtype == PK_DTYPE_S32 ? INT32_MIN : low;
  words[1] = output->dtype == PK_DTYPE_S32 ? INT32_MAX : high;
  if (activation == PK_ACTIVATION_NONE) return;
  const int32_t from = quantized_bound(output, activation == PK_ACTIVATION_RELU_N1_TO_1 ? -1 : 0);
  if (words[0] < from) words[0] = from;
  if (activation == PK_ACTIVATION_RELU) return;
  const int32_t to = quantized_bound(output, activation == PK_ACTIVATION_RELU6 ? 6 : 1);
  if (words[1] > to) words[1] = to;
}

static double scale_of(const pk_tensor *tensor) {
  return (double)pk_tensor_scale(tensor);
}

// QUANTIZE, LEAKY_RELU and the plain activations.
static bool import_rescale(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int32_t *words = op->attributes.words.words;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  const pk_tensor *output = pk_op_output(import->graph, op);
  double factor = scale_of(input) / scale_of(output), below = factor;
  pk_activation activation = PK_ACTIVATION_NONE;
  op->kind = PK_OP_RESCALE;
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  if (source->builtin == PK_TFLITE_LEAKY_RELU) {
    if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_LEAKY_RELU)) return false;
    const float alpha = pk_fb_f32(source->options, PK_TFLITE_LEAKY_RELU_ALPHA, 0, "alpha");
    // The one operator whose factors TFLite divides in float32.
    factor = (double)(pk_tensor_scale(input) / pk_tensor_scale(output));
    below = (double)(pk_tensor_scale(input) * alpha / pk_tensor_scale(output));
  } else if (source->builtin == PK_TFLITE_RELU) {
    activation = PK_ACTIVATION_RELU;
  } else if (source->builtin == PK_TFLITE_RELU6) {
    activation = PK_ACTIVATION_RELU6;
  }
  set_clamp(output, activation, words + MNW_RESCALE_CLAMP_MIN);
  return pk_tflite_set_factor(import, words + MNW_RESCALE_FACTOR, factor) &&
         pk_tflite_set_factor(import, words + MNW_RESCALE_FACTOR_BELOW, below);
}

static bool import_binary(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int32_t *words = op->attributes.words.words;
  const bool is_add = source->builtin == PK_TFLITE_ADD, is_sub = source->builtin == PK_TFLITE_SUB;
  op->kind = PK_OP_FIXED_BINARY;
  if (!pk_tflite_check_options(import, source,
                               is_add   ? PK_TFLITE_OPTIONS_ADD
                               : is_sub ? PK_TFLITE_OPTIONS_SUB
                                        : PK_TFLITE_OPTIONS_MUL) ||
      !pk_tflite_require_inputs(import, op, 2) ||
      !pk_tflite_set_activation(
          import, source, op,
          pk_fb_u8(source->options, PK_TFLITE_ADD_ACTIVATION, 0, "activation"))) {
    return false;
  }
  const double a = scale_of(pk_op_input(import->graph, op, 0));
  const double b = scale_of(pk_op_input(import->graph, op, 1));
  const pk_tensor *output = pk_op_output(import->graph, op);
  const double y = scale_of(output), common = 2 * fmax(a, b);
  words[MNW_FIXED_BINARY_FUNCTION] = is_add   ? MNW_BINARY_ADD
                                     : is_sub ? MNW_BINARY_SUB
                                              : MNW_BINARY_MUL;
  set_clamp(output, op->activation, words + MNW_FIXED_BINARY_CLAMP_MIN);
  op->activation = PK_ACTIVATION_NONE;
  if (!is_add && !is_sub)
    return pk_tflite_set_factor(import, words + MNW_FIXED_BINARY_FACTOR_Y, a * b / y);
  return pk_tflite_set_factor(import, words + MNW_FIXED_BINARY_FACTOR_A, a / common) &&
         pk_tflite_set_factor(import, words + MNW_FIXED_BINARY_FACTOR_B, b / common) &&
         pk_tflite_set_factor(import, words + MNW_FIXED_BINARY_FACTOR_Y,
                              common / ((1 << HEADROOM_BITS) * y));
}

// Constants of zeros that the caller may still fill, through `data`. Negative: error filled.
static int32_t add_constant(pk_tflite_import *import, const char *name, pk_dtype dtype, int rank,
                            const int32_t *dims, uint8_t **data) {
  pk_tensor tensor = {.name = name, .dtype = dtype, .rank = rank};
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  const size_t bytes = (size_t)pk_tensor_elements(&tensor) * (size_t)pk_dtype_bits(dtype) / 8;
  *data = pk_arena_alloc(&import->graph->arena, bytes, 1, import->error);
  tensor.data = *data;
  tensor.data_bytes = bytes;
  return *data ? pk_graph_add_tensor(import->graph, &tensor, import->error) : -1;
}

static int32_t add_factors(pk_tflite_import *import, const pk_op *op, int32_t channels) {
  const pk_tensor *weights = pk_op_input(import->graph, op, PK_INPUT_WEIGHTS);
  const pk_quantization q = weights->quantization;
  const double x = scale_of(pk_op_input(import->graph, op, PK_INPUT_DATA));
  const double y = scale_of(pk_op_output(import->graph, op));
  const int32_t dims[] = {2, channels};
  uint8_t *data = NULL;
  const int32_t number = add_constant(import, op->name, PK_DTYPE_S32, 2, dims, &data);
  for (int32_t o = 0; number >= 0 && o < channels; o++) {
    int32_t words[2] = {0};
    if (!pk_tflite_set_factor(import, words, x * (double)q.scales[q.count == 1 ? 0 : o] / y))
      return -1;
    mnw_store_u32(data + 4 * (size_t)o, (uint32_t)words[0]);
    mnw_store_u32(data + 4 * (size_t)(channels + o), (uint32_t)words[1]);
  }
  return number;
}

// Weights [1][KH][KW][C] of a depthwise convolution as [C][KH][KW][1].
static bool turn_depthwise(pk_tflite_import *import, pk_op *op) {
  pk_tensor weights = *pk_op_input(import->graph, op, PK_INPUT_WEIGHTS);
  const size_t taps = (size_t)weights.dims[1] * (size_t)weights.dims[2];
  const size_t channels = (size_t)weights.dims[3];
  uint8_t *data = pk_arena_alloc(&import->graph->arena, weights.data_bytes, 1, import->error);
  if (!data) return false;
  for (size_t i = 0; i < weights.data_bytes; i++) {
    data[i % channels * taps + i / channels] = weights.data[i];
  }
  weights.data = data;
  weights.dims[0] = weights.dims[3];
  weights.dims[3] = 1;
  weights.quantization.axis = 0;
  op->inputs[PK_INPUT_WEIGHTS] = pk_graph_add_tensor(import->graph, &weights, import->error);
  return op->inputs[PK_INPUT_WEIGHTS] >= 0;
}

// Constant int8 weights of rank 4 with a usable scale for each output channel.
static bool check_weights(pk_tflite_import *import, const pk_op *op, int axis) {
  const pk_tensor *weights = pk_op_input(import->graph, op, PK_INPUT_WEIGHTS);
  const pk_quantization *q = &weights->quantization;
  const int64_t elements = pk_tensor_elements(weights);
  if (!weights->data || weights->dtype != PK_DTYPE_S8 || weights->rank != 4 || elements < 1 ||
      weights->data_bytes != (size_t)elements ||
      (q->count != 1 && q->count != (size_t)weights->dims[axis])) {
    return pk_fb_fail(&import->model.file,
                      "its weights \"%s\" (%s %s, %zu scales) are no int8 constants of rank 4 with "
                      "one scale or one for each output channel",
                      weights->name, pk_dtype_name(weights->dtype),
                      pk_tensor_shape_text(weights).text, q->count);
  }
  for (size_t i = 0; i < q->count; i++) {
    if (q->zero_points[i] == 0) continue;
    return pk_fb_fail(&import->model.file, "its weights \"%s\" have the zero point %d instead of 0",
                      weights->name, q->zero_points[i]);
  }
  return true;
}

// Inputs x, weights [O][KH][KW][I / groups], bias or none become those of FIXED_CONV_2D. `words`
// but for padding and clamps are set.
static bool finish_conv(pk_tflite_import *import, pk_op *op, pk_padding padding,
                        pk_dtype bias_dtype) {
  int32_t *words = op->attributes.words.words;
  const pk_graph *graph = import->graph;
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA), *output = pk_op_output(graph, op);
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  if (input->rank != 4 || output->rank != 4) {
    return pk_fb_fail(&import->model.file, "its input %s and output %s are no pictures",
                      pk_tensor_shape_text(input).text, pk_tensor_shape_text(output).text);
  }
  const int32_t channels = weights->dims[0];
  const bool is_transposed = words[MNW_FIXED_CONV_IS_TRANSPOSED] != 0;
  const pk_tensor *wide = is_transposed ? output : input;
  for (int i = 0; i < 2; i++) {
    const int32_t stride = words[MNW_FIXED_CONV_STRIDE_H + i];
    const int32_t dilation = words[MNW_FIXED_CONV_DILATION_H + i];
    if (stride < 1 || dilation < 1) {
      return pk_fb_fail(&import->model.file, "its stride %d or dilation %d is below 1", stride,
                        dilation);
    }
    const pk_window window = {weights->dims[1 + i], stride, dilation, wide->dims[1 + i]};
    int32_t after = i ? padding.right : padding.bottom;
    const int64_t narrow =
        pk_window_output(&window, padding.mode, i ? &padding.left : &padding.top, &after);
    words[MNW_FIXED_CONV_PAD_TOP + i] = i ? padding.left : padding.top;
    if (narrow == (is_transposed ? input : output)->dims[1 + i]) continue;
    return pk_fb_fail(&import->model.file, "its output %s does not fit its input %s",
                      pk_tensor_shape_text(output).text, pk_tensor_shape_text(input).text);
  }
  set_clamp(output, op->activation, words + MNW_FIXED_CONV_CLAMP_MIN);
  int32_t inputs[] = {op->inputs[0], op->inputs[1],
                      op->input_count > 2 ? op->inputs[PK_INPUT_BIAS] : PK_NO_TENSOR,
                      add_factors(import, op, channels)};
  uint8_t *zeros;
  if (inputs[2] == PK_NO_TENSOR) {
    inputs[2] = add_constant(import, op->name, bias_dtype, 1, &channels, &zeros);
  }
  op->kind = PK_OP_FIXED_CONV_2D;
  op->activation = PK_ACTIVATION_NONE;
  op->input_count = 4;
  op->inputs = pk_arena_copy(&import->graph->arena, inputs, 4, sizeof *inputs, import->error);
  return op->inputs && inputs[2] >= 0 && inputs[3] >= 0;
}

static bool import_conv(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  const pk_fb_table options = source->options;
  const bool is_depthwise = source->builtin == PK_TFLITE_DEPTHWISE_CONV_2D;
  int32_t *words = op->attributes.words.words;
  pk_padding padding = {0};
  // Both tables have padding and strides in the same slots.
  words[MNW_FIXED_CONV_STRIDE_W] = pk_fb_s32(options, PK_TFLITE_CONV_STRIDE_W, 0, "stride_w");
  words[MNW_FIXED_CONV_STRIDE_H] = pk_fb_s32(options, PK_TFLITE_CONV_STRIDE_H, 0, "stride_h");
  words[MNW_FIXED_CONV_DILATION_W] =
      pk_fb_s32(options, is_depthwise ? PK_TFLITE_DEPTHWISE_DILATION_W : PK_TFLITE_CONV_DILATION_W,
                1, "dilation_w_factor");
  words[MNW_FIXED_CONV_DILATION_H] =
      pk_fb_s32(options, is_depthwise ? PK_TFLITE_DEPTHWISE_DILATION_H : PK_TFLITE_CONV_DILATION_H,
                1, "dilation_h_factor");
  if (!pk_tflite_check_options(
          import, source,
          is_depthwise ? PK_TFLITE_OPTIONS_DEPTHWISE_CONV_2D : PK_TFLITE_OPTIONS_CONV_2D) ||
      !pk_tflite_require_inputs(import, op, 2) ||
      !check_weights(import, op, is_depthwise ? 3 : 0) ||
      !pk_tflite_set_padding(import, &padding,
                             pk_fb_u8(options, PK_TFLITE_CONV_PADDING, 0, "padding")) ||
      !pk_tflite_set_activation(
          import, source, op,
          pk_fb_u8(options,
                   is_depthwise ? PK_TFLITE_DEPTHWISE_ACTIVATION : PK_TFLITE_CONV_ACTIVATION, 0,
                   "activation")) ||
      (is_depthwise && !turn_depthwise(import, op))) {
    return false;
  }
  const pk_tensor *input = pk_op_input(import->graph, op, PK_INPUT_DATA);
  const pk_tensor *weights = pk_op_input(import->graph, op, PK_INPUT_WEIGHTS);
  words[MNW_FIXED_CONV_GROUPS] = input->rank == 4 ? input->dims[3] / weights->dims[3] : 1;
  return finish_conv(import, op, padding, is_depthwise ? PK_DTYPE_S64 : PK_DTYPE_S32);
}

// Inputs: output shape, weights, data, bias.
static bool import_transpose_conv(pk_tflite_import *import, const pk_tflite_operator *source,
                                  pk_op *op) {
  const pk_fb_table options = source->options;
  int32_t *words = op->attributes.words.words;
  pk_padding padding = {0};
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_TRANSPOSE_CONV) ||
      !pk_tflite_require_inputs(import, op, 3) ||
      !pk_tflite_set_padding(import, &padding,
                             pk_fb_u8(options, PK_TFLITE_TRANSPOSE_CONV_PADDING, 0, "padding")) ||
      !pk_tflite_set_activation(
          import, source, op,
          pk_fb_u8(options, PK_TFLITE_TRANSPOSE_CONV_ACTIVATION, 0, "activation"))) {
    return false;
  }
  op->inputs[0] = op->inputs[2];
  op->inputs[2] = op->input_count > 3 ? op->inputs[3] : PK_NO_TENSOR;
  op->input_count = 3;
  words[MNW_FIXED_CONV_STRIDE_H] =
      pk_fb_s32(options, PK_TFLITE_TRANSPOSE_CONV_STRIDE_H, 0, "stride_h");
  words[MNW_FIXED_CONV_STRIDE_W] =
      pk_fb_s32(options, PK_TFLITE_TRANSPOSE_CONV_STRIDE_W, 0, "stride_w");
  words[MNW_FIXED_CONV_DILATION_H] = words[MNW_FIXED_CONV_DILATION_W] = 1;
  words[MNW_FIXED_CONV_GROUPS] = words[MNW_FIXED_CONV_IS_TRANSPOSED] = 1;
  return check_weights(import, op, 0) && finish_conv(import, op, padding, PK_DTYPE_S64);
}

// Rows of values are a picture one pixel high, weights of two axes a kernel of one tap.
static bool import_fully_connected(pk_tflite_import *import, const pk_tflite_operator *source,
                                   pk_op *op) {
  const pk_fb_table options = source->options;
  pk_graph *graph = import->graph;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_FULLY_CONNECTED) ||
      !pk_tflite_require_inputs(import, op, 2) ||
      !pk_tflite_set_activation(
          import, source, op,
          pk_fb_u8(options, PK_TFLITE_FULLY_CONNECTED_ACTIVATION, 0, "activation"))) {
    return false;
  }
  pk_tensor weights = *pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const int64_t elements = pk_tensor_elements(pk_op_input(graph, op, PK_INPUT_DATA));
  if (pk_fb_u8(options, PK_TFLITE_FULLY_CONNECTED_WEIGHTS_FORMAT, 0, "weights_format") != 0) {
    return pk_tflite_report(import, op, source, "with shuffled weights");
  }
  if (weights.rank != 2 || weights.dims[1] < 1 || elements < 1 || elements % weights.dims[1] != 0) {
    return pk_fb_fail(&import->model.file, "its weights \"%s\" of shape %s do not fit its input",
                      weights.name, pk_tensor_shape_text(&weights).text);
  }
  const int32_t row = weights.dims[1], rows = (int32_t)(elements / row);
  const int32_t picture[] = {1, 1, rows, row}, result[] = {1, 1, rows, weights.dims[0]};
  weights.rank = 4;
  weights.dims[1] = weights.dims[2] = 1;
  weights.dims[3] = row;
  const int32_t x = pk_tflite_add_value(import, op->inputs[0], "(rows)", 4, picture);
  if (!pk_tflite_add_step(import, op, PK_OP_RESHAPE, NULL, op->inputs, 1, x)) return false;
  op->inputs[PK_INPUT_DATA] = x;
  op->inputs[PK_INPUT_WEIGHTS] = pk_graph_add_tensor(graph, &weights, import->error);
  const int32_t y = pk_tflite_add_value(import, op->output, "(rows)", 4, result);
  if (op->inputs[PK_INPUT_WEIGHTS] < 0 || y < 0 || !check_weights(import, op, 0)) return false;
  pk_op conv = *op;
  int32_t *words = conv.attributes.words.words;
  conv.output = y;
  words[MNW_FIXED_CONV_STRIDE_H] = words[MNW_FIXED_CONV_STRIDE_W] = 1;
  words[MNW_FIXED_CONV_DILATION_H] = words[MNW_FIXED_CONV_DILATION_W] = 1;
  words[MNW_FIXED_CONV_GROUPS] = 1;
  const pk_padding none = {.mode = PK_PADDING_VALID};
  if (!finish_conv(import, &conv, none, PK_DTYPE_S32) ||
      !pk_graph_add_op(graph, &conv, import->error)) {
    return false;
  }
  op->kind = PK_OP_RESHAPE;
  op->activation = PK_ACTIVATION_NONE;
  op->input_count = 1;
  op->inputs[0] = y;
  return true;
}

static bool is_quantized(const pk_tensor *tensor, pk_dtype dtype) {
  return tensor && tensor->dtype == dtype && tensor->quantization.count == 1;
}

pk_tflite_op_importer *pk_tflite_find_fixed_importer(const pk_graph *graph,
                                                     const pk_tflite_operator *source,
                                                     const pk_op *op) {
  const bool is_transposed = source->builtin == PK_TFLITE_TRANSPOSE_CONV;
  const pk_tensor *input =
      op->input_count > 2 * is_transposed ? pk_op_input(graph, op, 2 * is_transposed) : NULL;
  const pk_tensor *output = op->output == PK_NO_TENSOR ? NULL : pk_op_output(graph, op);
  if (source->builtin == PK_TFLITE_QUANTIZE) {
    const bool from_wide = is_quantized(input, PK_DTYPE_S16) || is_quantized(input, PK_DTYPE_S32);
    const bool to_wide = is_quantized(output, PK_DTYPE_S16) || is_quantized(output, PK_DTYPE_S32);
    const bool is_integer = (from_wide || is_quantized(input, PK_DTYPE_S8)) &&
                            (to_wide || is_quantized(output, PK_DTYPE_S8));
    return is_integer && (from_wide || to_wide) ? import_rescale : NULL;
  }
  if (!is_quantized(input, PK_DTYPE_S16) || !is_quantized(output, PK_DTYPE_S16)) return NULL;
  switch (source->builtin) {
    case PK_TFLITE_ADD:
    case PK_TFLITE_MUL:
    case PK_TFLITE_SUB:
      return is_quantized(op->input_count > 1 ? pk_op_input(graph, op, 1) : NULL, PK_DTYPE_S16)
                 ? import_binary
                 : NULL;
    case PK_TFLITE_CONV_2D:
    case PK_TFLITE_DEPTHWISE_CONV_2D:
      return import_conv;
    case PK_TFLITE_FULLY_CONNECTED:
      return import_fully_connected;
    case PK_TFLITE_LEAKY_RELU:
    case PK_TFLITE_RELU:
    case PK_TFLITE_RELU6:
      return import_rescale;
    case PK_TFLITE_TRANSPOSE_CONV:
      return import_transpose_conv;
    default:
      return NULL;
  }
}
