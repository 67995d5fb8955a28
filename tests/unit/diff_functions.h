// The functions of UNARY and BINARY that can be differentiated, and where they are tested.
#ifndef MINNOW_TESTS_DIFF_FUNCTIONS_H_
#define MINNOW_TESTS_DIFF_FUNCTIONS_H_

#include <stddef.h>
#include <stdint.h>

typedef struct diff_function {
  int32_t function;  // MNW_UNARY_… or MNW_BINARY_…
  float low, high;   // of x or a
  float low_b, high_b;
  float alpha, beta;  // UNARY
} diff_function;

extern const diff_function diff_unary_functions[], diff_binary_functions[];
extern const size_t diff_unary_function_count, diff_binary_function_count;

#endif  // MINNOW_TESTS_DIFF_FUNCTIONS_H_
