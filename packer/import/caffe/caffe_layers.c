// The layers that are known. Shapes follow Caffe: convolutions round their output's size down,
// pools round it up.
#include <stdlib.h>
#include <string.h>

#include "caffe_import.h"

enum { N, H, W, C };  // axes of tensors here

// The only bottom. NULL: error filled.
static const pk_tensor *single_input(pk_caffe *c, int32_t *number) {
  if (pk_caffe_count(c, "bottom") > 1) {
    pk_caffe_fail(c, PK_UNSUPPORTED, "it has more than one bottom");
    return NULL;
  }
  *number = pk_caffe_bottom(c, 0);
  return *number < 0 ? NULL : &c->graph->tensors[*number];
}

// Refuses a field whose words are not `expected`.
static bool expect_text(pk_caffe *c, pk_caffe_field *message, const char *name,
                        const char *expected) {
  const char *text;
  if (!pk_caffe_text(c, message, name, &text)) return false;
  return !text || strcmp(text, expected) == 0 ||
         pk_caffe_fail(c, PK_UNSUPPORTED, "with %s: %s", name, text);
}

// The axis of channels, in Caffe's numbers.
static bool expect_channel_axis(pk_caffe *c, pk_caffe_field *message, const char *name) {
  return expect_text(c, message, name, "1");
}

typedef struct window {
  int32_t kernel[2], stride[2], pad[2], dilation[2];
  bool has_kernel;
} window;

static bool read_window(pk_caffe *c, pk_caffe_field *parameters, window *w) {
  bool is_given;
  *w = (window){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
  return pk_caffe_pair(c, parameters, "kernel_size", "kernel_h", "kernel_w", 1, w->kernel,
                       &w->has_kernel) &&
         pk_caffe_pair(c, parameters, "stride", "stride_h", "stride_w", 1, w->stride, &is_given) &&
         pk_caffe_pair(c, parameters, "pad", "pad_h", "pad_w", 0, w->pad, &is_given);
}

// --- convolution ---

typedef struct kernel_shape {
  int32_t outputs, depth, sides[2];  // depth: input channels of one group
  bool is_depthwise;
} kernel_shape;

// From Caffe's [outputs][depth][height][width] to [O][H][W][I], depthwise to [1][H][W][C].
static int32_t add_weights(pk_caffe *c, const kernel_shape *k, const float *source) {
  const size_t depth = (size_t)k->depth, area = (size_t)k->sides[0] * (size_t)k->sides[1];
  const size_t outputs = (size_t)k->outputs;
  float *values =
      pk_arena_alloc(&c->graph->arena, outputs * depth * area, sizeof *values, c->error);
  if (!values) return -1;
  for (size_t o = 0; o < outputs; o++) {
    for (size_t i = 0; i < depth; i++) {
      for (size_t at = 0; at < area; at++) {
        const size_t to = k->is_depthwise ? at * outputs + o : (o * area + at) * depth + i;
        values[to] = source[(o * depth + i) * area + at];
      }
    }
  }
  const int32_t plain[4] = {k->outputs, k->sides[0], k->sides[1], k->depth};
  const int32_t depthwise[4] = {1, k->sides[0], k->sides[1], k->outputs};
  return pk_caffe_constant(c, "weights", 4, k->is_depthwise ? depthwise : plain, values);
}

static bool read_weights(pk_caffe *c, const kernel_shape *k, int32_t inputs[3]) {
  const pk_tensor shape = {.rank = 4, .dims = {k->outputs, k->depth, k->sides[0], k->sides[1]}};
  const int64_t count = pk_tensor_elements(&shape);
  if (count < 0) return pk_caffe_fail(c, PK_BAD_MODEL, "it has too many weights");
  pk_arena *arena = &c->graph->arena;
  float *weights = pk_arena_alloc(arena, (size_t)count, sizeof *weights, c->error);
  float *bias = pk_arena_alloc(arena, (size_t)k->outputs, sizeof *bias, c->error);
  if (!weights || !bias ||
      !pk_deep_compression_read(&c->weights, weights, (size_t)count, bias, (size_t)k->outputs,
                                c->layer_name, c->error)) {
    return false;
  }
  inputs[PK_INPUT_WEIGHTS] = add_weights(c, k, weights);
  inputs[PK_INPUT_BIAS] = pk_caffe_constant(c, "bias", 1, &k->outputs, bias);
  return inputs[PK_INPUT_WEIGHTS] >= 0 && inputs[PK_INPUT_BIAS] >= 0;
}

static bool convolution_output(pk_caffe *c, const pk_tensor *in, const window *w, int32_t dims[4]) {
  for (int i = 0; i < 2; i++) {
    const int64_t reach = (int64_t)(w->kernel[i] - 1) * w->dilation[i] + 1;
    const int64_t rest = (int64_t)in->dims[H + i] + 2 * (int64_t)w->pad[i] - reach;
    if (rest < 0) {
      return pk_caffe_fail(c, PK_BAD_MODEL, "its window does not fit into its bottom of %dx%d",
                           in->dims[H], in->dims[W]);
    }
    dims[H + i] = (int32_t)(rest / w->stride[i] + 1);
  }
  return true;
}

static bool add_convolution(pk_caffe *c) {
  pk_caffe_field *parameters;
  window w;
  bool is_given;
  int32_t inputs[3], groups = 1, outputs = 0;
  const pk_tensor *in = single_input(c, &inputs[PK_INPUT_DATA]);
  if (!in || !pk_caffe_message(c, c->layer, "convolution_param", &parameters) ||
      !read_window(c, parameters, &w) ||
      !pk_caffe_pair(c, parameters, "dilation", NULL, NULL, 1, w.dilation, &is_given) ||
      !pk_caffe_int(c, parameters, "num_output", 1, 1 << 20, &outputs) ||
      !pk_caffe_int(c, parameters, "group", 1, 1 << 20, &groups) ||
      !expect_text(c, parameters, "bias_term", "true") ||
      !expect_channel_axis(c, parameters, "axis")) {
    return false;
  }
  pk_caffe_ignore(parameters, "weight_filler");
  pk_caffe_ignore(parameters, "bias_filler");
  pk_caffe_ignore(parameters, "engine");
  const int32_t channels = in->dims[C];
  if (!w.has_kernel || outputs == 0) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "it lacks kernel_size or num_output");
  }
  if (channels % groups != 0 || outputs % groups != 0) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "%d channels and %d outputs do not make %d groups",
                         channels, outputs, groups);
  }
  const kernel_shape k = {.outputs = outputs,
                          .depth = channels / groups,
                          .sides = {w.kernel[0], w.kernel[1]},
                          .is_depthwise = groups > 1 && groups == channels};
  int32_t dims[4] = {1, 0, 0, outputs};
  if (!convolution_output(c, in, &w, dims) || !read_weights(c, &k, inputs)) return false;
  const pk_op like = {.attributes.conv = {.stride_h = w.stride[0],
                                          .stride_w = w.stride[1],
                                          .dilation_h = w.dilation[0],
                                          .dilation_w = w.dilation[1],
                                          .groups = k.is_depthwise ? 1 : groups,
                                          .padding = {PK_PADDING_EXPLICIT, w.pad[0], w.pad[1],
                                                      w.pad[0], w.pad[1]}}};
  const pk_op_kind kind = k.is_depthwise ? PK_OP_DEPTHWISE_CONV_2D : PK_OP_CONV_2D;
  return pk_caffe_set_top(c, pk_caffe_emit(c, kind, inputs, 3, dims, &like));
}

// --- pooling ---

// Caffe's size of a pool's output: rounded up, but no window may begin behind the picture and the
// padding before it. Windows that reach over the end are cut there.
static bool pool_output(pk_caffe *c, const pk_tensor *in, const window *w, int32_t dims[4],
                        int32_t after[2]) {
  const bool is_padded = w->pad[0] > 0 || w->pad[1] > 0;
  for (int i = 0; i < 2; i++) {
    const int64_t size = in->dims[H + i], pad = w->pad[i], stride = w->stride[i];
    const int64_t rest = size + 2 * pad - w->kernel[i];
    int64_t count = (rest + stride - 1) / stride + 1;
    if (is_padded && (count - 1) * stride >= size + pad) count--;
    if (rest < 0 || pad >= w->kernel[i] || (count - 1) * stride >= size + pad) {
      return pk_caffe_fail(c, PK_BAD_MODEL, "its windows do not fit into its bottom of %dx%d",
                           in->dims[H], in->dims[W]);
    }
    const int64_t over = (count - 1) * stride + w->kernel[i] - size - pad;
    dims[H + i] = (int32_t)count;
    after[i] = over > 0 ? (int32_t)over : 0;
  }
  return true;
}

static bool add_global_average(pk_caffe *c, int32_t input, int32_t channels) {
  const pk_op like = {.attributes.mean.axes = 1u << H | 1u << W};
  const int32_t dims[4] = {1, 1, 1, channels};
  return pk_caffe_set_top(c, pk_caffe_emit(c, PK_OP_MEAN, &input, 1, dims, &like));
}

// Caffe's averages count the padding before and behind the picture as zeros, but not what windows
// reach beyond that; the runtime's count neither. So the zeros are put there.
static int32_t pad_with_zeros(pk_caffe *c, int32_t input, window *w, int32_t after[2]) {
  const pk_tensor in = c->graph->tensors[input];
  pk_op like = {
      .attributes.pad = {.before = {0, w->pad[0], w->pad[1]}, .after = {0, w->pad[0], w->pad[1]}}};
  const int32_t dims[4] = {1, in.dims[H] + 2 * w->pad[0], in.dims[W] + 2 * w->pad[1], in.dims[C]};
  for (int i = 0; i < 2; i++) {
    after[i] = after[i] > w->pad[i] ? after[i] - w->pad[i] : 0;
    w->pad[i] = 0;
  }
  return pk_caffe_emit(c, PK_OP_PAD, &input, 1, dims, &like);
}

static bool read_pooling(pk_caffe *c, pk_caffe_field *parameters, window *w, bool *is_average,
                         bool *is_global) {
  const char *method, *global;
  if (!read_window(c, parameters, w) || !pk_caffe_text(c, parameters, "pool", &method) ||
      !pk_caffe_text(c, parameters, "global_pooling", &global)) {
    return false;
  }
  pk_caffe_ignore(parameters, "engine");
  *is_average = method && strcmp(method, "AVE") == 0;
  *is_global = global && strcmp(global, "true") == 0;
  if (method && !*is_average && strcmp(method, "MAX") != 0) {
    return pk_caffe_fail(c, PK_UNSUPPORTED, "with pool: %s", method);
  }
  if (global && !*is_global && strcmp(global, "false") != 0) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "global_pooling is neither true nor false");
  }
  if (*is_global == w->has_kernel) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "either kernel_size or global_pooling is needed");
  }
  return true;
}

static bool add_pooling(pk_caffe *c) {
  pk_caffe_field *parameters;
  window w;
  bool is_average, is_global;
  int32_t input, after[2];
  const pk_tensor *in = single_input(c, &input);
  if (!in || !pk_caffe_message(c, c->layer, "pooling_param", &parameters) ||
      !read_pooling(c, parameters, &w, &is_average, &is_global)) {
    return false;
  }
  if (is_global) {
    if (w.pad[0] || w.pad[1] || w.stride[0] != 1 || w.stride[1] != 1) {
      return pk_caffe_fail(c, PK_BAD_MODEL, "global pooling takes neither pad nor stride");
    }
    if (is_average) return add_global_average(c, input, in->dims[C]);
    memcpy(w.kernel, &in->dims[H], sizeof w.kernel);
  }
  int32_t dims[4] = {1, 0, 0, in->dims[C]};
  if (!pool_output(c, in, &w, dims, after)) return false;
  if (is_average && (w.pad[0] || w.pad[1])) input = pad_with_zeros(c, input, &w, after);
  if (input < 0) return false;
  const pk_op like = {.attributes.pool = {.filter_h = w.kernel[0],
                                          .filter_w = w.kernel[1],
                                          .stride_h = w.stride[0],
                                          .stride_w = w.stride[1],
                                          .padding = {PK_PADDING_EXPLICIT, w.pad[0], w.pad[1],
                                                      after[0], after[1]}}};
  const pk_op_kind kind = is_average ? PK_OP_AVERAGE_POOL_2D : PK_OP_MAX_POOL_2D;
  return pk_caffe_set_top(c, pk_caffe_emit(c, kind, &input, 1, dims, &like));
}

// --- the others ---

static bool add_relu(pk_caffe *c) {
  pk_caffe_field *parameters;
  const char *slope;
  char *end = NULL;
  int32_t input;
  const pk_tensor *in = single_input(c, &input);
  if (!in || !pk_caffe_message(c, c->layer, "relu_param", &parameters) ||
      !pk_caffe_text(c, parameters, "negative_slope", &slope)) {
    return false;
  }
  pk_caffe_ignore(parameters, "engine");
  if (slope && (strtod(slope, &end) != 0.0 || end == slope || *end)) {
    return pk_caffe_fail(c, PK_UNSUPPORTED, "with negative_slope: %s", slope);
  }
  const pk_op like = {.activation = PK_ACTIVATION_RELU};
  const pk_tensor shape = *in;
  return pk_caffe_set_top(c, pk_caffe_emit(c, PK_OP_ACTIVATION, &input, 1, shape.dims, &like));
}

static bool add_concat(pk_caffe *c) {
  pk_caffe_field *parameters;
  const int count = pk_caffe_count(c, "bottom");
  if (!pk_caffe_message(c, c->layer, "concat_param", &parameters) ||
      !expect_channel_axis(c, parameters, "axis") ||
      !expect_channel_axis(c, parameters, "concat_dim")) {
    return false;
  }
  int32_t *inputs = pk_arena_alloc(&c->graph->arena, (size_t)count, sizeof *inputs, c->error);
  int32_t dims[4] = {0};
  if (!inputs) return false;
  if (count == 0) return pk_caffe_fail(c, PK_BAD_MODEL, "it lacks a bottom");
  for (int i = 0; i < count; i++) {
    inputs[i] = pk_caffe_bottom(c, i);
    if (inputs[i] < 0) return false;
    const int32_t *each = c->graph->tensors[inputs[i]].dims;
    if (i == 0) memcpy(dims, each, sizeof dims);
    if (each[H] != dims[H] || each[W] != dims[W] || each[C] > (1 << 24) - dims[C]) {
      return pk_caffe_fail(c, PK_BAD_MODEL, "its bottoms do not go together");
    }
    if (i > 0) dims[C] += each[C];
  }
  const pk_op like = {.attributes.words.words = {C}};
  return pk_caffe_set_top(c, pk_caffe_emit(c, PK_OP_CONCAT, inputs, count, dims, &like));
}

static bool add_dropout(pk_caffe *c) {
  int32_t input;
  pk_caffe_ignore(c->layer, "dropout_param");
  return single_input(c, &input) && pk_caffe_set_top(c, input);
}

static bool add_softmax(pk_caffe *c) {
  pk_caffe_field *parameters;
  int32_t input;
  const pk_tensor *in = single_input(c, &input);
  if (!in || !pk_caffe_message(c, c->layer, "softmax_param", &parameters) ||
      !expect_channel_axis(c, parameters, "axis")) {
    return false;
  }
  pk_caffe_ignore(parameters, "engine");
  const pk_op like = {.attributes.softmax.beta = 1.0f};
  const pk_tensor shape = *in;
  return pk_caffe_set_top(c, pk_caffe_emit(c, PK_OP_SOFTMAX, &input, 1, shape.dims, &like));
}

pk_caffe_layer_fn *pk_caffe_find_layer(const char *type) {
  static const struct {
    const char *type;
    pk_caffe_layer_fn *add;
  } layers[] = {
      {"Convolution", add_convolution}, {"Pooling", add_pooling}, {"ReLU", add_relu},
      {"Concat", add_concat},           {"Dropout", add_dropout}, {"Softmax", add_softmax}};
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    if (strcmp(layers[i].type, type) == 0) return layers[i].add;
  }
  return NULL;
}
