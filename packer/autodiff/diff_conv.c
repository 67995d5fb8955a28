// CONV_2D and FULLY_CONNECTED as matrix products.
#include <string.h>

#include "diff_gemm.h"
#include "diff_ops.h"
#include "diff_wide.h"

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

pk_diff_taps pk_diff_taps_at(size_t position, int32_t stride, int32_t dilation, int32_t pad,
                             size_t kernel, size_t extent) {
  const ptrdiff_t origin = (ptrdiff_t)position * stride - pad, room = (ptrdiff_t)extent - origin;
  const ptrdiff_t start = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
  ptrdiff_t end = room > 0 ? (room - 1) / dilation + 1 : 0;
  if (end > (ptrdiff_t)kernel) end = (ptrdiff_t)kernel;
  if (start >= end) return (pk_diff_taps){0};
  return (pk_diff_taps){(size_t)start, (size_t)end, (size_t)(origin + start * dilation)};
}

// --- rows of inputs that a convolution multiplies: [positions][kernel_h * kernel_w * channels] ---

// Some lines of output pixels, counted through all pictures, and the channels of a group.
typedef struct line_range {
  size_t start, end;
  size_t first_channel, channels;
} line_range;

PK_DIFF_INLINE void copy_run(float *restrict out, const float *restrict in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = in[i];
}

PK_DIFF_INLINE void zero_run(float *out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = 0.0f;
}

PK_DIFF_INLINE void add_run(float *restrict out, const float *restrict in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] += in[i];
}

// The taps of one line of a window: `runs` runs of `length` floats, `step` floats apart in the
// picture; they are one run where they touch.
typedef struct tap_runs {
  size_t runs, length, step;
} tap_runs;

static tap_runs runs_of(const pk_diff_window *w, const line_range *lines, size_t taps) {
  if (w->dilation_w == 1 && lines->channels == w->in_c) {
    return (tap_runs){1, taps * lines->channels, 0};
  }
  return (tap_runs){taps, lines->channels, (size_t)w->dilation_w * w->in_c};
}

// `dx` NULL: fills the columns from x; else adds them to dx. Positions outside the picture give 0.
PK_DIFF_INLINE void walk_columns(float *columns, const float *x, float *dx, const pk_diff_window *w,
                                 const line_range *lines) {
  const size_t line_taps = w->kernel_w * lines->channels, position = w->kernel_h * line_taps;
  for (size_t line = lines->start; line < lines->end; line++) {
    const size_t n = line / w->out_h;
    const pk_diff_taps rows = pk_diff_taps_at(line % w->out_h, w->stride_h, w->dilation_h,
                                              w->pad_top, w->kernel_h, w->in_h);
    for (size_t ox = 0; ox < w->out_w; ox++, columns += position) {
      const pk_diff_taps taps =
          pk_diff_taps_at(ox, w->stride_w, w->dilation_w, w->pad_left, w->kernel_w, w->in_w);
      const tap_runs runs = runs_of(w, lines, taps.end - taps.start);
      if (!dx && (rows.end - rows.start < w->kernel_h || taps.end - taps.start < w->kernel_w)) {
        zero_run(columns, position);
      }
      for (size_t kh = rows.start; kh < rows.end && taps.end > taps.start; kh++) {
        const size_t row = rows.first + (kh - rows.start) * (size_t)w->dilation_h;
        const size_t at =
            ((n * w->in_h + row) * w->in_w + taps.first) * w->in_c + lines->first_channel;
        float *run = columns + kh * line_taps + taps.start * lines->channels;
        for (size_t r = 0; r < runs.runs; r++, run += runs.length) {
          if (dx) {
            add_run(dx + at + r * runs.step, run, runs.length);
          } else {
            copy_run(run, x + at + r * runs.step, runs.length);
          }
        }
      }
    }
  }
}

static const float *bias_of(const pk_diff_call *call) {
  const pk_op *op = call->op;
  return op->input_count > PK_INPUT_BIAS && op->inputs[PK_INPUT_BIAS] != PK_NO_TENSOR
             ? pk_diff_input(call, PK_INPUT_BIAS)
             : NULL;
}

void pk_diff_start_with_bias(const pk_diff_call *call, size_t start, size_t rows, size_t channels) {
  const float *bias = bias_of(call);
  float *y = call->y + start * channels;
  if (!bias) memset(y, 0, rows * channels * sizeof *y);
  for (size_t r = 0; bias && r < rows; r++) copy_run(y + r * channels, bias, channels);
}

PK_DIFF_WIDE static void add_rows(float *restrict sums, const float *restrict rows, size_t count,
                                  size_t width) {
  for (size_t r = 0; r < count; r++, rows += width) {
    for (size_t c = 0; c < width; c++) sums[c] += rows[c];
  }
}

void pk_diff_bias_gradient(const pk_diff_call *call, size_t start, size_t rows, size_t channels) {
  float *db = bias_of(call) ? pk_diff_input_grad(call, PK_INPUT_BIAS) : NULL;
  if (db) add_rows(db, call->dy + start * channels, rows, channels);
}

// --- CONV_2D, some lines at a time so that their columns stay in the cache ---

enum { TILE_FLOATS = 1 << 16 };

typedef struct conv_shape {
  pk_diff_window window;
  size_t positions, groups, o, i, k;  // o, i, k of one group
  size_t lines, tile_lines;           // of output pixels in all pictures, at a time
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
  s.lines = s.window.n * s.window.out_h;
  s.positions = s.lines * s.window.out_w;
  s.tile_lines = TILE_FLOATS / (s.window.out_w * s.k) + 1;
  if (s.tile_lines > s.lines) s.tile_lines = s.lines;
  s.is_plain = s.groups == 1 && s.k == s.i && conv->stride_h == 1 && conv->stride_w == 1 &&
               s.window.in_h == s.window.out_h && s.window.in_w == s.window.out_w &&
               s.window.pad_top == 0 && s.window.pad_left == 0;
  return s;
}

// Lines `start` … of group `g`, as many as a tile takes.
static line_range tile_of(const conv_shape *s, size_t start, size_t g) {
  const size_t end = start + s->tile_lines;
  return (line_range){start, end < s->lines ? end : s->lines, g * s->i, s->i};
}

PK_DIFF_WIDE static void fill_columns(float *columns, const float *x, const conv_shape *s,
                                      const line_range *lines) {
  walk_columns(columns, x, NULL, &s->window, lines);
}

PK_DIFF_WIDE static void add_columns(float *dx, float *columns, const conv_shape *s,
                                     const line_range *lines) {
  walk_columns(columns, NULL, dx, &s->window, lines);
}

bool pk_diff_conv_forward(pk_diff_call *call) {
  const conv_shape s = shape_of(call);
  const float *weights = pk_diff_input(call, PK_INPUT_WEIGHTS);
  const size_t width = s.groups * s.o, line = s.window.out_w;
  if (s.is_plain) {
    pk_diff_start_with_bias(call, 0, s.positions, width);
    pk_diff_multiply(call->y, width, call->x, s.k, weights, s.positions, s.o, s.k);
    return true;
  }
  float *columns = pk_diff_scratch(call, s.tile_lines * line * s.k);
  if (!columns) return false;
  for (size_t start = 0; start < s.lines; start += s.tile_lines) {
    for (size_t g = 0; g < s.groups; g++) {
      const line_range lines = tile_of(&s, start, g);
      const size_t rows = (lines.end - start) * line;
      if (g == 0) pk_diff_start_with_bias(call, start * line, rows, width);
      fill_columns(columns, call->x, &s, &lines);
      pk_diff_multiply(call->y + start * line * width + g * s.o, width, columns, s.k,
                       weights + g * s.o * s.k, rows, s.o, s.k);
    }
  }
  return true;
}

bool pk_diff_conv_backward(pk_diff_call *call) {
  const conv_shape s = shape_of(call);
  const float *weights = pk_diff_input(call, PK_INPUT_WEIGHTS);
  const size_t width = s.groups * s.o, line = s.window.out_w;
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS);
  pk_diff_bias_gradient(call, 0, s.positions, width);
  if (s.is_plain) {
    if (dw) pk_diff_weight_gradient(dw, call->dy, width, call->x, s.positions, s.o, s.k);
    if (call->dx)
      pk_diff_multiply_back(call->dx, 1.0f, call->dy, width, weights, s.positions, s.o, s.k);
    return true;
  }
  float *columns = pk_diff_scratch(call, s.tile_lines * line * s.k);
  if (!columns) return false;
  for (size_t g = 0; g < s.groups; g++) {
    const size_t at = g * s.o * s.k;
    for (size_t start = 0; start < s.lines; start += s.tile_lines) {
      const line_range lines = tile_of(&s, start, g);
      const size_t rows = (lines.end - start) * line;
      const float *dy = call->dy + start * line * width + g * s.o;
      if (dw) {
        fill_columns(columns, call->x, &s, &lines);
        pk_diff_weight_gradient(dw + at, dy, width, columns, rows, s.o, s.k);
      }
      if (!call->dx) continue;
      pk_diff_multiply_back(columns, 0.0f, dy, width, weights + at, rows, s.o, s.k);
      add_columns(call->dx, columns, &s, &lines);
    }
  }
  return true;
}

// --- FULLY_CONNECTED ---

bool pk_diff_dense_forward(pk_diff_call *call) {
  const int32_t *dims = pk_op_input(call->graph, call->op, PK_INPUT_WEIGHTS)->dims;
  const size_t o = (size_t)dims[0], k = (size_t)dims[1];
  const size_t rows = pk_diff_input_elements(call, PK_INPUT_DATA) / k;
  pk_diff_start_with_bias(call, 0, rows, o);
  pk_diff_multiply(call->y, o, call->x, k, pk_diff_input(call, PK_INPUT_WEIGHTS), rows, o, k);
  return true;
}

bool pk_diff_dense_backward(pk_diff_call *call) {
  const int32_t *dims = pk_op_input(call->graph, call->op, PK_INPUT_WEIGHTS)->dims;
  const size_t o = (size_t)dims[0], k = (size_t)dims[1];
  const size_t rows = pk_diff_input_elements(call, PK_INPUT_DATA) / k;
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS);
  pk_diff_bias_gradient(call, 0, rows, o);
  if (dw) pk_diff_weight_gradient(dw, call->dy, o, call->x, rows, o, k);
  if (call->dx) {
    pk_diff_multiply_back(call->dx, 1.0f, call->dy, o, pk_diff_input(call, PK_INPUT_WEIGHTS), rows,
                          o, k);
  }
  return true;
}
