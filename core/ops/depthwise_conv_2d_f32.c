// The float32 form of DEPTHWISE_CONV_2D: one output row at a time by a table of pointers, as in the
// int8 form. Where channels are multiplied, input rows are first spread in scratch.
#include <string.h>

#include "../base/checked.h"
#include "conv_common.h"
#include "f32_forms.h"

typedef struct depthwise_plan {
  mnw_window window;
  size_t taps;
  size_t pointer_bytes, zero_bytes, spread_bytes;  // the parts of the scratch
} depthwise_plan;

static bool plan_scratch(depthwise_plan *plan) {
  const mnw_window *w = &plan->window;
  size_t pointers, spread = 0;
  plan->taps = (size_t)w->kernel_h * (size_t)w->kernel_w;
  if (!mnw_checked_mul(&pointers, (size_t)w->out_w * sizeof(float *), plan->taps) ||
      !mnw_checked_align(&plan->pointer_bytes, pointers) ||
      !mnw_checked_align(&plan->zero_bytes, (size_t)w->out_c * sizeof(float))) {
    return false;
  }
  if (w->in_c != w->out_c &&
      (!mnw_checked_mul(&spread, (size_t)w->in_w * sizeof(float), (size_t)w->out_c) ||
       !mnw_checked_mul(&spread, spread, (size_t)w->kernel_h))) {
    return false;
  }
  plan->spread_bytes = spread;
  return spread <= MNW_MAX_TENSOR_BYTES && plan->pointer_bytes <= MNW_MAX_TENSOR_BYTES;
}

mnw_status mnw_depthwise_conv_2d_f32_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  depthwise_plan plan;
  const mnw_window *w = &plan.window;
  const int32_t *params = context->node->params;
  mnw_status status = mnw_conv_check_f32(context);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_clamp_f32(context, params + MNW_CONV_CLAMP_MIN);
  }
  if (status == MNW_STATUS_OK) {
    status = mnw_window_init(&plan.window, context, mnw_op_input(context, 0),
                             mnw_op_output(context, 0), params);
  }
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *weights = mnw_op_input(context, 1), *bias = mnw_op_input(context, 2);
  if (weights->layout != MNW_LAYOUT_ROW_MAJOR || weights->rank != 3 ||
      weights->dims[0] != w->kernel_h || weights->dims[1] != w->kernel_w ||
      weights->dims[2] != w->out_c || w->out_c % w->in_c != 0) {
    return mnw_op_refuse(
        context,
        "operator %0: weights must be row-major [kernel_h, kernel_w, %1], a multiple of the %2 "
        "input channels",
        w->out_c, w->in_c);
  }
  if (bias->layout != MNW_LAYOUT_ROW_MAJOR || mnw_tensor_elements(bias) < (size_t)w->out_c) {
    return mnw_op_refuse(context, "operator %0: %1 channels need as many biases, not %2", w->out_c,
                         (int64_t)mnw_tensor_elements(bias));
  }
  if (!plan_scratch(&plan)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: a row of %1 pixels with %2 taps is too large",
                    context->node_number, w->out_w, (int64_t)plan.taps);
  }
  *scratch_bytes = plan.pointer_bytes + plan.zero_bytes + plan.spread_bytes;
  return MNW_STATUS_OK;
}

// Repeats each input channel out_c / in_c times.
static void spread_row(float *spread, const float *row, const mnw_window *w) {
  const int32_t multiplier = w->out_c / w->in_c;
  const size_t values = (size_t)w->in_w * (size_t)w->in_c;
  for (size_t i = 0; i < values; i++) {
    for (int32_t m = 0; m < multiplier; m++) *spread++ = row[i];
  }
}

// Pointers for one tap row of every pixel in the output row; `row` is NULL above or below the
// picture.
static void point_taps(const float **taps, const float *row, const float *zeros,
                       const depthwise_plan *plan) {
  const mnw_window *w = &plan->window;
  for (int32_t ox = 0; ox < w->out_w; ox++, taps += plan->taps) {
    int32_t ix = ox * w->stride_w - w->pad_left;
    for (int32_t kx = 0; kx < w->kernel_w; kx++, ix += w->dilation_w) {
      taps[kx] = row && ix >= 0 && ix < w->in_w ? row + (size_t)ix * (size_t)w->out_c : zeros;
    }
  }
}

typedef struct depthwise_job {
  const mnw_op_context *context;
  depthwise_plan plan;
} depthwise_job;

// Output rows begin … end − 1, counted through all pictures.
static void eval_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const depthwise_job *job = argument;
  const mnw_op_context *context = job->context;
  const depthwise_plan *plan = &job->plan;
  const mnw_window *w = &plan->window;
  const mnw_clamp_f32 clamp = mnw_op_clamp_f32(context->node->params + MNW_CONV_CLAMP_MIN);
  const float **taps = mnw_op_thread_scratch(context, thread);
  float *const zeros = (float *)((uint8_t *)taps + plan->pointer_bytes);
  float *const spread = (float *)((uint8_t *)zeros + plan->zero_bytes);
  const float *x = mnw_op_input_data(context, 0);
  const float *weights = mnw_op_input_data(context, 1), *bias = mnw_op_input_data(context, 2);
  float *y = mnw_op_output_data(context, 0);
  const size_t in_row = (size_t)w->in_w * (size_t)w->in_c;
  const size_t wide_row = (size_t)w->in_w * (size_t)w->out_c;
  const size_t out_row = (size_t)w->out_w * (size_t)w->out_c;
  memset(zeros, 0, plan->zero_bytes);
  for (size_t r = begin; r < end; r++) {
    const float *picture = x + r / (size_t)w->out_h * (size_t)w->in_h * in_row;
    const int32_t oy = (int32_t)(r % (size_t)w->out_h);
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
      const int32_t iy = oy * w->stride_h - w->pad_top + ky * w->dilation_h;
      const float *row = iy >= 0 && iy < w->in_h ? picture + (size_t)iy * in_row : NULL;
      if (row && w->in_c != w->out_c) {
        spread_row(spread + (size_t)ky * wide_row, row, w);
        row = spread + (size_t)ky * wide_row;
      }
      point_taps(taps + (size_t)ky * (size_t)w->kernel_w, row, zeros, plan);
    }
    context->kernels->dwconv_f32(y + r * out_row, taps, weights, (size_t)w->out_w, plan->taps,
                                 (size_t)w->out_c, bias, clamp.min, clamp.max);
  }
}

void mnw_depthwise_conv_2d_f32_eval(const mnw_op_context *context) {
  depthwise_job job = {.context = context};
  const mnw_window *w = &job.plan.window;
  mnw_window_init(&job.plan.window, context, mnw_op_input(context, 0), mnw_op_output(context, 0),
                  context->node->params);
  plan_scratch(&job.plan);
  mnw_team_split(context->team, eval_rows, &job, (size_t)w->batches * (size_t)w->out_h,
                 mnw_op_grain(job.plan.taps * (size_t)w->out_w * (size_t)w->out_c, 1));
}
