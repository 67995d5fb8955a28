// What the machine can do at most: loops of one multiplying instruction on registers, without
// loads.
#ifndef MINNOW_TESTS_KERNEL_LIMITS_H_
#define MINNOW_TESTS_KERNEL_LIMITS_H_

#include <stdbool.h>
#include <stdint.h>

typedef enum kernel_limit {
  LIMIT_DOT_I16,      // int16 x int16, pairs into int32: int8 weights without relaxed SIMD
  LIMIT_DOT_I8,       // four int8 into int32 by the relaxed dot product
  LIMIT_DOT_I8_RUNS,  // pairs of int8 into int16, added in int16: weights of few bits
  LIMIT_F32,          // multiply-add of float32
  LIMIT_COUNT
} kernel_limit;

const char *kernel_limit_name(kernel_limit limit);
// Whether DOT_I8 is exact for 8-bit weights on this machine: the dot product keeps an eighth bit.
bool kernel_limit_dot_is_whole(void);
// Runs the loop `repeats` times; multiply-adds of each.
double kernel_limit_products(kernel_limit limit);
void kernel_limit_run(kernel_limit limit, uint32_t repeats);

#endif  // MINNOW_TESTS_KERNEL_LIMITS_H_
