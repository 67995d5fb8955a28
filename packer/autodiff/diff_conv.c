// CONV_2D and FULLY_CONNECTED as matrix products, DEPTHWISE_CONV_2D tap by tap.
#include <cblas.h>
#include <string.h>

#include "diff_ops.h"

pk_diff_window pk_diff_conv_window(const pk_graph *graph, const pk_op *op) {
  const pk_tensor *x = pk_op_input(graph, op, PK_INPUT_DATA), *y = pk_op_output(graph, op);
  const pk_tensor *w = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const pk_conv_attributes *conv = &op->attributes.conv;
  return (pk_diff_window){.n = (size_t)x->dims[0],
                          .in_h = (size_t)x->dims[1],
                          .in_w = (size_t)x->dims[2],
                          .in_c = (size_t)x->dims[3],
                          .out_h = (size_t)y->dims[1],
                          .out_w = (size_t)y->dims[2],
                          .kernel_h = (size_t)w->dims[1],
                          .kernel_w = (size_t)w->dims[2],
                          .stride_h = conv->stride_h,
                          .stride_w = conv->stride_w,
                          .dilation_h = conv->dilation_h,
                          .dilation_w = conv->dilation_w,
                          .pad_top = conv->padding.top,
                          .pad_left = conv->padding.left};
}

// The input pixel that tap (kh, kw) of position (n, y, x) reads, or -1 outside the picture.
static ptrdiff_t pixel_at(const pk_diff_window *w, size_t n, size_t y, size_t x, size_t kh,
                          size_t kw) {
  const ptrdiff_t row = (ptrdiff_t)y * w->stride_h + (ptrdiff_t)kh * w->dilation_h - w->pad_top;
  const ptrdiff_t column = (ptrdiff_t)x * w->stride_w + (ptrdiff_t)kw * w->dilation_w - w->pad_left;
  if (row < 0 || row >= (ptrdiff_t)w->in_h || column < 0 || column >= (ptrdiff_t)w->in_w) return -1;
  return ((ptrdiff_t)n * (ptrdiff_t)w->in_h + row) * (ptrdiff_t)w->in_w + column;
}

void pk_diff_im2col(float *columns, const float *x, const pk_diff_window *window, size_t first,
                    size_t channels) {
  const size_t taps = window->kernel_h * window->kernel_w;
  const size_t positions = window->n * window->out_h * window->out_w;
  for (size_t p = 0; p < positions; p++) {
    const size_t column = p % window->out_w, row = p / window->out_w % window->out_h;
    for (size_t t = 0; t < taps; t++, columns += channels) {
      const ptrdiff_t pixel = pixel_at(window, p / (window->out_w * window->out_h), row, column,
                                       t / window->kernel_w, t % window->kernel_w);
      if (pixel < 0) {
        memset(columns, 0, channels * sizeof *columns);
      } else {
        memcpy(columns, x + (size_t)pixel * window->in_c + first, channels * sizeof *columns);
      }
    }
  }
}

void pk_diff_col2im(float *dx, const float *columns, const pk_diff_window *window, size_t first,
                    size_t channels) {
  const size_t taps = window->kernel_h * window->kernel_w;
  const size_t positions = window->n * window->out_h * window->out_w;
  for (size_t p = 0; p < positions; p++) {
    const size_t column = p % window->out_w, row = p / window->out_w % window->out_h;
    for (size_t t = 0; t < taps; t++, columns += channels) {
      const ptrdiff_t pixel = pixel_at(window, p / (window->out_w * window->out_h), row, column,
                                       t / window->kernel_w, t % window->kernel_w);
      if (pixel < 0) continue;
      float *at = dx + (size_t)pixel * window->in_c + first;
      for (size_t c = 0; c < channels; c++) at[c] += columns[c];
    }
  }
}

// y[rows][stride] (+)= x[rows][k] * w[o][k]^T
static void multiply(float *y, size_t y_stride, const float *x, size_t x_stride, const float *w,
                     size_t rows, size_t o, size_t k) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)o, (int)k, 1.0f, x,
              (int)x_stride, w, (int)k, 1.0f, y, (int)y_stride);
}

// dx[rows][k] = dy[rows][o] * w[o][k], added to dx where `beta` is 1.
static void multiply_back(float *dx, float beta, const float *dy, size_t dy_stride, const float *w,
                          size_t rows, size_t o, size_t k) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)k, (int)o, 1.0f, dy,
              (int)dy_stride, w, (int)k, beta, dx, (int)k);
}

// dw[o][k] += dy[rows][o]^T * x[rows][k]
static void weight_gradient(float *dw, const float *dy, size_t dy_stride, const float *x,
                            size_t rows, size_t o, size_t k) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)o, (int)k, (int)rows, 1.0f, dy,
              (int)dy_stride, x, (int)k, 1.0f, dw, (int)k);
}

static const float *bias_of(const pk_diff_call *call) {
  const pk_op *op = call->op;
  return op->input_count > PK_INPUT_BIAS && op->inputs[PK_INPUT_BIAS] != PK_NO_TENSOR
             ? pk_diff_input(call, PK_INPUT_BIAS)
             : NULL;
}

static void start_with_bias(const pk_diff_call *call, size_t rows, size_t channels) {
  const float *bias = bias_of(call);
  if (!bias) memset(call->y, 0, rows * channels * sizeof *call->y);
  for (size_t r = 0; bias && r < rows; r++) {
    memcpy(call->y + r * channels, bias, channels * sizeof *bias);
  }
}

static void bias_gradient(const pk_diff_call *call, size_t rows, size_t channels) {
  float *db = bias_of(call) ? pk_diff_input_grad(call, PK_INPUT_BIAS) : NULL;
  for (size_t r = 0; db && r < rows; r++) {
    for (size_t c = 0; c < channels; c++) db[c] += call->dy[r * channels + c];
  }
}

// --- CONV_2D ---

typedef struct conv_shape {
  pk_diff_window window;
  size_t positions, groups, o, i, k;  // o, i, k of one group
  bool is_plain;                      // the input is its own matrix of rows
} conv_shape;

static conv_shape shape_of(const pk_diff_call *call) {
  const pk_tensor *weights = pk_op_input(call->graph, call->op, PK_INPUT_WEIGHTS);
  const pk_conv_attributes *conv = &call->op->attributes.conv;
  conv_shape s = {.window = pk_diff_conv_window(call->graph, call->op)};
  s.groups = conv->groups > 1 ? (size_t)conv->groups : 1;
  s.o = (size_t)weights->dims[0] / s.groups;
  s.i = (size_t)weights->dims[3];
  s.k = s.window.kernel_h * s.window.kernel_w * s.i;
  s.positions = s.window.n * s.window.out_h * s.window.out_w;
  s.is_plain = s.groups == 1 && s.k == s.i && conv->stride_h == 1 && conv->stride_w == 1 &&
               s.window.in_h == s.window.out_h && s.window.in_w == s.window.out_w &&
               s.window.pad_top == 0 && s.window.pad_left == 0;
  return s;
}

bool pk_diff_conv_forward(pk_diff_call *call) {
  const conv_shape s = shape_of(call);
  const float *weights = pk_diff_input(call, PK_INPUT_WEIGHTS);
  float *columns = s.is_plain ? NULL : pk_diff_scratch(call, s.positions * s.k);
  if (!s.is_plain && !columns) return false;
  start_with_bias(call, s.positions, s.groups * s.o);
  for (size_t g = 0; g < s.groups; g++) {
    if (columns) pk_diff_im2col(columns, call->x, &s.window, g * s.i, s.i);
    multiply(call->y + g * s.o, s.groups * s.o, columns ? columns : call->x, s.k,
             weights + g * s.o * s.k, s.positions, s.o, s.k);
  }
  return true;
}

bool pk_diff_conv_backward(pk_diff_call *call) {
  const conv_shape s = shape_of(call);
  const float *weights = pk_diff_input(call, PK_INPUT_WEIGHTS);
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS);
  float *columns = s.is_plain ? NULL : pk_diff_scratch(call, s.positions * s.k);
  if (!s.is_plain && !columns) return false;
  bias_gradient(call, s.positions, s.groups * s.o);
  for (size_t g = 0; g < s.groups; g++) {
    const float *dy = call->dy + g * s.o, *w = weights + g * s.o * s.k;
    if (dw) {
      if (columns) pk_diff_im2col(columns, call->x, &s.window, g * s.i, s.i);
      weight_gradient(dw + g * s.o * s.k, dy, s.groups * s.o, columns ? columns : call->x,
                      s.positions, s.o, s.k);
    }
    if (!call->dx) continue;
    multiply_back(columns ? columns : call->dx, columns ? 0.0f : 1.0f, dy, s.groups * s.o, w,
                  s.positions, s.o, s.k);
    if (columns) pk_diff_col2im(call->dx, columns, &s.window, g * s.i, s.i);
  }
  return true;
}

// --- FULLY_CONNECTED ---

bool pk_diff_dense_forward(pk_diff_call *call) {
  const int32_t *dims = pk_op_input(call->graph, call->op, PK_INPUT_WEIGHTS)->dims;
  const size_t o = (size_t)dims[0], k = (size_t)dims[1];
  const size_t rows = pk_diff_input_elements(call, PK_INPUT_DATA) / k;
  start_with_bias(call, rows, o);
  multiply(call->y, o, call->x, k, pk_diff_input(call, PK_INPUT_WEIGHTS), rows, o, k);
  return true;
}

bool pk_diff_dense_backward(pk_diff_call *call) {
  const int32_t *dims = pk_op_input(call->graph, call->op, PK_INPUT_WEIGHTS)->dims;
  const size_t o = (size_t)dims[0], k = (size_t)dims[1];
  const size_t rows = pk_diff_input_elements(call, PK_INPUT_DATA) / k;
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS);
  bias_gradient(call, rows, o);
  if (dw) weight_gradient(dw, call->dy, o, call->x, rows, o, k);
  if (call->dx) {
    multiply_back(call->dx, 1.0f, call->dy, o, pk_diff_input(call, PK_INPUT_WEIGHTS), rows, o, k);
  }
  return true;
}

// --- DEPTHWISE_CONV_2D: channel c reads input channel c / (C / I) ---

static void depthwise_tap(float *y, const float *x, const float *w, size_t channels, size_t times) {
  if (times == 1) {
    for (size_t c = 0; c < channels; c++) y[c] += x[c] * w[c];
  } else {
    for (size_t c = 0; c < channels; c++) y[c] += x[c / times] * w[c];
  }
}

bool pk_diff_depthwise_forward(pk_diff_call *call) {
  const pk_diff_window window = pk_diff_conv_window(call->graph, call->op);
  const float *weights = pk_diff_input(call, PK_INPUT_WEIGHTS);
  const size_t channels = (size_t)call->y_tensor->dims[3], times = channels / window.in_c;
  const size_t taps = window.kernel_h * window.kernel_w;
  const size_t positions = window.n * window.out_h * window.out_w;
  start_with_bias(call, positions, channels);
  for (size_t p = 0; p < positions; p++) {
    for (size_t t = 0; t < taps; t++) {
      const ptrdiff_t pixel =
          pixel_at(&window, p / (window.out_w * window.out_h), p / window.out_w % window.out_h,
                   p % window.out_w, t / window.kernel_w, t % window.kernel_w);
      if (pixel < 0) continue;
      depthwise_tap(call->y + p * channels, call->x + (size_t)pixel * window.in_c,
                    weights + t * channels, channels, times);
    }
  }
  return true;
}

bool pk_diff_depthwise_backward(pk_diff_call *call) {
  const pk_diff_window window = pk_diff_conv_window(call->graph, call->op);
  const float *weights = pk_diff_input(call, PK_INPUT_WEIGHTS);
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS);
  const size_t channels = (size_t)call->y_tensor->dims[3], times = channels / window.in_c;
  const size_t taps = window.kernel_h * window.kernel_w;
  const size_t positions = window.n * window.out_h * window.out_w;
  bias_gradient(call, positions, channels);
  for (size_t p = 0; p < positions; p++) {
    const float *dy = call->dy + p * channels;
    for (size_t t = 0; t < taps; t++) {
      const ptrdiff_t pixel =
          pixel_at(&window, p / (window.out_w * window.out_h), p / window.out_w % window.out_h,
                   p % window.out_w, t / window.kernel_w, t % window.kernel_w);
      if (pixel < 0) continue;
      const float *x = call->x + (size_t)pixel * window.in_c, *w = weights + t * channels;
      float *dx = call->dx ? call->dx + (size_t)pixel * window.in_c : NULL;
      if (dw && times == 1) depthwise_tap(dw + t * channels, x, dy, channels, 1);
      for (size_t c = 0; dw && times > 1 && c < channels; c++) {
        dw[t * channels + c] += x[c / times] * dy[c];
      }
      if (dx && times == 1) depthwise_tap(dx, dy, w, channels, 1);
      for (size_t c = 0; dx && times > 1 && c < channels; c++) dx[c / times] += dy[c] * w[c];
    }
  }
  return true;
}
