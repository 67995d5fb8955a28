// Source graphs of random constants, whose gradients are held against differences.
#ifndef MINNOW_TESTS_DIFF_CHECK_H_
#define MINNOW_TESTS_DIFF_CHECK_H_

#include "../../packer/import/source_graph.h"

enum { DIFF_CHECK_MAX_ELEMENTS = 4096 };  // of a tensor

typedef struct diff_case {
  pk_graph graph;
  uint32_t seed;
  int32_t round;          // 0, 1, …: a table of functions is walked by it
  size_t checked, kinks;  // elements, by diff_case_check()
  pk_error error;
} diff_case;

void diff_case_start(diff_case *c, uint32_t seed);
void diff_case_end(diff_case *c);

// low … high, both included.
int32_t diff_case_draw(diff_case *c, int32_t low, int32_t high);
float diff_case_real(diff_case *c, float low, float high);

// A constant of float32 values in low … high. Zero is never nearer than a thousandth.
int32_t diff_case_values(diff_case *c, const char *name, int rank, const int32_t *dims, float low,
                         float high);
// A constant of int32 numbers in low … high.
int32_t diff_case_indices(diff_case *c, const char *name, int rank, const int32_t *dims,
                          int32_t low, int32_t high);
// What an operator fills.
int32_t diff_case_result(diff_case *c, const char *name, int rank, const int32_t *dims);

// Inputs may be PK_NO_TENSOR. Operators that can fuse an activation get a random one.
void diff_case_op(diff_case *c, pk_op op, const int32_t *inputs, int count, int32_t output);

// The loss is a fixed random weighting of the output; every element of every real constant is
// moved to both sides. The gradient must lie between what both sides tell, give or take `tolerance`
// of its size; where they differ much, the element stands at a kink, which `c` counts.
void diff_case_check(diff_case *c, int32_t output, double tolerance);

#endif  // MINNOW_TESTS_DIFF_CHECK_H_
