#include "element_samples.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "test_random.h"

int32_t float_bits(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

float bits_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

op_tensor flat(mnw_dtype dtype, size_t count, const void *data) {
  return (op_tensor){.dtype = dtype, .rank = 1, .dims = {(int32_t)count}, .data = data};
}

int64_t load_integer(const void *data, mnw_dtype dtype, size_t i) {
  switch (dtype) {
    case MNW_DTYPE_S8:
      return ((const int8_t *)data)[i];
    case MNW_DTYPE_S16:
      return ((const int16_t *)data)[i];
    case MNW_DTYPE_S32:
      return ((const int32_t *)data)[i];
    case MNW_DTYPE_S64:
      return ((const int64_t *)data)[i];
    default:
      return ((const uint8_t *)data)[i];
  }
}

void store_integer(void *data, mnw_dtype dtype, size_t i, int64_t value) {
  switch (dtype) {
    case MNW_DTYPE_S8:
    case MNW_DTYPE_U8:
    case MNW_DTYPE_BOOL:
      ((uint8_t *)data)[i] = (uint8_t)value;
      break;
    case MNW_DTYPE_S16:
      ((int16_t *)data)[i] = (int16_t)value;
      break;
    case MNW_DTYPE_S32:
      ((int32_t *)data)[i] = (int32_t)value;
      break;
    default:
      ((int64_t *)data)[i] = value;
  }
}

// Every exponent, then what functions care about, then dense stretches around the origin.
size_t float_samples(float *x) {
  static const float special[] = {
      0.0f,       -0.0f,      INFINITY,   -INFINITY,   NAN,        1.0f,        -1.0f,
      FLT_MAX,    -FLT_MAX,   FLT_MIN,    0.5f,        -0.5f,      1.5f,        2.5f,
      -2.5f,      1e-45f,     -1e-45f,    88.72f,      88.73f,     -87.4f,      -103.9f,
      -104.1f,    1e30f,      -1e30f,     8388607.5f,  4194303.5f, -4194304.5f, 3.1415927f,
      1.5707964f, 6.2831855f, 1.6367e37f, 0.99999994f, 1.0000001f, 20.0f,       -20.0f};
  size_t count = 0;
  uint32_t seed = 99;
  for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) x[count++] = special[i];
  for (uint32_t exponent = 0; exponent < 256; exponent++) {
    for (int i = 0; i < 40; i++) {
      x[count++] = bits_float((random_next(&seed) & 0x807fffff) | exponent << 23);
    }
  }
  for (int i = -4000; i <= 4000; i++) {
    x[count++] = (float)i * 0.0003f;
    x[count++] = (float)i * 0.00337f;
    x[count++] = (float)i * 0.03f;
  }
  assert_true(count <= MAX_FLOAT_SAMPLES);
  return count;
}

double error_of(float got, double expected, double absolute) {
  if (isnan(expected)) return isnan(got) ? 0 : INFINITY;
  if (isinf((float)expected) || isinf(got)) {
    const bool is_border =
        fabs(expected) > FLT_MAX * 0.999999 && fabs(expected) < FLT_MAX * 1.000001;
    return is_border || got == (float)expected ? 0 : INFINITY;
  }
  const double subnormal_step = 2.9e-45;
  const double difference = fabs((double)got - expected) - absolute - subnormal_step;
  return difference <= 0 ? 0 : difference / fmax(fabs(expected), FLT_MIN);
}

size_t stretched_index(const op_tensor *x, const op_tensor *y, size_t flat_index) {
  size_t index = 0, stride = 1;
  for (uint32_t i = 0; i < y->rank; i++) {
    const uint32_t axis = y->rank - 1 - i;
    const size_t position = flat_index % (size_t)y->dims[axis];
    flat_index /= (size_t)y->dims[axis];
    if (i >= x->rank) continue;
    const int32_t extent = x->dims[x->rank - 1 - i];
    if (extent != 1) index += position * stride;
    stride *= (size_t)extent;
  }
  return index;
}

void random_shapes(uint32_t *seed, op_tensor *a, op_tensor *b, op_tensor *y) {
  y->rank = (uint32_t)random_between(seed, 0, 6);
  a->rank = b->rank = y->rank;
  for (uint32_t i = 0; i < y->rank; i++) {
    const int32_t kind = random_between(seed, 0, 4);
    const bool is_long = i + 1 == y->rank && y->rank < 3 && random_between(seed, 0, 3) == 0;
    y->dims[i] = random_between(seed, 1, is_long ? 600 : 4);
    a->dims[i] = kind == 0 ? 1 : y->dims[i];
    b->dims[i] = kind == 1 ? 1 : y->dims[i];
  }
  for (op_tensor *t = a;; t = b) {  // leading axes of 1 may be left out
    while (t->rank > 0 && t->dims[0] == 1 && random_between(seed, 0, 1)) {
      t->rank--;
      memmove(t->dims, t->dims + 1, t->rank * sizeof t->dims[0]);
    }
    if (t == b) break;
  }
}

void expect_refused(const op_case *test, int line) {
  mnw_error error;
  if (op_case_load(test, &error) != MNW_STATUS_INVALID_GRAPH) fail_msg("line %d accepted", line);
}
