// Small models that together use every operator the importer knows, made with tflite_builder.
// Tests start from them, and the fuzzer's seeds are made of them.
#ifndef MINNOW_TESTS_IMPORT_SAMPLES_H_
#define MINNOW_TESTS_IMPORT_SAMPLES_H_

#include "tflite_builder.h"

typedef struct import_sample {
  const char *name;
  void (*describe)(tflite_builder *builder);
} import_sample;

enum { IMPORT_SAMPLE_COUNT = 9 };
extern const import_sample import_samples[IMPORT_SAMPLE_COUNT];

// x int8 [1,5,6,3] -> CONV_2D 3x3 SAME stride 2, RELU6, 5 channels -> y [1,3,3,5]. Tensor numbers:
// 0 x, 1 weights, 2 bias, 3 y.
void import_sample_conv(tflite_builder *builder);

#endif  // MINNOW_TESTS_IMPORT_SAMPLES_H_
