// Runs one operator on its own, in a package made for it, and hands its output back.
#ifndef MINNOW_TESTS_OP_CASE_H_
#define MINNOW_TESTS_OP_CASE_H_

#include <minnow/minnow.h>
#include <stdbool.h>

enum { OP_CASE_INPUTS = 8, OP_CASE_PARAMS = 16 };

typedef struct op_tensor {
  mnw_dtype dtype;
  uint32_t rank;
  int32_t dims[MNW_MAX_RANK];
  const void *data;  // of inputs; NULL: the input is absent
  bool is_constant;
  int layout;
  size_t data_bytes;  // of constants in a packed layout; 0: as many as the elements take
  float scale;
  int32_t zero_point;
} op_tensor;

typedef struct op_case {
  uint32_t code, param_count, input_count;
  int32_t params[OP_CASE_PARAMS];
  op_tensor inputs[OP_CASE_INPUTS], output;
} op_case;

size_t op_tensor_elements(const op_tensor *tensor);
size_t op_tensor_bytes(const op_tensor *tensor);

// Runs it twice and copies the output; any error fails the test. False when there is no kernel set
// of this number.
bool op_case_run(const op_case *test, size_t kernel_set, void *output);

// What loading the package says.
mnw_status op_case_load(const op_case *test, mnw_error *error);

#endif  // MINNOW_TESTS_OP_CASE_H_
