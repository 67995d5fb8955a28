// The builtin operators that are imported: options of each, and the constant inputs that become
// attributes. Shapes are checked afterwards, for all importers alike (op_rules.h).
#include <stdio.h>
#include <string.h>

#include "../../core/base/bytes.h"
#include "../../core/ops/op_params.h"
#include "tflite_ops.h"

static bool import_conv_2d(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  const pk_fb_table options = source->options;
  pk_conv_attributes *conv = &op->attributes.conv;
  op->kind = PK_OP_CONV_2D;
  const pk_tensor *input = pk_op_input(import->graph, op, PK_INPUT_DATA);
  const pk_tensor *weights = pk_op_input(import->graph, op, PK_INPUT_WEIGHTS);
  if (input && weights && input->rank == 4 && weights->rank == 4 && weights->dims[3] > 0) {
    conv->groups = input->dims[3] / weights->dims[3];
  }
  conv->stride_w = pk_fb_s32(options, PK_TFLITE_CONV_STRIDE_W, 0, "stride_w");
  conv->stride_h = pk_fb_s32(options, PK_TFLITE_CONV_STRIDE_H, 0, "stride_h");
  conv->dilation_w = pk_fb_s32(options, PK_TFLITE_CONV_DILATION_W, 1, "dilation_w_factor");
  conv->dilation_h = pk_fb_s32(options, PK_TFLITE_CONV_DILATION_H, 1, "dilation_h_factor");
  return pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_CONV_2D) &&
         pk_tflite_widen_weights(import, op) &&
         pk_tflite_set_padding(import, &conv->padding,
                               pk_fb_u8(options, PK_TFLITE_CONV_PADDING, 0, "padding")) &&
         pk_tflite_set_activation(import, source, op,
                                  pk_fb_u8(options, PK_TFLITE_CONV_ACTIVATION, 0, "activation"));
}

static bool import_depthwise_conv_2d(pk_tflite_import *import, const pk_tflite_operator *source,
                                     pk_op *op) {
  const pk_fb_table options = source->options;
  pk_conv_attributes *conv = &op->attributes.conv;
  op->kind = PK_OP_DEPTHWISE_CONV_2D;
  conv->stride_w = pk_fb_s32(options, PK_TFLITE_DEPTHWISE_STRIDE_W, 0, "stride_w");
  conv->stride_h = pk_fb_s32(options, PK_TFLITE_DEPTHWISE_STRIDE_H, 0, "stride_h");
  conv->dilation_w = pk_fb_s32(options, PK_TFLITE_DEPTHWISE_DILATION_W, 1, "dilation_w_factor");
  conv->dilation_h = pk_fb_s32(options, PK_TFLITE_DEPTHWISE_DILATION_H, 1, "dilation_h_factor");
  return pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_DEPTHWISE_CONV_2D) &&
         pk_tflite_widen_weights(import, op) &&
         pk_tflite_set_padding(import, &conv->padding,
                               pk_fb_u8(options, PK_TFLITE_DEPTHWISE_PADDING, 0, "padding")) &&
         pk_tflite_set_activation(
             import, source, op,
             pk_fb_u8(options, PK_TFLITE_DEPTHWISE_ACTIVATION, 0, "activation"));
}

static bool import_pool(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  const pk_fb_table options = source->options;
  pk_pool_attributes *pool = &op->attributes.pool;
  op->kind = source->builtin == PK_TFLITE_MAX_POOL_2D ? PK_OP_MAX_POOL_2D : PK_OP_AVERAGE_POOL_2D;
  pool->stride_w = pk_fb_s32(options, PK_TFLITE_POOL_STRIDE_W, 0, "stride_w");
  pool->stride_h = pk_fb_s32(options, PK_TFLITE_POOL_STRIDE_H, 0, "stride_h");
  pool->filter_w = pk_fb_s32(options, PK_TFLITE_POOL_FILTER_W, 0, "filter_width");
  pool->filter_h = pk_fb_s32(options, PK_TFLITE_POOL_FILTER_H, 0, "filter_height");
  return pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_POOL_2D) &&
         pk_tflite_set_padding(import, &pool->padding,
                               pk_fb_u8(options, PK_TFLITE_POOL_PADDING, 0, "padding")) &&
         pk_tflite_set_activation(import, source, op,
                                  pk_fb_u8(options, PK_TFLITE_POOL_ACTIVATION, 0, "activation"));
}

// Weights that are computed make it a product of matrices, the bias an addition.
static bool import_computed_weights(pk_tflite_import *import, pk_op *op) {
  const int32_t words[16] = {[MNW_MATMUL_TRANSPOSE_B] = 1};
  const bool has_bias = op->input_count > 2 && op->inputs[PK_INPUT_BIAS] != PK_NO_TENSOR;
  op->input_count = 2;
  if (!has_bias) {
    op->kind = PK_OP_MATMUL;
    memcpy(op->attributes.words.words, words, sizeof words);
    return true;
  }
  const pk_tensor output = *pk_op_output(import->graph, op);
  const int32_t product =
      pk_tflite_add_value(import, op->output, "(product)", output.rank, output.dims);
  if (!pk_tflite_add_step(import, op, PK_OP_MATMUL, words, op->inputs, 2, product)) return false;
  op->kind = PK_OP_BINARY;
  op->attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_ADD;
  op->inputs[0] = product;
  op->inputs[1] = op->inputs[PK_INPUT_BIAS];
  return true;
}

static bool import_fully_connected(pk_tflite_import *import, const pk_tflite_operator *source,
                                   pk_op *op) {
  const pk_fb_table options = source->options;
  op->kind = PK_OP_FULLY_CONNECTED;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_FULLY_CONNECTED)) return false;
  if (pk_fb_u8(options, PK_TFLITE_FULLY_CONNECTED_WEIGHTS_FORMAT, 0, "weights_format") != 0) {
    return pk_tflite_report(import, op, source, "with shuffled weights");
  }
  const pk_tensor *weights = pk_op_input(import->graph, op, PK_INPUT_WEIGHTS);
  if (weights && !weights->data && weights->dtype == PK_DTYPE_F32 &&
      !import_computed_weights(import, op)) {
    return false;
  }
  return pk_tflite_widen_weights(import, op) &&
         pk_tflite_set_activation(
             import, source, op,
             pk_fb_u8(options, PK_TFLITE_FULLY_CONNECTED_ACTIVATION, 0, "activation"));
}

static bool import_add(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  op->kind = PK_OP_ADD;
  return pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_ADD) &&
         pk_tflite_set_activation(
             import, source, op,
             pk_fb_u8(source->options, PK_TFLITE_ADD_ACTIVATION, 0, "activation"));
}

static bool import_mean(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  op->kind = PK_OP_MEAN;
  if (!pk_tflite_require_inputs(import, op, 2)) return false;
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with computed axes");
  }
  if (!pk_tflite_read_axes(import, op, 1, &op->attributes.mean.axes)) return false;
  op->input_count = 1;
  return true;
}

// The value of a PADV2, as it stands in the tensor; a PAD fills with real 0.
static bool read_pad_value(pk_tflite_import *import, const pk_op *op, double *value) {
  const pk_tensor *data = pk_op_input(import->graph, op, 0);
  const pk_tensor *scalar = pk_op_input(import->graph, op, 2);
  if (!scalar) {
    *value = pk_tensor_zero_point(data);
    return true;
  }
  const int bytes = pk_dtype_bits(scalar->dtype) / 8;
  if (scalar->dtype != data->dtype || bytes == 0 || scalar->data_bytes != (size_t)bytes) {
    return pk_fb_fail(&import->model.file,
                      "the padding value (\"%s\", %s, %zu bytes) is no single %s", scalar->name,
                      pk_dtype_name(scalar->dtype), scalar->data_bytes, pk_dtype_name(data->dtype));
  }
  switch (scalar->dtype) {
    case PK_DTYPE_U8:
      *value = scalar->data[0];
      return true;
    case PK_DTYPE_S8:
      *value = (int8_t)scalar->data[0];
      return true;
    case PK_DTYPE_F32: {
      const uint32_t bits = mnw_load_u32(scalar->data);
      float real;
      memcpy(&real, &bits, sizeof real);
      *value = (double)real;
      return true;
    }
    case PK_DTYPE_S32:
      *value = (int32_t)mnw_load_u32(scalar->data);
      return true;
    default:  // no arithmetic on other types is supported, so its value does not matter
      *value = 0;
      return true;
  }
}

static bool import_pad(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int64_t amounts[2 * PK_MAX_RANK];
  size_t count = 0;
  pk_pad_attributes *pad = &op->attributes.pad;
  op->kind = PK_OP_PAD;
  if (!pk_tflite_require_inputs(import, op, source->builtin == PK_TFLITE_PADV2 ? 3 : 2))
    return false;
  if (pk_tflite_is_computed(import, op, 1) || pk_tflite_is_computed(import, op, 2)) {
    return pk_tflite_report(import, op, source, "with computed amounts or value");
  }
  if (!pk_tflite_read_integers(import, op, 1, amounts, 2 * PK_MAX_RANK, &count)) return false;
  const int rank = pk_op_input(import->graph, op, 0)->rank;
  if (count != 2 * (size_t)rank) {
    return pk_fb_fail(&import->model.file, "it has %zu amounts for a tensor of rank %d", count,
                      rank);
  }
  for (size_t i = 0; i < count; i++) {
    if (amounts[i] < 0 || amounts[i] > INT32_MAX) {
      return pk_fb_fail(&import->model.file, "the amount %lld is out of range",
                        (long long)amounts[i]);
    }
    (i % 2 ? pad->after : pad->before)[i / 2] = (int32_t)amounts[i];
  }
  if (!read_pad_value(import, op, &pad->value)) return false;
  op->input_count = 1;
  return true;
}

// RESHAPE, SQUEEZE and EXPAND_DIMS keep the order of the elements; the output's shape says all.
static bool import_reshape(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  (void)source;
  op->kind = PK_OP_RESHAPE;
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  op->input_count = 1;
  return true;
}

static bool import_softmax(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  op->kind = PK_OP_SOFTMAX;
  op->attributes.softmax.beta = pk_fb_f32(source->options, PK_TFLITE_SOFTMAX_BETA, 0, "beta");
  return pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_SOFTMAX);
}

static bool import_quantize(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  (void)import, (void)source;
  op->kind = PK_OP_QUANTIZE;
  return true;
}

static bool import_activation(pk_tflite_import *import, const pk_tflite_operator *source,
                              pk_op *op) {
  (void)import;
  op->kind = PK_OP_ACTIVATION;
  op->activation = source->builtin == PK_TFLITE_RELU    ? PK_ACTIVATION_RELU
                   : source->builtin == PK_TFLITE_RELU6 ? PK_ACTIVATION_RELU6
                                                        : PK_ACTIVATION_RELU_N1_TO_1;
  return true;
}

typedef struct importer_row {
  int builtin;
  pk_tflite_op_importer *importer;
} importer_row;

static const importer_row rows[] = {
    {PK_TFLITE_ABS, pk_tflite_import_unary},
    {PK_TFLITE_ADD, import_add},
    {PK_TFLITE_ARG_MAX, pk_tflite_import_arg_reduce},
    {PK_TFLITE_ARG_MIN, pk_tflite_import_arg_reduce},
    {PK_TFLITE_AVERAGE_POOL_2D, import_pool},
    {PK_TFLITE_BATCH_MATMUL, pk_tflite_import_batch_matmul},
    {PK_TFLITE_BROADCAST_TO, pk_tflite_import_broadcast_to},
    {PK_TFLITE_CAST, pk_tflite_import_cast},
    {PK_TFLITE_CEIL, pk_tflite_import_unary},
    {PK_TFLITE_CONCATENATION, pk_tflite_import_concatenation},
    {PK_TFLITE_CONV_2D, import_conv_2d},
    {PK_TFLITE_COS, pk_tflite_import_unary},
    {PK_TFLITE_CUMSUM, pk_tflite_import_cum_sum},
    {PK_TFLITE_DEPTHWISE_CONV_2D, import_depthwise_conv_2d},
    {PK_TFLITE_DEPTH_TO_SPACE, pk_tflite_import_depth_space},
    {PK_TFLITE_DENSIFY, pk_tflite_import_densify},
    {PK_TFLITE_DEQUANTIZE, pk_tflite_import_dequantize},
    {PK_TFLITE_DIV, pk_tflite_import_binary},
    {PK_TFLITE_ELU, pk_tflite_import_unary},
    {PK_TFLITE_EQUAL, pk_tflite_import_binary},
    {PK_TFLITE_EXP, pk_tflite_import_unary},
    {PK_TFLITE_EXPAND_DIMS, import_reshape},
    {PK_TFLITE_FLOOR, pk_tflite_import_unary},
    {PK_TFLITE_FLOOR_MOD, pk_tflite_import_binary},
    {PK_TFLITE_FULLY_CONNECTED, import_fully_connected},
    {PK_TFLITE_GATHER, pk_tflite_import_gather},
    {PK_TFLITE_GELU, pk_tflite_import_unary},
    {PK_TFLITE_GREATER, pk_tflite_import_binary},
    {PK_TFLITE_GREATER_EQUAL, pk_tflite_import_binary},
    {PK_TFLITE_HARD_SWISH, pk_tflite_import_unary},
    {PK_TFLITE_LEAKY_RELU, pk_tflite_import_unary},
    {PK_TFLITE_LESS, pk_tflite_import_binary},
    {PK_TFLITE_LESS_EQUAL, pk_tflite_import_binary},
    {PK_TFLITE_LOG, pk_tflite_import_unary},
    {PK_TFLITE_LOGICAL_AND, pk_tflite_import_binary},
    {PK_TFLITE_LOGICAL_NOT, pk_tflite_import_unary},
    {PK_TFLITE_LOGICAL_OR, pk_tflite_import_binary},
    {PK_TFLITE_LOGISTIC, pk_tflite_import_unary},
    {PK_TFLITE_LOG_SOFTMAX, pk_tflite_import_log_softmax},
    {PK_TFLITE_MAXIMUM, pk_tflite_import_binary},
    {PK_TFLITE_MAX_POOL_2D, import_pool},
    {PK_TFLITE_MEAN, import_mean},
    {PK_TFLITE_MINIMUM, pk_tflite_import_binary},
    {PK_TFLITE_MIRROR_PAD, pk_tflite_import_mirror_pad},
    {PK_TFLITE_MUL, pk_tflite_import_binary},
    {PK_TFLITE_NEG, pk_tflite_import_unary},
    {PK_TFLITE_NOT_EQUAL, pk_tflite_import_binary},
    {PK_TFLITE_PACK, pk_tflite_import_pack},
    {PK_TFLITE_PAD, import_pad},
    {PK_TFLITE_PADV2, import_pad},
    {PK_TFLITE_POW, pk_tflite_import_binary},
    {PK_TFLITE_PRELU, pk_tflite_import_binary},
    {PK_TFLITE_QUANTIZE, import_quantize},
    {PK_TFLITE_REDUCE_MAX, pk_tflite_import_reduce},
    {PK_TFLITE_REDUCE_MIN, pk_tflite_import_reduce},
    {PK_TFLITE_REDUCE_PROD, pk_tflite_import_reduce},
    {PK_TFLITE_RELU, import_activation},
    {PK_TFLITE_RELU6, import_activation},
    {PK_TFLITE_RELU_0_TO_1, pk_tflite_import_unary},
    {PK_TFLITE_RELU_N1_TO_1, import_activation},
    {PK_TFLITE_RESHAPE, import_reshape},
    {PK_TFLITE_RESIZE_BILINEAR, pk_tflite_import_resize},
    {PK_TFLITE_RESIZE_NEAREST_NEIGHBOR, pk_tflite_import_resize},
    {PK_TFLITE_REVERSE_V2, pk_tflite_import_reverse},
    {PK_TFLITE_ROUND, pk_tflite_import_unary},
    {PK_TFLITE_RSQRT, pk_tflite_import_unary},
    {PK_TFLITE_SELECT, pk_tflite_import_select},
    {PK_TFLITE_SELECT_V2, pk_tflite_import_select},
    {PK_TFLITE_SHAPE, pk_tflite_import_shape},
    {PK_TFLITE_SIGN, pk_tflite_import_unary},
    {PK_TFLITE_SIN, pk_tflite_import_unary},
    {PK_TFLITE_SLICE, pk_tflite_import_slice},
    {PK_TFLITE_SOFTMAX, import_softmax},
    {PK_TFLITE_SPACE_TO_DEPTH, pk_tflite_import_depth_space},
    {PK_TFLITE_SPLIT, pk_tflite_import_split},
    {PK_TFLITE_SPLIT_V, pk_tflite_import_split},
    {PK_TFLITE_SQRT, pk_tflite_import_unary},
    {PK_TFLITE_SQUARE, pk_tflite_import_unary},
    {PK_TFLITE_SQUARED_DIFFERENCE, pk_tflite_import_binary},
    {PK_TFLITE_SQUEEZE, import_reshape},
    {PK_TFLITE_STRIDED_SLICE, pk_tflite_import_strided_slice},
    {PK_TFLITE_SUB, pk_tflite_import_binary},
    {PK_TFLITE_SUM, pk_tflite_import_reduce},
    {PK_TFLITE_TANH, pk_tflite_import_unary},
    {PK_TFLITE_TOPK_V2, pk_tflite_import_top_k},
    {PK_TFLITE_TRANSPOSE, pk_tflite_import_transpose},
    {PK_TFLITE_TRANSPOSE_CONV, pk_tflite_import_transpose_conv},
    {PK_TFLITE_UNIDIRECTIONAL_SEQUENCE_LSTM, pk_tflite_import_lstm},
    {PK_TFLITE_UNPACK, pk_tflite_import_unpack},
};

static bool is_named(pk_fb_vector name, const char *text) {
  return name.count == strlen(text) && memcmp(pk_fb_list_bytes(name), text, name.count) == 0;
}

pk_tflite_op_importer *pk_tflite_find_importer(const pk_tflite_operator *source) {
  if (source->builtin == PK_TFLITE_CUSTOM) {
    if (is_named(source->custom_name, "TFLite_Detection_PostProcess")) {
      return pk_tflite_import_detection;
    }
    return is_named(source->custom_name, "Convolution2DTransposeBias")
               ? pk_tflite_import_transpose_conv_bias
               : NULL;
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].builtin == source->builtin) return rows[i].importer;
  }
  return NULL;
}
