// Convolution of int16 activations with int8 weights, plain or transposed, in TFLite's fixed point.
// The transposed form gathers too: a tap counts where the output position, led back through the
// stride, meets an input position exactly. One loop serves both.
#include "fixed_point_ops.h"

enum { INPUT_X, INPUT_WEIGHTS, INPUT_BIAS, INPUT_FACTORS };
enum { LARGEST_STEP = 1 << 15 };

typedef struct conv_axis {
  int32_t kernel, stride, dilation, pad, in;
  bool is_transposed;
} conv_axis;

static conv_axis axis_of(const mnw_op_context *context, int number) {
  const int32_t *params = context->node->params;
  return (conv_axis){
      .kernel = mnw_op_input(context, INPUT_WEIGHTS)->dims[1 + number],
      .stride = params[MNW_FIXED_CONV_STRIDE_H + number],
      .dilation = params[MNW_FIXED_CONV_DILATION_H + number],
      .pad = params[MNW_FIXED_CONV_PAD_TOP + number],
      .in = mnw_op_input(context, INPUT_X)->dims[1 + number],
      .is_transposed = params[MNW_FIXED_CONV_IS_TRANSPOSED] != 0,
  };
}

static mnw_status check_axis(const mnw_op_context *context, int number) {
  const conv_axis axis = axis_of(context, number);
  if (axis.kernel <= LARGEST_STEP && axis.stride >= 1 && axis.stride <= LARGEST_STEP &&
      axis.dilation >= 1 && axis.dilation <= LARGEST_STEP && axis.pad >= 0 &&
      axis.pad <= LARGEST_STEP) {
    return MNW_STATUS_OK;
  }
  return mnw_op_refuse(context, "operator %0: stride %1, dilation %2 or padding is out of range",
                       axis.stride, axis.dilation);
}

static mnw_status check_shapes(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, INPUT_X), *y = mnw_op_output(context, 0);
  const mnw_tensor *w = mnw_op_input(context, INPUT_WEIGHTS);
  const int32_t groups = context->node->params[MNW_FIXED_CONV_GROUPS];
  if (x->rank != 4 || y->rank != 4 || w->rank != 4 || x->dims[0] != y->dims[0] ||
      w->dims[0] != y->dims[3] || groups < 1 || groups > x->dims[3] || x->dims[3] % groups != 0 ||
      y->dims[3] % groups != 0 || w->dims[3] != x->dims[3] / groups) {
    return mnw_op_refuse(context,
                         "operator %0 needs pictures and weights [O,KH,KW,I / groups]; it has %1 "
                         "groups and %2 output channels",
                         groups, y->dims[3]);
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_fixed_conv_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  *scratch_bytes = 0;
  mnw_status status = mnw_op_check_arity(context, 4, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *bias = mnw_op_input(context, INPUT_BIAS);
  status = mnw_op_check_dtype(context, mnw_op_input(context, INPUT_X), MNW_DTYPE_S16);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_dtype(context, mnw_op_output(context, 0), MNW_DTYPE_S16);
  }
  if (status == MNW_STATUS_OK) status = check_shapes(context);
  if (status != MNW_STATUS_OK) return status;
  const size_t channels = (size_t)mnw_op_output(context, 0)->dims[3];
  const mnw_dtype wide = bias->dtype == MNW_DTYPE_S64 ? MNW_DTYPE_S64 : MNW_DTYPE_S32;
  status = mnw_op_check_constant(context, INPUT_WEIGHTS, MNW_DTYPE_S8, MNW_LAYOUT_ROW_MAJOR, 0);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_constant(context, INPUT_BIAS, wide, MNW_LAYOUT_ROW_MAJOR, channels);
  }
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_constant(context, INPUT_FACTORS, MNW_DTYPE_S32, MNW_LAYOUT_ROW_MAJOR,
                                   2 * channels);
  }
  for (int i = 0; i < 2 && status == MNW_STATUS_OK; i++) status = check_axis(context, i);
  if (status != MNW_STATUS_OK) return status;
  return mnw_fixed_check_clamp(context, context->node->params + MNW_FIXED_CONV_CLAMP_MIN);
}

// The input position that tap `k` of output position `out` reads; negative: none.
static int32_t source_of(const conv_axis *axis, int32_t out, int32_t k) {
  int64_t at;
  if (axis->is_transposed) {
    const int64_t reached = (int64_t)out + axis->pad - (int64_t)k * axis->dilation;
    if (reached < 0 || reached % axis->stride != 0) return -1;
    at = reached / axis->stride;
  } else {
    at = (int64_t)out * axis->stride - axis->pad + (int64_t)k * axis->dilation;
  }
  return at < 0 || at >= axis->in ? -1 : (int32_t)at;
}

typedef struct conv_job {
  conv_axis h, w;
  const int16_t *x;  // of the picture, at the group's first channel
  int32_t zero_point;
  size_t channels, group_channels;
} conv_job;

static uint64_t sum_taps(const conv_job *job, const int8_t *weights, int32_t oy, int32_t ox) {
  uint64_t sum = 0;
  for (int32_t ky = 0; ky < job->h.kernel; ky++) {
    const int32_t iy = source_of(&job->h, oy, ky);
    for (int32_t kx = 0; kx < job->w.kernel; kx++, weights += job->group_channels) {
      const int32_t ix = iy < 0 ? -1 : source_of(&job->w, ox, kx);
      if (ix < 0) continue;
      const int16_t *pixel = job->x + ((size_t)iy * (size_t)job->w.in + (size_t)ix) * job->channels;
      for (size_t c = 0; c < job->group_channels; c++) {
        sum += (uint64_t)(int64_t)((pixel[c] - job->zero_point) * weights[c]);
      }
    }
  }
  return sum;
}

// A factor read from constant bytes, which nothing has checked: brought into range.
static mnw_fixed_factor factor_of(const int32_t *factors, size_t channel, size_t channels) {
  const mnw_fixed_factor factor = {factors[channel], factors[channels + channel]};
  return mnw_fixed_is_valid(factor) ? factor : (mnw_fixed_factor){0, 0};
}

void mnw_fixed_conv_2d_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, INPUT_X), *y = mnw_op_output(context, 0);
  const mnw_tensor *bias = mnw_op_input(context, INPUT_BIAS);
  const int32_t *params = context->node->params;
  const int8_t *weights = mnw_op_input_data(context, INPUT_WEIGHTS);
  const int32_t *factors = mnw_op_input_data(context, INPUT_FACTORS);
  const void *biases = mnw_op_input_data(context, INPUT_BIAS);
  const bool is_wide = bias->dtype == MNW_DTYPE_S64;
  int16_t *out = mnw_op_output_data(context, 0);
  conv_job job = {.h = axis_of(context, 0),
                  .w = axis_of(context, 1),
                  .zero_point = x->zero_point,
                  .channels = (size_t)x->dims[3],
                  .group_channels = (size_t)(x->dims[3] / params[MNW_FIXED_CONV_GROUPS])};
  const size_t channels = (size_t)y->dims[3];
  const size_t group_outputs = channels / (size_t)params[MNW_FIXED_CONV_GROUPS];
  const size_t row = (size_t)job.h.kernel * (size_t)job.w.kernel * job.group_channels;
  const size_t picture = (size_t)job.h.in * (size_t)job.w.in * job.channels;
  for (int32_t n = 0; n < y->dims[0]; n++) {
    for (int32_t position = 0; position < y->dims[1] * y->dims[2]; position++, out += channels) {
      for (size_t o = 0; o < channels; o++) {
        job.x = (const int16_t *)mnw_op_input_data(context, INPUT_X) + (size_t)n * picture +
                o / group_outputs * job.group_channels;
        const uint64_t sum =
            sum_taps(&job, weights + o * row, position / y->dims[2], position % y->dims[2]);
        const mnw_fixed_factor factor = factor_of(factors, o, channels);
        const int32_t scaled =
            is_wide
                ? mnw_fixed_scale_wide((int64_t)(sum + ((const uint64_t *)biases)[o]), factor)
                : mnw_fixed_scale((int32_t)((uint32_t)sum + ((const uint32_t *)biases)[o]), factor);
        out[o] = (int16_t)mnw_fixed_clamp((int64_t)scaled + y->zero_point,
                                          params[MNW_FIXED_CONV_CLAMP_MIN],
                                          params[MNW_FIXED_CONV_CLAMP_MAX]);
      }
    }
  }
}
