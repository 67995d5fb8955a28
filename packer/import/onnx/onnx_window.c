#include "onnx_window.h"

enum { MOST = 1 << 20 };

// A list attribute with one number, at least `low`, for each axis.
static bool read_list(pk_onnx *o, const char *name, int32_t *values, size_t count, int32_t fallback,
                      int32_t low) {
  pk_onnx_ints list;
  pk_onnx_attribute_ints(o, name, &list);
  if (list.is_given && list.count != count) {
    return pk_onnx_broken(o, "its %s has %zu numbers instead of %zu", name, list.count, count);
  }
  for (size_t i = 0; i < count; i++) {
    const int64_t value = list.is_given ? list.values[i] : fallback;
    if (value < low || value > MOST) {
      return pk_onnx_broken(o, "its %s has %lld", name, (long long)value);
    }
    values[i] = (int32_t)value;
  }
  return true;
}

bool pk_onnx_window_attributes(pk_onnx *o, pk_onnx_window *window, const pk_tensor *in,
                               const int32_t *kernel) {
  *window = (pk_onnx_window){.axes = in->rank - 2};
  if (in->rank < 3 || in->rank > 2 + PK_ONNX_MAX_SPATIAL) {
    return pk_onnx_refuse(o, "on %d axes", in->rank);
  }
  const size_t axes = (size_t)window->axes;
  int32_t pads[2 * PK_ONNX_MAX_SPATIAL] = {0};
  if (!kernel && !pk_onnx_attribute(o, "kernel_shape")) {
    return pk_onnx_broken(o, "it has no kernel_shape");
  }
  if (!read_list(o, "kernel_shape", window->kernel, axes, 1, 1) ||
      !read_list(o, "strides", window->stride, axes, 1, 1) ||
      !read_list(o, "dilations", window->dilation, axes, 1, 1) ||
      !read_list(o, "pads", pads, 2 * axes, 0, 0)) {
    return false;
  }
  for (size_t i = 0; i < axes; i++) {
    if (kernel && pk_onnx_attribute(o, "kernel_shape") && kernel[i] != window->kernel[i]) {
      return pk_onnx_broken(o, "its kernel_shape is not that of its weights");
    }
    if (kernel) window->kernel[i] = kernel[i];
    window->before[i] = pads[i];
    window->after[i] = pads[axes + i];
    window->input[i] = in->dims[2 + i];
  }
  return true;
}

bool pk_onnx_window_output(pk_onnx *o, pk_onnx_window *window, bool ceil_mode) {
  const bool upper = pk_onnx_attribute_is(o, "auto_pad", "SAME_UPPER", "NOTSET");
  const bool lower = pk_onnx_attribute_is(o, "auto_pad", "SAME_LOWER", "NOTSET");
  const bool valid = pk_onnx_attribute_is(o, "auto_pad", "VALID", "NOTSET");
  for (int i = 0; i < window->axes; i++) {
    const int64_t stride = window->stride[i], input = window->input[i];
    const int64_t reach = (int64_t)(window->kernel[i] - 1) * window->dilation[i] + 1;
    if (reach > MOST) return pk_onnx_broken(o, "its window is %lld wide", (long long)reach);
    if (upper || lower) {
      const int64_t output = (input + stride - 1) / stride;
      int64_t total = (output - 1) * stride + reach - input;
      if (total < 0) total = 0;
      window->before[i] = (int32_t)(upper ? total / 2 : total - total / 2);
      window->after[i] = (int32_t)(total - window->before[i]);
    } else if (valid) {
      window->before[i] = window->after[i] = 0;
    }
    const int64_t room = input + window->before[i] + window->after[i] - reach;
    if (room < 0) return pk_onnx_broken(o, "its window is larger than its padded input");
    int64_t output = room / stride + 1;
    if (ceil_mode && !upper && !lower && room % stride != 0 &&
        output * stride < input + window->before[i]) {
      output++;  // the last window starts inside and may reach over the end
    }
    window->output[i] = (int32_t)output;
  }
  return true;
}
