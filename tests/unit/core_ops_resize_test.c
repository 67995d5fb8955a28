// RESIZE against values known from ONNX's and TFLite's documentation and test suites, and against
// its formulas in double precision.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_VALUES = 40000 };
enum { NEAREST, LINEAR, CUBIC };
enum { HALF_PIXEL, ASYMMETRIC, ALIGN_CORNERS, PYTORCH_HALF_PIXEL, HALF_PIXEL_SYMMETRIC };

static float x[MAX_VALUES], got[MAX_VALUES];

static int32_t bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static op_case resize_case(mnw_dtype dtype, const void *data, const int32_t in[4], int32_t out_h,
                           int32_t out_w, const int32_t modes[3], float scale_h, float scale_w) {
  return (op_case){
      .code = MNW_OP_RESIZE,
      .param_count = 7,
      .params = {modes[0], modes[1], modes[2], bits_of(scale_h), bits_of(scale_w), bits_of(-0.75f),
                 0},
      .input_count = 1,
      .inputs = {{.dtype = dtype, .rank = 4, .dims = {in[0], in[1], in[2], in[3]}, .data = data}},
      .output = {.dtype = dtype, .rank = 4, .dims = {in[0], out_h, out_w, in[3]}}};
}

static void expect_values(const op_case *test, const float *expected, size_t count) {
  assert_true(op_tensor_elements(&test->output) >= count);
  for (size_t set = 0; op_case_run(test, set, got); set++) {
    for (size_t i = 0; i < count; i++) {
      if (!(fabsf(got[i] - expected[i]) <= 2e-5f * (1.0f + fabsf(expected[i])))) {
        fail_msg("value %zu is %.9g, expected %.9g", i, (double)got[i], (double)expected[i]);
      }
    }
  }
}

// The cases of ONNX's operator documentation, [1,1,H,W] there.
static void documented_cases_of_onnx(void **state) {
  const int32_t two[] = {1, 2, 2, 1}, two_by_four[] = {1, 2, 4, 1}, four[] = {1, 4, 4, 1};
  const int32_t linear[] = {LINEAR, HALF_PIXEL, 0}, corners[] = {LINEAR, ALIGN_CORNERS, 0};
  const int32_t nearest[] = {NEAREST, HALF_PIXEL, 0}, cubic[] = {CUBIC, HALF_PIXEL, 0};
  (void)state;
  for (int i = 0; i < 16; i++) x[i] = (float)(i + 1);
  op_case test = resize_case(MNW_DTYPE_F32, x, two, 4, 4, linear, 2, 2);
  const float up[] = {1,    1.25f, 1.75f, 2,    1.5f, 1.75f, 2.25f, 2.5f,
                      2.5f, 2.75f, 3.25f, 3.5f, 3,    3.25f, 3.75f, 4};
  expect_values(&test, up, 16);
  test = resize_case(MNW_DTYPE_F32, x, two, 4, 4, corners, 2, 2);
  const float up_corners[] = {1,        4.0f / 3,  5.0f / 3,  2,        5.0f / 3, 2,
                              7.0f / 3, 8.0f / 3,  7.0f / 3,  8.0f / 3, 3,        10.0f / 3,
                              3,        10.0f / 3, 11.0f / 3, 4};
  expect_values(&test, up_corners, 16);
  test = resize_case(MNW_DTYPE_F32, x, two_by_four, 1, 2, linear, 0.6f, 0.6f);
  const float down[] = {2.6666665f, 4.3333331f};
  expect_values(&test, down, 2);
  test = resize_case(MNW_DTYPE_F32, x, two_by_four, 1, 2, nearest, 0.6f, 0.6f);
  const float down_nearest[] = {1, 3};
  expect_values(&test, down_nearest, 2);
  test = resize_case(MNW_DTYPE_F32, x, two, 4, 6, nearest, 2, 3);
  const float up_nearest[] = {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2,
                              3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4};
  expect_values(&test, up_nearest, 24);
  test = resize_case(MNW_DTYPE_F32, x, four, 8, 8, cubic, 2, 2);
  const float up_cubic[] = {0.47265625f, 0.76953125f, 1.24609375f, 1.875f,
                            2.28125f,    2.91015625f, 3.38671875f, 3.68359375f};
  expect_values(&test, up_cubic, 8);
}

// As TFLite computes coordinates, from float32 ratios: the exact ratio must agree.
static void tflite_nearest_maps_onto_the_coordinates(void **state) {
  static uint8_t in[200], out[400];
  (void)state;
  for (int i = 0; i < 200; i++) in[i] = (uint8_t)i;
  for (int32_t from = 1; from <= 40; from++) {
    for (int32_t to = 1; to <= 80; to++) {
      for (int kind = 0; kind < 3; kind++) {
        const int32_t shape[] = {1, 1, from, 1};
        const int32_t modes[][3] = {
            {NEAREST, ASYMMETRIC, 2}, {NEAREST, HALF_PIXEL, 1}, {NEAREST, ALIGN_CORNERS, 1}};
        const op_case test =
            resize_case(MNW_DTYPE_U8, in, shape, 1, to, modes[kind], 1.0f, (float)to / (float)from);
        op_case_run(&test, 0, out);
        for (int32_t i = 0; i < to; i++) {
          // The exact fraction, in integers.
          int32_t at = kind == 0 ? i * from / to : (2 * i + 1) * from / (2 * to);
          if (kind == 2) at = to > 1 ? (2 * i * (from - 1) + to - 1) / (2 * (to - 1)) : 0;
          assert_int_equal(out[i], at < from ? at : from - 1);
        }
      }
    }
  }
}

// What lies at output position i, in input pixels.
static double coordinate(int32_t i, int32_t in, int32_t out, double scale, int32_t kind) {
  switch (kind) {
    case ASYMMETRIC:
      return i / scale;
    case ALIGN_CORNERS:
      return i == 0 ? 0.0 : i * (in - 1) / (scale * in - 1.0);
    case PYTORCH_HALF_PIXEL:
      return out == 1 ? 0.0 : (i + 0.5) / scale - 0.5;
    case HALF_PIXEL_SYMMETRIC:
      return in / 2.0 * (1.0 - out / (scale * in)) + (i + 0.5) / scale - 0.5;
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

static double kernel_weight(double distance, int32_t mode) {
  const double d = fabs(distance), a = -0.75;
  if (mode == LINEAR) return d < 1.0 ? 1.0 - d : 0.0;
  if (d <= 1.0) return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
  return d < 2.0 ? ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a : 0.0;
}

// Weights of the input positions for one output position, edge pixels standing for those outside.
static void axis_weights(double *weights, double at, int32_t in, int32_t mode, int exclude) {
  double sum = 0.0;
  for (int32_t i = 0; i < in; i++) weights[i] = 0.0;
  for (int32_t i = (int32_t)floor(at) - 3; i <= (int32_t)floor(at) + 3; i++) {
    const double weight = kernel_weight(at - i, mode);
    if (exclude && (i < 0 || i >= in)) continue;
    weights[i < 0 ? 0 : i >= in ? in - 1 : i] += weight;
    sum += weight;
  }
  for (int32_t i = 0; exclude && i < in; i++) weights[i] /= sum;
}

static double resized(const op_case *test, int32_t n, int32_t oy, int32_t ox, int32_t c) {
  const int32_t *in = test->inputs[0].dims, *out = test->output.dims, *params = test->params;
  double rows[32], columns[32], sum = 0.0;
  float scale[2];
  memcpy(scale, params + MNW_RESIZE_SCALE_H, sizeof scale);
  axis_weights(rows, coordinate(oy, in[1], out[1], (double)scale[0], params[1]), in[1], params[0],
               params[MNW_RESIZE_EXCLUDE_OUTSIDE]);
  axis_weights(columns, coordinate(ox, in[2], out[2], (double)scale[1], params[1]), in[2],
               params[0], params[MNW_RESIZE_EXCLUDE_OUTSIDE]);
  for (int32_t iy = 0; iy < in[1]; iy++) {
    for (int32_t ix = 0; ix < in[2]; ix++) {
      const int32_t at = ((n * in[1] + iy) * in[2] + ix) * in[3] + c;
      const double value = test->inputs[0].dtype == MNW_DTYPE_F32
                               ? (double)x[at]
                               : (double)((const int8_t *)test->inputs[0].data)[at];
      sum += rows[iy] * columns[ix] * value;
    }
  }
  return sum;
}

static void interpolation_matches_the_formulas(void **state) {
  static int8_t steps[MAX_VALUES], got_steps[MAX_VALUES];
  uint32_t seed = 5;
  (void)state;
  for (int pass = 0; pass < 300; pass++) {
    const int32_t in[] = {random_between(&seed, 1, 2), random_between(&seed, 1, 9),
                          random_between(&seed, 1, 9), random_between(&seed, 1, 9)};
    const int32_t out_h = random_between(&seed, 1, 15), out_w = random_between(&seed, 1, 15);
    const int32_t modes[] = {random_between(&seed, LINEAR, CUBIC), random_between(&seed, 0, 4), 0};
    const int is_s8 = pass % 4 == 0;
    // Now and then a scale whose product with the extent is no integer.
    const float nudge = random_between(&seed, 0, 2) ? 0.0f : 0.3f;
    op_case test = resize_case(is_s8 ? MNW_DTYPE_S8 : MNW_DTYPE_F32, is_s8 ? (void *)steps : x, in,
                               out_h, out_w, modes, ((float)out_h + nudge) / (float)in[1],
                               ((float)out_w + nudge) / (float)in[2]);
    test.params[MNW_RESIZE_EXCLUDE_OUTSIDE] = modes[0] == CUBIC && random_between(&seed, 0, 1);
    test.inputs[0].scale = test.output.scale = is_s8 ? 0.5f : 0.0f;
    for (int i = 0; i < in[0] * in[1] * in[2] * in[3]; i++) {
      x[i] = (float)random_between(&seed, -100000, 100000) / 65536.0f;
      steps[i] = (int8_t)random_between(&seed, -128, 127);
    }
    op_case_run(&test, 0, is_s8 ? (void *)got_steps : got);
    for (int32_t i = 0; i < in[0] * out_h * out_w * in[3]; i++) {
      const double expected = resized(&test, i / in[3] / out_w / out_h, i / in[3] / out_w % out_h,
                                      i / in[3] % out_w, i % in[3]);
      if (is_s8) {
        const double clamped = fmin(fmax(expected, -128.0), 127.0);
        assert_true(fabs(clamped - got_steps[i]) <= 0.5 + 1e-3);
      } else if (!(fabs((double)got[i] - expected) <= 2e-5)) {
        fail_msg("pass %d, value %d is %.9g, expected %.9g", pass, i, (double)got[i], expected);
      }
    }
  }
}

static void broken_parameters_are_refused(void **state) {
  const int32_t in[] = {1, 2, 2, 1}, modes[] = {LINEAR, HALF_PIXEL, 0};
  const struct {
    int word;
    int32_t value;
  } wrong[] = {{MNW_RESIZE_MODE, 3},
               {MNW_RESIZE_MODE, -1},
               {MNW_RESIZE_COORDINATES, 5},
               {MNW_RESIZE_NEAREST, 4},
               {MNW_RESIZE_SCALE_H, bits_of(0.0f)},
               {MNW_RESIZE_SCALE_W, bits_of(NAN)},
               {MNW_RESIZE_SCALE_W, bits_of(-1.0f)},
               {MNW_RESIZE_SCALE_W, bits_of(INFINITY)}};
  mnw_error error;
  (void)state;
  const op_case good = resize_case(MNW_DTYPE_F32, x, in, 4, 4, modes, 2, 2);
  assert_int_equal(op_case_load(&good, &error), MNW_STATUS_OK);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    op_case bad = good;
    bad.params[wrong[i].word] = wrong[i].value;
    assert_int_equal(op_case_load(&bad, &error), MNW_STATUS_INVALID_GRAPH);
  }
  op_case bad = resize_case(MNW_DTYPE_S32, x, in, 4, 4, modes, 2, 2);
  assert_int_equal(op_case_load(&bad, &error), MNW_STATUS_INVALID_GRAPH);
  bad = good;
  bad.output.dims[3] = 2;
  assert_int_equal(op_case_load(&bad, &error), MNW_STATUS_INVALID_GRAPH);
  // What a hostile package may still say must only not fault.
  const float extremes[] = {2e-9f, 9e8f, 1.0f};
  for (int i = 0; i < 3 * 5 * 4; i++) {
    const int32_t kinds[] = {i % 3, i / 3 % 5, i / 15};
    for (int s = 0; s < 3; s++) {
      op_case odd = resize_case(MNW_DTYPE_F32, x, in, 5, 3, kinds, extremes[s], extremes[2 - s]);
      odd.params[MNW_RESIZE_CUBIC_A] = i % 2 ? bits_of(NAN) : bits_of(3e38f);
      odd.params[MNW_RESIZE_EXCLUDE_OUTSIDE] = i % 4 == 0 ? INT32_MIN : 0;
      op_case_run(&odd, 0, got);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documented_cases_of_onnx),
      cmocka_unit_test(tflite_nearest_maps_onto_the_coordinates),
      cmocka_unit_test(interpolation_matches_the_formulas),
      cmocka_unit_test(broken_parameters_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
