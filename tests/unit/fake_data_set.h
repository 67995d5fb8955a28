// A data set without files, for tests of what reads data sets: implements packer/data/data_set.h.
#ifndef MINNOW_TESTS_FAKE_DATA_SET_H_
#define MINNOW_TESTS_FAKE_DATA_SET_H_

#include "data/data_set.h"

typedef struct fake_example {
  int32_t label;
  const char *name;
  const void *inputs;  // the bytes of all input tensors
} fake_example;

struct pk_data_set {
  const fake_example *examples;  // all of the part TEST
  size_t count;
  size_t input_bytes;
  size_t broken;  // number of an example that cannot be read; above the last: none
};

#endif  // MINNOW_TESTS_FAKE_DATA_SET_H_
