#include "op_rules.h"

#include <math.h>

enum { MAX_STEP = 1 << 15 };  // of filters, strides and dilations

static bool check_rank(const pk_graph *graph, const pk_op *op, const pk_tensor *tensor, int rank,
                       const char *role, pk_error *error) {
  (void)graph;
  if (tensor->rank == rank) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its %s \"%s\" has shape %s, but must have %d axes",
                    role, tensor->name, pk_tensor_shape_text(tensor).text, rank);
}

// Compares the output's shape with what the operator computes.
static bool check_output(const pk_graph *graph, const pk_op *op, const pk_tensor *expected,
                         pk_error *error) {
  const pk_tensor *output = pk_op_output(graph, op);
  if (pk_tensor_same_shape(output, expected)) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its output \"%s\" has shape %s, but it computes %s",
                    output->name, pk_tensor_shape_text(output).text,
                    pk_tensor_shape_text(expected).text);
}

static bool is_8_bit(pk_dtype dtype) {
  return dtype == PK_DTYPE_S8 || dtype == PK_DTYPE_U8;
}

// int8 with one zero point, as weights of a float32 operator may be.
static bool is_weight_only(const pk_tensor *tensor) {
  const pk_quantization *q = &tensor->quantization;
  bool fits = tensor->dtype == PK_DTYPE_S8 && q->count > 0;
  for (size_t i = 1; fits && i < q->count; i++) fits = q->zero_points[i] == q->zero_points[0];
  return fits;
}

// All 8-bit with an int32 bias, or all float32, where the weights may be int8.
static bool check_weighted_dtypes(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const bool is_float = pk_op_input(graph, op, PK_INPUT_DATA)->dtype == PK_DTYPE_F32;
  for (int i = -1; i < op->input_count; i++) {
    const pk_tensor *tensor = i < 0 ? pk_op_output(graph, op) : pk_op_input(graph, op, i);
    if (!tensor) continue;
    const bool fits = is_float ? tensor->dtype == PK_DTYPE_F32 ||
                                     (i == PK_INPUT_WEIGHTS && is_weight_only(tensor))
                      : i == PK_INPUT_BIAS ? tensor->dtype == PK_DTYPE_S32
                                           : is_8_bit(tensor->dtype);
    if (fits) continue;
    return pk_op_fail(
        op, error, PK_UNSUPPORTED,
        "its tensor \"%s\" is %s, but its input is %s; such a mixture is not supported",
        tensor->name, pk_dtype_name(tensor->dtype),
        pk_dtype_name(pk_op_input(graph, op, PK_INPUT_DATA)->dtype));
  }
  return true;
}

static bool check_weights(const pk_graph *graph, const pk_op *op, int rank, int axis,
                          pk_error *error) {
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  if (!weights->data) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its weights \"%s\" are computed; only constant weights can be packed",
                      weights->name);
  }
  if (!check_rank(graph, op, weights, rank, "weights", error) ||
      !check_weighted_dtypes(graph, op, error)) {
    return false;
  }
  const pk_quantization *q = &weights->quantization;
  if (q->count > 1 && (q->axis != axis || q->count != (size_t)weights->dims[axis])) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its weights \"%s\" of shape %s have %zu scales along axis %d, but need one "
                      "for each of the %d output channels on axis %d",
                      weights->name, pk_tensor_shape_text(weights).text, q->count, q->axis,
                      weights->dims[axis], axis);
  }
  return true;
}

static bool check_bias(const pk_graph *graph, const pk_op *op, int32_t channels, pk_error *error) {
  const pk_tensor *bias = pk_op_input(graph, op, PK_INPUT_BIAS);
  if (!bias) return true;
  if (!bias->data) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its bias \"%s\" is computed; only a constant bias can be packed",
                      bias->name);
  }
  if (pk_tensor_elements(bias) != channels) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its bias \"%s\" has shape %s instead of [%d]",
                      bias->name, pk_tensor_shape_text(bias).text, channels);
  }
  return true;
}

int64_t pk_window_output(const pk_window *window, pk_padding_mode mode, int32_t *before,
                         int32_t *after) {
  const int64_t reach = (int64_t)(window->filter - 1) * window->dilation + 1;
  if (mode == PK_PADDING_SAME) {
    const int64_t output = ((int64_t)window->input + window->stride - 1) / window->stride;
    const int64_t total = (output - 1) * window->stride + reach - window->input;
    *before = total > 0 ? (int32_t)(total / 2) : 0;
    *after = total > 0 ? (int32_t)(total - total / 2) : 0;
    return output;
  }
  if (mode == PK_PADDING_VALID) *before = *after = 0;
  const int64_t padded = (int64_t)window->input + *before + *after;
  return padded < reach ? 0 : (padded - reach) / window->stride + 1;
}

pk_windows pk_op_windows(const pk_graph *graph, const pk_op *op) {
  const int32_t *input = pk_op_input(graph, op, PK_INPUT_DATA)->dims;
  if (op->kind == PK_OP_CONV_2D || op->kind == PK_OP_DEPTHWISE_CONV_2D) {
    const pk_conv_attributes *conv = &op->attributes.conv;
    const int32_t *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS)->dims;
    return (pk_windows){{weights[1], conv->stride_h, conv->dilation_h, input[1]},
                        {weights[2], conv->stride_w, conv->dilation_w, input[2]}};
  }
  const pk_pool_attributes *pool = &op->attributes.pool;
  return (pk_windows){{pool->filter_h, pool->stride_h, 1, input[1]},
                      {pool->filter_w, pool->stride_w, 1, input[2]}};
}

static bool check_step(const pk_op *op, int32_t value, const char *what, pk_error *error) {
  if (value >= 1 && value <= MAX_STEP) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its %s is %d, but must be 1 to %d", what, value,
                    MAX_STEP);
}

static bool check_window(const pk_op *op, const pk_window *window, pk_error *error) {
  return check_step(op, window->filter, "filter size", error) &&
         check_step(op, window->stride, "stride", error) &&
         check_step(op, window->dilation, "dilation", error);
}

// Checks both windows and the output [N, height, width, channels].
static bool check_picture(const pk_graph *graph, const pk_op *op, pk_padding padding,
                          int32_t channels, pk_error *error) {
  const pk_windows windows = pk_op_windows(graph, op);
  if (!check_window(op, &windows.h, error) || !check_window(op, &windows.w, error)) return false;
  if (padding.mode == PK_PADDING_EXPLICIT &&
      (padding.top < 0 || padding.bottom < 0 || padding.left < 0 || padding.right < 0)) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its padding is negative");
  }
  const int64_t height = pk_window_output(&windows.h, padding.mode, &padding.top, &padding.bottom);
  const int64_t width = pk_window_output(&windows.w, padding.mode, &padding.left, &padding.right);
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  if (height < 1 || width < 1) {
    return pk_op_fail(
        op, error, PK_BAD_MODEL, "a window of %dx%d does not fit into its input \"%s\" of shape %s",
        windows.h.filter, windows.w.filter, input->name, pk_tensor_shape_text(input).text);
  }
  const pk_tensor expected = {.rank = 4,
                              .dims = {input->dims[0], (int32_t)height, (int32_t)width, channels}};
  return check_output(graph, op, &expected, error);
}

bool pk_check_conv_2d(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  if (!check_rank(graph, op, input, 4, "input", error) || !check_weights(graph, op, 4, 0, error) ||
      !check_bias(graph, op, weights->dims[0], error)) {
    return false;
  }
  const int64_t groups = op->attributes.conv.groups > 1 ? op->attributes.conv.groups : 1;
  if (groups * weights->dims[3] != input->dims[3] || weights->dims[0] % groups != 0) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its weights \"%s\" of shape %s do not fit the %d channels of its input",
                      weights->name, pk_tensor_shape_text(weights).text, input->dims[3]);
  }
  return check_picture(graph, op, op->attributes.conv.padding, weights->dims[0], error);
}

bool pk_check_depthwise_conv_2d(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  if (!check_rank(graph, op, input, 4, "input", error) || !check_weights(graph, op, 4, 3, error) ||
      !check_bias(graph, op, weights->dims[3], error)) {
    return false;
  }
  if (weights->dims[0] != 1 || weights->dims[3] % input->dims[3] != 0) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its weights \"%s\" of shape %s do not fit the %d channels of its input",
                      weights->name, pk_tensor_shape_text(weights).text, input->dims[3]);
  }
  return check_picture(graph, op, op->attributes.conv.padding, weights->dims[3], error);
}

bool pk_check_fully_connected(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_tensor *output = pk_op_output(graph, op);
  if (!check_weights(graph, op, 2, 0, error) || !check_bias(graph, op, weights->dims[0], error)) {
    return false;
  }
  const int64_t elements = pk_tensor_elements(input);
  if (elements % weights->dims[1] != 0) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its input \"%s\" of shape %s is not made of rows of %d values, as its "
                      "weights \"%s\" need",
                      input->name, pk_tensor_shape_text(input).text, weights->dims[1],
                      weights->name);
  }
  const int64_t rows = elements / weights->dims[1];
  if (output->rank < 1 || output->dims[output->rank - 1] != weights->dims[0] ||
      pk_tensor_elements(output) != rows * weights->dims[0]) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its output \"%s\" has shape %s, but it computes [%lld,%d]", output->name,
                      pk_tensor_shape_text(output).text, (long long)rows, weights->dims[0]);
  }
  return true;
}

// Shapes broadcast as those of BINARY do.
bool pk_check_add(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return pk_check_binary(graph, op, error);
}

static bool check_pool(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  return check_rank(graph, op, input, 4, "input", error) &&
         check_picture(graph, op, op->attributes.pool.padding, input->dims[3], error);
}

bool pk_check_average_pool_2d(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_pool(graph, op, error);
}

bool pk_check_max_pool_2d(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_pool(graph, op, error);
}

bool pk_check_mean(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  pk_tensor kept = {.rank = 0}, dropped = {.rank = 0};
  for (int i = 0; i < input->rank; i++) {
    const bool averaged = op->attributes.mean.axes >> i & 1;
    kept.dims[kept.rank++] = averaged ? 1 : input->dims[i];
    if (!averaged) dropped.dims[dropped.rank++] = input->dims[i];
  }
  const bool keeps_axes = pk_op_output(graph, op)->rank == kept.rank;
  return check_output(graph, op, keeps_axes ? &kept : &dropped, error);
}

bool pk_check_pad(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  pk_tensor expected = {.rank = input->rank};
  for (int i = 0; i < input->rank; i++) {
    const int64_t size = (int64_t)op->attributes.pad.before[i] + input->dims[i] +
                         (int64_t)op->attributes.pad.after[i];
    if (size > INT32_MAX) {
      return pk_op_fail(op, error, PK_BAD_MODEL, "it pads axis %d to %lld", i, (long long)size);
    }
    expected.dims[i] = (int32_t)size;
  }
  return check_output(graph, op, &expected, error);
}

bool pk_check_reshape(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const pk_tensor *output = pk_op_output(graph, op);
  if (pk_tensor_elements(input) == pk_tensor_elements(output)) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL,
                    "its input \"%s\" %s and output \"%s\" %s have different numbers of elements",
                    input->name, pk_tensor_shape_text(input).text, output->name,
                    pk_tensor_shape_text(output).text);
}

bool pk_check_softmax(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = pk_op_input(graph, op, PK_INPUT_DATA);
  const float beta = op->attributes.softmax.beta;
  if (input->rank < 1) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its input \"%s\" is a single value", input->name);
  }
  if (!(beta > 0.0f) || !isfinite(beta)) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its beta is %g, but must be positive", beta);
  }
  return check_output(graph, op, input, error);
}

static bool check_same_shape(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_output(graph, op, pk_op_input(graph, op, PK_INPUT_DATA), error);
}

bool pk_check_quantize(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_same_shape(graph, op, error);
}

bool pk_check_dequantize(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_same_shape(graph, op, error);
}

bool pk_check_activation(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_same_shape(graph, op, error);
}
