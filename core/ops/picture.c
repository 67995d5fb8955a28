#include "picture.h"

static mnw_status check_axis(const mnw_op_context *context, int32_t out,
                             const int32_t *kernel_stride_dilation_pad, const char *what) {
  const int64_t kernel = kernel_stride_dilation_pad[0], stride = kernel_stride_dilation_pad[1];
  const int64_t dilation = kernel_stride_dilation_pad[2], pad = kernel_stride_dilation_pad[3];
  const int64_t limit = 1 << 16, longest_reach = 1 << 24;  // so that positions fit an int32
  if (kernel < 1 || kernel > limit || stride < 1 || stride > limit || dilation < 1 ||
      dilation > limit) {
    return mnw_op_refuse(context, what, kernel, stride);
  }
  const int64_t reach = (kernel - 1) * dilation;
  const int64_t last = (int64_t)(out - 1) * stride - pad;  // where the last window starts
  if (pad < 0 || pad > longest_reach || reach > longest_reach || last > longest_reach) {
    return mnw_op_refuse(
        context, "operator %0: padding %1 or the output's extent %2 puts a window too far outside",
        pad, out);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_window_init(mnw_window *window, const mnw_op_context *context, const mnw_tensor *x,
                           const mnw_tensor *y, const int32_t *p) {
  if (x->rank != 4 || y->rank != 4 || x->dims[0] != y->dims[0]) {
    return mnw_op_refuse(
        context, "operator %0 needs pictures [N,H,W,C] with equal N, these have ranks %1 and %2",
        x->rank, y->rank);
  }
  *window = (mnw_window){.batches = x->dims[0],
                         .in_h = x->dims[1],
                         .in_w = x->dims[2],
                         .in_c = x->dims[3],
                         .out_h = y->dims[1],
                         .out_w = y->dims[2],
                         .out_c = y->dims[3],
                         .kernel_h = p[0],
                         .kernel_w = p[1],
                         .stride_h = p[2],
                         .stride_w = p[3],
                         .dilation_h = p[4],
                         .dilation_w = p[5],
                         .pad_top = p[6],
                         .pad_left = p[7]};
  const int32_t vertical[] = {p[0], p[2], p[4], p[6]}, horizontal[] = {p[1], p[3], p[5], p[7]};
  const mnw_status status =
      check_axis(context, window->out_h, vertical,
                 "operator %0: kernel height %1 or stride %2 is out of range");
  if (status != MNW_STATUS_OK) return status;
  return check_axis(context, window->out_w, horizontal,
                    "operator %0: kernel width %1 or stride %2 is out of range");
}

bool mnw_window_is_pointwise(const mnw_window *w) {
  return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
         w->pad_top == 0 && w->pad_left == 0 && w->in_h == w->out_h && w->in_w == w->out_w;
}
