// Bands of output rows; see depthwise_common.h.
#include "conv_common.h"
#include "depthwise_common.h"
#include "f32_forms.h"
#include "row_forms.h"

mnw_status mnw_depthwise_conv_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_depthwise_plan plan;
  const int32_t *params = context->node->params;
  if (mnw_op_is_f32(context)) return mnw_depthwise_conv_2d_f32_prepare(context, scratch_bytes);
  mnw_status status = mnw_conv_check_activations(context);
  if (status != MNW_STATUS_OK) return status;
  status = mnw_depthwise_plan_make(&plan, context, sizeof(int8_t), scratch_bytes);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *w = mnw_op_input(context, 1);
  const mnw_window *window = &plan.window;
  if (w->rank != 3 || w->dims[0] != window->kernel_h || w->dims[1] != window->kernel_w ||
      w->dims[2] != window->out_c) {
    return mnw_op_refuse(context, "operator %0: weights must be [kernel_h, kernel_w, %1]",
                         window->out_c, 0);
  }
  return mnw_conv_check_constants(context, MNW_LAYOUT_DEPTHWISE_8X2, 0, (size_t)window->out_c,
                                  params[MNW_CONV_WEIGHT_ZERO_POINT], params[MNW_CONV_WEIGHT_BITS],
                                  params + MNW_CONV_CLAMP_MIN);
}

typedef struct depthwise_job {
  const mnw_op_context *context;
  mnw_depthwise_plan plan;
} depthwise_job;

void mnw_depthwise_conv_2d_rows(const mnw_op_context *context, const mnw_depthwise_plan *plan,
                                const mnw_line_source *source, size_t begin, size_t end,
                                void *scratch) {
  const int32_t *params = context->node->params;
  const mnw_requant requant = mnw_conv_requant(context, params + MNW_CONV_CLAMP_MIN);
  const int8_t *weights = mnw_op_input_data(context, 1);
  int8_t *const y = mnw_op_output_data(context, 0);
  mnw_dwconv_shape band;
  mnw_depthwise_begin(plan, scratch, mnw_op_input(context, 0)->zero_point);
  for (size_t row = begin; row < end; row += band.rows) {
    const void *const *table = mnw_depthwise_table(&band, plan, scratch, source, row, end);
    context->kernels->dwconv_s8(y + row * band.pixels * band.channels, table, weights, &band,
                                params[MNW_CONV_WEIGHT_ZERO_POINT], &requant);
  }
}

static void eval_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const depthwise_job *job = argument;
  const mnw_line_source source = {mnw_op_input_data(job->context, 0), 0};
  mnw_depthwise_conv_2d_rows(job->context, &job->plan, &source, begin, end,
                             mnw_op_thread_scratch(job->context, thread));
}

void mnw_depthwise_conv_2d_eval(const mnw_op_context *context) {
  depthwise_job job = {.context = context};
  size_t scratch_bytes;
  if (mnw_op_is_f32(context)) {
    mnw_depthwise_conv_2d_f32_eval(context);
    return;
  }
  mnw_depthwise_plan_make(&job.plan, context, sizeof(int8_t), &scratch_bytes);
  const mnw_window *w = &job.plan.window;
  mnw_team_split(context->team, eval_rows, &job, (size_t)w->batches * (size_t)w->out_h,
                 mnw_depthwise_grain(&job.plan));
}
