// Cases of the operators with weights and of those that walk windows.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_cases.h"

static int32_t span(int32_t kernel, int32_t dilation) {
  return (kernel - 1) * dilation + 1;
}

// A window over one axis: extents of input and output that fit each other.
typedef struct axis_window {
  int32_t in, out, kernel, stride, dilation, before, after;
} axis_window;

// Up to `reach` paddings on each side; the input may be larger than the windows need.
static axis_window draw_axis(diff_case *c, int32_t reach) {
  axis_window w = {.kernel = diff_case_draw(c, 1, 4),
                   .stride = diff_case_draw(c, 1, 3),
                   .dilation = diff_case_draw(c, 1, 2),
                   .before = diff_case_draw(c, 0, reach),
                   .after = diff_case_draw(c, 0, reach)};
  do {
    w.in = diff_case_draw(c, 1, 8);
    w.out = (w.in + w.before + w.after - span(w.kernel, w.dilation)) / w.stride + 1;
  } while (w.in + w.before + w.after < span(w.kernel, w.dilation));
  return w;
}

static pk_padding padding_of(const axis_window *h, const axis_window *w) {
  return (pk_padding){PK_PADDING_EXPLICIT, h->before, w->before, h->after, w->after};
}

static int32_t convolution(diff_case *c, pk_op_kind kind, int32_t in_c, int32_t out_c,
                           int32_t groups, bool is_plain) {
  const axis_window plain = {.in = 3, .out = 3, .kernel = 1, .stride = 1, .dilation = 1};
  const axis_window single = {.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
  const axis_window h = is_plain ? plain : draw_axis(c, 3);
  const axis_window w = is_plain ? plain : c->round % 4 == 3 ? single : draw_axis(c, 3);
  const bool is_depthwise = kind == PK_OP_DEPTHWISE_CONV_2D, has_bias = diff_case_draw(c, 0, 3) > 0;
  const int32_t n = diff_case_draw(c, 1, 2);
  const int32_t x =
      diff_case_values(c, "x", 4, (const int32_t[]){n, h.in, w.in, in_c}, -1.0f, 1.0f);
  const int32_t weights =
      diff_case_values(c, "weights", 4,
                       (const int32_t[]){is_depthwise ? 1 : out_c, h.kernel, w.kernel,
                                         is_depthwise ? out_c : in_c / groups},
                       -1.0f, 1.0f);
  const int32_t bias =
      has_bias ? diff_case_values(c, "bias", 1, &out_c, -1.0f, 1.0f) : PK_NO_TENSOR;
  const int32_t y = diff_case_result(c, "y", 4, (const int32_t[]){n, h.out, w.out, out_c});
  pk_op op = {.kind = kind};
  op.attributes.conv =
      (pk_conv_attributes){h.stride, w.stride, h.dilation, w.dilation, groups, padding_of(&h, &w)};
  diff_case_op(c, op, (const int32_t[]){x, weights, bias}, has_bias ? 3 : 2, y);
  return y;
}

int32_t diff_case_of_CONV_2D(diff_case *c) {
  const int32_t groups = diff_case_draw(c, 0, 1) ? 1 : diff_case_draw(c, 2, 3);
  return convolution(c, PK_OP_CONV_2D, groups * diff_case_draw(c, 1, 3),
                     groups * diff_case_draw(c, 1, 3), groups, c->round % 4 == 0);
}

int32_t diff_case_of_DEPTHWISE_CONV_2D(diff_case *c) {
  const int32_t channels = diff_case_draw(c, 1, 9), times = diff_case_draw(c, 0, 1);
  const int32_t multiplier = times ? diff_case_draw(c, 2, 3) : 1;
  return convolution(c, PK_OP_DEPTHWISE_CONV_2D, channels, channels * multiplier, 1, false);
}

int32_t diff_case_of_FULLY_CONNECTED(diff_case *c) {
  const int32_t rows = diff_case_draw(c, 1, 4), k = diff_case_draw(c, 1, 9),
                o = diff_case_draw(c, 1, 7), has_bias = diff_case_draw(c, 0, 1);
  const int32_t x = diff_case_values(c, "x", 2, (const int32_t[]){rows, k}, -1.0f, 1.0f);
  const int32_t w = diff_case_values(c, "weights", 2, (const int32_t[]){o, k}, -1.0f, 1.0f);
  const int32_t b = has_bias ? diff_case_values(c, "bias", 1, &o, -1.0f, 1.0f) : PK_NO_TENSOR;
  const int32_t y = diff_case_result(c, "y", 2, (const int32_t[]){rows, o});
  diff_case_op(c, (pk_op){.kind = PK_OP_FULLY_CONNECTED}, (const int32_t[]){x, w, b},
               has_bias ? 3 : 2, y);
  return y;
}

// --- pools: every window has a tap inside the picture ---

static axis_window draw_pool(diff_case *c) {
  axis_window w = {.kernel = diff_case_draw(c, 1, 4), .stride = diff_case_draw(c, 1, 3)};
  w.before = diff_case_draw(c, 0, w.kernel - 1);
  w.after = diff_case_draw(c, 0, w.kernel - 1);
  w.in = diff_case_draw(c, w.kernel, 8);
  w.out = (w.in + w.before + w.after - w.kernel) / w.stride + 1;
  return w;
}

static int32_t pool(diff_case *c, pk_op_kind kind) {
  const axis_window h = draw_pool(c), w = draw_pool(c);
  const int32_t n = diff_case_draw(c, 1, 2), channels = diff_case_draw(c, 1, 5);
  const int32_t x =
      diff_case_values(c, "x", 4, (const int32_t[]){n, h.in, w.in, channels}, -8.0f, 8.0f);
  const int32_t y = diff_case_result(c, "y", 4, (const int32_t[]){n, h.out, w.out, channels});
  pk_op op = {.kind = kind};
  op.attributes.pool =
      (pk_pool_attributes){h.kernel, w.kernel, h.stride, w.stride, padding_of(&h, &w), false};
  diff_case_op(c, op, &x, 1, y);
  return y;
}

int32_t diff_case_of_AVERAGE_POOL_2D(diff_case *c) {
  return pool(c, PK_OP_AVERAGE_POOL_2D);
}

int32_t diff_case_of_MAX_POOL_2D(diff_case *c) {
  return pool(c, PK_OP_MAX_POOL_2D);
}

int32_t diff_case_of_RESIZE(diff_case *c) {
  const int32_t n = diff_case_draw(c, 1, 2), channels = diff_case_draw(c, 1, 3);
  const int32_t in[] = {n, diff_case_draw(c, 1, 5), diff_case_draw(c, 1, 5), channels};
  const int32_t out[] = {n, diff_case_draw(c, 1, 7), diff_case_draw(c, 1, 7), channels};
  const float scales[] = {(float)out[1] / (float)in[1], (float)out[2] / (float)in[2]};
  const int32_t x = diff_case_values(c, "x", 4, in, -1.0f, 1.0f);
  const int32_t y = diff_case_result(c, "y", 4, out);
  pk_op op = {.kind = PK_OP_RESIZE};
  op.attributes.words = (pk_word_attributes){
      .words = {diff_case_draw(c, 0, 1), diff_case_draw(c, 0, 3), diff_case_draw(c, 0, 3)}};
  memcpy(op.attributes.words.words + MNW_RESIZE_SCALE_H, scales, sizeof scales);
  diff_case_op(c, op, &x, 1, y);
  return y;
}
