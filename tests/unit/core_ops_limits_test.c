// Parameters and shapes at and beyond their limits, each in an otherwise sound package: loading
// gives a typed error, or a model that runs. Kernels of 0, strides beyond the picture, products
// that overflow, wrong ranks.
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_case.h"
#include "ops/op_params.h"

enum { INF = 0x7f800000, MINUS_INF = -0x800000, ONE = 0x3f800000, NOT_A_NUMBER = 0x7fc00000 };

static const float values[256];

#define F32(...) \
  { MNW_DTYPE_F32, COUNT(__VA_ARGS__), {__VA_ARGS__}, values, false, 0, 0, 0.0f, 0 }
#define WEIGHTS(...) \
  { MNW_DTYPE_F32, COUNT(__VA_ARGS__), {__VA_ARGS__}, values, true, 0, 0, 0.0f, 0 }
#define RESULT(...) \
  { MNW_DTYPE_F32, COUNT(__VA_ARGS__), {__VA_ARGS__}, NULL, false, 0, 0, 0.0f, 0 }
#define COUNT(...) (sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

typedef struct sound_case {
  const char *name;
  op_case test;
  // Parameter words that may not be 0, or not below 0 (bit i: word i).
  uint32_t not_zero, not_negative;
} sound_case;

static const sound_case cases[] = {
    {"conv",
     {MNW_OP_CONV_2D,
      13,
      3,
      {3, 3, 1, 1, 1, 1, 1, 1, 0, 8, MINUS_INF, INF, 1},
      {F32(1, 4, 4, 2), WEIGHTS(3, 3, 3, 2), WEIGHTS(3)},
      RESULT(1, 4, 4, 3)},
     0x103f,
     0x10ff},
    {"depthwise conv",
     {MNW_OP_DEPTHWISE_CONV_2D,
      13,
      3,
      {3, 3, 1, 1, 1, 1, 1, 1, 0, 8, MINUS_INF, INF, 1},
      {F32(1, 4, 4, 3), WEIGHTS(3, 3, 3), WEIGHTS(3)},
      RESULT(1, 4, 4, 3)},
     0x3f,
     0xff},
    {"average pool",
     {MNW_OP_AVERAGE_POOL_2D,
      9,
      1,
      {2, 2, 2, 2, 0, 0, MINUS_INF, INF, 0},
      {F32(1, 4, 4, 3)},
      RESULT(1, 2, 2, 3)},
     0xf,
     0x3f},
    {"transposed conv",
     {MNW_OP_CONV_TRANSPOSE_2D,
      11,
      3,
      {2, 2, 2, 2, 1, 1, 0, 0, 1, MINUS_INF, INF},
      {F32(1, 2, 2, 2), WEIGHTS(2, 2, 3, 2), WEIGHTS(3)},
      RESULT(1, 4, 4, 3)},
     0x13f,
     0x1ff},
    {"resize",
     {MNW_OP_RESIZE,
      7,
      1,
      {1, 0, 0, 2 * ONE - ONE, 0x40000000, 0, 0},
      {F32(1, 2, 2, 3)},
      RESULT(1, 2, 4, 3)},
     0x18,
     0x1f},
    {"layer norm",
     {MNW_OP_NORMALIZE,
      3,
      3,
      {1, 0x3727c5ac, 0},
      {F32(2, 3, 4), WEIGHTS(3, 4), WEIGHTS(3, 4)},
      RESULT(2, 3, 4)},
     0,
     0x5},
    {"lstm",
     {MNW_OP_RECURRENT,
      5,
      3,
      {2, 0, 0, 0, 0},
      {F32(3, 2, 4), WEIGHTS(1, 8, 4), WEIGHTS(1, 8, 2)},
      RESULT(3, 1, 2, 2)},
     0,
     0x7},
    {"matmul", {MNW_OP_MATMUL, 2, 2, {0, 0}, {F32(2, 3, 4), F32(4, 5)}, RESULT(2, 3, 5)}, 0, 0},
    {"running sum", {MNW_OP_CUM_SUM, 3, 1, {1, 0, 0}, {F32(2, 3)}, RESULT(2, 3)}, 0, 0x1},
};

// A typed error, or a model that runs.
static mnw_status load(const sound_case *sound, const op_case *test, const char *what, int at) {
  static float output[1 << 12];
  mnw_error error = {.status = MNW_STATUS_OK};
  const mnw_status status = op_case_load(test, &error);
  if (status == MNW_STATUS_OK) {
    // A picture of which only a corner is looked at may be large; there is no data for it here.
    bool is_small = op_tensor_bytes(&test->output) <= sizeof output;
    for (uint32_t i = 0; i < test->input_count; i++) {
      is_small &= op_tensor_bytes(&test->inputs[i]) <= sizeof values;
    }
    if (is_small) op_case_run(test, 0, output);
    return status;
  }
  char text[MNW_ERROR_MESSAGE_BYTES];
  mnw_error_message(&error, text, sizeof text);
  if ((status != MNW_STATUS_INVALID_GRAPH && status != MNW_STATUS_LIMIT_EXCEEDED) ||
      text[0] == '\0' || error.status != status) {
    fail_msg("%s with %s %d: status %d, \"%s\"", sound->name, what, at, status, text);
  }
  return status;
}

static void sound_cases_load(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (load(&cases[i], &cases[i].test, "nothing", 0) != MNW_STATUS_OK) {
      mnw_error error;
      char text[MNW_ERROR_MESSAGE_BYTES];
      op_case_load(&cases[i].test, &error);
      mnw_error_message(&error, text, sizeof text);
      fail_msg("%s is refused: %s", cases[i].name, text);
    }
  }
}

static void parameters_at_their_limits(void **state) {
  static const int32_t extremes[] = {INT_MIN, INT_MIN + 1, -1,      0,
                                     INT_MAX, INT_MAX - 1, 1 << 30, 1 << 16,
                                     1 << 24, MINUS_INF,   INF,     NOT_A_NUMBER};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const sound_case *sound = &cases[i];
    for (uint32_t word = 0; word < sound->test.param_count; word++) {
      for (size_t k = 0; k < sizeof extremes / sizeof *extremes; k++) {
        op_case test = sound->test;
        test.params[word] = extremes[k];
        const mnw_status status = load(sound, &test, "parameter", (int)word);
        const bool is_wrong = (extremes[k] == 0 && sound->not_zero >> word & 1) ||
                              (extremes[k] < 0 && sound->not_negative >> word & 1);
        if (is_wrong && status == MNW_STATUS_OK) {
          fail_msg("%s takes %d as parameter %u", sound->name, extremes[k], word);
        }
      }
    }
  }
}

// Shapes of activations; constants would have to bring as many bytes.
static void shapes_that_do_not_fit(void **state) {
  static const int32_t lengths[] = {0, -1, INT_MIN, INT_MAX, 1 << 24, 7};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const sound_case *sound = &cases[i];
    for (uint32_t t = 0; t <= sound->test.input_count; t++) {
      op_case test = sound->test;
      op_tensor *tensor = t == test.input_count ? &test.output : &test.inputs[t];
      const op_tensor original = *tensor;
      if (original.is_constant) continue;
      for (uint32_t rank = 0; rank <= MNW_MAX_RANK; rank++) {
        *tensor = original;
        for (uint32_t axis = original.rank; axis < rank; axis++) tensor->dims[axis] = 1;
        tensor->rank = rank;
        if (rank != original.rank) load(sound, &test, "rank", (int)rank);
      }
      for (uint32_t axis = 0; axis < original.rank; axis++) {
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
          *tensor = original;
          tensor->dims[axis] = lengths[k];
          const mnw_status status = load(sound, &test, "dimension", (int)axis);
          if (lengths[k] < 1 && status == MNW_STATUS_OK) {
            fail_msg("%s takes a dimension of %d", sound->name, lengths[k]);
          }
        }
      }
    }
  }
}

static void other_types_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (uint32_t t = 0; t <= cases[i].test.input_count; t++) {
      op_case test = cases[i].test;
      op_tensor *tensor = t == test.input_count ? &test.output : &test.inputs[t];
      tensor->dtype = MNW_DTYPE_BOOL;
      if (load(&cases[i], &test, "type of tensor", (int)t) == MNW_STATUS_OK) {
        fail_msg("%s takes bool for tensor %u", cases[i].name, t);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_cases_load), cmocka_unit_test(parameters_at_their_limits),
      cmocka_unit_test(shapes_that_do_not_fit), cmocka_unit_test(other_types_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
