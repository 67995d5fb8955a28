// DEPTHWISE_CONV_2D: channel c reads input channel c / (C / I).
//
// Where C is a multiple of I, the input is first written out with C channels, so that one form of
// the loops is enough. An output row is cut into segments of pixels that have the same taps inside
// the picture: single ones at the borders and a long one between. A segment is computed eight
// channels at a time, whose sums stay in registers over all taps.
#include <string.h>

#include "diff_ops.h"
#include "diff_wide.h"

// Pixels of one output row and their taps inside the picture; steps are in floats.
typedef struct segment {
  size_t channels, pixels, pixel_step;  // step of the input from one output pixel to the next
  size_t tap_rows, row_step, tap_columns, column_step;
  size_t weight_row_step, weight_column_step;
} segment;

// --- eight channels at a time ---

#define AT(floats) PK_DIFF_CONST_LANES_AT(floats)
#define TO(floats) PK_DIFF_LANES_AT(floats)

// Four pixels side by side share the loads of the weights.
PK_DIFF_INLINE void forward_four(float *restrict y, const float *restrict x,
                                 const float *restrict w, const segment *s) {
  const size_t p = s->pixel_step, q = s->channels;
  pk_diff_lanes sum0 = AT(y), sum1 = AT(y + q), sum2 = AT(y + 2 * q), sum3 = AT(y + 3 * q);
  for (size_t r = 0; r < s->tap_rows; r++) {
    const float *taps = x + r * s->row_step, *weights = w + r * s->weight_row_step;
    for (size_t k = s->tap_columns; k > 0; k--) {
      const pk_diff_lanes weight = AT(weights);
      sum0 += AT(taps) * weight;
      sum1 += AT(taps + p) * weight;
      sum2 += AT(taps + 2 * p) * weight;
      sum3 += AT(taps + 3 * p) * weight;
      taps += s->column_step;
      weights += s->weight_column_step;
    }
  }
  TO(y) = sum0;
  TO(y + q) = sum1;
  TO(y + 2 * q) = sum2;
  TO(y + 3 * q) = sum3;
}

PK_DIFF_INLINE void forward_one(float *restrict y, const float *restrict x, const float *restrict w,
                                const segment *s) {
  pk_diff_lanes sum = AT(y);
  for (size_t r = 0; r < s->tap_rows; r++) {
    const float *taps = x + r * s->row_step, *weights = w + r * s->weight_row_step;
    for (size_t k = s->tap_columns; k > 0; k--) {
      sum += AT(taps) * AT(weights);
      taps += s->column_step;
      weights += s->weight_column_step;
    }
  }
  TO(y) = sum;
}

PK_DIFF_INLINE void forward_lanes(float *y, const float *x, const float *w, const segment *s) {
  size_t p = 0;
  for (; p + 4 <= s->pixels; p += 4) {
    forward_four(y + p * s->channels, x + p * s->pixel_step, w, s);
  }
  for (; p < s->pixels; p++) forward_one(y + p * s->channels, x + p * s->pixel_step, w, s);
}

PK_DIFF_INLINE void input_lanes(float *restrict dx, const float *restrict dy,
                                const float *restrict w, const segment *s) {
  for (size_t p = 0; p < s->pixels; p++, dy += s->channels, dx += s->pixel_step) {
    const pk_diff_lanes slope = AT(dy);
    for (size_t r = 0; r < s->tap_rows; r++) {
      const float *weights = w + r * s->weight_row_step;
      float *taps = dx + r * s->row_step;
      for (size_t k = s->tap_columns; k > 0; k--) {
        TO(taps) += slope * AT(weights);
        taps += s->column_step;
        weights += s->weight_column_step;
      }
    }
  }
}

// Three taps side by side share the loads of the slopes; pixels alternate between two sums.
PK_DIFF_INLINE void weight_three(float *restrict dw, const float *restrict x,
                                 const float *restrict dy, const segment *s) {
  const size_t k = s->column_step, to = s->weight_column_step, next = s->pixel_step;
  pk_diff_lanes sum0 = AT(dw), sum1 = AT(dw + to), sum2 = AT(dw + 2 * to);
  pk_diff_lanes other0 = {0.0f}, other1 = {0.0f}, other2 = {0.0f};
  for (size_t p = s->pixels / 2; p > 0; p--) {
    const pk_diff_lanes slope = AT(dy), other = AT(dy + s->channels);
    sum0 += AT(x) * slope;
    sum1 += AT(x + k) * slope;
    sum2 += AT(x + 2 * k) * slope;
    other0 += AT(x + next) * other;
    other1 += AT(x + next + k) * other;
    other2 += AT(x + next + 2 * k) * other;
    x += 2 * next;
    dy += 2 * s->channels;
  }
  if (s->pixels % 2) {
    const pk_diff_lanes slope = AT(dy);
    sum0 += AT(x) * slope;
    sum1 += AT(x + k) * slope;
    sum2 += AT(x + 2 * k) * slope;
  }
  TO(dw) = sum0 + other0;
  TO(dw + to) = sum1 + other1;
  TO(dw + 2 * to) = sum2 + other2;
}

PK_DIFF_INLINE void weight_one(float *restrict dw, const float *restrict x,
                               const float *restrict dy, const segment *s) {
  pk_diff_lanes sum = AT(dw);
  for (size_t p = s->pixels; p > 0; p--) {
    sum += AT(x) * AT(dy);
    x += s->pixel_step;
    dy += s->channels;
  }
  TO(dw) = sum;
}

PK_DIFF_INLINE void weight_lanes(float *dw, const float *x, const float *dy, const segment *s) {
  for (size_t r = 0; r < s->tap_rows; r++, dw += s->weight_row_step, x += s->row_step) {
    size_t k = 0;
    for (; k + 3 <= s->tap_columns; k += 3) {
      weight_three(dw + k * s->weight_column_step, x + k * s->column_step, dy, s);
    }
    for (; k < s->tap_columns; k++) {
      weight_one(dw + k * s->weight_column_step, x + k * s->column_step, dy, s);
    }
  }
}

// --- the channels from `c` on, fewer than eight ---

PK_DIFF_INLINE void forward_rest(float *y, const float *x, const float *w, const segment *s,
                                 size_t c) {
  for (size_t p = 0; p < s->pixels; p++, y += s->channels, x += s->pixel_step) {
    for (size_t r = 0; r < s->tap_rows; r++) {
      for (size_t k = 0; k < s->tap_columns; k++) {
        const float *taps = x + r * s->row_step + k * s->column_step;
        const float *weights = w + r * s->weight_row_step + k * s->weight_column_step;
        for (size_t i = c; i < s->channels; i++) y[i] += taps[i] * weights[i];
      }
    }
  }
}

// dx or dw may be NULL.
PK_DIFF_INLINE void backward_rest(float *dx, float *dw, const float *x, const float *w,
                                  const float *dy, const segment *s, size_t c) {
  for (size_t p = 0; p < s->pixels; p++, dy += s->channels) {
    for (size_t r = 0; r < s->tap_rows; r++) {
      for (size_t k = 0; k < s->tap_columns; k++) {
        const size_t at = p * s->pixel_step + r * s->row_step + k * s->column_step;
        const size_t tap = r * s->weight_row_step + k * s->weight_column_step;
        for (size_t i = c; dx && i < s->channels; i++) dx[at + i] += dy[i] * w[tap + i];
        for (size_t i = c; dw && i < s->channels; i++) dw[tap + i] += x[at + i] * dy[i];
      }
    }
  }
}

PK_DIFF_WIDE static void forward_segment(float *y, const float *x, const float *w,
                                         const segment *s) {
  size_t c = 0;
  for (; c + PK_DIFF_LANES <= s->channels; c += PK_DIFF_LANES) {
    forward_lanes(y + c, x + c, w + c, s);
  }
  if (c < s->channels) forward_rest(y, x, w, s, c);
}

PK_DIFF_WIDE static void backward_segment(float *dx, float *dw, const float *x, const float *w,
                                          const float *dy, const segment *s) {
  size_t c = 0;
  for (; c + PK_DIFF_LANES <= s->channels; c += PK_DIFF_LANES) {
    if (dx) input_lanes(dx + c, dy + c, w + c, s);
    if (dw) weight_lanes(dw + c, x + c, dy + c, s);
  }
  if (c < s->channels) backward_rest(dx, dw, x, w, dy, s, c);
}

// --- the walk over rows and their segments ---

// The arrays of a pass, all with C channels; those that a pass does not need are NULL.
typedef struct pass {
  float *y;  // what is there is added to
  const float *x, *w, *dy;
  float *dx, *dw;
} pass;

// One line of taps in the other direction is one too.
static void lay_flat(segment *s) {
  if (s->tap_columns > 1) return;
  s->tap_columns = s->tap_rows;
  s->column_step = s->row_step;
  s->weight_column_step = s->weight_row_step;
  s->tap_rows = 1;
}

static void visit_segment(const pass *a, segment s, size_t out, size_t in, size_t tap) {
  lay_flat(&s);
  if (a->y) {
    forward_segment(a->y + out, a->x + in, a->w + tap, &s);
  } else {
    backward_segment(a->dx ? a->dx + in : NULL, a->dw ? a->dw + tap : NULL, a->x + in, a->w + tap,
                     a->dy + out, &s);
  }
}

static void walk_row(const pass *a, const pk_diff_window *w, size_t channels, size_t n, size_t y) {
  const pk_diff_taps rows =
      pk_diff_taps_at(y, w->stride_h, w->dilation_h, w->pad_top, w->kernel_h, w->in_h);
  segment s = {.channels = channels,
               .pixel_step = (size_t)w->stride_w * channels,
               .tap_rows = rows.end - rows.start,
               .row_step = (size_t)w->dilation_h * w->in_w * channels,
               .column_step = (size_t)w->dilation_w * channels,
               .weight_row_step = w->kernel_w * channels,
               .weight_column_step = channels};
  if (s.tap_rows == 0) return;
  for (size_t x = 0; x < w->out_w; x += s.pixels) {
    const pk_diff_taps columns =
        pk_diff_taps_at(x, w->stride_w, w->dilation_w, w->pad_left, w->kernel_w, w->in_w);
    s.pixels = 1;
    s.tap_columns = columns.end - columns.start;
    if (s.tap_columns == 0) continue;
    if (s.tap_columns == w->kernel_w) {
      const size_t reach = (size_t)w->dilation_w * (w->kernel_w - 1);
      const size_t last = (w->in_w - 1 - reach - columns.first) / (size_t)w->stride_w + x;
      s.pixels = (last < w->out_w ? last + 1 : w->out_w) - x;
    }
    visit_segment(a, s, ((n * w->out_h + y) * w->out_w + x) * channels,
                  ((n * w->in_h + rows.first) * w->in_w + columns.first) * channels,
                  (rows.start * w->kernel_w + columns.start) * channels);
  }
}

// --- several channels of one input channel ---

PK_DIFF_WIDE static void repeat_channels(float *out, const float *in, size_t count, size_t times) {
  for (size_t i = 0; i < count; i++) {
    for (size_t t = 0; t < times; t++) out[i * times + t] = in[i];
  }
}

PK_DIFF_WIDE static void add_repeated(float *out, const float *in, size_t count, size_t times) {
  for (size_t i = 0; i < count; i++) {
    for (size_t t = 0; t < times; t++) out[i] += in[i * times + t];
  }
}

// Pictures of one column are the same bytes as pictures of one row, whose segments are longer.
static pk_diff_window window_of(const pk_diff_call *call) {
  pk_diff_window w = pk_diff_conv_window(call->graph, call->op);
  if (w.in_w > 1 || w.out_w > 1 || w.kernel_w > 1 || w.pad_left != 0) return w;
  w.in_w = w.in_h;
  w.out_w = w.out_h;
  w.kernel_w = w.kernel_h;
  w.stride_w = w.stride_h;
  w.dilation_w = w.dilation_h;
  w.pad_left = w.pad_top;
  w.in_h = w.out_h = w.kernel_h = 1;
  w.stride_h = w.dilation_h = 1;
  w.pad_top = 0;
  return w;
}

bool pk_diff_depthwise_forward(pk_diff_call *call) {
  const pk_diff_window window = window_of(call);
  const size_t channels = (size_t)call->y_tensor->dims[3], times = channels / window.in_c;
  const size_t elements = pk_diff_input_elements(call, PK_INPUT_DATA);
  pass a = {.y = call->y, .x = call->x, .w = pk_diff_input(call, PK_INPUT_WEIGHTS)};
  if (times > 1) {
    float *repeated = pk_diff_scratch(call, elements * times);
    if (!repeated) return false;
    repeat_channels(repeated, call->x, elements, times);
    a.x = repeated;
  }
  for (size_t row = 0; row < window.n * window.out_h; row++) {
    pk_diff_start_with_bias(call, row * window.out_w, window.out_w, channels);
    walk_row(&a, &window, channels, row / window.out_h, row % window.out_h);
  }
  return true;
}

// With strides of 1, dx is a convolution of dy with the weights turned round.
typedef struct turned_pass {
  pass pass;
  pk_diff_window window;
  bool is_used;
} turned_pass;

static turned_pass turn(pass *a, const pk_diff_window *w, float *turned, size_t channels) {
  turned_pass t = {.is_used = a->dx && w->stride_h == 1 && w->stride_w == 1, .window = *w};
  const size_t taps = w->kernel_h * w->kernel_w;
  if (!t.is_used) return t;
  for (size_t i = 0; i < taps; i++) {
    memcpy(turned + i * channels, a->w + (taps - 1 - i) * channels, channels * sizeof *turned);
  }
  t.window.in_h = w->out_h;
  t.window.in_w = w->out_w;
  t.window.out_h = w->in_h;
  t.window.out_w = w->in_w;
  t.window.pad_top = (int32_t)(w->kernel_h - 1) * w->dilation_h - w->pad_top;
  t.window.pad_left = (int32_t)(w->kernel_w - 1) * w->dilation_w - w->pad_left;
  t.pass = (pass){.y = a->dx, .x = a->dy, .w = turned};
  a->dx = NULL;
  return t;
}

bool pk_diff_depthwise_backward(pk_diff_call *call) {
  const pk_diff_window window = window_of(call);
  const size_t channels = (size_t)call->y_tensor->dims[3], times = channels / window.in_c;
  const size_t elements = pk_diff_input_elements(call, PK_INPUT_DATA);
  const size_t repeated = times > 1 ? elements * times : 0;
  const size_t weights = pk_diff_input_elements(call, PK_INPUT_WEIGHTS);
  float *scratch = pk_diff_scratch(call, 2 * repeated + weights);
  if (!scratch) return false;
  pass a = {.x = call->x,
            .w = pk_diff_input(call, PK_INPUT_WEIGHTS),
            .dy = call->dy,
            .dx = call->dx,
            .dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS)};
  if (times > 1) {
    repeat_channels(scratch, call->x, elements, times);
    memset(scratch + repeated, 0, repeated * sizeof *scratch);
    a.x = scratch;
    a.dx = call->dx ? scratch + repeated : NULL;
  }
  const turned_pass turned = turn(&a, &window, scratch + 2 * repeated, channels);
  for (size_t n = 0; n < window.n; n++) {
    for (size_t y = 0; y < window.out_h; y++) {
      pk_diff_bias_gradient(call, (n * window.out_h + y) * window.out_w, window.out_w, channels);
      walk_row(&a, &window, channels, n, y);
    }
    for (size_t y = 0; turned.is_used && y < window.in_h; y++) {
      walk_row(&turned.pass, &turned.window, channels, n, y);
    }
  }
  if (times > 1 && call->dx) add_repeated(call->dx, scratch + repeated, elements, times);
  return true;
}
