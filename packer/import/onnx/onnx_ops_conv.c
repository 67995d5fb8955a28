// Convolutions. The runtime's are two-dimensional and NHWC: those along one axis get a height of 1,
// those along three become a sum over the first.
#include <string.h>

#include "onnx_window.h"

static pk_value constant_floats(pk_onnx *o, pk_value value) {
  if (value == PK_ABSENT) return value;
  if (!pk_onnx_need_constant(o, value)) return PK_FAILED;
  if (pk_onnx_tensor(o, value)->dtype == PK_DTYPE_F32) return value;
  return pk_onnx_refuse_value(o, "with weights that are no floats");
}

// N,C,W -> N,1,W,C and N,C,H,W -> N,H,W,C.
static pk_value to_picture(pk_onnx *o, pk_value x) {
  x = pk_onnx_channels_last(o, x);
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank == 4) return x;
  return pk_onnx_reshape(o, x, 4, (const int32_t[]){in.dims[0], 1, in.dims[1], in.dims[2]});
}

static pk_value from_picture(pk_onnx *o, pk_value y, int rank) {
  if (y < 0) return PK_FAILED;
  const pk_tensor out = *pk_onnx_tensor(o, y);
  if (rank == 3) {
    y = pk_onnx_reshape(o, y, 3, (const int32_t[]){out.dims[0], out.dims[2], out.dims[3]});
  }
  return pk_onnx_channels_first(o, y);
}

// The last two axes of a window; one axis gets a height of 1.
static pk_onnx_window plane_of(const pk_onnx_window *w) {
  pk_onnx_window plane = {.axes = 2};
  for (int i = 0; i < 2; i++) {
    const int from = w->axes - 2 + i;
    const bool is_there = from >= 0;
    plane.kernel[i] = is_there ? w->kernel[from] : 1;
    plane.stride[i] = is_there ? w->stride[from] : 1;
    plane.dilation[i] = is_there ? w->dilation[from] : 1;
    plane.before[i] = is_there ? w->before[from] : 0;
    plane.after[i] = is_there ? w->after[from] : 0;
    plane.input[i] = is_there ? w->input[from] : 1;
    plane.output[i] = is_there ? w->output[from] : 1;
  }
  return plane;
}

// x NHWC; weights O,I / groups,KH,KW.
static pk_value conv_2d(pk_onnx *o, pk_value x, pk_value weights, pk_value bias,
                        const pk_onnx_window *w, int64_t groups) {
  if (x < 0 || weights < 0 || bias == PK_FAILED) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x), kernel = *pk_onnx_tensor(o, weights);
  const int32_t channels = in.dims[3], outputs = kernel.dims[0];
  const bool is_depthwise = groups > 1 && groups == channels;
  const int plain[4] = {0, 2, 3, 1}, depthwise[4] = {1, 2, 3, 0};
  weights = pk_onnx_transpose(o, weights, is_depthwise ? depthwise : plain);
  const pk_op like = {.attributes.conv = {.stride_h = w->stride[0],
                                          .stride_w = w->stride[1],
                                          .dilation_h = w->dilation[0],
                                          .dilation_w = w->dilation[1],
                                          .groups = is_depthwise ? 1 : (int32_t)groups,
                                          .padding = {PK_PADDING_EXPLICIT, w->before[0],
                                                      w->before[1], w->after[0], w->after[1]}}};
  const int32_t dims[4] = {in.dims[0], w->output[0], w->output[1], outputs};
  const pk_value inputs[3] = {x, weights, bias};
  return pk_onnx_emit(o, is_depthwise ? PK_OP_DEPTHWISE_CONV_2D : PK_OP_CONV_2D, inputs, 3,
                      PK_DTYPE_F32, 4, dims, &like);
}

// One convolution of all depths at once for each tap along the depth, and their sum.
static pk_value conv_3d(pk_onnx *o, pk_value x, pk_value weights, pk_value bias,
                        const pk_onnx_window *w, int64_t groups) {
  const pk_tensor in = *pk_onnx_tensor(o, x), kernel = *pk_onnx_tensor(o, weights);
  const pk_onnx_window plane = plane_of(w);
  const int32_t n = in.dims[0], depth = w->output[0];
  const int32_t before[5] = {0, 0, w->before[0]}, after[5] = {0, 0, w->after[0]};
  x = pk_onnx_pad(o, x, before, after, 0.0, 0);
  pk_value sum = PK_ABSENT;
  for (int32_t tap = 0; tap < w->kernel[0]; tap++) {
    const int32_t starts[5] = {0, 0, tap * w->dilation[0]}, steps[5] = {1, 1, w->stride[0], 1, 1};
    const int32_t counts[5] = {n, in.dims[1], depth, in.dims[3], in.dims[4]};
    const int perm[5] = {0, 2, 3, 4, 1};
    pk_value slice = pk_onnx_transpose(o, pk_onnx_slice(o, x, starts, steps, counts), perm);
    slice = pk_onnx_reshape(o, slice, 4,
                            (const int32_t[]){n * depth, in.dims[3], in.dims[4], in.dims[1]});
    const pk_value taps = pk_onnx_reshape(
        o, pk_onnx_part(o, weights, 2, tap, 1), 4,
        (const int32_t[]){kernel.dims[0], kernel.dims[1], kernel.dims[3], kernel.dims[4]});
    const pk_value part = conv_2d(o, slice, taps, tap == 0 ? bias : PK_ABSENT, &plane, groups);
    sum = tap == 0 ? part : pk_onnx_binary(o, MNW_BINARY_ADD, sum, part);
  }
  sum = pk_onnx_reshape(
      o, sum, 5, (const int32_t[]){n, depth, plane.output[0], plane.output[1], kernel.dims[0]});
  return pk_onnx_channels_first(o, sum);
}

bool pk_onnx_op_conv(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_value weights = constant_floats(o, pk_onnx_required(o, 1));
  const pk_value bias = constant_floats(o, pk_onnx_input(o, 2));
  const int64_t groups = pk_onnx_attribute_int(o, "group", 1);
  pk_onnx_window window;
  if (x < 0 || weights < 0 || bias == PK_FAILED) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x), kernel = *pk_onnx_tensor(o, weights);
  const int64_t channels = in.rank > 1 ? in.dims[1] : 0;
  if (kernel.rank != in.rank || groups < 1 || groups > channels || channels % groups != 0 ||
      kernel.dims[0] % groups != 0 || kernel.dims[1] != channels / groups ||
      (bias != PK_ABSENT && pk_onnx_elements(o, bias) != kernel.dims[0])) {
    return pk_onnx_broken(o, "weights %s in %lld groups do not fit input %s",
                          pk_tensor_shape_text(&kernel).text, (long long)groups,
                          pk_tensor_shape_text(&in).text);
  }
  if (!pk_onnx_window_attributes(o, &window, &in, kernel.dims + 2) ||
      !pk_onnx_window_output(o, &window, false)) {
    return false;
  }
  if (in.rank == 5) return pk_onnx_set_output(o, 0, conv_3d(o, x, weights, bias, &window, groups));
  if (in.rank == 3) {
    weights = pk_onnx_reshape(o, weights, 4,
                              (const int32_t[]){kernel.dims[0], kernel.dims[1], 1, kernel.dims[2]});
  }
  const pk_onnx_window plane = plane_of(&window);
  const pk_value y = conv_2d(o, to_picture(o, x), weights, bias, &plane, groups);
  return pk_onnx_set_output(o, 0, from_picture(o, y, in.rank));
}

// Padding and extents of a transposed convolution.
static bool transpose_output(pk_onnx *o, pk_onnx_window *w) {
  pk_onnx_ints shape, extra;
  pk_onnx_attribute_ints(o, "output_shape", &shape);
  pk_onnx_attribute_ints(o, "output_padding", &extra);
  const bool upper = pk_onnx_attribute_is(o, "auto_pad", "SAME_UPPER", "NOTSET");
  const bool lower = pk_onnx_attribute_is(o, "auto_pad", "SAME_LOWER", "NOTSET");
  const size_t axes = (size_t)w->axes;
  if ((extra.is_given && extra.count != axes) || (shape.is_given && shape.count < axes)) {
    return pk_onnx_broken(o, "its output_shape or output_padding does not fit");
  }
  for (size_t i = 0; i < axes; i++) {
    const int64_t more = extra.is_given ? extra.values[i] : 0;
    const int64_t full = (int64_t)w->stride[i] * (w->input[i] - 1) + more +
                         (int64_t)(w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t output = full - w->before[i] - w->after[i];
    if (more < 0 || more > 1 << 20) return pk_onnx_broken(o, "its output_padding is out of range");
    if (shape.is_given || upper || lower) {
      output = shape.is_given ? shape.values[shape.count - axes + i]
                              : (int64_t)w->input[i] * w->stride[i];
      if (output < 1 || output > 1 << 24) return pk_onnx_broken(o, "its output_shape is no shape");
      const int64_t total = full > output ? full - output : 0;
      w->before[i] = (int32_t)(upper ? total / 2 : total - total / 2);
    }
    if (output < 1 || output > 1 << 24) return pk_onnx_broken(o, "it pads more than there is");
    w->output[i] = (int32_t)output;
  }
  return true;
}

bool pk_onnx_op_conv_transpose(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_value weights = constant_floats(o, pk_onnx_required(o, 1));
  const pk_value bias = constant_floats(o, pk_onnx_input(o, 2));
  const int64_t groups = pk_onnx_attribute_int(o, "group", 1);
  pk_onnx_window window;
  if (x < 0 || weights < 0 || bias == PK_FAILED) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x), kernel = *pk_onnx_tensor(o, weights);
  if (in.rank == 5) return pk_onnx_refuse(o, "3-d");
  if (kernel.rank != in.rank || in.rank < 3 || groups < 1 || groups > in.dims[1] ||
      in.dims[1] % groups != 0 || kernel.dims[0] != in.dims[1]) {
    return pk_onnx_broken(o, "weights %s in %lld groups do not fit input %s",
                          pk_tensor_shape_text(&kernel).text, (long long)groups,
                          pk_tensor_shape_text(&in).text);
  }
  if (!pk_onnx_window_attributes(o, &window, &in, kernel.dims + 2) ||
      !transpose_output(o, &window)) {
    return false;
  }
  const pk_onnx_window w = plane_of(&window);
  const int32_t g = (int32_t)groups, each = kernel.dims[1];
  const int perm[5] = {3, 4, 0, 2, 1};
  weights = pk_onnx_reshape(o, weights, 5,
                            (const int32_t[]){g, in.dims[1] / g, each, w.kernel[0], w.kernel[1]});
  weights = pk_onnx_reshape(o, pk_onnx_transpose(o, weights, perm), 4,
                            (const int32_t[]){w.kernel[0], w.kernel[1], g * each, in.dims[1] / g});
  const pk_op like = {.attributes.words.words = {w.kernel[0], w.kernel[1], w.stride[0], w.stride[1],
                                                 w.dilation[0], w.dilation[1], w.before[0],
                                                 w.before[1], g}};
  const pk_value inputs[3] = {to_picture(o, x), weights, bias};
  const int32_t dims[4] = {in.dims[0], w.output[0], w.output[1], g * each};
  const pk_value y =
      pk_onnx_emit(o, PK_OP_CONV_TRANSPOSE_2D, inputs, 3, PK_DTYPE_F32, 4, dims, &like);
  return pk_onnx_set_output(o, 0, from_picture(o, y, in.rank));
}
