// Stores a dense tensor as TFLite's SparsityParameters describe it, level by level, for tests.
#ifndef MINNOW_TESTS_SPARSE_ENCODER_H_
#define MINNOW_TESTS_SPARSE_ENCODER_H_

#include "tflite_builder.h"

enum { SPARSE_MAX_LEVELS = 8, SPARSE_MAX_ENTRIES = 2048 };

// What is to be done: dimensions, and for each block the dimension that is cut and its size there.
typedef struct sparse_form {
  int rank;
  int32_t dims[4];
  int block_count;
  int32_t block_map[4], block_sizes[4];
  int32_t traversal_order[SPARSE_MAX_LEVELS];
  bool is_sparse[SPARSE_MAX_LEVELS];  // by level
  int index_type;
} sparse_form;

typedef struct sparse_constant {
  tflite_sparsity sparsity;
  tflite_sparse_level levels[SPARSE_MAX_LEVELS];
  int32_t segments[SPARSE_MAX_LEVELS][SPARSE_MAX_ENTRIES];
  int32_t indices[SPARSE_MAX_LEVELS][SPARSE_MAX_ENTRIES];
  uint8_t values[4 * SPARSE_MAX_ENTRIES];
  size_t value_bytes;
} sparse_constant;

// `form` must stand as long as the result is used.
void sparse_encode(sparse_constant *result, const sparse_form *form, const void *dense,
                   size_t element_bytes);

#endif  // MINNOW_TESTS_SPARSE_ENCODER_H_
