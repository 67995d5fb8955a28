// What tests of operators over elements share: sample values, access by dtype, broadcasting by the
// definition.
#ifndef MINNOW_TESTS_ELEMENT_SAMPLES_H_
#define MINNOW_TESTS_ELEMENT_SAMPLES_H_

#include <stddef.h>
#include <stdint.h>

#include "op_case.h"

enum { MAX_FLOAT_SAMPLES = 40000, MAX_STRETCHED = 10000 };

// Relative error of a result that is the nearest float32.
#define ROUNDED 6e-8

int32_t float_bits(float value);
float bits_float(uint32_t bits);

// A tensor of one axis.
op_tensor flat(mnw_dtype dtype, size_t count, const void *data);

// Integers of any dtype.
int64_t load_integer(const void *data, mnw_dtype dtype, size_t i);
void store_integer(void *data, mnw_dtype dtype, size_t i, int64_t value);  // wraps

// Every exponent of float32, special values, and dense stretches around the origin; returns how
// many, at most MAX_FLOAT_SAMPLES.
size_t float_samples(float *x);

// Relative error of a result, after the allowance of `absolute`; infinite where it is the wrong
// kind of number.
double error_of(float got, double expected, double absolute);

// A random shape (at most MAX_STRETCHED elements), and two that stretch to it, of which each axis
// is filled by at least one.
void random_shapes(uint32_t *seed, op_tensor *a, op_tensor *b, op_tensor *y);

// Where element `flat_index` of a tensor shaped `y` stands in one that stretches to it.
size_t stretched_index(const op_tensor *x, const op_tensor *y, size_t flat_index);

// Loading the package must end in INVALID_GRAPH.
void expect_refused(const op_case *test, int line);

#endif  // MINNOW_TESTS_ELEMENT_SAMPLES_H_
