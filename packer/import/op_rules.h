// What each operator kind demands of its tensors: ranks, shapes, constants, and dtypes of weights
// and biases. One pk_check_<kind> for each row of source_ops.inc; graph_check.h runs them after an
// import and again after the passes.
#ifndef MINNOW_PACKER_IMPORT_OP_RULES_H_
#define MINNOW_PACKER_IMPORT_OP_RULES_H_

#include "source_graph.h"

typedef bool pk_op_check_fn(const pk_graph *graph, const pk_op *op, pk_error *error);

#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) \
  pk_op_check_fn pk_check_##lower;
#include "source_ops.inc"
#undef PK_SOURCE_OP

// A window that moves over a picture, along one axis.
typedef struct pk_window {
  int32_t filter, stride, dilation, input;
} pk_window;

// The output's size along the axis and the padding before and after it, for each padding mode
// (EXPLICIT: the given padding). 0 where no window fits. All members of `window` are at least 1.
int64_t pk_window_output(const pk_window *window, pk_padding_mode mode, int32_t *before,
                         int32_t *after);

// Both axes of a convolution's or pool's picture, from its attributes and shapes.
typedef struct pk_windows {
  pk_window h, w;
} pk_windows;
pk_windows pk_op_windows(const pk_graph *graph, const pk_op *op);

#endif  // MINNOW_PACKER_IMPORT_OP_RULES_H_
