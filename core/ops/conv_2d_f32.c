// The float32 form of CONV_2D: like the int8 form a matrix product of patches with weights, patches
// gathered a band at a time, and one product per group of channels.
#include "../base/checked.h"
#include "../kernels/packed_layout.h"
#include "conv_common.h"
#include "f32_forms.h"
#include "patch_gather.h"
#include "row_forms.h"

// A band stays in the second-level cache beside the weights of a tile; its rows are whole groups of
// the kernels.
enum { BAND_ELEMENTS = 32768, BAND_MIN_ROWS = 12, BAND_MAX_ROWS = 126, ROW_GROUP = 6 };

typedef struct conv_plan {
  mnw_window window;
  mnw_matrix_f32 matrix;
  size_t in_c;           // of one group
  size_t band_rows;      // patches gathered together
  size_t scratch_bytes;  // weights, where they are packed at run time, then the band
  bool is_pointwise;     // pixels are rows of the product as they are
} conv_plan;

// Weights are [O,KH,KW,I], or [G,O/G,KH,KW,I/G].
static mnw_status check_weights(const mnw_op_context *context, const mnw_window *w,
                                int32_t groups) {
  const mnw_tensor *weights = mnw_op_input(context, 1);
  const int32_t *dims = weights->dims;
  const bool is_grouped = weights->rank == 5;
  if (groups < 1 || w->in_c % groups != 0 || w->out_c % groups != 0) {
    return mnw_op_refuse(context, "operator %0: %1 groups do not divide its channels", groups, 0);
  }
  if ((weights->rank != 4 && !is_grouped) || (is_grouped ? dims[0] : 1) != groups) {
    return mnw_op_refuse(context,
                         "operator %0: weights of %1 groups cannot have rank %2 and this shape",
                         groups, weights->rank);
  }
  if (is_grouped) dims++;
  if (dims[0] != w->out_c / groups || dims[1] != w->kernel_h || dims[2] != w->kernel_w ||
      dims[3] != w->in_c / groups) {
    return mnw_op_refuse(context,
                         "operator %0: weights must be [%1, kernel_h, kernel_w, %2] in each group",
                         w->out_c / groups, w->in_c / groups);
  }
  return MNW_STATUS_OK;
}

static mnw_status make_plan(conv_plan *plan, const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  mnw_window *w = &plan->window;
  mnw_status status =
      mnw_window_init(w, context, mnw_op_input(context, 0), mnw_op_output(context, 0), params);
  if (status == MNW_STATUS_OK) status = check_weights(context, w, params[MNW_CONV_GROUPS]);
  if (status != MNW_STATUS_OK) return status;
  const size_t groups = (size_t)params[MNW_CONV_GROUPS];
  plan->in_c = (size_t)w->in_c / groups;
  const size_t k = (size_t)w->kernel_h * (size_t)w->kernel_w * plan->in_c;
  status = mnw_matrix_f32_check(&plan->matrix, context, groups, (size_t)w->out_c / groups, k,
                                &plan->scratch_bytes);
  if (status != MNW_STATUS_OK) return status;
  plan->is_pointwise = mnw_window_is_pointwise(w);
  const size_t rows = BAND_ELEMENTS / k / ROW_GROUP * ROW_GROUP;
  const size_t pixels =
      (size_t)w->out_h * (size_t)w->out_w * (plan->is_pointwise ? (size_t)w->batches : 1);
  plan->band_rows = rows < BAND_MIN_ROWS ? BAND_MIN_ROWS : rows;
  if (plan->band_rows > BAND_MAX_ROWS) plan->band_rows = BAND_MAX_ROWS;
  if (plan->band_rows > pixels) plan->band_rows = pixels;
  size_t band_bytes;
  if (plan->is_pointwise) return MNW_STATUS_OK;
  if (!mnw_checked_mul(&band_bytes, plan->band_rows * sizeof(float), k) ||
      band_bytes > MNW_MAX_TENSOR_BYTES) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: patches of %1 values are too large", context->node_number,
                    (int64_t)k, 0);
  }
  plan->scratch_bytes += band_bytes;
  return MNW_STATUS_OK;
}

mnw_status mnw_conv_2d_f32_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  conv_plan plan;
  mnw_status status = mnw_conv_check_f32(context);
  if (status == MNW_STATUS_OK) {
    status = mnw_op_check_clamp_f32(context, context->node->params + MNW_CONV_CLAMP_MIN);
  }
  if (status == MNW_STATUS_OK) status = make_plan(&plan, context);
  if (status == MNW_STATUS_OK) *scratch_bytes = plan.scratch_bytes;
  return status;
}

typedef struct conv_job {
  const mnw_op_context *context;
  conv_plan plan;
  const float *x;  // gathered: of one picture
  float *y;
  size_t band_at;  // in each thread's scratch, in bytes: behind weights that are packed at run time
} conv_job;

static conv_job make_job(const mnw_op_context *context) {
  conv_job job = {
      .context = context, .x = mnw_op_input_data(context, 0), .y = mnw_op_output_data(context, 0)};
  make_plan(&job.plan, context);
  return job;
}

// Outputs first … first + count - 1 of group `g` of `rows` rows, whose channels stand at x and y;
// first is that of a tile.
static void multiply(const conv_job *job, float *y, const float *x, size_t x_stride, size_t rows,
                     size_t g, size_t first, size_t count) {
  const mnw_matrix_f32 *m = &job->plan.matrix;
  const mnw_clamp_f32 clamp = mnw_op_clamp_f32(job->context->node->params + MNW_CONV_CLAMP_MIN);
  job->context->kernels->gemm_f32(y + g * m->o + first, (size_t)job->plan.window.out_c, x, x_stride,
                                  m->tiles + g * m->tile_elements + first * m->k, rows, m->k, count,
                                  m->bias + g * m->bias_elements + first, clamp.min, clamp.max);
}

// Output pixels begin … end − 1 to y: of one picture where patches are gathered, else of all. A
// band serves one group at a time.
static void compute_pixels(const conv_job *job, float *y, size_t begin, size_t end, float *band) {
  const conv_plan *plan = &job->plan;
  const mnw_window *w = &plan->window;
  const size_t in_c = (size_t)w->in_c, k = plan->matrix.k, outputs = plan->matrix.o;
  for (size_t done = begin; done < end;) {
    const size_t rows = end - done < plan->band_rows ? end - done : plan->band_rows;
    for (size_t g = 0; g < plan->matrix.groups; g++) {
      const float *const x = job->x + g * plan->in_c;
      const mnw_patch_source source = {.picture = x,
                                       .window = w,
                                       .pixel_bytes = in_c * sizeof(float),
                                       .copied_bytes = plan->in_c * sizeof(float)};
      if (plan->is_pointwise) {
        multiply(job, y, x + done * in_c, in_c, rows, g, 0, outputs);
        continue;
      }
      mnw_patches_gather(band, k * sizeof *band, &source, done, rows);
      multiply(job, y, band, k, rows, g, 0, outputs);
    }
    y += rows * (size_t)w->out_c;
    done += rows;
  }
}

void mnw_conv_2d_f32_pixels(const mnw_op_context *context, void *y, size_t begin, size_t end,
                            void *scratch) {
  conv_job job = make_job(context);
  mnw_matrix_f32_load(&job.plan.matrix, context);
  compute_pixels(&job, y, begin, end, scratch);
}

static void eval_pixels(void *argument, size_t begin, size_t end, uint32_t thread) {
  const conv_job *job = argument;
  uint8_t *const scratch = mnw_op_thread_scratch(job->context, thread);
  compute_pixels(job, job->y + begin * (size_t)job->plan.window.out_c, begin, end,
                 (float *)(scratch + job->band_at));
}

// Outputs begin … end − 1 of all pixels, where there is one group: with more weights than
// activations, threads share the former out. begin is the first of a tile.
static void eval_pointwise_outputs(void *argument, size_t begin, size_t end, uint32_t thread) {
  const conv_job *job = argument;
  const mnw_window *w = &job->plan.window;
  const size_t pixels = (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w;
  (void)thread;
  multiply(job, job->y, job->x, (size_t)w->in_c, pixels, 0, begin, end - begin);
}

void mnw_conv_2d_f32_eval(const mnw_op_context *context) {
  conv_job job = make_job(context);
  const uint8_t *const band = mnw_matrix_f32_load(&job.plan.matrix, context);
  job.band_at = (size_t)(band - (const uint8_t *)context->scratch);
  const mnw_window *w = &job.plan.window;
  const size_t pixels = (size_t)w->out_h * (size_t)w->out_w, out_c = (size_t)w->out_c;
  const size_t rows = (size_t)w->batches * pixels, k = job.plan.matrix.k;
  const size_t grain = mnw_op_grain(k * out_c, ROW_GROUP);
  if (job.plan.is_pointwise && job.plan.matrix.groups == 1 && rows < out_c) {
    mnw_team_split(context->team, eval_pointwise_outputs, &job, out_c,
                   mnw_op_grain(rows * k, MNW_TILE_CHANNELS));
  } else if (job.plan.is_pointwise) {
    mnw_team_split(context->team, eval_pixels, &job, rows, grain);
  } else {
    for (int32_t n = 0; n < w->batches; n++) {
      mnw_team_split(context->team, eval_pixels, &job, pixels, grain);
      job.x += (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
      job.y += pixels * out_c;
    }
  }
}
