// One output row at a time: a table of pointers tells the kernel where each tap of each pixel
// stands; taps outside the picture point at a row of zero points. With a depth multiplier above 1
// the row's input pixels are first spread so that channel c of the spread pixel is what output
// channel c reads.
#include <string.h>

#include "../base/checked.h"
#include "../kernels/packed_layout.h"
#include "conv_common.h"
#include "f32_forms.h"

static size_t tap_count(const mnw_window *w) {
  return (size_t)w->kernel_h * (size_t)w->kernel_w;
}

// The parts of the scratch: pointers, the row of zero points, and the spread input rows under one
// output row.
typedef struct scratch_layout {
  size_t pointer_bytes, zero_bytes, spread_bytes;
} scratch_layout;

static bool scratch_sizes(scratch_layout *layout, const mnw_window *w) {
  size_t pointers, spread = 0;
  const size_t channels = (size_t)w->out_c;
  if (!mnw_checked_mul(&pointers, (size_t)w->out_w * sizeof(int8_t *), tap_count(w)) ||
      !mnw_checked_align(&layout->pointer_bytes, pointers) ||
      !mnw_checked_align(&layout->zero_bytes, channels)) {
    return false;
  }
  if (w->in_c != w->out_c && (!mnw_checked_mul(&spread, (size_t)w->in_w, channels) ||
                              !mnw_checked_mul(&spread, spread, (size_t)w->kernel_h) ||
                              !mnw_checked_align(&spread, spread))) {
    return false;
  }
  layout->spread_bytes = spread;
  return spread <= MNW_MAX_TENSOR_BYTES && layout->pointer_bytes <= MNW_MAX_TENSOR_BYTES;
}

mnw_status mnw_depthwise_conv_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_window window;
  scratch_layout layout;
  const int32_t *params = context->node->params;
  if (mnw_op_is_f32(context)) return mnw_depthwise_conv_2d_f32_prepare(context, scratch_bytes);
  mnw_status status = mnw_conv_check_activations(context);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *w = mnw_op_input(context, 1);
  const mnw_tensor *y = mnw_op_output(context, 0);
  status = mnw_window_init(&window, context, x, y, params);
  if (status != MNW_STATUS_OK) return status;
  if (w->rank != 3 || w->dims[0] != window.kernel_h || w->dims[1] != window.kernel_w ||
      w->dims[2] != window.out_c || window.out_c % window.in_c != 0) {
    return mnw_op_refuse(
        context,
        "operator %0: weights must be [kernel_h, kernel_w, %1], a multiple of the %2 "
        "input channels",
        window.out_c, window.in_c);
  }
  status =
      mnw_conv_check_constants(context, MNW_LAYOUT_DEPTHWISE_8X2, 0, (size_t)window.out_c,
                               params[MNW_CONV_WEIGHT_ZERO_POINT], params + MNW_CONV_CLAMP_MIN);
  if (status != MNW_STATUS_OK) return status;
  if (!scratch_sizes(&layout, &window)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: a row of %1 pixels with %2 taps is too large",
                    context->node_number, window.out_w, (int64_t)tap_count(&window));
  }
  *scratch_bytes = layout.pointer_bytes + layout.zero_bytes + layout.spread_bytes;
  return MNW_STATUS_OK;
}

// Repeats each input channel out_c / in_c times.
static void spread_row(int8_t *spread, const int8_t *row, const mnw_window *w) {
  const size_t multiplier = (size_t)(w->out_c / w->in_c);
  const size_t values = (size_t)w->in_w * (size_t)w->in_c;
  for (size_t i = 0; i < values; i++) memset(spread + i * multiplier, row[i], multiplier);
}

// Pointers for one tap row ky of every pixel in the output row; `row` is NULL above or below the
// picture.
static void point_taps(const int8_t **taps, const int8_t *row, const int8_t *zeros,
                       const mnw_window *w) {
  const size_t stride = tap_count(w);
  for (int32_t ox = 0; ox < w->out_w; ox++, taps += stride) {
    int32_t ix = ox * w->stride_w - w->pad_left;
    for (int32_t kx = 0; kx < w->kernel_w; kx++, ix += w->dilation_w) {
      taps[kx] = row && ix >= 0 && ix < w->in_w ? row + (size_t)ix * (size_t)w->out_c : zeros;
    }
  }
}

typedef struct depthwise_job {
  const mnw_op_context *context;
  mnw_window window;
  scratch_layout layout;
  mnw_requant requant;
} depthwise_job;

// Output rows begin … end − 1, counted through all pictures.
static void eval_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const depthwise_job *job = argument;
  const mnw_op_context *context = job->context;
  const mnw_window *w = &job->window;
  const int8_t **taps = mnw_op_thread_scratch(context, thread);
  int8_t *zeros = (int8_t *)taps + job->layout.pointer_bytes;
  int8_t *spread = zeros + job->layout.zero_bytes;
  const int8_t *x = mnw_op_input_data(context, 0), *weights = mnw_op_input_data(context, 1);
  int8_t *y = mnw_op_output_data(context, 0);
  const size_t in_row = (size_t)w->in_w * (size_t)w->in_c;
  const size_t wide_row = (size_t)w->in_w * (size_t)w->out_c;
  const size_t out_row = (size_t)w->out_w * (size_t)w->out_c;
  memset(zeros, mnw_op_input(context, 0)->zero_point, (size_t)w->out_c);
  for (size_t r = begin; r < end; r++) {
    const int8_t *picture = x + r / (size_t)w->out_h * (size_t)w->in_h * in_row;
    const int32_t oy = (int32_t)(r % (size_t)w->out_h);
    for (int32_t ky = 0; ky < w->kernel_h; ky++) {
      const int32_t iy = oy * w->stride_h - w->pad_top + ky * w->dilation_h;
      const int8_t *row = iy >= 0 && iy < w->in_h ? picture + (size_t)iy * in_row : NULL;
      if (row && w->in_c != w->out_c) {
        spread_row(spread + (size_t)ky * wide_row, row, w);
        row = spread + (size_t)ky * wide_row;
      }
      point_taps(taps + (size_t)ky * (size_t)w->kernel_w, row, zeros, w);
    }
    context->kernels->dwconv_s8(y + r * out_row, taps, weights, (size_t)w->out_w, tap_count(w),
                                (size_t)w->out_c, context->node->params[MNW_CONV_WEIGHT_ZERO_POINT],
                                &job->requant);
  }
}

void mnw_depthwise_conv_2d_eval(const mnw_op_context *context) {
  depthwise_job job = {.context = context};
  mnw_window *w = &job.window;
  const int32_t *params = context->node->params;
  if (mnw_op_is_f32(context)) {
    mnw_depthwise_conv_2d_f32_eval(context);
    return;
  }
  mnw_window_init(w, context, mnw_op_input(context, 0), mnw_op_output(context, 0), params);
  scratch_sizes(&job.layout, w);
  job.requant = mnw_conv_requant(context, params + MNW_CONV_CLAMP_MIN);
  mnw_team_split(context->team, eval_rows, &job, (size_t)w->batches * (size_t)w->out_h,
                 mnw_op_grain(tap_count(w) * (size_t)w->out_w * (size_t)w->out_c, 1));
}
