// Geometry shared by convolutions and pools over NHWC pictures.
#ifndef MINNOW_OPS_PICTURE_H_
#define MINNOW_OPS_PICTURE_H_

#include "op.h"

// Input and output extents of one spatial operator; x and y are [batches, height, width, channels].
typedef struct mnw_window {
  int32_t batches;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left;
} mnw_window;

// Fills in the extents from two rank-4 tensors and checks the geometry: positive kernel, stride and
// dilation, no negative padding, and positions that stay far from overflow. A window may lie
// outside the picture altogether. Errors: INVALID_GRAPH.
mnw_status mnw_window_init(mnw_window *window, const mnw_op_context *context, const mnw_tensor *x,
                           const mnw_tensor *y, const int32_t *kernel_stride_dilation_pad);

// Whether each window is one pixel, its own output's: a convolution then takes the picture as it
// is.
bool mnw_window_is_pointwise(const mnw_window *window);

// The part [first, end) of the kernel's taps along one axis that falls inside the input, for an
// output position.
static inline void mnw_taps_inside(int32_t *first, int32_t *end, int32_t position, int32_t kernel,
                                   int32_t dilation, int32_t extent) {
  *first = position < 0 ? (-position + dilation - 1) / dilation : 0;
  const int32_t fitting = position < extent ? (extent - position + dilation - 1) / dilation : 0;
  *end = fitting < kernel ? fitting : kernel;
  if (*first > *end) *first = *end;
}

#endif  // MINNOW_OPS_PICTURE_H_
