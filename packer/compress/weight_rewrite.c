#include "weight_rewrite.h"
#include "core/base/bytes.h"

#include <math.h>
#include <string.h>

void pk_simulate_levels(pk_diff_net *net, const pk_layer *layer, const int8_t *levels, float step) {
  float *weights = net->constants[layer->weights_tensor];
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const float scale = pk_output_step(layer, o, step);
    for (size_t j = 0; j < layer->k; j++) {
      weights[pk_layer_index(layer, o, j)] = scale * (float)levels[o * layer->k + j];
    }
  }
}

static bool rewrite_weights(pk_graph *graph, const pk_layer *layer, const int8_t *levels,
                            float step, pk_error *error) {
  const size_t outputs = pk_layer_outputs(layer), elements = pk_layer_elements(layer);
  int8_t *data = pk_arena_alloc(&graph->arena, elements, 1, error);
  float *scales = pk_arena_alloc(&graph->arena, outputs, sizeof *scales, error);
  pk_tensor *tensor = &graph->tensors[layer->weights_tensor];
  bool has_one_step = true;
  if (!data || !scales) return false;
  for (size_t o = 0; o < outputs; o++) {
    scales[o] = pk_output_step(layer, o, step);
    has_one_step = has_one_step && scales[o] == scales[0];
    for (size_t j = 0; j < layer->k; j++) {
      data[pk_layer_index(layer, o, j)] = levels[o * layer->k + j];
    }
  }
  // The operators in int8 have a multiplier for each channel anyway.
  const size_t count = layer->is_float && has_one_step ? 1 : outputs;
  const int axis = layer->is_depthwise ? tensor->rank - 1 : 0;
  return pk_tensor_take_levels(graph, tensor, data, scales, count, axis, error);
}

bool pk_add_missing_biases(pk_graph *graph, pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (!pk_diff_has_weights(op) ||
        (op->input_count > PK_INPUT_BIAS && op->inputs[PK_INPUT_BIAS] != PK_NO_TENSOR)) {
      continue;
    }
    const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
    const bool is_depthwise = op->kind == PK_OP_DEPTHWISE_CONV_2D;
    pk_tensor bias = {.name = op->name, .rank = 1};
    bias.dims[0] = weights->dims[is_depthwise ? weights->rank - 1 : 0];
    bias.dtype = weights->dtype == PK_DTYPE_F32 ? PK_DTYPE_F32 : PK_DTYPE_S32;
    bias.data_bytes = (size_t)bias.dims[0] * 4;
    bias.data = pk_arena_alloc(&graph->arena, (size_t)bias.dims[0], 4, error);
    int32_t *inputs = pk_arena_alloc(&graph->arena, 3, sizeof *inputs, error);
    const int32_t number = bias.data && inputs ? pk_graph_add_tensor(graph, &bias, error) : -1;
    if (number < 0) return false;
    inputs[PK_INPUT_DATA] = op->inputs[PK_INPUT_DATA];
    inputs[PK_INPUT_WEIGHTS] = op->inputs[PK_INPUT_WEIGHTS];
    inputs[PK_INPUT_BIAS] = number;
    op->inputs = inputs;
    op->input_count = 3;
  }
  return true;
}

static uint8_t *new_bias_data(pk_graph *graph, const pk_op *op, size_t outputs, pk_error *error) {
  pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  uint8_t *data = pk_arena_alloc(&graph->arena, outputs, sizeof(int32_t), error);
  if (!data) return NULL;
  bias->dtype = PK_DTYPE_S32;
  bias->quantization = (pk_quantization){.count = 0};
  bias->data = data;
  bias->data_bytes = outputs * sizeof(int32_t);
  return data;
}

// How many low bits of a bias are cleared, because zeros cost nothing in the package: what is left
// are multiples of half a step of the output at most, so that a bias moves by a quarter. Multiples
// of whole steps would cost more than they save: a bias moves all positions alike, which no later
// layer averages out. It is mnw_spare_bits() of the multiplier (one more where that is a power of
// two, which goes into the shift that a block's numbers have in common).
static int spare_bits(double output_scale, double unit) {
  int bits = 0;
  while (bits < 16 && unit * (double)(4 << bits) <= output_scale) bits++;
  return bits;
}

// The bias in `unit`s, such that what the package stores, it less the input's zero point times the
// sum of the levels, has zeros in its spare bits.
static double rounded_bias(double bias, double unit, double output_scale, double folded) {
  const double coarse = (double)(1 << spare_bits(output_scale, unit));
  return coarse * rint((bias / unit - folded) / coarse) + folded;
}

// Biases in float32 are rounded to a power of two of a 32nd of the weights' noise at most: the
// bits behind it say nothing, and zeros cost nothing in the package. Noise is what weights rounded
// to multiples of the step add to an output at random: step² / 12 of each product's variance,
// without the factor.
static bool rewrite_float_bias(pk_graph *graph, const pk_layer *layer, float step,
                               const float *bias, pk_error *error) {
  const size_t outputs = pk_layer_outputs(layer);
  float *data = pk_arena_copy(&graph->arena, bias, outputs, sizeof *bias, error);
  if (!data) return false;
  double deviation = 0.0;  // of the group's inputs
  for (size_t o = 0; o < outputs; o++) {
    if (o % layer->rows == 0) deviation = sqrt(pk_layer_variance(layer, o / layer->rows));
    const double noise = (double)pk_output_step(layer, o, step) * deviation;
    if (!(noise > 0.0)) continue;
    const double unit = exp2(floor(log2(noise / 32.0)));
    data[o] = (float)(unit * rint((double)bias[o] / unit));
  }
  pk_op_input(graph, &graph->ops[layer->op], PK_INPUT_BIAS)->data = (const uint8_t *)data;
  return true;
}

bool pk_rewrite_layer(pk_graph *graph, const pk_layer *layer, const int8_t *levels, float step,
                      const float *bias, pk_error *error) {
  pk_op *op = &graph->ops[layer->op];
  const size_t outputs = pk_layer_outputs(layer);
  const pk_tensor *x = pk_op_input(graph, op, PK_INPUT_DATA);
  const double y_scale = (double)pk_tensor_scale(pk_op_output(graph, op));
  if (!rewrite_weights(graph, layer, levels, step, error)) return false;
  if (layer->is_float) return rewrite_float_bias(graph, layer, step, bias, error);
  uint8_t *data = new_bias_data(graph, op, outputs, error);
  if (!data) return false;
  for (size_t o = 0; o < outputs; o++) {
    const double unit = (double)pk_tensor_scale(x) * (double)pk_output_step(layer, o, step);
    int64_t sum = 0;
    for (size_t j = 0; j < layer->k; j++) sum += levels[o * layer->k + j];
    const double folded = (double)(sum * pk_tensor_zero_point(x));
    const double value = rounded_bias((double)bias[o], unit, y_scale, folded);
    if (!(fabs(value) < 0x1p30)) {
      return pk_op_fail(
          op, error, PK_UNSUPPORTED,
          "its bias %zu is %g, too large for steps of %g; give a larger --max-drop or "
          "pack it without --calibrate",
          o, (double)bias[o], unit);
    }
    mnw_store_u32(data + 4 * o, (uint32_t)(int32_t)value);
  }
  return true;
}
