// Builtin operators on pictures beyond convolutions and pools.
#include <string.h>

#include "../../core/base/bytes.h"
#include "../../core/ops/op_params.h"
#include "float_constant.h"
#include "op_rules.h"
#include "tflite_ops.h"

enum { HALF_PIXEL = 0, ASYMMETRIC = 1, ALIGN_CORNERS = 2 };
enum { NEAREST = 0, LINEAR = 1, ROUND_PREFER_CEIL = 1, FLOOR = 2 };

static int32_t scale_bits(int32_t output, int32_t input) {
  const float scale = (float)output / (float)input;
  int32_t bits;
  memcpy(&bits, &scale, sizeof bits);
  return bits;
}

// The output's shape tells the size, whatever input 1 says.
bool pk_tflite_import_resize(pk_tflite_import *import, const pk_tflite_operator *source,
                             pk_op *op) {
  const bool is_linear = source->builtin == PK_TFLITE_RESIZE_BILINEAR;
  const pk_fb_table options = source->options;
  op->kind = PK_OP_RESIZE;
  if (!pk_tflite_check_options(import, source,
                               is_linear ? PK_TFLITE_OPTIONS_RESIZE_BILINEAR
                                         : PK_TFLITE_OPTIONS_RESIZE_NEAREST_NEIGHBOR) ||
      !pk_tflite_require_inputs(import, op, 1)) {
    return false;
  }
  const bool aligns = pk_fb_u8(
      options, is_linear ? PK_TFLITE_BILINEAR_ALIGN_CORNERS : PK_TFLITE_NEAREST_ALIGN_CORNERS, 0,
      "align_corners");
  const bool is_half =
      pk_fb_u8(options, is_linear ? PK_TFLITE_BILINEAR_HALF_PIXEL : PK_TFLITE_NEAREST_HALF_PIXEL, 0,
               "half_pixel_centers");
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  const pk_tensor *output = pk_op_output(import->graph, op);
  op->input_count = 1;
  if (input->rank != 4 || output->rank != 4) return true;  // refused by the check of shapes
  int32_t *words = op->attributes.words.words;
  words[MNW_RESIZE_MODE] = is_linear ? LINEAR : NEAREST;
  words[MNW_RESIZE_COORDINATES] = aligns ? ALIGN_CORNERS : is_half ? HALF_PIXEL : ASYMMETRIC;
  // TFLite rounds where corners are aligned; half pixels are floor(scale * (x + 0.5)), which is
  // rounding of scale * (x + 0.5) - 0.5.
  words[MNW_RESIZE_NEAREST] = aligns || is_half ? ROUND_PREFER_CEIL : FLOOR;
  words[MNW_RESIZE_SCALE_H] = scale_bits(output->dims[1], input->dims[1]);
  words[MNW_RESIZE_SCALE_W] = scale_bits(output->dims[2], input->dims[2]);
  return true;
}

// [O][KH][KW][I] becomes the runtime's [KH][KW][O][I], as a float32 constant.
static int32_t transpose_weights(pk_tflite_import *import, int32_t number) {
  pk_graph *graph = import->graph;
  const int32_t source = pk_graph_float_constant(graph, number, import->error);
  if (source < 0) return -1;
  pk_tensor weights = graph->tensors[source];
  if (weights.rank != 4 || pk_tensor_elements(&weights) * 4 != (int64_t)weights.data_bytes) {
    pk_fb_fail(&import->model.file, "its weights \"%s\" have shape %s and %zu bytes", weights.name,
               pk_tensor_shape_text(&weights).text, weights.data_bytes);
    return -1;
  }
  const size_t o_count = (size_t)weights.dims[0], row = 4 * (size_t)weights.dims[3];
  const size_t taps = (size_t)weights.dims[1] * (size_t)weights.dims[2];
  uint8_t *data = pk_arena_alloc(&graph->arena, weights.data_bytes, 1, import->error);
  if (!data) return -1;
  for (size_t o = 0; o < o_count; o++) {
    for (size_t t = 0; t < taps; t++) {
      memcpy(data + (t * o_count + o) * row, weights.data + (o * taps + t) * row, row);
    }
  }
  const int32_t dims[] = {weights.dims[1], weights.dims[2], weights.dims[0], weights.dims[3]};
  memcpy(weights.dims, dims, sizeof dims);
  weights.data = data;
  return pk_graph_add_tensor(graph, &weights, import->error);
}

// The int8 forms compute in float32: the data is dequantised before, the result quantised behind.
// With the weights in the order x, weights, bias.
static bool finish_transpose_conv(pk_tflite_import *import, pk_op *op, pk_padding padding,
                                  int32_t stride_h, int32_t stride_w) {
  pk_graph *graph = import->graph;
  const int32_t x = op->inputs[PK_INPUT_DATA], weights_number = op->inputs[PK_INPUT_WEIGHTS];
  op->kind = PK_OP_CONV_TRANSPOSE_2D;
  if (!graph->tensors[weights_number].data) {
    return pk_fb_fail(&import->model.file, "its weights are computed; they must be constants");
  }
  const int32_t turned = transpose_weights(import, weights_number);
  if (turned < 0) return false;
  op->inputs[PK_INPUT_WEIGHTS] = turned;
  if (op->input_count > 2 && op->inputs[PK_INPUT_BIAS] >= 0) {
    op->inputs[PK_INPUT_BIAS] =
        pk_graph_float_constant(graph, op->inputs[PK_INPUT_BIAS], import->error);
    if (op->inputs[PK_INPUT_BIAS] < 0) return false;
  }
  const pk_tensor *data = &graph->tensors[x], *output = pk_op_output(graph, op);
  const pk_tensor *weights = &graph->tensors[turned];
  if (data->rank != 4 || output->rank != 4 || stride_h < 1 || stride_w < 1) {
    return pk_fb_fail(&import->model.file, "its input %s, output %s or strides %dx%d are wrong",
                      pk_tensor_shape_text(data).text, pk_tensor_shape_text(output).text, stride_h,
                      stride_w);
  }
  // The padding is that of the convolution which leads back from the output to the input.
  int32_t after;
  const pk_window h = {weights->dims[0], stride_h, 1, output->dims[1]};
  const pk_window w = {weights->dims[1], stride_w, 1, output->dims[2]};
  const int64_t height = pk_window_output(&h, padding.mode, &padding.top, &after);
  const int64_t width = pk_window_output(&w, padding.mode, &padding.left, &after);
  if (height != data->dims[1] || width != data->dims[2]) {
    return pk_fb_fail(&import->model.file, "its output %s does not fit its input %s",
                      pk_tensor_shape_text(output).text, pk_tensor_shape_text(data).text);
  }
  int32_t *words = op->attributes.words.words;
  words[MNW_CONV_TRANSPOSE_KERNEL_H] = weights->dims[0];
  words[MNW_CONV_TRANSPOSE_KERNEL_W] = weights->dims[1];
  words[MNW_CONV_TRANSPOSE_STRIDE_H] = stride_h;
  words[MNW_CONV_TRANSPOSE_STRIDE_W] = stride_w;
  words[MNW_CONV_TRANSPOSE_DILATION_H] = words[MNW_CONV_TRANSPOSE_DILATION_W] = 1;
  words[MNW_CONV_TRANSPOSE_PAD_TOP] = padding.top;
  words[MNW_CONV_TRANSPOSE_PAD_LEFT] = padding.left;
  words[MNW_CONV_TRANSPOSE_GROUPS] = 1;
  return true;
}

// Inputs: output shape, weights, data, bias.
bool pk_tflite_import_transpose_conv(pk_tflite_import *import, const pk_tflite_operator *source,
                                     pk_op *op) {
  const pk_fb_table options = source->options;
  pk_padding padding = {0};
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_TRANSPOSE_CONV) ||
      !pk_tflite_require_inputs(import, op, 3) ||
      !pk_tflite_set_padding(import, &padding,
                             pk_fb_u8(options, PK_TFLITE_TRANSPOSE_CONV_PADDING, 0, "padding"))) {
    return false;
  }
  op->inputs[0] = op->inputs[2];
  op->inputs[2] = op->input_count > 3 ? op->inputs[3] : PK_NO_TENSOR;
  op->input_count = op->inputs[2] == PK_NO_TENSOR ? 2 : 3;
  return pk_tflite_set_activation(
             import, source, op,
             pk_fb_u8(options, PK_TFLITE_TRANSPOSE_CONV_ACTIVATION, 0, "activation")) &&
         finish_transpose_conv(
             import, op, padding,
             pk_fb_s32(options, PK_TFLITE_TRANSPOSE_CONV_STRIDE_H, 0, "stride_h"),
             pk_fb_s32(options, PK_TFLITE_TRANSPOSE_CONV_STRIDE_W, 0, "stride_w"));
}

// MediaPipe's own transposed convolution. Inputs: data, weights, bias. Its options are a C struct
// of int32: padding (1 same, 2 valid), stride_w, stride_h.
bool pk_tflite_import_transpose_conv_bias(pk_tflite_import *import,
                                          const pk_tflite_operator *source, pk_op *op) {
  const pk_fb_vector options = source->custom_options;
  pk_padding padding = {0};
  if (!pk_tflite_require_inputs(import, op, 3)) return false;
  if (options.count < 12) {
    return pk_fb_fail(&import->model.file, "it has %zu bytes of options instead of 12 or more",
                      options.count);
  }
  const uint8_t *bytes = pk_fb_list_bytes(options);
  const uint32_t mode = mnw_load_u32(bytes);
  if (mode != 1 && mode != 2) {
    return pk_fb_fail(&import->model.file, "unknown padding %u", mode);
  }
  padding.mode = mode == 1 ? PK_PADDING_SAME : PK_PADDING_VALID;
  return finish_transpose_conv(import, op, padding, (int32_t)mnw_load_u32(bytes + 8),
                               (int32_t)mnw_load_u32(bytes + 4));
}

bool pk_tflite_import_mirror_pad(pk_tflite_import *import, const pk_tflite_operator *source,
                                 pk_op *op) {
  enum { REFLECT = 1 };
  int64_t amounts[2 * PK_MAX_RANK];
  size_t count = 0;
  op->kind = PK_OP_PAD;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_MIRROR_PAD) ||
      !pk_tflite_require_inputs(import, op, 2)) {
    return false;
  }
  if (pk_fb_u8(source->options, PK_TFLITE_MIRROR_PAD_MODE, 0, "mode") != 0) {
    return pk_tflite_report(import, op, source, "with mode SYMMETRIC");
  }
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with computed amounts");
  }
  if (!pk_tflite_read_integers(import, op, 1, amounts, 2 * PK_MAX_RANK, &count)) return false;
  const pk_tensor *input = pk_op_input(import->graph, op, 0);
  pk_pad_attributes *pad = &op->attributes.pad;
  if (count != 2 * (size_t)input->rank) {
    return pk_fb_fail(&import->model.file, "it has %zu amounts for a tensor of rank %d", count,
                      input->rank);
  }
  for (size_t i = 0; i < count; i++) {
    if (amounts[i] < 0 || amounts[i] >= input->dims[i / 2]) {
      return pk_fb_fail(&import->model.file, "the amount %lld is out of range",
                        (long long)amounts[i]);
    }
    (i % 2 ? pad->after : pad->before)[i / 2] = (int32_t)amounts[i];
  }
  pad->mode = REFLECT;
  op->input_count = 1;
  return true;
}

// [N][H*b][W*b][C] and [N][H][W][b*b*C] by way of [N][H][b][W][b][C].
bool pk_tflite_import_depth_space(pk_tflite_import *import, const pk_tflite_operator *source,
                                  pk_op *op) {
  const bool to_depth = source->builtin == PK_TFLITE_SPACE_TO_DEPTH;
  if (!pk_tflite_check_options(
          import, source,
          to_depth ? PK_TFLITE_OPTIONS_SPACE_TO_DEPTH : PK_TFLITE_OPTIONS_DEPTH_TO_SPACE) ||
      !pk_tflite_require_inputs(import, op, 1)) {
    return false;
  }
  const int32_t block = pk_fb_s32(source->options, PK_TFLITE_BLOCK_SIZE, 0, "block_size");
  const pk_tensor *deep =
      to_depth ? pk_op_output(import->graph, op) : pk_op_input(import->graph, op, 0);
  if (block < 1 || block > 1 << 12 || deep->rank != 4 || deep->dims[3] % (block * block) != 0) {
    return pk_fb_fail(&import->model.file, "its block of %d does not fit \"%s\" of shape %s", block,
                      deep->name, pk_tensor_shape_text(deep).text);
  }
  const int32_t *d = deep->dims, channels = d[3] / (block * block);
  const int32_t wide_dims[] = {d[0], d[1], block, d[2], block, channels};
  const int32_t deep_dims[] = {d[0], d[1], d[2], block, block, channels};
  const int32_t before =
      pk_tflite_add_value(import, op->output, "(blocks)", 6, to_depth ? wide_dims : deep_dims);
  const int32_t turned = pk_tflite_add_value(import, op->output, "(blocks turned)", 6,
                                             to_depth ? deep_dims : wide_dims);
  const int32_t words[16] = {0, 1, 3, 2, 4, 5};  // swaps H's blocks and W; its own inverse
  if (!pk_tflite_add_step(import, op, PK_OP_RESHAPE, NULL, op->inputs, 1, before) ||
      !pk_tflite_add_step(import, op, PK_OP_TRANSPOSE, words, &before, 1, turned)) {
    return false;
  }
  op->kind = PK_OP_RESHAPE;
  op->input_count = 1;
  op->inputs[0] = turned;
  return true;
}
