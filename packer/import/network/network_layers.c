// The layers of a network description, one function each.
#include <math.h>
#include <string.h>

#include "../../../core/ops/op_params.h"
#include "../op_rules.h"
#include "network_builder.h"

enum { MAX_BIAS_LEAD = 50 };

static const pk_tensor *tensor_of(const pk_network_builder *b, int32_t number) {
  return &b->graph->tensors[number];
}

static bool bad(const pk_network_builder *b, const pk_network_layer *layer, const char *field,
                const char *expected) {
  return pk_field_bad(&b->reader, layer->where, field, expected);
}

static bool read_width(int32_t *width, const pk_network_builder *b, const pk_network_layer *layer,
                       const char *field) {
  int64_t value;
  const bool ok = pk_field_integer(&value, &b->reader, layer->json, layer->where, field, 1,
                                   PK_NETWORK_MAX_WIDTH);
  *width = (int32_t)value;
  return ok;
}

// The width of a layer that may have lost channels.
static bool read_channels(int32_t *width, const pk_network_builder *b,
                          const pk_network_layer *layer, const char *field) {
  int64_t value;
  if (!json_object_get(b->widths, layer->name)) return read_width(width, b, layer, field);
  const bool ok = pk_field_integer(&value, &b->reader, b->widths, "network.channels", layer->name,
                                   1, PK_NETWORK_MAX_WIDTH);
  *width = (int32_t)value;
  return ok;
}

static bool needs_picture(const pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                          const char *field) {
  return tensor_of(b, x)->rank == 4 ||
         bad(b, layer, field, "behind a layer with height, width and channels");
}

static bool read_padding(pk_padding *padding, const pk_network_builder *b,
                         const pk_network_layer *layer) {
  const json_t *json = json_object_get(layer->json, "padding");
  const char *name = json ? json_string_value(json) : "same";
  *padding =
      (pk_padding){.mode = name && strcmp(name, "valid") == 0 ? PK_PADDING_VALID : PK_PADDING_SAME};
  return (name && (strcmp(name, "same") == 0 || strcmp(name, "valid") == 0)) ||
         bad(b, layer, "padding", "same or valid");
}

// Height and width behind a window; writes the explicit padding.
static bool slide(int32_t out[2], pk_padding *padding, const pk_network_builder *b,
                  const pk_network_layer *layer, const pk_windows *windows) {
  const pk_padding_mode mode = padding->mode;
  const int64_t height = pk_window_output(&windows->h, mode, &padding->top, &padding->bottom);
  const int64_t width = pk_window_output(&windows->w, mode, &padding->left, &padding->right);
  padding->mode = PK_PADDING_EXPLICIT;
  out[0] = (int32_t)height;
  out[1] = (int32_t)width;
  return (height >= 1 && width >= 1) ||
         bad(b, layer, "", "a window that fits into what comes in; make it smaller");
}

typedef struct window_fields {
  int32_t kernel[2], stride[2], dilation[2], out[2];
  pk_padding padding;
} window_fields;

static bool read_window(window_fields *w, const pk_network_builder *b,
                        const pk_network_layer *layer, int32_t x, const char *size_field,
                        int32_t default_size, int32_t default_stride) {
  if (!pk_network_pair(w->kernel, b, layer, size_field, default_size) ||
      !pk_network_pair(w->stride, b, layer, "stride", default_stride) ||
      !pk_network_pair(w->dilation, b, layer, "dilation", 1) ||
      !read_padding(&w->padding, b, layer)) {
    return false;
  }
  const int32_t *dims = tensor_of(b, x)->dims;
  const pk_windows windows = {{w->kernel[0], w->stride[0], w->dilation[0], dims[1]},
                              {w->kernel[1], w->stride[1], w->dilation[1], dims[2]}};
  return slide(w->out, &w->padding, b, layer, &windows);
}

// `op` has inputs for data, weights and, where input_count is 3, a bias.
static int32_t emit_weighted(pk_network_builder *b, const pk_network_layer *layer, pk_op op,
                             int32_t x, const pk_tensor *weights, const pk_tensor *result) {
  const int32_t channels = result->dims[result->rank - 1];
  int32_t inputs[] = {x, pk_network_constant(b, layer, "weights", weights->rank, weights->dims),
                      -1};
  if (inputs[1] < 0) return -1;
  if (op.input_count > PK_INPUT_BIAS) {
    inputs[2] = pk_network_constant(b, layer, "bias", 1, &channels);
    if (inputs[2] < 0) return -1;
  }
  op.inputs = inputs;
  return pk_network_emit(b, &op, result->rank, result->dims, layer->name);
}

static int32_t add_conv(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const char *const known[] = {"conv", "kernel",  "stride", "dilation", "groups",
                                      "norm", "padding", "like",   NULL};
  int32_t outputs;
  int64_t groups = 1;
  window_fields w;
  if (!pk_network_check_fields(b, layer, known) || !needs_picture(b, layer, x, "conv") ||
      !read_channels(&outputs, b, layer, "conv") || !read_window(&w, b, layer, x, "kernel", 1, 1)) {
    return -1;
  }
  const pk_tensor in = *tensor_of(b, x);
  if (json_object_get(layer->json, "groups") &&
      !pk_field_integer(&groups, &b->reader, layer->json, layer->where, "groups", 1, in.dims[3])) {
    return -1;
  }
  if (in.dims[3] % groups != 0 || outputs % groups != 0) {
    bad(b, layer, "groups", "a divisor of the channels that come in and go out");
    return -1;
  }
  const pk_tensor weights = {
      .rank = 4, .dims = {outputs, w.kernel[0], w.kernel[1], in.dims[3] / (int32_t)groups}};
  const pk_tensor result = {.rank = 4, .dims = {in.dims[0], w.out[0], w.out[1], outputs}};
  const pk_op op = {.kind = PK_OP_CONV_2D,
                    .input_count = 3,
                    .attributes.conv = {w.stride[0], w.stride[1], w.dilation[0], w.dilation[1],
                                        (int32_t)groups, w.padding}};
  const int32_t y = emit_weighted(b, layer, op, x, &weights, &result);
  return y < 0 ? -1 : pk_network_finish(b, layer, y, true);
}

static int32_t add_depthwise(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const char *const known[] = {"depthwise", "kernel",  "stride", "dilation",
                                      "norm",      "padding", "like",   NULL};
  int32_t times;
  window_fields w;
  if (!pk_network_check_fields(b, layer, known) || !needs_picture(b, layer, x, "depthwise") ||
      !read_width(&times, b, layer, "depthwise") || !read_window(&w, b, layer, x, "kernel", 3, 1)) {
    return -1;
  }
  const pk_tensor in = *tensor_of(b, x);
  const int64_t channels = (int64_t)in.dims[3] * times;
  if (channels > PK_NETWORK_MAX_WIDTH) {
    bad(b, layer, "depthwise", "smaller: the channels it makes would be too many");
    return -1;
  }
  const pk_tensor weights = {.rank = 4, .dims = {1, w.kernel[0], w.kernel[1], (int32_t)channels}};
  const pk_tensor result = {.rank = 4, .dims = {in.dims[0], w.out[0], w.out[1], (int32_t)channels}};
  pk_op op = {
      .kind = PK_OP_DEPTHWISE_CONV_2D,
      .input_count = 3,
      .attributes.conv = {w.stride[0], w.stride[1], w.dilation[0], w.dilation[1], 1, w.padding}};
  const int32_t y = emit_weighted(b, layer, op, x, &weights, &result);
  return y < 0 ? -1 : pk_network_finish(b, layer, y, true);
}

static int32_t flatten(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  const pk_tensor in = *tensor_of(b, x);
  const int64_t row = pk_tensor_elements(&in) / in.dims[0];
  if (in.rank == 2) return x;
  if (row > PK_NETWORK_MAX_WIDTH * 16) {
    bad(b, layer, "", "behind a layer with fewer values");
    return -1;
  }
  const int32_t dims[] = {in.dims[0], (int32_t)row};
  const pk_op op = {.kind = PK_OP_RESHAPE, .inputs = &x, .input_count = 1};
  return pk_network_emit(b, &op, 2, dims, layer->name);
}

static int32_t emit_dense(pk_network_builder *b, const pk_network_layer *layer, int32_t rows,
                          int32_t outputs, bool has_bias) {
  const pk_tensor in = *tensor_of(b, rows);
  const pk_tensor weights = {.rank = 2, .dims = {outputs, in.dims[1]}};
  const pk_tensor result = {.rank = 2, .dims = {in.dims[0], outputs}};
  const pk_op op = {.kind = PK_OP_FULLY_CONNECTED, .input_count = has_bias ? 3 : 2};
  return emit_weighted(b, layer, op, rows, &weights, &result);
}

// "biasOnly" and "biasLead" of last outputs that what comes in does not reach.
static bool read_bias_only(pk_network_note *note, const pk_network_builder *b,
                           const pk_network_layer *layer, int32_t outputs) {
  const json_t *lead = json_object_get(layer->json, "biasLead");
  int64_t count;
  if (!json_object_get(layer->json, "biasOnly")) {
    return !lead || bad(b, layer, "biasLead", "left out where there is no biasOnly");
  }
  if (json_is_true(json_object_get(layer->json, "norm")) || json_object_get(layer->json, "like")) {
    return bad(b, layer, "biasOnly", "left out where there is a norm or like");
  }
  if (!pk_field_integer(&count, &b->reader, layer->json, layer->where, "biasOnly", 1,
                        outputs - 1)) {
    return false;
  }
  if (lead && !(json_is_number(lead) && fabs(json_number_value(lead)) <= MAX_BIAS_LEAD)) {
    return bad(b, layer, "biasLead", "a number from -50 to 50");
  }
  note->bias_only = (int32_t)count;
  note->bias_lead = (float)json_number_value(lead);
  return true;
}

static int32_t add_dense(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const char *const known[] = {"dense", "norm", "biasOnly", "biasLead", "like", NULL};
  int32_t outputs;
  if (!pk_network_check_fields(b, layer, known) || !read_channels(&outputs, b, layer, "dense")) {
    return -1;
  }
  const int32_t rows = flatten(b, layer, x);
  const int32_t y = rows < 0 ? -1 : emit_dense(b, layer, rows, outputs, true);
  if (y < 0 || !read_bias_only(&b->notes[b->graph->op_count - 1], b, layer, outputs)) return -1;
  return pk_network_finish(b, layer, y, false);
}

// The mean of the embeddings of what the counts count (a mean bag): counts times weights, over the
// sum of the counts.
static int32_t add_bag(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const char *const known[] = {"bag", "like", NULL};
  int32_t outputs;
  if (!pk_network_check_fields(b, layer, known) || !read_channels(&outputs, b, layer, "bag")) {
    return -1;
  }
  const pk_tensor in = *tensor_of(b, x);
  if (in.rank != 2) {
    bad(b, layer, "bag", "the first layer behind an input of counts, of one dimension");
    return -1;
  }
  const int32_t sum_dims[] = {in.dims[0], 1}, dims[] = {in.dims[0], outputs};
  const int32_t products = emit_dense(b, layer, x, outputs, false);
  if (products < 0) return -1;
  pk_op sum = {.kind = PK_OP_REDUCE, .inputs = &x, .input_count = 1};
  sum.attributes.words.words[MNW_REDUCE_FUNCTION] = MNW_REDUCE_SUM;
  sum.attributes.words.words[MNW_REDUCE_AXES] = 2;
  const int32_t count = pk_network_emit(b, &sum, 2, sum_dims, layer->name);
  if (count < 0) return -1;
  // An empty text has no counts: at least 1 keeps the division defined.
  pk_op clip = {.kind = PK_OP_UNARY, .inputs = (int32_t[]){count}, .input_count = 1};
  const float one = 1.0f, most = 3.0e38f;
  clip.attributes.words.words[MNW_UNARY_FUNCTION] = MNW_UNARY_CLIP;
  memcpy(&clip.attributes.words.words[MNW_UNARY_ALPHA], &one, sizeof one);
  memcpy(&clip.attributes.words.words[MNW_UNARY_BETA], &most, sizeof most);
  const int32_t divisor = pk_network_emit(b, &clip, 2, sum_dims, layer->name);
  if (divisor < 0) return -1;
  int32_t inputs[] = {products, divisor};
  pk_op mean = {.kind = PK_OP_BINARY, .inputs = inputs, .input_count = 2};
  mean.attributes.words.words[MNW_BINARY_FUNCTION] = MNW_BINARY_DIV;
  const int32_t y = pk_network_emit(b, &mean, 2, dims, layer->name);
  return y < 0 ? -1 : pk_network_finish(b, layer, y, false);
}

static int32_t add_global_mean(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  const pk_tensor in = *tensor_of(b, x);
  const int32_t dims[] = {in.dims[0], in.dims[3]};
  const pk_op op = {
      .kind = PK_OP_MEAN, .inputs = &x, .input_count = 1, .attributes.mean = {.axes = 6}};
  return pk_network_emit(b, &op, 2, dims, layer->name);
}

static int32_t add_pool(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const char *const known[] = {"pool", "size", "stride", "padding", NULL};
  const char *kind = json_string_value(json_object_get(layer->json, "pool"));
  window_fields w;
  int32_t y;
  if (!pk_network_check_fields(b, layer, known) || !needs_picture(b, layer, x, "pool")) return -1;
  if (kind && strcmp(kind, "mean") == 0) {
    y = add_global_mean(b, layer, x);
  } else if (kind && (strcmp(kind, "max") == 0 || strcmp(kind, "average") == 0)) {
    if (!read_window(&w, b, layer, x, "size", 2, 2)) return -1;
    const pk_tensor in = *tensor_of(b, x);
    const int32_t dims[] = {in.dims[0], w.out[0], w.out[1], in.dims[3]};
    const pk_op op = {
        .kind = strcmp(kind, "max") == 0 ? PK_OP_MAX_POOL_2D : PK_OP_AVERAGE_POOL_2D,
        .inputs = &x,
        .input_count = 1,
        .attributes.pool = {w.kernel[0], w.kernel[1], w.stride[0], w.stride[1], w.padding, false}};
    y = pk_network_emit(b, &op, 4, dims, layer->name);
  } else {
    bad(b, layer, "pool", "max, average, or mean of the whole picture");
    return -1;
  }
  return y < 0 ? -1 : pk_network_finish(b, layer, y, false);
}

static int32_t add_reshape(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const char *const known[] = {"reshape", NULL};
  const json_t *shape = json_object_get(layer->json, "reshape");
  const pk_tensor in = *tensor_of(b, x);
  pk_tensor out = {.rank = 1, .dims = {in.dims[0]}};
  if (!pk_network_check_fields(b, layer, known)) return -1;
  for (size_t i = 0; i < json_array_size(shape) && out.rank < 4; i++) {
    const json_int_t dim = json_integer_value(json_array_get(shape, i));
    out.dims[out.rank++] = dim >= 1 && dim <= PK_NETWORK_MAX_WIDTH ? (int32_t)dim : 0;
  }
  if (json_array_size(shape) < 1 || json_array_size(shape) > 3 ||
      pk_tensor_elements(&out) != pk_tensor_elements(&in)) {
    bad(b, layer, "reshape", "one to three dimensions with as many elements as come in");
    return -1;
  }
  const pk_op op = {.kind = PK_OP_RESHAPE, .inputs = &x, .input_count = 1};
  const int32_t y = pk_network_emit(b, &op, out.rank, out.dims, layer->name);
  return y < 0 ? -1 : pk_network_finish(b, layer, y, false);
}

const pk_network_kind pk_network_kinds[] = {
    {"conv", add_conv},          {"depthwise", add_depthwise},
    {"dense", add_dense},        {"bag", add_bag},
    {"gru", pk_network_add_gru}, {"pool", add_pool},
    {"reshape", add_reshape},    {NULL, NULL}};
