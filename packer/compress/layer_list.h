// The weighted operators of a graph as matrices, and what is learnt about each.
//
// A layer is `groups` matrices of `rows` output channels by `k` products: 1 group for a convolution
// or a fully connected operator, one for each channel (1 row, k taps) for a depthwise one.
#ifndef MINNOW_PACKER_LAYER_LIST_H_
#define MINNOW_PACKER_LAYER_LIST_H_

#include "../autodiff/diff_net.h"

typedef struct pk_layer {
  size_t op;               // in the graph
  int32_t weights_tensor;  // its number
  size_t groups, rows, k;
  bool is_depthwise;
  bool is_float;       // of a float32 operator
  float *weights;      // [groups * rows][k], real values
  float *mean;         // [groups][k]: of the inputs that the products read
  float *covariance;   // [groups][k][k]: of the same, about the mean
  float *sensitivity;  // [groups * rows]: expected squared gradient by the output, see
                       // layer_statistics.h
  bool *is_pruned;     // [groups * rows][k]: weights that are 0 for good; NULL: none
} pk_layer;

typedef struct pk_layer_list {
  pk_layer *items;
  size_t count;
} pk_layer_list;  // all zero: empty

// Lists the operators that compute in int8, or all where `takes_float` is set, whose weights are
// constants of the net that no other operator shares.
bool pk_layer_list_init(pk_layer_list *list, const pk_diff_net *net, bool takes_float,
                        pk_error *error);
void pk_layer_list_deinit(pk_layer_list *list);

size_t pk_layer_outputs(const pk_layer *layer);  // groups * rows
size_t pk_layer_elements(const pk_layer *layer);

// The variances of all products' inputs in a group, summed: the trace of its covariance.
double pk_layer_variance(const pk_layer *layer, size_t group);

bool pk_layer_is_pruned(const pk_layer *layer, size_t element);

// Where element (output o, product j) stands in the weights tensor.
size_t pk_layer_index(const pk_layer *layer, size_t o, size_t j);

// Positions (rows of the matrix product) of one run.
size_t pk_layer_positions(const pk_layer *layer, const pk_graph *graph);

// Rows [count][groups * k] that the layer multiplies on this tape at the positions first,
// first + step, …: products outside the picture are 0. Returns count.
size_t pk_layer_columns(float *columns, const pk_layer *layer, const pk_diff_tape *tape,
                        size_t first, size_t step);

// Adds the sum of these rows over all positions to sums [groups * k].
void pk_layer_add_column_sums(double *sums, const pk_layer *layer, const pk_diff_tape *tape);

#endif  // MINNOW_PACKER_LAYER_LIST_H_
