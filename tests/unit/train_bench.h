// A small network with all its training state, on random inputs and labels, for what is checked
// without data: gradients against differences, masks, folding.
#ifndef MINNOW_TESTS_TRAIN_BENCH_H_
#define MINNOW_TESTS_TRAIN_BENCH_H_

#include "../../packer/train/batch_hooks.h"

enum { TRAIN_BENCH_BATCH = 6, TRAIN_BENCH_CLASSES = 3 };

typedef struct train_bench {
  pk_graph graph;
  const pk_network_note *notes;
  pk_parameters parameters;
  pk_diff_net net;
  pk_diff_tape tape;
  pk_batch_hooks hooks;
  float *values;  // of the parameters
} train_bench;

// `input` and `layers`: JSON as in a network, "[5, 4, 2]" and "{…}, {…}". The last layer must give
// TRAIN_BENCH_CLASSES values. The bench must not move.
void train_bench_open(train_bench *b, const char *input, const char *layers);
void train_bench_close(train_bench *b);

// The batch's cross-entropy by the bench's values; leaves the gradient of the logits on the tape.
double train_bench_loss(train_bench *b);

// train_bench_loss() and back: fills the gradient by all parameters.
double train_bench_gradient(train_bench *b, float *gradient);

// Holds the gradient by every parameter against differences.
void train_bench_check_gradients(const char *input, const char *layers);

#endif  // MINNOW_TESTS_TRAIN_BENCH_H_
