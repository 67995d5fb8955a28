#include "import_samples.h"

#include <string.h>

#include "sparse_encoder.h"

enum { SAME = PK_TFLITE_PADDING_SAME, VALID = PK_TFLITE_PADDING_VALID };

// Constants: bytes that look like weights, shared by all samples.
static const int8_t *weight_bytes(void) {
  static int8_t bytes[1024];
  for (int i = 0; i < 1024; i++) bytes[i] = (int8_t)(i * 37 % 255 - 127);
  return bytes;
}

static const int32_t bias_values[8] = {100, -2000, 30000, -4, 5, 60, -700, 8};
static const float channel_scales[8] = {0.01f, 0.02f, 0.03f, 0.04f, 0.05f, 0.06f, 0.07f, 0.08f};

static int activation(tflite_builder *b, const char *name, int type, int rank, const int32_t *dims,
                      float scale, int zero_point) {
  tflite_tensor_spec spec = {
      .name = name, .type = type, .rank = rank, .scale = scale, .zero_point = zero_point};
  memcpy(spec.dims, dims, (size_t)rank * sizeof *dims);
  return tflite_add_tensor(b, &spec);
}

static int picture(tflite_builder *b, const char *name, int type, int h, int w, int c, float scale,
                   int zero_point) {
  return activation(b, name, type, 4, (const int32_t[]){1, h, w, c}, scale, zero_point);
}

// Weights [a,b,c,d]; `axis` -1: per tensor.
static int weights(tflite_builder *b, const char *name, int type, const int32_t *dims, int rank,
                   int axis, int zero_point) {
  tflite_tensor_spec spec = {
      .name = name, .type = type, .rank = rank, .zero_point = zero_point, .data = weight_bytes()};
  memcpy(spec.dims, dims, (size_t)rank * sizeof *dims);
  spec.data_bytes = 1;
  for (int i = 0; i < rank; i++) spec.data_bytes *= (size_t)dims[i];
  if (axis < 0) {
    spec.scale = 0.02f;
  } else {
    spec.scales = channel_scales;
    spec.scale_count = dims[axis];
    spec.axis = axis;
  }
  return tflite_add_tensor(b, &spec);
}

static int integers(tflite_builder *b, const char *name, int rank, const int32_t *dims,
                    const int32_t *values, size_t count) {
  tflite_tensor_spec spec = {
      .name = name, .type = TFLITE_INT32, .rank = rank, .data = values, .data_bytes = 4 * count};
  memcpy(spec.dims, dims, (size_t)rank * sizeof *dims);
  return tflite_add_tensor(b, &spec);
}

static int bias(tflite_builder *b, int channels) {
  return integers(b, "bias", 1, (const int32_t[]){channels}, bias_values, (size_t)channels);
}

static tflite_operator_spec op(int builtin, int32_t a, int32_t b, int32_t c, int32_t output) {
  tflite_operator_spec spec = {.builtin = builtin, .inputs = {a, b, c}, .output = output};
  spec.input_count = c >= 0 ? 3 : b >= 0 ? 2 : 1;
  return spec;
}

static void add_conv(tflite_builder *b, int builtin, int32_t x, int32_t w, int32_t c, int32_t y,
                     int padding, int stride, int function) {
  tflite_operator_spec spec = op(builtin, x, w, c, y);
  tflite_set_conv_options(&spec, padding, stride, 1, function);
  tflite_add_operator(b, &spec);
}

static void add_pool(tflite_builder *b, int builtin, int32_t x, int32_t y, int padding, int stride,
                     int filter) {
  tflite_operator_spec spec = op(builtin, x, -1, -1, y);
  tflite_set_pool_options(&spec, padding, stride, filter, 0);
  tflite_add_operator(b, &spec);
}

static void add_plain(tflite_builder *b, int builtin, int32_t x, int32_t second, int32_t y) {
  const tflite_operator_spec spec = op(builtin, x, second, -1, y);
  tflite_add_operator(b, &spec);
}

static void add_softmax(tflite_builder *b, int32_t x, int32_t y) {
  tflite_operator_spec spec = op(PK_TFLITE_SOFTMAX, x, -1, -1, y);
  tflite_set_softmax_options(&spec, 1.0f);
  tflite_add_operator(b, &spec);
}

void import_sample_conv(tflite_builder *b) {
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_INT8, 5, 6, 3, 0.5f, 3);
  const int w = weights(b, "weights", TFLITE_INT8, (const int32_t[]){5, 3, 3, 3}, 4, 0, 0);
  const int c = bias(b, 5);
  const int y = picture(b, "y", TFLITE_INT8, 3, 3, 5, 0.1f, -128);
  add_conv(b, PK_TFLITE_CONV_2D, x, w, c, y, SAME, 2, PK_TFLITE_ACTIVATION_RELU6);
  tflite_set_ends(b, x, y);
}

// The forms of a uint8 model: asymmetric weights, average pool, softmax, uint8 at both ends.
static void sample_uint8(tflite_builder *b) {
  tflite_builder_init(b);
  const int x = picture(b, "input", TFLITE_UINT8, 4, 4, 2, 0.0078125f, 128);
  const int w = weights(b, "w", TFLITE_UINT8, (const int32_t[]){1, 3, 3, 2}, 4, -1, 120);
  const int c = bias(b, 2);
  const int a = picture(b, "a", TFLITE_UINT8, 4, 4, 2, 0.05f, 0);
  const int p = picture(b, "p", TFLITE_UINT8, 1, 1, 2, 0.05f, 0);
  const int r = activation(b, "r", TFLITE_UINT8, 2, (const int32_t[]){1, 2}, 0.05f, 0);
  const int s = activation(b, "s", TFLITE_UINT8, 2, (const int32_t[]){1, 2}, 1.0f / 256, 0);
  add_conv(b, PK_TFLITE_DEPTHWISE_CONV_2D, x, w, c, a, SAME, 1, PK_TFLITE_ACTIVATION_RELU6);
  add_pool(b, PK_TFLITE_AVERAGE_POOL_2D, a, p, VALID, 4, 4);
  add_plain(b, PK_TFLITE_RESHAPE, p, -1, r);
  add_softmax(b, r, s);
  tflite_set_ends(b, x, s);
}

// The forms of a post-training int8 model: QUANTIZE at both ends, MEAN, FULLY_CONNECTED.
static void sample_int8(tflite_builder *b) {
  static const int32_t axes[] = {1, 2};
  tflite_builder_init(b);
  const int x = picture(b, "input", TFLITE_UINT8, 4, 4, 3, 0.0078f, 127);
  const int q = picture(b, "q", TFLITE_INT8, 4, 4, 3, 0.0078f, -1);
  const int i = integers(b, "axes", 1, (const int32_t[]){2}, axes, 2);
  const int m = activation(b, "mean", TFLITE_INT8, 2, (const int32_t[]){1, 3}, 0.007f, 5);
  const int w = weights(b, "w", TFLITE_INT8, (const int32_t[]){4, 3}, 2, -1, 0);
  const int c = bias(b, 4);
  const int f = activation(b, "f", TFLITE_INT8, 2, (const int32_t[]){1, 4}, 0.1f, 3);
  const int s = activation(b, "s", TFLITE_INT8, 2, (const int32_t[]){1, 4}, 1.0f / 256, -128);
  const int y = activation(b, "output", TFLITE_UINT8, 2, (const int32_t[]){1, 4}, 1.0f / 256, 0);
  add_plain(b, PK_TFLITE_QUANTIZE, x, -1, q);
  add_plain(b, PK_TFLITE_MEAN, q, i, m);
  const tflite_operator_spec dense = op(PK_TFLITE_FULLY_CONNECTED, m, w, c, f);
  tflite_add_operator(b, &dense);
  add_softmax(b, f, s);
  add_plain(b, PK_TFLITE_QUANTIZE, s, -1, y);
  b->tensors[x].open_batch = b->tensors[q].open_batch = true;
  tflite_set_ends(b, x, y);
}

// PAD, a convolution behind it, a residual ADD, MAX_POOL_2D and a stand-alone RELU.
static void sample_residual(tflite_builder *b) {
  static const int32_t amounts[] = {0, 0, 1, 1, 1, 1, 0, 0};
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_INT8, 4, 4, 4, 0.5f, 3);
  const int n = integers(b, "amounts", 2, (const int32_t[]){4, 2}, amounts, 8);
  const int p = picture(b, "padded", TFLITE_INT8, 6, 6, 4, 0.5f, 3);
  const int w = weights(b, "w", TFLITE_INT8, (const int32_t[]){4, 3, 3, 4}, 4, 0, 0);
  const int a = picture(b, "conv", TFLITE_INT8, 4, 4, 4, 0.3f, -7);
  const int s = picture(b, "sum", TFLITE_INT8, 4, 4, 4, 0.4f, -10);
  const int r = picture(b, "relu", TFLITE_INT8, 4, 4, 4, 0.4f, -10);
  const int y = picture(b, "y", TFLITE_INT8, 2, 2, 4, 0.4f, -10);
  add_plain(b, PK_TFLITE_PAD, x, n, p);
  add_conv(b, PK_TFLITE_CONV_2D, p, w, -1, a, VALID, 1, 0);
  add_plain(b, PK_TFLITE_ADD, x, a, s);
  add_plain(b, PK_TFLITE_RELU, s, -1, r);
  add_pool(b, PK_TFLITE_MAX_POOL_2D, r, y, VALID, 2, 2);
  tflite_set_ends(b, x, y);
}

// float32 at both ends, one input channel with a depth multiplier, data behind the flatbuffer.
static void sample_float_ends(tflite_builder *b) {
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_FLOAT32, 6, 5, 1, 0, 0);
  const int q = picture(b, "q", TFLITE_INT8, 6, 5, 1, 0.1f, -1);
  const int w = weights(b, "w", TFLITE_INT8, (const int32_t[]){1, 3, 2, 8}, 4, 3, 0);
  const int c = bias(b, 8);
  const int d = picture(b, "d", TFLITE_INT8, 3, 3, 8, 0.2f, -128);
  const int y = picture(b, "y", TFLITE_FLOAT32, 3, 3, 8, 0, 0);
  b->tensors[w].is_outside = true;
  add_plain(b, PK_TFLITE_QUANTIZE, x, -1, q);
  add_conv(b, PK_TFLITE_DEPTHWISE_CONV_2D, q, w, c, d, SAME, 2, PK_TFLITE_ACTIVATION_RELU);
  add_plain(b, PK_TFLITE_DEQUANTIZE, d, -1, y);
  tflite_set_ends(b, x, y);
}

// Reshapes in a row, rows for FULLY_CONNECTED out of a picture, RELU6 that cannot be fused.
static void sample_shapes(tflite_builder *b) {
  static const int32_t axis[] = {0};
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_INT8, 2, 2, 3, 0.1f, 0);
  const int s = activation(b, "squeezed", TFLITE_INT8, 3, (const int32_t[]){2, 2, 3}, 0.1f, 0);
  const int n = integers(b, "axis", 1, (const int32_t[]){1}, axis, 1);
  const int e = picture(b, "expanded", TFLITE_INT8, 2, 2, 3, 0.1f, 0);
  const int w = weights(b, "w", TFLITE_INT8, (const int32_t[]){5, 12}, 2, 0, 0);
  const int f = activation(b, "dense", TFLITE_INT8, 2, (const int32_t[]){1, 5}, 0.1f, -20);
  const int y = activation(b, "y", TFLITE_INT8, 2, (const int32_t[]){1, 5}, 0.05f, -60);
  add_plain(b, PK_TFLITE_SQUEEZE, x, -1, s);
  add_plain(b, PK_TFLITE_EXPAND_DIMS, s, n, e);
  const tflite_operator_spec dense = op(PK_TFLITE_FULLY_CONNECTED, e, w, -1, f);
  tflite_add_operator(b, &dense);
  add_plain(b, PK_TFLITE_RELU6, f, -1, y);
  tflite_set_ends(b, x, y);
}

// PADV2 with a value of its own, in uint8.
static void sample_pad_value(tflite_builder *b) {
  static const int32_t amounts[] = {0, 0, 2, 0, 0, 1, 1, 1};
  static const uint8_t value[] = {77};
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_UINT8, 3, 3, 2, 0.1f, 10);
  const int n = integers(b, "amounts", 2, (const int32_t[]){4, 2}, amounts, 8);
  const int v = tflite_add_tensor(b, &(tflite_tensor_spec){.name = "value",
                                                           .type = TFLITE_UINT8,
                                                           .scale = 0.1f,
                                                           .zero_point = 10,
                                                           .data = value,
                                                           .data_bytes = 1});
  const int y = picture(b, "y", TFLITE_UINT8, 5, 4, 4, 0.1f, 10);
  const tflite_operator_spec pad = op(PK_TFLITE_PADV2, x, n, v, y);
  tflite_add_operator(b, &pad);
  tflite_set_ends(b, x, y);
}

// Nothing but operators that are not supported.
static void sample_unsupported(tflite_builder *b) {
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_FLOAT32, 3, 3, 2, 0, 0);
  const int a = picture(b, "a", TFLITE_FLOAT32, 3, 3, 2, 0, 0);
  const int c = picture(b, "c", TFLITE_FLOAT32, 3, 3, 2, 0, 0);
  const int y = picture(b, "y", TFLITE_FLOAT32, 3, 3, 2, 0, 0);
  tflite_operator_spec custom = op(PK_TFLITE_CUSTOM, a, -1, -1, c);
  custom.custom_name = "Fancy";
  add_plain(b, PK_TFLITE_HARD_SWISH, x, -1, a);
  tflite_add_operator(b, &custom);
  add_plain(b, PK_TFLITE_HARD_SWISH, c, -1, y);
  tflite_set_ends(b, x, y);
}

// Weights of four bits, then sparse ones in blocks of 1x4.
static void sample_small_weights(tflite_builder *b) {
  static const sparse_form form = {.rank = 2,
                                   .dims = {4, 36},
                                   .block_count = 1,
                                   .block_map = {1},
                                   .block_sizes = {4},
                                   .traversal_order = {0, 1, 2},
                                   .is_sparse = {false, true, false},
                                   .index_type = PK_TFLITE_INDICES_U16};
  static sparse_constant sparse;
  int8_t dense[4 * 36];
  for (int i = 0; i < 4 * 36; i++) dense[i] = (int8_t)(i / 4 % 3 == 0 ? i - 60 : 0);
  sparse_encode(&sparse, &form, dense, 1);
  tflite_builder_init(b);
  const int x = picture(b, "x", TFLITE_INT8, 3, 3, 2, 0.05f, 3);
  const int w = weights(b, "four bits", TFLITE_INT4, (const int32_t[]){4, 1, 1, 2}, 4, 0, 0);
  b->tensors[w].data_bytes = 4;
  const int z = picture(b, "z", TFLITE_INT8, 3, 3, 4, 0.06f, -2);
  const int v = weights(b, "sparse", TFLITE_INT8, form.dims, 2, -1, 0);
  b->tensors[v].data = sparse.values;
  b->tensors[v].data_bytes = sparse.value_bytes;
  b->tensors[v].sparsity = &sparse.sparsity;
  const int y = activation(b, "y", TFLITE_INT8, 2, (const int32_t[]){1, 4}, 0.5f, 0);
  add_conv(b, PK_TFLITE_CONV_2D, x, w, bias(b, 4), z, VALID, 1, 0);
  const tflite_operator_spec dense_layer = op(PK_TFLITE_FULLY_CONNECTED, z, v, bias(b, 4), y);
  tflite_add_operator(b, &dense_layer);
  tflite_set_ends(b, x, y);
}

const import_sample import_samples[IMPORT_SAMPLE_COUNT] = {
    {"conv", import_sample_conv},
    {"uint8", sample_uint8},
    {"int8", sample_int8},
    {"residual", sample_residual},
    {"float_ends", sample_float_ends},
    {"shapes", sample_shapes},
    {"pad_value", sample_pad_value},
    {"unsupported", sample_unsupported},
    {"small_weights", sample_small_weights},
};
