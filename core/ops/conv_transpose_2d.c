// Transposed convolution: for each tap of the kernel, a row of input pixels times the tap's weights
// is one matrix product, whose rows are then added to the output where the tap puts them. A tap's
// weights are brought into the product's layout once per run, which is little beside the product.
#include <string.h>

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../base/float_math_f32.h"
#include "../kernels/packed_layout.h"
#include "conv_common.h"

// The rows of a product: enough to be efficient, few enough to stay in the cache.
enum { BAND_PIXELS = 128 };

typedef struct transpose_plan {
  int32_t batches, in_h, in_w, in_c, out_h, out_w, out_c;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int32_t groups;
  size_t group_in, group_out, padded_out;             // channels of one group
  size_t tile_bytes, zero_bias_bytes, product_bytes;  // the parts of the scratch
} transpose_plan;

static bool plan_scratch(transpose_plan *plan) {
  size_t elements;
  plan->group_in = (size_t)(plan->in_c / plan->groups);
  plan->group_out = (size_t)(plan->out_c / plan->groups);
  plan->padded_out = mnw_round_up(plan->group_out, MNW_TILE_CHANNELS);
  return mnw_checked_mul(&elements, plan->padded_out, plan->group_in) &&
         mnw_checked_mul(&plan->tile_bytes, elements, sizeof(float)) &&
         mnw_checked_align(&plan->tile_bytes, plan->tile_bytes) &&
         mnw_checked_align(&plan->zero_bias_bytes, plan->padded_out * sizeof(float)) &&
         mnw_checked_mul(&plan->product_bytes, BAND_PIXELS * sizeof(float), plan->group_out) &&
         plan->tile_bytes <= MNW_MAX_TENSOR_BYTES && plan->product_bytes <= MNW_MAX_TENSOR_BYTES;
}

static mnw_status check_axis(const mnw_op_context *context, int32_t kernel, int32_t stride,
                             int32_t dilation, int32_t pad) {
  const int32_t limit = 1 << 16, longest_reach = 1 << 24;
  if (kernel < 1 || kernel > limit || stride < 1 || stride > limit || dilation < 1 ||
      dilation > limit || pad < 0 || pad > longest_reach ||
      (int64_t)(kernel - 1) * dilation > longest_reach) {
    return mnw_op_refuse(context,
                         "operator %0: kernel extent %1 or stride %2 (or dilation or padding) is "
                         "out of range",
                         kernel, stride);
  }
  return MNW_STATUS_OK;
}

// Weights are [KH,KW,O,I / groups].
static mnw_status make_plan(transpose_plan *plan, const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *w = mnw_op_input(context, 1);
  const mnw_tensor *bias = mnw_op_input(context, 2), *y = mnw_op_output(context, 0);
  const int32_t *p = context->node->params;
  if (x->rank != 4 || y->rank != 4 || x->dims[0] != y->dims[0] || w->rank != 4) {
    return mnw_op_refuse(context,
                         "operator %0 needs pictures [N,H,W,C] with equal N and weights of rank 4, "
                         "these have ranks %1 and %2",
                         x->rank, w->rank);
  }
  *plan = (transpose_plan){.batches = x->dims[0],
                           .in_h = x->dims[1],
                           .in_w = x->dims[2],
                           .in_c = x->dims[3],
                           .out_h = y->dims[1],
                           .out_w = y->dims[2],
                           .out_c = y->dims[3],
                           .kernel_h = p[MNW_CONV_TRANSPOSE_KERNEL_H],
                           .kernel_w = p[MNW_CONV_TRANSPOSE_KERNEL_W],
                           .stride_h = p[MNW_CONV_TRANSPOSE_STRIDE_H],
                           .stride_w = p[MNW_CONV_TRANSPOSE_STRIDE_W],
                           .dilation_h = p[MNW_CONV_TRANSPOSE_DILATION_H],
                           .dilation_w = p[MNW_CONV_TRANSPOSE_DILATION_W],
                           .pad_top = p[MNW_CONV_TRANSPOSE_PAD_TOP],
                           .pad_left = p[MNW_CONV_TRANSPOSE_PAD_LEFT],
                           .groups = p[MNW_CONV_TRANSPOSE_GROUPS]};
  mnw_status status =
      check_axis(context, plan->kernel_h, plan->stride_h, plan->dilation_h, plan->pad_top);
  if (status == MNW_STATUS_OK) {
    status = check_axis(context, plan->kernel_w, plan->stride_w, plan->dilation_w, plan->pad_left);
  }
  if (status != MNW_STATUS_OK) return status;
  if (plan->groups < 1 || plan->in_c % plan->groups != 0 || plan->out_c % plan->groups != 0) {
    return mnw_op_refuse(context, "operator %0: %1 groups do not divide its channels", plan->groups,
                         0);
  }
  if (w->layout != MNW_LAYOUT_ROW_MAJOR || w->dims[0] != plan->kernel_h ||
      w->dims[1] != plan->kernel_w || w->dims[2] != plan->out_c ||
      w->dims[3] != plan->in_c / plan->groups || bias->layout != MNW_LAYOUT_ROW_MAJOR ||
      mnw_tensor_elements(bias) < (size_t)plan->out_c) {
    return mnw_op_refuse(context,
                         "operator %0: weights must be row-major [kernel_h, kernel_w, %1, %2], "
                         "with as many biases as output channels",
                         plan->out_c, plan->in_c / plan->groups);
  }
  if (!plan_scratch(plan)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: its %1 x %2 weights are too large", context->node_number,
                    plan->out_c, plan->in_c);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_conv_transpose_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  transpose_plan plan;
  mnw_status status = mnw_conv_check_f32(context);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_clamp_f32(context, context->node->params + MNW_CONV_TRANSPOSE_CLAMP_MIN);
  }
  if (status == MNW_STATUS_OK) status = make_plan(&plan, context);
  if (status != MNW_STATUS_OK) return status;
  *scratch_bytes = plan.tile_bytes + plan.zero_bias_bytes + plan.product_bytes;
  return MNW_STATUS_OK;
}

// Rows [o][i] of one tap and group, in the order of TILE_8_F32.
static void pack_tap(float *tile, const float *w, const transpose_plan *plan) {
  memset(tile, 0, plan->tile_bytes);
  for (size_t o = 0; o < plan->group_out; o++, w += plan->group_in) {
    float *const column = tile + mnw_tile_8_f32_index(o, 0, plan->group_in);
    for (size_t i = 0; i < plan->group_in; i++) column[i * MNW_TILE_CHANNELS] = w[i];
  }
}

static void start_output(float *y, const float *bias, size_t pixels, size_t channels) {
  for (size_t p = 0; p < pixels; p++, y += channels) memcpy(y, bias, channels * sizeof *y);
}

// Input positions [first_inside(), end_inside()) are those whose output position, position * stride
// + shift, is inside.
static int32_t first_inside(int32_t shift, int32_t stride) {
  return shift >= 0 ? 0 : (int32_t)(((int64_t)-shift + stride - 1) / stride);
}

static int32_t end_inside(int32_t shift, int32_t stride, int32_t in, int32_t out) {
  const int64_t fitting = shift < out ? ((int64_t)out - shift + stride - 1) / stride : 0;
  return fitting < in ? (int32_t)fitting : in;
}

// A tap of one group: from a picture's pixels to the output's, both at the group's first channel.
static void add_tap(float *y, const float *x, const float *tile, const float *zeros, float *product,
                    const transpose_plan *plan, int32_t shift_h, int32_t shift_w,
                    const mnw_kernels *kernels) {
  const float infinity = mnw_float_from_bits(0x7f800000u);
  const size_t in_c = (size_t)plan->in_c, out_c = (size_t)plan->out_c;
  const int32_t first_x = first_inside(shift_w, plan->stride_w);
  const int32_t end_x = end_inside(shift_w, plan->stride_w, plan->in_w, plan->out_w);
  const int32_t end_y = end_inside(shift_h, plan->stride_h, plan->in_h, plan->out_h);
  for (int32_t iy = first_inside(shift_h, plan->stride_h); iy < end_y; iy++) {
    const float *row = x + (size_t)iy * (size_t)plan->in_w * in_c;
    float *out = y + (size_t)(iy * plan->stride_h + shift_h) * (size_t)plan->out_w * out_c;
    for (int32_t ix = first_x; ix < end_x; ix += BAND_PIXELS) {
      const int32_t pixels = end_x - ix < BAND_PIXELS ? end_x - ix : BAND_PIXELS;
      kernels->gemm_f32(product, plan->group_out, row + (size_t)ix * in_c, in_c, tile,
                        (size_t)pixels, plan->group_in, plan->group_out, zeros, -infinity,
                        infinity);
      for (int32_t p = 0; p < pixels; p++) {
        const float *source = product + (size_t)p * plan->group_out;
        float *to = out + (size_t)((ix + p) * plan->stride_w + shift_w) * out_c;
        for (size_t o = 0; o < plan->group_out; o++) to[o] += source[o];
      }
    }
  }
}

void mnw_conv_transpose_2d_eval(const mnw_op_context *context) {
  transpose_plan plan;
  make_plan(&plan, context);
  const mnw_clamp_f32 clamp =
      mnw_op_clamp_f32(context->node->params + MNW_CONV_TRANSPOSE_CLAMP_MIN);
  float *const tile = context->scratch;
  float *const zeros = (float *)((uint8_t *)tile + plan.tile_bytes);
  float *const product = (float *)((uint8_t *)zeros + plan.zero_bias_bytes);
  const float *x = mnw_op_input_data(context, 0), *weights = mnw_op_input_data(context, 1);
  float *y = mnw_op_output_data(context, 0);
  const size_t in_picture = (size_t)plan.in_h * (size_t)plan.in_w * (size_t)plan.in_c;
  const size_t out_pixels = (size_t)plan.out_h * (size_t)plan.out_w;
  const size_t out_picture = out_pixels * (size_t)plan.out_c;
  const size_t tap_weights = (size_t)plan.out_c * plan.group_in;
  memset(zeros, 0, plan.zero_bias_bytes);
  start_output(y, mnw_op_input_data(context, 2), (size_t)plan.batches * out_pixels,
               (size_t)plan.out_c);
  for (int32_t ky = 0; ky < plan.kernel_h; ky++) {
    for (int32_t kx = 0; kx < plan.kernel_w; kx++, weights += tap_weights) {
      const int32_t shift_h = ky * plan.dilation_h - plan.pad_top;
      const int32_t shift_w = kx * plan.dilation_w - plan.pad_left;
      for (size_t g = 0; g < (size_t)plan.groups; g++) {
        pack_tap(tile, weights + g * plan.group_out * plan.group_in, &plan);
        for (size_t n = 0; n < (size_t)plan.batches; n++) {
          add_tap(y + n * out_picture + g * plan.group_out, x + n * in_picture + g * plan.group_in,
                  tile, zeros, product, &plan, shift_h, shift_w, context->kernels);
        }
      }
    }
  }
  for (size_t i = 0; i < (size_t)plan.batches * out_picture; i++) {
    y[i] = mnw_clip_f32(y[i], clamp.min, clamp.max);
  }
}
