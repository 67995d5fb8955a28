// What each differentiable operator brings: its value, and its inputs' gradients from its output's.
#ifndef MINNOW_PACKER_DIFF_OPS_H_
#define MINNOW_PACKER_DIFF_OPS_H_

#include "diff_net.h"

typedef struct pk_diff_call {
  pk_diff_tape *tape;
  const pk_graph *graph;
  const pk_op *op;
  const pk_tensor *x_tensor, *y_tensor;  // input 0 and the output
  const float *x;                        // input 0
  float *y;
  float *dx;        // input 0; NULL: not wanted
  const float *dy;  // in front of the fused activation
  pk_error *error;
} pk_diff_call;

// forward fills y; backward adds to the inputs' gradients.
typedef bool pk_diff_fn(pk_diff_call *call);

#define PK_DIFF_OP(kind, name) pk_diff_fn pk_diff_##name##_forward, pk_diff_##name##_backward;
#include "diff_ops.inc"
#undef PK_DIFF_OP

typedef struct pk_diff_row {
  pk_diff_fn *forward, *backward;
} pk_diff_row;

// The functions of an operator, or NULL where it cannot be differentiated.
const pk_diff_row *pk_diff_find(pk_op_kind kind);

// Input `index` of the operator: values, elements, and its gradient or NULL where none is wanted.
const float *pk_diff_input(const pk_diff_call *call, int index);
size_t pk_diff_input_elements(const pk_diff_call *call, int index);
float *pk_diff_input_grad(const pk_diff_call *call, int index);
size_t pk_diff_output_elements(const pk_diff_call *call);

// `elements` floats that the next call may overwrite. NULL: error filled.
float *pk_diff_scratch(pk_diff_call *call, size_t elements);

// A window walk over NHWC pictures, explicit padding.
typedef struct pk_diff_window {
  size_t n, in_h, in_w, in_c, out_h, out_w;
  size_t kernel_h, kernel_w;
  int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} pk_diff_window;
pk_diff_window pk_diff_conv_window(const pk_graph *graph, const pk_op *op);

// Along one axis: taps start … end - 1 of output `position` lie inside an input of `extent`; tap
// `start` reads input `first`. None: all 0.
typedef struct pk_diff_taps {
  size_t start, end, first;
} pk_diff_taps;
pk_diff_taps pk_diff_taps_at(size_t position, int32_t stride, int32_t dilation, int32_t pad,
                             size_t kernel, size_t extent);

// The bias of operators with weights, for some rows from `start` on: y is set to it (or 0), and its
// gradient gets their sum.
void pk_diff_start_with_bias(const pk_diff_call *call, size_t start, size_t rows, size_t channels);
void pk_diff_bias_gradient(const pk_diff_call *call, size_t start, size_t rows, size_t channels);

// How often each axis of `in` is walked for one step of axis i of `out`; 0 where it is stretched.
void pk_diff_broadcast_strides(size_t strides[PK_MAX_RANK], const pk_tensor *in,
                               const pk_tensor *out);
// Advances an index over the axes of `tensor`; false past the end.
bool pk_diff_next_index(int32_t index[PK_MAX_RANK], const pk_tensor *tensor);

#endif  // MINNOW_PACKER_DIFF_OPS_H_
