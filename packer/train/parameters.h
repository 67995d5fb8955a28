// All numbers of a network that training changes, in one row, so that optimisers, averages and
// checkpoints see a plain vector.
#ifndef MINNOW_PACKER_TRAIN_PARAMETERS_H_
#define MINNOW_PACKER_TRAIN_PARAMETERS_H_

#include "../import/network/network_graph.h"

typedef enum pk_parameter_kind {
  PK_PARAMETER_WEIGHTS,
  PK_PARAMETER_BIAS,
  PK_PARAMETER_NORM_SCALE,  // gamma of batch normalisation
  PK_PARAMETER_NORM_SHIFT,  // beta
} pk_parameter_kind;

typedef struct pk_parameter {
  const char *name;  // as the tensor's, or "<operator>.scale", "<operator>.shift"; the graph's
  pk_parameter_kind kind;
  int32_t tensor;  // of the graph; PK_NO_TENSOR: of a normalisation
  size_t op;       // the first operator that uses it
  size_t offset, count;
  size_t fixed;  // so many last values are 0 and stay so
  size_t led;    // so many last values
  float lead;    // get this once they are trained
} pk_parameter;

// Mean and variance of a normalised operator's outputs: `channels` means at
// `offset` of the row of statistics, then as many variances.
typedef struct pk_norm_statistic {
  size_t op, channels, offset;
  size_t scale, shift;  // offsets of gamma and beta in the row of parameters
} pk_norm_statistic;

typedef struct pk_parameters {
  pk_parameter *items;
  size_t count, total;  // total: elements of all together
  pk_norm_statistic *norms;
  size_t norm_count, statistics_total;
} pk_parameters;  // all zero: empty

// The layout is the same for every batch size of a network. The bias of a normalised operator is no
// parameter: it stays 0.
bool pk_parameters_init(pk_parameters *parameters, pk_graph *graph, const pk_network_note *notes,
                        pk_error *error);
void pk_parameters_deinit(pk_parameters *parameters);

// Weights by He et al. 2015 (normal, variance 2 / inputs of a product); recurrent ones of a gate
// are orthogonal (Saxe et al. 2014), those in front of its sigmoid or tanh have half that variance
// (LeCun et al. 1998). Scales 1, the rest 0.
void pk_parameters_start(float *values, const pk_parameters *parameters, const pk_graph *graph,
                         uint64_t seed);

// Zeroes what is fixed of a parameter in a row of values or of their gradients.
void pk_parameter_clear_fixed(float *row, const pk_parameter *parameter);

#endif  // MINNOW_PACKER_TRAIN_PARAMETERS_H_
