// A convolution is a matrix product of patches with weights. Where a patch is one pixel (1x1,
// stride 1) the picture itself is the matrix; else a band of patches at a time is gathered into
// scratch, small enough to stay in the first-level cache, never the whole picture.
#include <string.h>

#include "../kernels/packed_layout.h"
#include "conv_common.h"
#include "f32_forms.h"
#include "patch_gather.h"
#include "row_forms.h"

enum { BAND_BYTES = 16384, BAND_MAX_ROWS = 60, ROW_GROUP = 6 };

static size_t patch_elements(const mnw_window *w) {
  return (size_t)w->kernel_h * (size_t)w->kernel_w * (size_t)w->in_c;
}

static size_t band_rows(const mnw_window *w) {
  const size_t rows = BAND_BYTES / mnw_round_up(patch_elements(w), MNW_ALIGNMENT);
  return rows < 4 ? 4 : rows > BAND_MAX_ROWS ? BAND_MAX_ROWS : rows;
}

mnw_status mnw_conv_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_window window;
  const int32_t *params = context->node->params;
  if (mnw_op_is_f32(context)) return mnw_conv_2d_f32_prepare(context, scratch_bytes);
  mnw_status status = mnw_conv_check_activations(context);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *w = mnw_op_input(context, 1);
  const mnw_tensor *y = mnw_op_output(context, 0);
  status = mnw_window_init(&window, context, x, y, params);
  if (status != MNW_STATUS_OK) return status;
  if (params[MNW_CONV_GROUPS] != 1) {
    return mnw_op_refuse(context, "operator %0: an int8 convolution has 1 group, not %1",
                         params[MNW_CONV_GROUPS], 0);
  }
  if (w->rank != 4 || w->dims[0] != window.out_c || w->dims[1] != window.kernel_h ||
      w->dims[2] != window.kernel_w || w->dims[3] != window.in_c) {
    return mnw_op_refuse(
        context,
        "operator %0: weights must be [%1, kernel_h, kernel_w, %2] to fit input and "
        "output",
        window.out_c, window.in_c);
  }
  status = mnw_conv_check_constants(context, MNW_LAYOUT_TILE_8X4, 0, (size_t)window.out_c,
                                    params[MNW_CONV_WEIGHT_ZERO_POINT],
                                    params[MNW_CONV_WEIGHT_BITS], params + MNW_CONV_CLAMP_MIN);
  if (status != MNW_STATUS_OK) return status;
  *scratch_bytes = mnw_window_is_pointwise(&window)
                       ? 0
                       : band_rows(&window) * mnw_round_up(patch_elements(&window), MNW_ALIGNMENT);
  return MNW_STATUS_OK;
}

typedef struct conv_job {
  const mnw_op_context *context;
  mnw_window window;
  mnw_requant requant;
  const int8_t *x;  // gathered: of one picture
  int8_t *y;
} conv_job;

static conv_job make_job(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  conv_job job = {.context = context,
                  .requant = mnw_conv_requant(context, params + MNW_CONV_CLAMP_MIN),
                  .x = mnw_op_input_data(context, 0),
                  .y = mnw_op_output_data(context, 0)};
  mnw_window_init(&job.window, context, mnw_op_input(context, 0), mnw_op_output(context, 0),
                  params);
  return job;
}

// Outputs first … first + count - 1 of `rows` rows; first is that of a tile.
static void multiply(const conv_job *job, int8_t *y, const int8_t *x, size_t x_stride, size_t rows,
                     size_t k, size_t first, size_t count) {
  const int32_t *params = job->context->node->params;
  const int8_t *const weights = mnw_op_input_data(job->context, 1);
  mnw_requant requant = job->requant;
  requant.bias += first;
  requant.multiplier += first;
  job->context->kernels->gemm_s8(
      y + first, (size_t)job->window.out_c, x, x_stride, weights + mnw_tile_8x4_bytes(first, k),
      rows, k, count, params[MNW_CONV_WEIGHT_ZERO_POINT], params[MNW_CONV_WEIGHT_BITS], &requant);
}

// Patches are filled up with zeros to whole steps of the kernel.
static void multiply_patches(const conv_job *job, int8_t *y, size_t begin, size_t end,
                             int8_t *band) {
  const mnw_window *w = &job->window;
  const size_t k = patch_elements(w), stride = mnw_round_up(k, MNW_ALIGNMENT);
  const size_t out_c = (size_t)w->out_c, rows_per_band = band_rows(w);
  const mnw_patch_source source = {.picture = job->x,
                                   .window = w,
                                   .pixel_bytes = (size_t)w->in_c,
                                   .copied_bytes = (size_t)w->in_c,
                                   .padding = mnw_op_input(job->context, 0)->zero_point};
  memset(band, 0, rows_per_band * stride);
  for (size_t done = begin; done < end;) {
    const size_t rows = end - done < rows_per_band ? end - done : rows_per_band;
    mnw_patches_gather(band, stride, &source, done, rows);
    multiply(job, y, band, stride, rows, mnw_round_up(k, MNW_TILE_K), 0, out_c);
    y += rows * out_c;
    done += rows;
  }
}

// Output pixels begin … end − 1 to y: of one picture where patches are gathered, else of all.
static void compute_pixels(const conv_job *job, int8_t *y, size_t begin, size_t end,
                           void *scratch) {
  const mnw_window *w = &job->window;
  const size_t k = (size_t)w->in_c;
  if (mnw_window_is_pointwise(w)) {
    multiply(job, y, job->x + begin * k, k, end - begin, k, 0, (size_t)w->out_c);
  } else {
    multiply_patches(job, y, begin, end, scratch);
  }
}

void mnw_conv_2d_pixels(const mnw_op_context *context, void *y, size_t begin, size_t end,
                        void *scratch) {
  const conv_job job = make_job(context);
  compute_pixels(&job, y, begin, end, scratch);
}

static void eval_pixels(void *argument, size_t begin, size_t end, uint32_t thread) {
  const conv_job *job = argument;
  compute_pixels(job, job->y + begin * (size_t)job->window.out_c, begin, end,
                 mnw_op_thread_scratch(job->context, thread));
}

// The same of outputs begin … end − 1 of all pixels: with more weights than activations, threads
// share the former out.
static void eval_pointwise_outputs(void *argument, size_t begin, size_t end, uint32_t thread) {
  const conv_job *job = argument;
  const mnw_window *w = &job->window;
  const size_t pixels = (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w;
  (void)thread;
  multiply(job, job->y, job->x, (size_t)w->in_c, pixels, (size_t)w->in_c, begin, end - begin);
}

void mnw_conv_2d_eval(const mnw_op_context *context) {
  if (mnw_op_is_f32(context)) {
    mnw_conv_2d_f32_eval(context);
    return;
  }
  conv_job job = make_job(context);
  const mnw_window *w = &job.window;
  const size_t pixels = (size_t)w->out_h * (size_t)w->out_w, out_c = (size_t)w->out_c;
  const size_t rows = (size_t)w->batches * pixels;
  const size_t grain = mnw_op_grain(patch_elements(w) * out_c, ROW_GROUP);
  if (mnw_window_is_pointwise(w) && rows < out_c) {
    mnw_team_split(context->team, eval_pointwise_outputs, &job, out_c,
                   mnw_op_grain(rows * (size_t)w->in_c, MNW_TILE_CHANNELS));
  } else if (mnw_window_is_pointwise(w)) {
    mnw_team_split(context->team, eval_pixels, &job, rows, grain);
  } else {
    for (int32_t n = 0; n < w->batches; n++) {
      mnw_team_split(context->team, eval_pixels, &job, pixels, grain);
      job.x += (size_t)w->in_h * (size_t)w->in_w * (size_t)w->in_c;
      job.y += pixels * out_c;
    }
  }
}
