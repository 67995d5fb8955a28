// The float32 form of DEPTHWISE_CONV_2D: bands of output rows, as in the int8 form.
#include "conv_common.h"
#include "depthwise_common.h"
#include "f32_forms.h"
#include "row_forms.h"

mnw_status mnw_depthwise_conv_2d_f32_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_depthwise_plan plan;
  mnw_status status = mnw_conv_check_f32(context);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_clamp_f32(context, context->node->params + MNW_CONV_CLAMP_MIN);
  }
  if (status == MNW_STATUS_OK) {
    status = mnw_depthwise_plan_make(&plan, context, sizeof(float), scratch_bytes);
  }
  if (status != MNW_STATUS_OK) return status;
  const mnw_window *w = &plan.window;
  const mnw_tensor *weights = mnw_op_input(context, 1), *bias = mnw_op_input(context, 2);
  if (weights->layout != MNW_LAYOUT_ROW_MAJOR || weights->rank != 3 ||
      weights->dims[0] != w->kernel_h || weights->dims[1] != w->kernel_w ||
      weights->dims[2] != w->out_c) {
    return mnw_op_refuse(context, "operator %0: weights must be row-major [kernel_h, kernel_w, %1]",
                         w->out_c, 0);
  }
  if (bias->layout != MNW_LAYOUT_ROW_MAJOR || mnw_tensor_elements(bias) < (size_t)w->out_c) {
    return mnw_op_refuse(context, "operator %0: %1 channels need as many biases, not %2", w->out_c,
                         (int64_t)mnw_tensor_elements(bias));
  }
  return MNW_STATUS_OK;
}

typedef struct depthwise_job {
  const mnw_op_context *context;
  mnw_depthwise_plan plan;
} depthwise_job;

void mnw_depthwise_conv_2d_f32_rows(const mnw_op_context *context, const mnw_depthwise_plan *plan,
                                    const mnw_line_source *source, size_t begin, size_t end,
                                    void *scratch) {
  const mnw_clamp_f32 clamp = mnw_op_clamp_f32(context->node->params + MNW_CONV_CLAMP_MIN);
  const float *weights = mnw_op_input_data(context, 1), *bias = mnw_op_input_data(context, 2);
  float *const y = mnw_op_output_data(context, 0);
  mnw_dwconv_shape band;
  mnw_depthwise_begin(plan, scratch, 0);
  for (size_t row = begin; row < end; row += band.rows) {
    const void *const *table = mnw_depthwise_table(&band, plan, scratch, source, row, end);
    context->kernels->dwconv_f32(y + row * band.pixels * band.channels, table, weights, &band, bias,
                                 clamp.min, clamp.max);
  }
}

static void eval_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const depthwise_job *job = argument;
  const mnw_line_source source = {mnw_op_input_data(job->context, 0), 0};
  mnw_depthwise_conv_2d_f32_rows(job->context, &job->plan, &source, begin, end,
                                 mnw_op_thread_scratch(job->context, thread));
}

void mnw_depthwise_conv_2d_f32_eval(const mnw_op_context *context) {
  depthwise_job job = {.context = context};
  size_t scratch_bytes;
  mnw_depthwise_plan_make(&job.plan, context, sizeof(float), &scratch_bytes);
  const mnw_window *w = &job.plan.window;
  mnw_team_split(context->team, eval_rows, &job, (size_t)w->batches * (size_t)w->out_h,
                 mnw_depthwise_grain(&job.plan));
}
