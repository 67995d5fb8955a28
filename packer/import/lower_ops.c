// How each kind of source operator becomes an operator of the runtime: tensors in the order of
// docs/FORMAT.md, parameters as in core/ops/op_params.h.
#include <math.h>
#include <string.h>

#include "../../core/base/bytes.h"
#include "../../core/format/package_format.h"
#include "../../core/kernels/packed_layout.h"
#include "../../core/ops/op_params.h"
#include "activation_range.h"
#include "lower.h"
#include "weight_packing.h"

bool pk_lowering_add_number(pk_lowered_op *lowered, int32_t number) {
  lowered->inputs[lowered->input_count++] = number;
  return number != MNW_NO_TENSOR;
}

bool pk_lowering_add_input(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                           int input) {
  return pk_lowering_add_number(lowered, pk_lowering_tensor(lowering, op->inputs[input]));
}

bool pk_lowering_add_output(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op) {
  const int32_t number = pk_lowering_tensor(lowering, op->output);
  lowered->outputs[lowered->output_count++] = number;
  return number != MNW_NO_TENSOR;
}

static pk_clamp output_clamp(const pk_lowering *lowering, const pk_op *op) {
  const pk_tensor *output = pk_op_output(lowering->graph, op);
  return pk_activation_clamp(op->activation, pk_tensor_scale(output), pk_tensor_zero_point(output));
}

static bool is_f32(const pk_lowering *lowering, const pk_op *op) {
  return pk_op_input(lowering->graph, op, PK_INPUT_DATA)->dtype == PK_DTYPE_F32;
}

static bool check_int8(const pk_lowering *lowering, const pk_op *op) {
  const pk_graph *graph = lowering->graph;
  const pk_tensor *output = pk_op_output(graph, op);
  for (int i = -1; i < op->input_count; i++) {
    const pk_tensor *tensor = i < 0 ? output : pk_op_input(graph, op, i);
    if (i == PK_INPUT_BIAS || !tensor || tensor->dtype == PK_DTYPE_S8) continue;
    return pk_op_fail(op, lowering->error, PK_UNSUPPORTED,
                      "its tensor \"%s\" is %s, which was not brought to int8", tensor->name,
                      pk_dtype_name(tensor->dtype));
  }
  return true;
}

static bool check_same_quantization(const pk_lowering *lowering, const pk_op *op) {
  const pk_tensor *in = pk_op_input(lowering->graph, op, 0);
  const pk_tensor *out = pk_op_output(lowering->graph, op);
  if (pk_tensor_same_quantization(in, out)) return true;
  return pk_op_fail(op, lowering->error, PK_UNSUPPORTED,
                    "its input \"%s\" (scale %.9g, zero point %d) and output \"%s\" (scale %.9g, "
                    "zero point %d) are quantised differently, but it cannot rescale; quantise the "
                    "model again with a current converter",
                    in->name, pk_tensor_scale(in), pk_tensor_zero_point(in), out->name,
                    pk_tensor_scale(out), pk_tensor_zero_point(out));
}

// --- operators with weights ---

// The one zero point of the weights; those with a scale for each channel are symmetric.
static bool weight_zero_point(const pk_lowering *lowering, const pk_op *op, int32_t *zero_point) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  const pk_quantization *q = &weights->quantization;
  *zero_point = q->zero_points[0];
  for (size_t i = 0; i < q->count; i++) {
    if (q->count == 1 || q->zero_points[i] == 0) continue;
    return pk_op_fail(op, lowering->error, PK_UNSUPPORTED,
                      "its weights \"%s\" have the zero point %d on channel %zu; weights with a "
                      "scale for each channel must be symmetric (zero point 0)",
                      weights->name, q->zero_points[i], i);
  }
  return true;
}

static bool add_weights(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                        const pk_weight_matrix *matrix, pk_lowered_tensor tensor) {
  const pk_tensor *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS);
  const bool is_tiled = tensor.layout == MNW_LAYOUT_TILE_8X4;
  tensor.dtype = MNW_DTYPE_S8;
  tensor.scale = weights->quantization.count == 1 ? pk_tensor_scale(weights) : 0.0f;
  tensor.zero_point = matrix->zero_point;
  tensor.data_bytes = is_tiled ? mnw_tile_8x4_bytes(matrix->o_count, matrix->k_count)
                               : mnw_depthwise_8x2_bytes(matrix->o_count, matrix->k_count);
  tensor.data = pk_lowering_bytes(lowering, weights->name, tensor.data_bytes);
  if (!tensor.data) return false;
  tensor.name = pk_lowering_name(lowering, weights->name, "");
  if (is_tiled) {
    pk_pack_tile_8x4((int8_t *)tensor.data, matrix);
  } else {
    pk_pack_depthwise_8x2((int8_t *)tensor.data, matrix);
  }
  return pk_lowering_add_number(lowered, pk_lowering_constant(lowering, tensor));
}

// A list of one 4-byte value for each output channel, rounded up to whole tiles.
static pk_lowered_tensor channel_list(pk_lowering *lowering, size_t channels, mnw_dtype dtype,
                                      const char *name, const char *suffix) {
  const size_t count = mnw_round_up(channels, MNW_TILE_CHANNELS);
  pk_lowered_tensor tensor = {.dtype = dtype,
                              .rank = 1,
                              .dims = {(int32_t)count},
                              .layout = MNW_LAYOUT_ROW_MAJOR,
                              .data_bytes = 4 * count};
  tensor.data = pk_lowering_bytes(lowering, name, tensor.data_bytes);
  if (tensor.data) tensor.name = pk_lowering_name(lowering, name, suffix);
  return tensor;
}

static bool fold_biases(pk_lowering *lowering, const pk_op *op, const pk_weight_matrix *matrix,
                        uint8_t *folded) {
  const pk_tensor *bias = pk_op_input(lowering->graph, op, PK_INPUT_BIAS);
  const int32_t input_zero_point =
      pk_tensor_zero_point(pk_op_input(lowering->graph, op, PK_INPUT_DATA));
  for (size_t o = 0; o < matrix->o_count; o++) {
    const int32_t value = bias ? (int32_t)mnw_load_u32(bias->data + 4 * o) : 0;
    const pk_accumulator accumulator = pk_accumulate(matrix, o, value, input_zero_point);
    if (accumulator.min < INT32_MIN || accumulator.max > INT32_MAX) {
      return pk_op_fail(op, lowering->error, PK_UNSUPPORTED,
                        "the sum of output channel %zu can reach %lld to %lld, beyond int32; its "
                        "bias is %d. Quantise the model again with wider weight scales",
                        o, (long long)accumulator.min, (long long)accumulator.max, value);
    }
    mnw_store_u32(folded + 4 * o, (uint32_t)(int32_t)accumulator.folded_bias);
  }
  return true;
}

static bool add_bias(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                     const pk_weight_matrix *matrix) {
  const pk_tensor *bias = pk_op_input(lowering->graph, op, PK_INPUT_BIAS);
  const pk_lowered_tensor tensor = channel_list(lowering, matrix->o_count, MNW_DTYPE_S32,
                                                bias ? bias->name : op->name, bias ? "" : "/bias");
  const bool folded = tensor.data && fold_biases(lowering, op, matrix, tensor.data);
  const int32_t number = pk_lowering_constant(lowering, tensor);
  return folded && pk_lowering_add_number(lowered, number);
}

// multiplier[o] = scale_x * scale_w[o] / scale_y, rounded to float32 after each step.
static bool fill_multipliers(pk_lowering *lowering, const pk_op *op, size_t channels,
                             uint8_t *multipliers) {
  const pk_graph *graph = lowering->graph;
  const float scale_x = pk_tensor_scale(pk_op_input(graph, op, PK_INPUT_DATA));
  const float scale_y = pk_tensor_scale(pk_op_output(graph, op));
  const pk_quantization *q = &pk_op_input(graph, op, PK_INPUT_WEIGHTS)->quantization;
  for (size_t o = 0; o < channels; o++) {
    const float scale_w = q->scales[q->count == 1 ? 0 : o];
    const float product = scale_x * scale_w;
    const float multiplier = product / scale_y;
    if (!(multiplier > 0.0f) || !isfinite(multiplier)) {
      return pk_op_fail(op, lowering->error, PK_BAD_MODEL,
                        "output channel %zu is scaled by %g * %g / %g, which is 0 or infinite in "
                        "float32",
                        o, scale_x, scale_w, scale_y);
    }
    uint32_t bits;
    memcpy(&bits, &multiplier, sizeof bits);
    mnw_store_u32(multipliers + 4 * o, bits);
  }
  return true;
}

static bool add_multipliers(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                            size_t channels) {
  const pk_lowered_tensor tensor =
      channel_list(lowering, channels, MNW_DTYPE_F32, op->name, "/multiplier");
  const bool filled = tensor.data && fill_multipliers(lowering, op, channels, tensor.data);
  const int32_t number = pk_lowering_constant(lowering, tensor);
  return filled && pk_lowering_add_number(lowered, number);
}

// Everything but the parameters. `matrix` comes with its counts and strides set; `shape` says how
// the packed weights are called: rank, dims, layout.
static bool lower_weighted(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                           pk_weight_matrix *matrix, pk_lowered_tensor shape) {
  matrix->weights = (const int8_t *)pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->data;
  return check_int8(lowering, op) && weight_zero_point(lowering, op, &matrix->zero_point) &&
         pk_lowering_add_input(lowering, lowered, op, PK_INPUT_DATA) &&
         add_weights(lowering, lowered, op, matrix, shape) &&
         add_bias(lowering, lowered, op, matrix) &&
         add_multipliers(lowering, lowered, op, matrix->o_count) &&
         pk_lowering_add_output(lowering, lowered, op);
}

static void set_conv_params(const pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                            const pk_weight_matrix *matrix) {
  const pk_conv_attributes *conv = &op->attributes.conv;
  const int32_t *weights = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  const pk_clamp clamp = output_clamp(lowering, op);
  int32_t *params = lowered->params;
  params[MNW_CONV_KERNEL_H] = weights[1];
  params[MNW_CONV_KERNEL_W] = weights[2];
  params[MNW_CONV_STRIDE_H] = conv->stride_h;
  params[MNW_CONV_STRIDE_W] = conv->stride_w;
  params[MNW_CONV_DILATION_H] = conv->dilation_h;
  params[MNW_CONV_DILATION_W] = conv->dilation_w;
  params[MNW_CONV_PAD_TOP] = conv->padding.top;
  params[MNW_CONV_PAD_LEFT] = conv->padding.left;
  params[MNW_CONV_WEIGHT_ZERO_POINT] = matrix->zero_point;
  params[MNW_CONV_WEIGHT_BITS] = pk_weight_bits(matrix);
  params[MNW_CONV_CLAMP_MIN] = clamp.min;
  params[MNW_CONV_CLAMP_MAX] = clamp.max;
  params[MNW_CONV_GROUPS] = 1;
}

bool pk_lower_conv_2d(pk_lowering *lowering, const pk_op *op) {
  if (is_f32(lowering, op)) return pk_lower_conv_2d_f32(lowering, op);
  const int32_t *dims = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  const size_t k_count = (size_t)dims[1] * (size_t)dims[2] * (size_t)dims[3];
  pk_weight_matrix matrix = {
      .o_count = (size_t)dims[0], .k_count = k_count, .o_stride = k_count, .k_stride = 1};
  const pk_lowered_tensor shape = {
      .rank = 4, .dims = {dims[0], dims[1], dims[2], dims[3]}, .layout = MNW_LAYOUT_TILE_8X4};
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_CONV_2D);
  if (!lowered || !lower_weighted(lowering, lowered, op, &matrix, shape)) return false;
  set_conv_params(lowering, lowered, op, &matrix);
  return true;
}

bool pk_lower_depthwise_conv_2d(pk_lowering *lowering, const pk_op *op) {
  if (is_f32(lowering, op)) return pk_lower_depthwise_conv_2d_f32(lowering, op);
  const int32_t *dims = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  pk_weight_matrix matrix = {.o_count = (size_t)dims[3],
                             .k_count = (size_t)dims[1] * (size_t)dims[2],
                             .o_stride = 1,
                             .k_stride = (size_t)dims[3]};
  const pk_lowered_tensor shape = {
      .rank = 3, .dims = {dims[1], dims[2], dims[3]}, .layout = MNW_LAYOUT_DEPTHWISE_8X2};
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_DEPTHWISE_CONV_2D);
  if (!lowered || !lower_weighted(lowering, lowered, op, &matrix, shape)) return false;
  set_conv_params(lowering, lowered, op, &matrix);
  return true;
}

bool pk_lower_fully_connected(pk_lowering *lowering, const pk_op *op) {
  if (is_f32(lowering, op)) return pk_lower_fully_connected_f32(lowering, op);
  const int32_t *dims = pk_op_input(lowering->graph, op, PK_INPUT_WEIGHTS)->dims;
  pk_weight_matrix matrix = {.o_count = (size_t)dims[0],
                             .k_count = (size_t)dims[1],
                             .o_stride = (size_t)dims[1],
                             .k_stride = 1};
  const pk_lowered_tensor shape = {
      .rank = 2, .dims = {dims[0], dims[1]}, .layout = MNW_LAYOUT_TILE_8X4};
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_FULLY_CONNECTED);
  if (!lowered || !lower_weighted(lowering, lowered, op, &matrix, shape)) return false;
  const pk_clamp clamp = output_clamp(lowering, op);
  lowered->params[MNW_FULLY_CONNECTED_WEIGHT_ZERO_POINT] = matrix.zero_point;
  lowered->params[MNW_FULLY_CONNECTED_WEIGHT_BITS] = pk_weight_bits(&matrix);
  lowered->params[MNW_FULLY_CONNECTED_CLAMP_MIN] = clamp.min;
  lowered->params[MNW_FULLY_CONNECTED_CLAMP_MAX] = clamp.max;
  return true;
}

// --- operators without weights ---

pk_lowered_op *pk_lowering_plain(pk_lowering *lowering, const pk_op *op, int code) {
  if (op->input_count > PK_MAX_OP_INPUTS) {
    pk_op_fail(op, lowering->error, PK_UNSUPPORTED, "it has %d inputs; at most %d are supported",
               op->input_count, PK_MAX_OP_INPUTS);
    return NULL;
  }
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, code);
  if (!lowered) return NULL;
  for (int i = 0; i < op->input_count; i++) {
    if (op->inputs[i] == PK_NO_TENSOR) {
      lowered->inputs[lowered->input_count++] = MNW_NO_TENSOR;
    } else if (!pk_lowering_add_input(lowering, lowered, op, i)) {
      return NULL;
    }
  }
  return pk_lowering_add_output(lowering, lowered, op) ? lowered : NULL;
}

// Only the int8 addition of equal shapes has an operator of its own.
bool pk_lower_add(pk_lowering *lowering, const pk_op *op) {
  const pk_graph *graph = lowering->graph;
  const pk_tensor *output = pk_op_output(graph, op);
  if (output->dtype != PK_DTYPE_S8 || output->quantization.count == 0 ||
      !pk_tensor_same_shape(pk_op_input(graph, op, 0), pk_op_input(graph, op, 1))) {
    pk_op binary = *op;
    binary.kind = PK_OP_BINARY;
    binary.attributes.words = (pk_word_attributes){.words = {MNW_BINARY_ADD}};
    return pk_lower_binary(lowering, &binary);
  }
  if (!check_int8(lowering, op)) return false;
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, MNW_OP_ADD);
  if (!lowered) return false;
  const pk_clamp clamp = output_clamp(lowering, op);
  lowered->params[MNW_ADD_CLAMP_MIN] = clamp.min;
  lowered->params[MNW_ADD_CLAMP_MAX] = clamp.max;
  return true;
}

static bool lower_pool(pk_lowering *lowering, const pk_op *op, int code) {
  const bool is_float = is_f32(lowering, op);
  if (!is_float && (!check_int8(lowering, op) || !check_same_quantization(lowering, op))) {
    return false;
  }
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, code);
  if (!lowered) return false;
  const pk_pool_attributes *pool = &op->attributes.pool;
  const pk_clamp clamp =
      is_float ? pk_activation_clamp_f32(op->activation) : output_clamp(lowering, op);
  lowered->params[MNW_POOL_FILTER_H] = pool->filter_h;
  lowered->params[MNW_POOL_FILTER_W] = pool->filter_w;
  lowered->params[MNW_POOL_STRIDE_H] = pool->stride_h;
  lowered->params[MNW_POOL_STRIDE_W] = pool->stride_w;
  lowered->params[MNW_POOL_PAD_TOP] = pool->padding.top;
  lowered->params[MNW_POOL_PAD_LEFT] = pool->padding.left;
  lowered->params[MNW_POOL_CLAMP_MIN] = clamp.min;
  lowered->params[MNW_POOL_CLAMP_MAX] = clamp.max;
  lowered->params[MNW_POOL_TIES_UP] = pool->ties_up;
  return true;
}

bool pk_lower_average_pool_2d(pk_lowering *lowering, const pk_op *op) {
  return lower_pool(lowering, op, MNW_OP_AVERAGE_POOL_2D);
}

bool pk_lower_max_pool_2d(pk_lowering *lowering, const pk_op *op) {
  return lower_pool(lowering, op, MNW_OP_MAX_POOL_2D);
}

bool pk_lower_mean(pk_lowering *lowering, const pk_op *op) {
  if (is_f32(lowering, op)) {
    pk_op reduce = *op;
    reduce.kind = PK_OP_REDUCE;
    reduce.attributes.words =
        (pk_word_attributes){.words = {MNW_REDUCE_MEAN, (int32_t)op->attributes.mean.axes}};
    return pk_lower_reduce(lowering, &reduce);
  }
  const uint32_t height_and_width = 1u << 1 | 1u << 2;
  const pk_tensor *input = pk_op_input(lowering->graph, op, PK_INPUT_DATA);
  if (input->rank != 4 || op->attributes.mean.axes != height_and_width) {
    return pk_op_fail(op, lowering->error, PK_UNSUPPORTED,
                      "it averages other axes of its input \"%s\" of shape %s than 1 and 2 of 4; "
                      "only a mean over height and width is supported",
                      input->name, pk_tensor_shape_text(input).text);
  }
  if (!check_int8(lowering, op)) return false;
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, MNW_OP_MEAN);
  if (!lowered) return false;
  lowered->params[MNW_MEAN_AXES] = (int32_t)op->attributes.mean.axes;
  return true;
}

bool pk_lower_pad(pk_lowering *lowering, const pk_op *op) {
  if (!check_same_quantization(lowering, op)) return false;
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, MNW_OP_PAD);
  if (!lowered) return false;
  memcpy(lowered->params + MNW_PAD_BEFORE, op->attributes.pad.before,
         MNW_MAX_RANK * sizeof *lowered->params);
  lowered->params[MNW_PAD_MODE] = op->attributes.pad.mode;
  if (is_f32(lowering, op)) {
    const float value = (float)op->attributes.pad.value;
    memcpy(&lowered->params[MNW_PAD_VALUE], &value, sizeof value);
  } else {
    lowered->params[MNW_PAD_VALUE] = (int32_t)op->attributes.pad.value;
  }
  return true;
}

bool pk_lower_reshape(pk_lowering *lowering, const pk_op *op) {
  return pk_lowering_plain(lowering, op, MNW_OP_RESHAPE) != NULL;
}

bool pk_lower_softmax(pk_lowering *lowering, const pk_op *op) {
  if (!is_f32(lowering, op) && !check_int8(lowering, op)) return false;
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, MNW_OP_SOFTMAX);
  if (!lowered) return false;
  memcpy(&lowered->params[MNW_SOFTMAX_BETA], &op->attributes.softmax.beta, sizeof(float));
  return true;
}

bool pk_lower_quantize(pk_lowering *lowering, const pk_op *op) {
  return pk_lowering_plain(lowering, op, MNW_OP_QUANTIZE) != NULL;
}

static bool is_output(const pk_graph *graph, int32_t tensor) {
  for (size_t i = 0; i < graph->output_count; i++) {
    if (graph->outputs[i] == tensor) return true;
  }
  return false;
}

bool pk_lower_dequantize(pk_lowering *lowering, const pk_op *op) {
  const pk_tensor *x = pk_op_input(lowering->graph, op, 0);
  if (pk_suits_levels(lowering, x, MNW_LAYOUT_ROW_MAJOR) &&
      !is_output(lowering->graph, op->output)) {
    pk_lowered_tensor real = {.rank = (uint32_t)x->rank, .layout = MNW_LAYOUT_ROW_MAJOR};
    memcpy(real.dims, x->dims, sizeof real.dims);
    const int32_t number = pk_lowering_levels(lowering, x, real);
    lowering->numbers[op->output] = number;
    return number != MNW_NO_TENSOR;
  }
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, MNW_OP_DEQUANTIZE);
  return lowered && (!x->data || x->quantization.count <= 1 ||
                     pk_lowering_add_number(lowered, pk_lowering_steps(lowering, x, 0)));
}

bool pk_lower_activation(pk_lowering *lowering, const pk_op *op) {
  return pk_op_fail(op, lowering->error, PK_UNSUPPORTED,
                    "a stand-alone activation was left over by pass_lower_activations");
}
