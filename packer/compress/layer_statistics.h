// What the calibration samples tell about each layer: the covariance of its inputs and the
// sensitivity of the net's answers to its outputs.
//
// An error e of a row of weights moves the answers by about sensitivity * e^T C e (in nats of
// divergence, twice): C is the inputs' covariance, because bias correction takes away what the
// inputs' mean contributes. The sensitivity is scaled so that for errors without correlation the
// value is the true one, the diagonal of the Fisher information of the weights (with the same mean
// taken away), rather than the product of expectations that Kronecker factors (Martens and Grosse,
// "Optimizing neural networks with Kronecker-factored approximate curvature", 2015) would give.
#ifndef MINNOW_PACKER_LAYER_STATISTICS_H_
#define MINNOW_PACKER_LAYER_STATISTICS_H_

#include "../encode/package_writer.h"
#include "layer_list.h"
#include "loss_seed.h"
#include "sample_set.h"

typedef struct pk_statistics_options {
  uint64_t seed;
  pk_progress_fn *progress;
  void *progress_user;
} pk_statistics_options;

// Fills mean, covariance (shrunk towards its diagonal by how few samples there are) and
// sensitivity of all layers.
bool pk_layer_statistics(pk_layer_list *layers, const pk_diff_net *net, const pk_sample_set *set,
                         const pk_statistics_options *options, pk_error *error);

// Sets the graph's inputs on the tape from a sample's bytes.
bool pk_sample_to_tape(pk_diff_tape *tape, const uint8_t *bytes, pk_error *error);
// The same, and computes all operators.
bool pk_sample_run(pk_diff_tape *tape, const uint8_t *bytes, pk_error *error);

#endif  // MINNOW_PACKER_LAYER_STATISTICS_H_
