// Average and maximum over windows, of int8 (keeping scale and zero point) and of float32. Plain
// loops over channels, which compilers vectorise.
#include <string.h>

#include "../base/bytes.h"
#include "../base/float_math_f32.h"
#include "conv_common.h"

enum { POOL_GEOMETRY = 8, MAX_FILTER_PIXELS = 1 << 22 };  // sums of int8 fit an int32

static void pool_geometry(int32_t *geometry, const int32_t *params) {
  const int32_t values[POOL_GEOMETRY] = {params[MNW_POOL_FILTER_H],
                                         params[MNW_POOL_FILTER_W],
                                         params[MNW_POOL_STRIDE_H],
                                         params[MNW_POOL_STRIDE_W],
                                         1,
                                         1,
                                         params[MNW_POOL_PAD_TOP],
                                         params[MNW_POOL_PAD_LEFT]};
  memcpy(geometry, values, sizeof values);
}

static mnw_status pool_prepare(const mnw_op_context *context) {
  mnw_window window;
  int32_t geometry[POOL_GEOMETRY];
  const int32_t *params = context->node->params;
  mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  pool_geometry(geometry, params);
  const bool is_f32 = mnw_op_is_f32(context);
  status = is_f32 ? mnw_op_check_dtype(context, y, MNW_DTYPE_F32) : mnw_op_check_s8(context, x);
  if (status == MNW_STATUS_OK && !is_f32) status = mnw_op_check_s8(context, y);
  if (status == MNW_STATUS_OK) status = mnw_window_init(&window, context, x, y, geometry);
  if (status != MNW_STATUS_OK) return status;
  if ((int64_t)window.kernel_h * window.kernel_w > MAX_FILTER_PIXELS) {
    return mnw_op_refuse(context, "operator %0: a filter of %1 x %2 pixels is too large",
                         window.kernel_h, window.kernel_w);
  }
  if (x->dims[3] != y->dims[3] ||
      (!is_f32 && (x->scale != y->scale || x->zero_point != y->zero_point))) {
    return mnw_op_refuse(
        context, "operator %0: a pool keeps channels, scale and zero point; channels are %1 and %2",
        x->dims[3], y->dims[3]);
  }
  if (is_f32) return mnw_op_check_clamp_f32(context, params + MNW_POOL_CLAMP_MIN);
  return mnw_op_check_clamp(context, params[MNW_POOL_CLAMP_MIN], params[MNW_POOL_CLAMP_MAX]);
}

mnw_status mnw_average_pool_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const mnw_status status = pool_prepare(context);
  if (status != MNW_STATUS_OK) return status;
  *scratch_bytes =
      mnw_op_is_f32(context) ? 0 : (size_t)mnw_op_output(context, 0)->dims[3] * sizeof(int32_t);
  return MNW_STATUS_OK;
}

mnw_status mnw_max_pool_2d_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  *scratch_bytes = 0;
  return pool_prepare(context);
}

// Halves go away from zero, as in TFLite's int8 kernel; or up, which is the same in its uint8
// kernel, where all values are 128 larger and never negative.
static int32_t divide_rounding(int32_t sum, int32_t count, int32_t ties_up) {
  if (ties_up) return (sum + 128 * count + count / 2) / count - 128;
  return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

// The window of one output pixel: start, take for each input pixel inside, finish. y and x are of
// the form's dtype.
typedef struct pool_form {
  size_t element_bytes;
  void (*start)(void *state, void *y, size_t channels);
  void (*take)(void *state, void *y, const void *x, size_t channels);
  void (*finish)(void *state, void *y, size_t channels, int32_t count, const int32_t *params);
} pool_form;

static void average_start(void *state, void *y, size_t channels) {
  (void)y;
  memset(state, 0, channels * sizeof(int32_t));
}

static void average_take(void *state, void *y, const void *x_pixel, size_t channels) {
  int32_t *sums = state;
  const int8_t *x = x_pixel;
  (void)y;
  for (size_t c = 0; c < channels; c++) sums[c] += x[c];
}

static void average_finish(void *state, void *y_pixel, size_t channels, int32_t count,
                           const int32_t *params) {
  int8_t *y = y_pixel;
  const int32_t *sums = state;
  const int32_t low = params[MNW_POOL_CLAMP_MIN], high = params[MNW_POOL_CLAMP_MAX];
  for (size_t c = 0; c < channels; c++) {
    const int32_t average =
        count > 0 ? divide_rounding(sums[c], count, params[MNW_POOL_TIES_UP]) : 0;
    y[c] = (int8_t)mnw_clamp_int(average, low, high);
  }
}

static void max_start(void *state, void *y, size_t channels) {
  (void)state;
  memset(y, -128, channels);
}

static void max_take(void *state, void *y_pixel, const void *x_pixel, size_t channels) {
  int8_t *y = y_pixel;
  const int8_t *x = x_pixel;
  (void)state;
  for (size_t c = 0; c < channels; c++) y[c] = x[c] > y[c] ? x[c] : y[c];
}

static void max_finish(void *state, void *y_pixel, size_t channels, int32_t count,
                       const int32_t *params) {
  int8_t *y = y_pixel;
  const int32_t low = params[MNW_POOL_CLAMP_MIN], high = params[MNW_POOL_CLAMP_MAX];
  (void)state;
  (void)count;
  for (size_t c = 0; c < channels; c++) y[c] = (int8_t)mnw_clamp_int(y[c], low, high);
}

static void average_f32_start(void *state, void *y, size_t channels) {
  (void)state;
  memset(y, 0, channels * sizeof(float));
}

static void average_f32_take(void *state, void *y_pixel, const void *x_pixel, size_t channels) {
  float *y = y_pixel;
  const float *x = x_pixel;
  (void)state;
  for (size_t c = 0; c < channels; c++) y[c] += x[c];
}

static void average_f32_finish(void *state, void *y_pixel, size_t channels, int32_t count,
                               const int32_t *params) {
  const mnw_clamp_f32 clamp = mnw_op_clamp_f32(params + MNW_POOL_CLAMP_MIN);
  const float divisor = (float)(count > 0 ? count : 1);
  float *y = y_pixel;
  (void)state;
  for (size_t c = 0; c < channels; c++) y[c] = mnw_clip_f32(y[c] / divisor, clamp.min, clamp.max);
}

static void max_f32_start(void *state, void *y_pixel, size_t channels) {
  const float lowest = mnw_float_from_bits(0xff800000u);
  float *y = y_pixel;
  (void)state;
  for (size_t c = 0; c < channels; c++) y[c] = lowest;
}

static void max_f32_take(void *state, void *y_pixel, const void *x_pixel, size_t channels) {
  float *y = y_pixel;
  const float *x = x_pixel;
  (void)state;
  for (size_t c = 0; c < channels; c++) y[c] = x[c] > y[c] ? x[c] : y[c];
}

static void max_f32_finish(void *state, void *y_pixel, size_t channels, int32_t count,
                           const int32_t *params) {
  const mnw_clamp_f32 clamp = mnw_op_clamp_f32(params + MNW_POOL_CLAMP_MIN);
  float *y = y_pixel;
  (void)state;
  (void)count;
  for (size_t c = 0; c < channels; c++) y[c] = mnw_clip_f32(y[c], clamp.min, clamp.max);
}

static void pool_eval(const mnw_op_context *context, const pool_form *form) {
  mnw_window w;
  int32_t geometry[POOL_GEOMETRY];
  pool_geometry(geometry, context->node->params);
  mnw_window_init(&w, context, mnw_op_input(context, 0), mnw_op_output(context, 0), geometry);
  const int32_t *params = context->node->params;
  const uint8_t *picture = mnw_op_input_data(context, 0);
  uint8_t *y = mnw_op_output_data(context, 0);
  const size_t channels = (size_t)w.in_c, pixel = channels * form->element_bytes;
  const size_t row = (size_t)w.in_w * pixel;
  for (int32_t n = 0; n < w.batches; n++, picture += (size_t)w.in_h * row) {
    for (int32_t oy = 0; oy < w.out_h; oy++) {
      const int32_t y0 = oy * w.stride_h - w.pad_top;
      int32_t y_first, y_end;
      mnw_taps_inside(&y_first, &y_end, y0, w.kernel_h, 1, w.in_h);
      for (int32_t ox = 0; ox < w.out_w; ox++, y += pixel) {
        const int32_t x0 = ox * w.stride_w - w.pad_left;
        int32_t x_first, x_end;
        mnw_taps_inside(&x_first, &x_end, x0, w.kernel_w, 1, w.in_w);
        form->start(context->scratch, y, channels);
        for (int32_t ky = y_first; ky < y_end && x_first < x_end; ky++) {
          const uint8_t *source =
              picture + (size_t)(y0 + ky) * row + (size_t)(x0 + x_first) * pixel;
          for (int32_t kx = x_first; kx < x_end; kx++, source += pixel) {
            form->take(context->scratch, y, source, channels);
          }
        }
        form->finish(context->scratch, y, channels, (y_end - y_first) * (x_end - x_first), params);
      }
    }
  }
}

void mnw_average_pool_2d_eval(const mnw_op_context *context) {
  const pool_form s8 = {sizeof(int8_t), average_start, average_take, average_finish};
  const pool_form f32 = {sizeof(float), average_f32_start, average_f32_take, average_f32_finish};
  pool_eval(context, mnw_op_is_f32(context) ? &f32 : &s8);
}

void mnw_max_pool_2d_eval(const mnw_op_context *context) {
  const pool_form s8 = {sizeof(int8_t), max_start, max_take, max_finish};
  const pool_form f32 = {sizeof(float), max_f32_start, max_f32_take, max_f32_finish};
  pool_eval(context, mnw_op_is_f32(context) ? &f32 : &s8);
}
