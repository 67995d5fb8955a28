// Pools. Those the runtime has (float32, maxima of bytes too, one or two axes, no dilation) become
// its operators; the others combine one strided slice for each tap of the window.
#include <string.h>

#include "onnx_window.h"

enum { MOST_TAPS = 1024 };

static bool is_byte(const pk_tensor *tensor) {
  return tensor->dtype == PK_DTYPE_S8 || tensor->dtype == PK_DTYPE_U8;
}

static bool is_plain(const pk_onnx_window *w, const pk_tensor *in) {
  bool plain = w->axes <= 2 && (in->dtype == PK_DTYPE_F32 || is_byte(in));
  for (int i = 0; i < w->axes; i++) plain = plain && w->dilation[i] == 1;
  return plain;
}

static pk_value plain_pool(pk_onnx *o, pk_op_kind kind, pk_value x, const pk_onnx_window *w) {
  x = pk_onnx_channels_last(o, x);
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const bool is_row = w->axes == 1;
  const int h = 0, v = w->axes - 1;
  if (is_row) {
    x = pk_onnx_reshape(o, x, 4, (const int32_t[]){in.dims[0], 1, in.dims[1], in.dims[2]});
  }
  // What the last windows reach over the end is padding too.
  int32_t after[2] = {0, 0};
  for (int i = 0; i < w->axes; i++) {
    const int32_t reach = (w->output[i] - 1) * w->stride[i] + w->kernel[i];
    const int32_t over = reach - w->input[i] - w->before[i];
    after[i] = over > 0 ? over : 0;
  }
  const pk_op like = {
      .attributes.pool = {.filter_h = is_row ? 1 : w->kernel[h],
                          .filter_w = w->kernel[v],
                          .stride_h = is_row ? 1 : w->stride[h],
                          .stride_w = w->stride[v],
                          .padding = {PK_PADDING_EXPLICIT, is_row ? 0 : w->before[h], w->before[v],
                                      is_row ? 0 : after[h], after[v]}}};
  const int32_t channels = in.dims[in.rank - 1];
  const int32_t dims[4] = {in.dims[0], is_row ? 1 : w->output[h], w->output[v], channels};
  pk_value y = pk_onnx_emit(o, kind, &x, 1, in.dtype, 4, dims, &like);
  if (is_row) y = pk_onnx_reshape(o, y, 3, (const int32_t[]){dims[0], dims[2], dims[3]});
  return pk_onnx_channels_first(o, y);
}

// Combines the taps of all windows by a binary function, on x padded by `value`.
static pk_value tap_pool(pk_onnx *o, int function, pk_value x, const pk_onnx_window *w,
                         double value) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
  int32_t starts[PK_MAX_RANK] = {0}, steps[PK_MAX_RANK] = {1, 1};
  int32_t counts[PK_MAX_RANK] = {in.dims[0], in.dims[1]};
  int64_t taps = 1;
  for (int i = 0; i < w->axes; i++) {
    const int32_t reach =
        (w->output[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1;
    const int32_t over = reach - in.dims[2 + i] - w->before[i];
    before[2 + i] = w->before[i];
    after[2 + i] = over > 0 ? over : 0;
    steps[2 + i] = w->stride[i];
    counts[2 + i] = w->output[i];
    taps *= w->kernel[i];
    if (taps > MOST_TAPS) return pk_onnx_refuse_value(o, "with a large window");
  }
  x = pk_onnx_pad(o, x, before, after, value, 0);
  pk_value y = PK_ABSENT;
  for (int64_t tap = 0; tap < taps; tap++) {
    int64_t rest = tap;
    for (int i = w->axes - 1; i >= 0; i--) {
      starts[2 + i] = (int32_t)(rest % w->kernel[i]) * w->dilation[i];
      rest /= w->kernel[i];
    }
    const pk_value slice = pk_onnx_slice(o, x, starts, steps, counts);
    y = tap == 0 ? slice : pk_onnx_binary(o, function, y, slice);
    if (y < 0) return PK_FAILED;
  }
  return y;
}

static bool begin(pk_onnx *o, pk_value *x, pk_onnx_window *w) {
  *x = pk_onnx_required(o, 0);
  if (*x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, *x);
  return pk_onnx_window_attributes(o, w, &in, NULL) &&
         pk_onnx_window_output(o, w, pk_onnx_attribute_int(o, "ceil_mode", 0) != 0);
}

bool pk_onnx_op_max_pool(pk_onnx *o) {
  pk_value x;
  pk_onnx_window w;
  if (pk_onnx_has_output(o, 1)) return pk_onnx_refuse(o, "with indices");
  if (!begin(o, &x, &w)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (is_plain(&w, &in)) return pk_onnx_set_output(o, 0, plain_pool(o, PK_OP_MAX_POOL_2D, x, &w));
  if (in.dtype != PK_DTYPE_F32 && !is_byte(&in)) {
    return pk_onnx_refuse(o, "on %s", pk_dtype_name(in.dtype));
  }
  const pk_value wide = is_byte(&in) ? pk_onnx_cast(o, x, PK_DTYPE_S32) : x;
  const pk_value y = tap_pool(o, MNW_BINARY_MAX, wide, &w, is_byte(&in) ? -256.0 : -INFINITY);
  return pk_onnx_set_output(o, 0, pk_onnx_cast(o, y, in.dtype));
}

bool pk_onnx_op_average_pool(pk_onnx *o) {
  pk_value x;
  pk_onnx_window w;
  if (!begin(o, &x, &w)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.dtype != PK_DTYPE_F32) return pk_onnx_refuse(o, "on %s", pk_dtype_name(in.dtype));
  const bool counts_padding = pk_onnx_attribute_int(o, "count_include_pad", 0) != 0;
  int32_t dims[PK_MAX_RANK] = {1, 1};
  pk_value ones = pk_onnx_scalar(o, PK_DTYPE_F32, 1.0);
  for (int i = 0; i < w.axes; i++) dims[2 + i] = in.dims[2 + i];
  if (counts_padding) {
    // Zeros that count are part of the picture.
    int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
    for (int i = 0; i < w.axes; i++) {
      before[2 + i] = w.before[i];
      after[2 + i] = w.after[i];
      dims[2 + i] += w.before[i] + w.after[i];
      w.input[i] = dims[2 + i];
      w.before[i] = w.after[i] = 0;
    }
    x = pk_onnx_pad(o, x, before, after, 0.0, 0);
  }
  if (is_plain(&w, &in)) {
    return pk_onnx_set_output(o, 0, plain_pool(o, PK_OP_AVERAGE_POOL_2D, x, &w));
  }
  const pk_value sum = tap_pool(o, MNW_BINARY_ADD, x, &w, 0.0);
  ones = tap_pool(o, MNW_BINARY_ADD, pk_onnx_expand(o, ones, in.rank, dims), &w, 0.0);
  return pk_onnx_set_output(o, 0, pk_onnx_binary(o, MNW_BINARY_DIV, sum, ones));
}

bool pk_onnx_op_lp_pool(pk_onnx *o) {
  pk_value x;
  pk_onnx_window w;
  if (!begin(o, &x, &w)) return false;
  const int64_t p = pk_onnx_attribute_int(o, "p", 2);
  if (p < 1 || p > 64) return pk_onnx_refuse(o, "p = %lld", (long long)p);
  pk_value y = pk_onnx_unary(o, MNW_UNARY_ABS, x, 0, 0);
  if (p == 2) y = pk_onnx_unary(o, MNW_UNARY_SQUARE, y, 0, 0);
  if (p > 2) y = pk_onnx_binary_scalar(o, MNW_BINARY_POW, y, (double)p);
  y = tap_pool(o, MNW_BINARY_ADD, y, &w, 0.0);
  if (p == 2) y = pk_onnx_unary(o, MNW_UNARY_SQRT, y, 0, 0);
  if (p > 2) y = pk_onnx_binary_scalar(o, MNW_BINARY_POW, y, 1.0 / (double)p);
  return pk_onnx_set_output(o, 0, y);
}

bool pk_onnx_op_global_pool(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  int function = pk_onnx_this_op(o)->parameter;
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank < 3) return pk_onnx_broken(o, "its input is no picture");
  if (function == MNW_REDUCE_L2) {
    const int64_t p = pk_onnx_attribute_int(o, "p", 2);
    if (p != 1 && p != 2) return pk_onnx_refuse(o, "p = %lld", (long long)p);
    if (p == 1) function = MNW_REDUCE_L1;
  }
  // Channels last, so that the transposes of the operators around it meet theirs.
  const uint32_t spatial = ((1u << (in.rank - 1)) - 1) & ~1u;
  const pk_value y = pk_onnx_reduce(o, function, pk_onnx_channels_last(o, x), spatial, true);
  return pk_onnx_set_output(o, 0, pk_onnx_channels_first(o, y));
}
