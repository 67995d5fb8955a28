// A convolution and the depthwise convolution that alone reads its result, run together by bands of
// lines: the tensor between them, which in networks of inverted residuals is the largest there is,
// never exists as a whole. Each thread keeps a band that its second-level cache holds.
#ifndef MINNOW_OPS_CONV_DEPTHWISE_H_
#define MINNOW_OPS_CONV_DEPTHWISE_H_

#include "op.h"

// Whether node `number`, of a graph whose nodes are prepared, is such a depthwise convolution and
// the node before it the convolution. The caller knows that nothing else reads the tensor between
// them. `scratch_bytes`: what both need together.
bool mnw_conv_depthwise_prepare(const mnw_graph *graph, uint32_t number, size_t *scratch_bytes);

// Runs both; the context is the depthwise convolution's. Outputs have the same bits as when both
// run alone.
void mnw_conv_depthwise_eval(const mnw_op_context *context);

#endif  // MINNOW_OPS_CONV_DEPTHWISE_H_
