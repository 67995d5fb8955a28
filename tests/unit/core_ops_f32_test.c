// The float32 forms of convolutions, fully connected, pools, mean and softmax, and the operators
// PAD and CONV_TRANSPOSE_2D, in every kernel set against plain formulas in double precision.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/package_format.h"
#include "kernels/packed_layout.h"
#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_VALUES = 40000, CASES = 200 };

static float x[MAX_VALUES], weights[MAX_VALUES], tiles[MAX_VALUES], got[MAX_VALUES];
static float bias[64], padded_bias[256];
static double expected[MAX_VALUES];

static int32_t bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void random_floats(uint32_t *seed, float *values, size_t count) {
  assert_true(count <= MAX_VALUES);
  for (size_t i = 0; i < count; i++) {
    values[i] = (float)random_between(seed, -100000, 100000) / 65536.0f;
  }
}

// Runs the case in every kernel set; values may differ by a relative and absolute 1e-5.
static void expect_close(const op_case *test) {
  const size_t count = op_tensor_elements(&test->output);
  assert_true(count <= MAX_VALUES);
  for (size_t set = 0; op_case_run(test, set, got); set++) {
    for (size_t i = 0; i < count; i++) {
      if (!(fabs((double)got[i] - expected[i]) <= 1e-5 * (1.0 + fabs(expected[i])))) {
        fail_msg("%s: value %zu is %.9g, expected %.9g", mnw_kernels_name(mnw_kernels_get(set)), i,
                 (double)got[i], expected[i]);
      }
    }
  }
}

static void expect_refused(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_INVALID_GRAPH);
}

typedef struct conv_shape {
  int32_t n, h, w, in_c, out_c, groups, out_h, out_w;
  int32_t kernel[2], stride[2], dilation[2], pad[2];
  float low, high;
} conv_shape;

// Now and then padding beyond the kernel's reach, so that windows lie outside the picture.
static conv_shape random_conv(uint32_t *seed) {
  conv_shape c = {.n = random_between(seed, 1, 2),
                  .h = random_between(seed, 1, 9),
                  .w = random_between(seed, 1, 9),
                  .groups = random_between(seed, 0, 2) ? 1 : random_between(seed, 2, 3),
                  .low = random_between(seed, 0, 1) ? -INFINITY : -1.5f,
                  .high = random_between(seed, 0, 1) ? INFINITY : 2.0f};
  c.in_c = c.groups * random_between(seed, 1, 7);
  c.out_c = c.groups * random_between(seed, 1, 13);
  const int is_pointwise = random_between(seed, 0, 3) == 0;
  const int32_t extents[] = {c.h, c.w};
  int32_t out[2];
  for (int axis = 0; axis < 2; axis++) {
    c.kernel[axis] = is_pointwise ? 1 : random_between(seed, 1, 4);
    c.stride[axis] = is_pointwise ? 1 : random_between(seed, 1, 3);
    c.dilation[axis] = random_between(seed, 1, 2);
    c.pad[axis] = random_between(
        seed, 0, (c.kernel[axis] - 1) * c.dilation[axis] + (random_between(seed, 0, 5) ? 0 : 2));
    out[axis] = random_between(seed, 1, (extents[axis] + 1 + c.pad[axis]) / c.stride[axis] + 1);
    if (is_pointwise && random_between(seed, 0, 1)) {
      c.pad[axis] = 0;
      out[axis] = extents[axis];
    }
  }
  c.out_h = out[0];
  c.out_w = out[1];
  return c;
}

static double clamped(double value, const conv_shape *c) {
  return fmin(fmax(value, (double)c->low), (double)c->high);
}

// 0 outside the picture.
static double pixel(const conv_shape *c, int32_t n, int32_t iy, int32_t ix, int32_t channel) {
  if (iy < 0 || iy >= c->h || ix < 0 || ix >= c->w) return 0.0;
  return (double)x[((n * c->h + iy) * c->w + ix) * c->in_c + channel];
}

// Weights [O][KH][KW][I / groups], or [KH][KW][C] of a depthwise convolution.
static void reference_conv(const conv_shape *c, int is_depthwise) {
  const int32_t in = is_depthwise ? 1 : c->in_c / c->groups, out = c->out_c / c->groups;
  const int32_t taps = c->kernel[0] * c->kernel[1];
  for (int32_t i = 0; i < c->n * c->out_h * c->out_w * c->out_c; i++) {
    const int32_t o = i % c->out_c, ox = i / c->out_c % c->out_w;
    const int32_t oy = i / c->out_c / c->out_w % c->out_h, n = i / c->out_c / c->out_w / c->out_h;
    double sum = (double)bias[o];
    for (int32_t tap = 0; tap < taps; tap++) {
      const int32_t iy = oy * c->stride[0] - c->pad[0] + tap / c->kernel[1] * c->dilation[0];
      const int32_t ix = ox * c->stride[1] - c->pad[1] + tap % c->kernel[1] * c->dilation[1];
      for (int32_t k = 0; k < in; k++) {
        const int32_t channel = is_depthwise ? o / (c->out_c / c->in_c) : o / out * in + k;
        sum += pixel(c, n, iy, ix, channel) *
               (double)weights[is_depthwise ? tap * c->out_c + o : (o * taps + tap) * in + k];
      }
    }
    expected[i] = clamped(sum, c);
  }
}

static op_case conv_case(const conv_shape *c, uint32_t code) {
  return (op_case){
      .code = code,
      .param_count = 13,
      .params = {c->kernel[0], c->kernel[1], c->stride[0], c->stride[1], c->dilation[0],
                 c->dilation[1], c->pad[0], c->pad[1], 0, 8, bits_of(c->low), bits_of(c->high),
                 c->groups},
      .input_count = 3,
      .inputs =
          {{.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {c->n, c->h, c->w, c->in_c}, .data = x},
           {.dtype = MNW_DTYPE_F32,
            .rank = 4,
            .dims = {c->out_c, c->kernel[0], c->kernel[1], c->in_c},
            .data = weights},
           {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {c->out_c}, .data = bias}},
      .output = {.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {c->n, c->out_h, c->out_w, c->out_c}}};
}

// Brings weights and bias of `groups` matrices [o][k] into the kernels' layout.
static void use_tiles(op_case *test, size_t groups, size_t o_count, size_t k_count) {
  const size_t padded = mnw_round_up(o_count, MNW_TILE_CHANNELS);
  assert_true(groups * padded * k_count <= MAX_VALUES && groups * padded <= 256);
  memset(tiles, 0, groups * padded * k_count * sizeof *tiles);
  memset(padded_bias, 0, sizeof padded_bias);
  for (size_t g = 0; g < groups; g++) {
    for (size_t o = 0; o < o_count; o++) {
      padded_bias[g * padded + o] = bias[g * o_count + o];
      for (size_t k = 0; k < k_count; k++) {
        tiles[g * padded * k_count + mnw_tile_8_f32_index(o, k, k_count)] =
            weights[(g * o_count + o) * k_count + k];
      }
    }
  }
  test->inputs[1].data = tiles;
  test->inputs[1].is_constant = test->inputs[2].is_constant = true;
  test->inputs[1].layout = MNW_LAYOUT_TILE_8_F32;
  test->inputs[1].data_bytes = groups * padded * k_count * sizeof *tiles;
  test->inputs[2].data = padded_bias;
  test->inputs[2].dims[0] = (int32_t)(groups * padded);
}

static void conv_2d_matches_the_definition(void **state) {
  uint32_t seed = 1;
  (void)state;
  for (int i = 0; i < CASES; i++) {
    const conv_shape c = random_conv(&seed);
    op_case test = conv_case(&c, MNW_OP_CONV_2D);
    op_tensor *w = &test.inputs[1];
    if (c.groups > 1) {
      *w = (op_tensor){
          .dtype = MNW_DTYPE_F32,
          .rank = 5,
          .dims = {c.groups, c.out_c / c.groups, c.kernel[0], c.kernel[1], c.in_c / c.groups},
          .data = weights};
    }
    random_floats(&seed, x, op_tensor_elements(&test.inputs[0]));
    random_floats(&seed, weights, op_tensor_elements(w));
    random_floats(&seed, bias, (size_t)c.out_c);
    reference_conv(&c, 0);
    expect_close(&test);  // weights from outside
    w->is_constant = test.inputs[2].is_constant = true;
    expect_close(&test);  // row-major constants
    use_tiles(&test, (size_t)c.groups, (size_t)(c.out_c / c.groups),
              (size_t)(c.kernel[0] * c.kernel[1] * (c.in_c / c.groups)));
    expect_close(&test);
  }
}

static void depthwise_conv_2d_matches_the_definition(void **state) {
  uint32_t seed = 2;
  (void)state;
  for (int i = 0; i < CASES; i++) {
    conv_shape c = random_conv(&seed);
    c.groups = 1;
    c.in_c = random_between(&seed, 1, 20);
    c.out_c = c.in_c * random_between(&seed, 1, 3);
    op_case test = conv_case(&c, MNW_OP_DEPTHWISE_CONV_2D);
    test.inputs[1] = (op_tensor){.dtype = MNW_DTYPE_F32,
                                 .rank = 3,
                                 .dims = {c.kernel[0], c.kernel[1], c.out_c},
                                 .data = weights,
                                 .is_constant = true};
    random_floats(&seed, x, op_tensor_elements(&test.inputs[0]));
    random_floats(&seed, weights, op_tensor_elements(&test.inputs[1]));
    random_floats(&seed, bias, (size_t)c.out_c);
    reference_conv(&c, 1);
    expect_close(&test);
  }
}

static void fully_connected_matches_the_definition(void **state) {
  uint32_t seed = 3;
  (void)state;
  for (int i = 0; i < CASES; i++) {
    const int32_t rows = random_between(&seed, 1, 9), k = random_between(&seed, 1, 90);
    const int32_t o = random_between(&seed, 1, 30);
    op_case test = {.code = MNW_OP_FULLY_CONNECTED,
                    .param_count = 4,
                    .params = {0, 8, bits_of(-INFINITY), bits_of(3.0f)},
                    .input_count = 3,
                    .inputs = {{.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {rows, k}, .data = x},
                               {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {o, k}, .data = weights},
                               {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {o}, .data = bias}},
                    .output = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {rows, o}}};
    random_floats(&seed, x, (size_t)(rows * k));
    random_floats(&seed, weights, (size_t)(o * k));
    random_floats(&seed, bias, (size_t)o);
    for (int32_t at = 0; at < rows * o; at++) {
      double sum = (double)bias[at % o];
      for (int32_t j = 0; j < k; j++) {
        sum += (double)x[at / o * k + j] * (double)weights[at % o * k + j];
      }
      expected[at] = fmin(sum, 3.0);
    }
    expect_close(&test);
    use_tiles(&test, 1, (size_t)o, (size_t)k);
    expect_close(&test);
  }
}

static void pools_match_the_definition(void **state) {
  uint32_t seed = 4;
  (void)state;
  for (int i = 0; i < CASES; i++) {
    conv_shape c = random_conv(&seed);
    const int is_max = i % 2;
    c.low = -1.0f;
    c.high = 1.25f;
    const op_case test = {
        .code = is_max ? MNW_OP_MAX_POOL_2D : MNW_OP_AVERAGE_POOL_2D,
        .param_count = 9,
        .params = {c.kernel[0], c.kernel[1], c.stride[0], c.stride[1], c.pad[0], c.pad[1],
                   bits_of(c.low), bits_of(c.high), 0},
        .input_count = 1,
        .inputs = {{.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {c.n, c.h, c.w, c.in_c}, .data = x}},
        .output = {.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {c.n, c.out_h, c.out_w, c.in_c}}};
    random_floats(&seed, x, op_tensor_elements(&test.inputs[0]));
    for (int32_t at = 0; at < c.n * c.out_h * c.out_w * c.in_c; at++) {
      const int32_t channel = at % c.in_c, ox = at / c.in_c % c.out_w;
      const int32_t oy = at / c.in_c / c.out_w % c.out_h, n = at / c.in_c / c.out_w / c.out_h;
      double sum = 0.0, max = -INFINITY;
      int count = 0;
      for (int32_t iy = oy * c.stride[0] - c.pad[0]; iy < oy * c.stride[0] - c.pad[0] + c.kernel[0];
           iy++) {
        for (int32_t ix = ox * c.stride[1] - c.pad[1];
             ix < ox * c.stride[1] - c.pad[1] + c.kernel[1]; ix++) {
          if (iy < 0 || iy >= c.h || ix < 0 || ix >= c.w) continue;
          sum += pixel(&c, n, iy, ix, channel);
          max = fmax(max, pixel(&c, n, iy, ix, channel));
          count++;
        }
      }
      expected[at] = clamped(is_max ? max : count ? sum / count : 0.0, &c);
    }
    expect_close(&test);
  }
}

static void mean_is_the_average_of_the_pixels(void **state) {
  uint32_t seed = 5;
  const op_case test = {
      .code = MNW_OP_MEAN,
      .param_count = 1,
      .params = {1 << 1 | 1 << 2},
      .input_count = 1,
      .inputs = {{.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {2, 7, 5, 33}, .data = x}},
      .output = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {2, 33}}};
  (void)state;
  random_floats(&seed, x, 2 * 35 * 33);
  for (int i = 0; i < 66; i++) {
    expected[i] = 0.0;
    for (int p = 0; p < 35; p++) expected[i] += (double)x[(i / 33 * 35 + p) * 33 + i % 33] / 35.0;
  }
  expect_close(&test);
}

static void softmax_matches_the_definition(void **state) {
  uint32_t seed = 6;
  (void)state;
  for (int i = 0; i < 50; i++) {
    const int32_t rows = random_between(&seed, 1, 5), count = random_between(&seed, 1, 300);
    const float beta = (float)random_between(&seed, 1, 40) / 8.0f;
    const op_case test = {
        .code = MNW_OP_SOFTMAX,
        .param_count = 1,
        .params = {bits_of(beta)},
        .input_count = 1,
        .inputs = {{.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {rows, count}, .data = x}},
        .output = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {rows, count}}};
    random_floats(&seed, x, (size_t)(rows * count));
    for (int32_t j = 0; j < rows * count; j++) x[j] *= i % 2 ? 60.0f : 1.0f;
    for (int32_t r = 0; r < rows; r++) {
      double max = -INFINITY, sum = 0.0;
      for (int32_t j = 0; j < count; j++) max = fmax(max, (double)x[r * count + j]);
      for (int32_t j = 0; j < count; j++) {
        sum += exp((double)beta * ((double)x[r * count + j] - max));
      }
      for (int32_t j = 0; j < count; j++) {
        expected[r * count + j] = exp((double)beta * ((double)x[r * count + j] - max)) / sum;
      }
    }
    expect_close(&test);
  }
}

// Which position inside mode 1 (reflect), 2 (edge) or 3 (wrap) finds at a position, by walking.
static int32_t walked(int32_t position, int32_t extent, int32_t mode) {
  int32_t at = 0, direction = 1;
  if (mode == 2) return position < 0 ? 0 : position >= extent ? extent - 1 : position;
  for (int32_t i = 0; i < abs(position); i++) {
    if (mode == 3) {
      at = (at + (position < 0 ? extent - 1 : 1)) % extent;
    } else if (extent > 1) {  // a reflection is the same to both sides of position 0
      if (at + direction < 0 || at + direction >= extent) direction = -direction;
      at += direction;
    }
  }
  return at;
}

static void pad_fills_every_mode_and_dtype(void **state) {
  static uint8_t in[MAX_VALUES], want[MAX_VALUES], out[MAX_VALUES];
  const mnw_dtype dtypes[] = {MNW_DTYPE_F32, MNW_DTYPE_S8,  MNW_DTYPE_U8,
                              MNW_DTYPE_S32, MNW_DTYPE_S64, MNW_DTYPE_BOOL};
  uint32_t seed = 7;
  (void)state;
  for (int pass = 0; pass < 600; pass++) {
    const mnw_dtype dtype = dtypes[pass % 6];
    const size_t bytes = dtype == MNW_DTYPE_S64                             ? 8
                         : dtype == MNW_DTYPE_F32 || dtype == MNW_DTYPE_S32 ? 4
                                                                            : 1;
    const int32_t mode = random_between(&seed, 0, 3);
    const int32_t value = dtype == MNW_DTYPE_BOOL  ? 1
                          : dtype == MNW_DTYPE_F32 ? bits_of(-2.5f)
                                                   : 77;
    op_case test = {.code = MNW_OP_PAD, .param_count = 8, .input_count = 1};
    op_tensor *from = &test.inputs[0], *to = &test.output;
    from->dtype = to->dtype = dtype;
    from->rank = to->rank = (uint32_t)random_between(&seed, 1, 5);
    from->data = in;
    for (uint32_t i = 0; i < from->rank; i++) {
      from->dims[i] = random_between(&seed, 1, 4);
      test.params[i] = random_between(&seed, 0, 2) ? 0 : random_between(&seed, 1, 9);
      to->dims[i] = from->dims[i] + test.params[i] +
                    random_between(&seed, 0, 1) * random_between(&seed, 0, 3);
    }
    while (op_tensor_bytes(to) > MAX_VALUES) {
      const uint32_t i = random_next(&seed) % from->rank;
      from->dims[i] = to->dims[i] = 1;
      test.params[i] = 0;
    }
    test.params[MNW_PAD_VALUE] = value;
    test.params[MNW_PAD_MODE] = mode;
    random_bytes(&seed, in, op_tensor_bytes(from));
    const int64_t wide = value;
    for (size_t i = 0; i < op_tensor_elements(to); i++) {
      size_t source = 0, rest = i, stride = 1;
      int is_inside = 1;
      for (uint32_t axis = from->rank; axis-- > 0;) {
        const int32_t position = (int32_t)(rest % (size_t)to->dims[axis]) - test.params[axis];
        rest /= (size_t)to->dims[axis];
        if (mode == 0 && (position < 0 || position >= from->dims[axis])) {
          is_inside = 0;
        } else {
          const int32_t at = mode == 0 ? position : walked(position, from->dims[axis], mode);
          source += (size_t)at * stride;
        }
        stride *= (size_t)from->dims[axis];
      }
      memcpy(want + i * bytes, is_inside ? in + source * bytes : (const uint8_t *)&wide, bytes);
    }
    op_case_run(&test, 0, out);
    assert_memory_equal(out, want, op_tensor_bytes(to));
  }
}

static void conv_transpose_2d_matches_the_definition(void **state) {
  uint32_t seed = 8;
  (void)state;
  for (int pass = 0; pass < CASES; pass++) {
    conv_shape c = random_conv(&seed);
    c.h = random_between(&seed, 1, 6);
    c.w = pass % 20 ? random_between(&seed, 1, 6) : random_between(&seed, 130, 140);
    c.in_c = c.groups * random_between(&seed, 1, 6);
    c.out_c = c.groups * random_between(&seed, 1, pass % 20 ? 12 : 2);
    c.out_h = random_between(&seed, 1, 15);
    c.out_w = c.w > 100 ? 150 : random_between(&seed, 1, 15);
    const int32_t in = c.in_c / c.groups, out = c.out_c / c.groups;
    const op_case test = {
        .code = MNW_OP_CONV_TRANSPOSE_2D,
        .param_count = 11,
        .params = {c.kernel[0], c.kernel[1], c.stride[0], c.stride[1], c.dilation[0], c.dilation[1],
                   c.pad[0], c.pad[1], c.groups, bits_of(c.low), bits_of(c.high)},
        .input_count = 3,
        .inputs = {{.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {c.n, c.h, c.w, c.in_c}, .data = x},
                   {.dtype = MNW_DTYPE_F32,
                    .rank = 4,
                    .dims = {c.kernel[0], c.kernel[1], c.out_c, in},
                    .data = weights,
                    .is_constant = pass % 2},
                   {.dtype = MNW_DTYPE_F32,
                    .rank = 1,
                    .dims = {c.out_c},
                    .data = bias,
                    .is_constant = pass % 2}},
        .output = {.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {c.n, c.out_h, c.out_w, c.out_c}}};
    random_floats(&seed, x, op_tensor_elements(&test.inputs[0]));
    random_floats(&seed, weights, op_tensor_elements(&test.inputs[1]));
    random_floats(&seed, bias, (size_t)c.out_c);
    const size_t outputs = op_tensor_elements(&test.output);
    for (size_t i = 0; i < outputs; i++) expected[i] = (double)bias[i % (size_t)c.out_c];
    for (int32_t p = 0; p < c.n * c.h * c.w; p++) {
      const int32_t n = p / c.w / c.h, iy = p / c.w % c.h, ix = p % c.w;
      for (int32_t tap = 0; tap < c.kernel[0] * c.kernel[1]; tap++) {
        const int32_t oy = iy * c.stride[0] - c.pad[0] + tap / c.kernel[1] * c.dilation[0];
        const int32_t ox = ix * c.stride[1] - c.pad[1] + tap % c.kernel[1] * c.dilation[1];
        if (oy < 0 || oy >= c.out_h || ox < 0 || ox >= c.out_w) continue;
        for (int32_t o = 0; o < c.out_c; o++) {
          for (int32_t k = 0; k < in; k++) {
            expected[((n * c.out_h + oy) * c.out_w + ox) * c.out_c + o] +=
                pixel(&c, n, iy, ix, o / out * in + k) *
                (double)weights[(tap * c.out_c + o) * in + k];
          }
        }
      }
    }
    for (size_t i = 0; i < outputs; i++) expected[i] = clamped(expected[i], &c);
    expect_close(&test);
  }
}

static void broken_graphs_are_refused(void **state) {
  const conv_shape c = {1, 4, 4, 6, 8, 1, 4, 4, {1, 1}, {1, 1}, {1, 1}, {0, 0}, 0.0f, 6.0f};
  (void)state;
  const op_case good = conv_case(&c, MNW_OP_CONV_2D);
  mnw_error error;
  assert_int_equal(op_case_load(&good, &error), MNW_STATUS_OK);
  const struct {
    int word;
    int32_t value;
  } wrong[] = {{MNW_CONV_CLAMP_MIN, bits_of(NAN)},
               {MNW_CONV_CLAMP_MIN, bits_of(7.0f)},
               {MNW_CONV_CLAMP_MAX, bits_of(-NAN)},
               {MNW_CONV_GROUPS, 0},
               {MNW_CONV_GROUPS, 2},
               {MNW_CONV_GROUPS, 5},
               {MNW_CONV_GROUPS, INT32_MIN},
               {MNW_CONV_KERNEL_H, 2},
               {MNW_CONV_KERNEL_W, INT32_MAX},
               {MNW_CONV_STRIDE_W, 0},
               {MNW_CONV_DILATION_H, -1},
               {MNW_CONV_PAD_LEFT, -1},
               {MNW_CONV_PAD_TOP, INT32_MAX}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    op_case bad = good;
    bad.params[wrong[i].word] = wrong[i].value;
    expect_refused(&bad);
  }
  op_case bad = good;
  bad.inputs[2].dims[0] = 7;  // a bias is missing
  expect_refused(&bad);
  bad = good;
  bad.inputs[1].dtype = MNW_DTYPE_S32;
  expect_refused(&bad);
  bad = good;
  bad.output.dims[3] = 9;
  expect_refused(&bad);
  bad = good;
  use_tiles(&bad, 1, 8, 6);
  bad.inputs[2].is_constant = false;  // a padded bias must be a constant
  expect_refused(&bad);
  bad = good;
  use_tiles(&bad, 1, 8, 6);
  bad.code = MNW_OP_DEPTHWISE_CONV_2D;
  expect_refused(&bad);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(conv_2d_matches_the_definition),
      cmocka_unit_test(depthwise_conv_2d_matches_the_definition),
      cmocka_unit_test(fully_connected_matches_the_definition),
      cmocka_unit_test(pools_match_the_definition),
      cmocka_unit_test(mean_is_the_average_of_the_pixels),
      cmocka_unit_test(softmax_matches_the_definition),
      cmocka_unit_test(pad_fills_every_mode_and_dtype),
      cmocka_unit_test(conv_transpose_2d_matches_the_definition),
      cmocka_unit_test(broken_graphs_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
