// Resizes height and width of NHWC pictures. Each axis gets a table of taps first: which input
// positions an output position reads, and with what weights (1 tap for nearest, 2 for linear, 4 for
// cubic); a pixel is then the weighted sum of its taps' pixels.
#include <string.h>

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../base/float_math_f32.h"
#include "op.h"

enum { MODE_NEAREST, MODE_LINEAR, MODE_CUBIC };
enum { HALF_PIXEL, ASYMMETRIC, ALIGN_CORNERS, PYTORCH_HALF_PIXEL, HALF_PIXEL_SYMMETRIC };
enum { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL };
enum { MAX_TAPS = 4 };

typedef struct axis_tap {
  int32_t position;
  float weight;
} axis_tap;

static size_t tap_count(int32_t mode) {
  return mode == MODE_NEAREST ? 1 : mode == MODE_LINEAR ? 2 : MAX_TAPS;
}

// Tables stand in the first thread's scratch; of 8-bit pictures each thread has an output row and
// the rows that it reads, as float32, in its own.
typedef struct table_sizes {
  size_t rows_bytes, columns_bytes, sums_bytes, source_bytes;
} table_sizes;

// Each extent is at most 2^24, so no product overflows; false where scratch would be too large.
static bool scratch_sizes(table_sizes *sizes, const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const size_t taps = tap_count(context->node->params[MNW_RESIZE_MODE]);
  *sizes = (table_sizes){.rows_bytes = (size_t)y->dims[1] * taps * sizeof(axis_tap),
                         .columns_bytes = (size_t)y->dims[2] * taps * sizeof(axis_tap)};
  if (y->dtype == MNW_DTYPE_F32 || taps == 1) return true;
  const size_t pixel = (size_t)y->dims[3] * sizeof(float);
  return mnw_checked_mul(&sizes->sums_bytes, (size_t)y->dims[2], pixel) &&
         mnw_checked_mul(&sizes->source_bytes, (size_t)x->dims[2] * taps, pixel) &&
         sizes->sums_bytes <= MNW_MAX_TENSOR_BYTES && sizes->source_bytes <= MNW_MAX_TENSOR_BYTES;
}

static bool is_quantized(const mnw_tensor *t) {
  return t->dtype == MNW_DTYPE_S8 || t->dtype == MNW_DTYPE_U8;
}

mnw_status mnw_resize_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  const int32_t mode = params[MNW_RESIZE_MODE];
  mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_op_check_dtype(context, y, (mnw_dtype)x->dtype);
  if (status != MNW_STATUS_OK) return status;
  if (x->rank != 4 || y->rank != 4 || x->dims[0] != y->dims[0] || x->dims[3] != y->dims[3] ||
      x->layout != MNW_LAYOUT_ROW_MAJOR) {
    return mnw_op_refuse(context,
                         "operator %0 resizes pictures [N,H,W,C] with equal N and C, these have "
                         "ranks %1 and %2",
                         x->rank, y->rank);
  }
  if (mode < MODE_NEAREST || mode > MODE_CUBIC || params[MNW_RESIZE_COORDINATES] < HALF_PIXEL ||
      params[MNW_RESIZE_COORDINATES] > HALF_PIXEL_SYMMETRIC ||
      params[MNW_RESIZE_NEAREST] < ROUND_PREFER_FLOOR || params[MNW_RESIZE_NEAREST] > CEIL) {
    return mnw_op_refuse(context, "operator %0: resize mode %1 or coordinates %2 are unknown", mode,
                         params[MNW_RESIZE_COORDINATES]);
  }
  if (mode != MODE_NEAREST && x->dtype != MNW_DTYPE_F32 && !is_quantized(x)) {
    return mnw_op_refuse(
        context, "operator %0 interpolates float32 and 8-bit pictures, not dtype %1", x->dtype, 0);
  }
  if (x->scale != y->scale || x->zero_point != y->zero_point) {
    return mnw_op_refuse(context, "operator %0: resizing keeps scale and zero point", 0, 0);
  }
  for (int axis = 0; axis < 2; axis++) {
    const float scale = mnw_float_from_bits((uint32_t)params[MNW_RESIZE_SCALE_H + axis]);
    if (!(scale > 1e-9f && scale < 1e9f)) {
      return mnw_op_refuse(context, "operator %0: the resize scale of axis %1 is out of range",
                           axis + 1, 0);
    }
  }
  table_sizes sizes;
  if (!scratch_sizes(&sizes, context)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: rows of %1 pixels with %2 channels are too large to resize",
                    context->node_number, x->dims[2], x->dims[3]);
  }
  *scratch_bytes = sizes.rows_bytes + sizes.columns_bytes + sizes.sums_bytes + sizes.source_bytes;
  return MNW_STATUS_OK;
}

// Where in the input, in pixels, the output's position lies. A scale that is just the ratio of the
// extents is taken as that ratio, exactly.
static double source_coordinate(int32_t position, int32_t in, int32_t out, float scale,
                                int32_t coordinates) {
  const bool is_ratio = (float)out / (float)in == scale;
  const double p = position, half = position + 0.5;
  switch (coordinates) {
    case ALIGN_CORNERS: {
      // ONNX means the corners of the exact extent, before it was cut to whole pixels.
      const double extent = is_ratio ? (double)out : (double)scale * in;
      return extent > 1.0 ? p * (in - 1) / (extent - 1.0) : 0.0;
    }
    case ASYMMETRIC:
      return is_ratio ? p * in / out : p / (double)scale;
    case PYTORCH_HALF_PIXEL:
      if (out == 1) return 0.0;
      break;
    case HALF_PIXEL_SYMMETRIC: {
      const double adjustment = is_ratio ? 1.0 : (double)out / ((double)scale * in);
      return in / 2.0 * (1.0 - adjustment) + (is_ratio ? half * in / out : half / (double)scale) -
             0.5;
    }
    default:
      break;
  }
  return (is_ratio ? half * in / out : half / (double)scale) - 0.5;
}

// Of a coordinate; what lies further outside than any extent may as well lie at the limit.
static double floor_of(double value) {
  const double limit = 1 << 30;
  if (!(value > -limit)) return -limit;
  if (value > limit) return limit;
  const double whole = (double)(int32_t)value;
  return whole > value ? whole - 1.0 : whole;
}

static double nearest_of(double value, int32_t rounding) {
  switch (rounding) {
    case ROUND_PREFER_FLOOR:
      return -floor_of(0.5 - value);
    case ROUND_PREFER_CEIL:
      return floor_of(value + 0.5);
    case FLOOR:
      return floor_of(value);
    default:
      return -floor_of(-value);
  }
}

// Weights of the pixels at -1, 0, 1 and 2 around a point at 0 <= r < 1 (Keys).
static void cubic_weights(double weights[MAX_TAPS], double r, double a) {
  const double s = 1.0 - r;
  weights[0] = ((a * (r + 1.0) - 5.0 * a) * (r + 1.0) + 8.0 * a) * (r + 1.0) - 4.0 * a;
  weights[1] = ((a + 2.0) * r - (a + 3.0)) * r * r + 1.0;
  weights[2] = ((a + 2.0) * s - (a + 3.0)) * s * s + 1.0;
  weights[3] = ((a * (s + 1.0) - 5.0 * a) * (s + 1.0) + 8.0 * a) * (s + 1.0) - 4.0 * a;
}

static void place_taps(axis_tap *taps, double first, const double *weights, size_t count,
                       int32_t in, bool exclude_outside) {
  double sum = 0.0;
  for (size_t t = 0; t < count; t++) {
    const double position = first + (double)t;
    const bool is_inside = position >= 0.0 && position < in;
    const double weight = is_inside || !exclude_outside ? weights[t] : 0.0;
    taps[t].position = position < 0.0 ? 0 : position > in - 1 ? in - 1 : (int32_t)position;
    taps[t].weight = (float)weight;
    sum += weight;
  }
  for (size_t t = 0; exclude_outside && sum != 0.0 && t < count; t++) {
    taps[t].weight = (float)((double)taps[t].weight / sum);
  }
}

static void make_table(axis_tap *table, const int32_t *params, int axis, int32_t in, int32_t out) {
  const int32_t mode = params[MNW_RESIZE_MODE];
  const float scale = mnw_float_from_bits((uint32_t)params[MNW_RESIZE_SCALE_H + axis]);
  const float a = mnw_float_from_bits((uint32_t)params[MNW_RESIZE_CUBIC_A]);
  const bool exclude_outside = params[MNW_RESIZE_EXCLUDE_OUTSIDE] != 0;
  const size_t count = tap_count(mode);
  for (int32_t i = 0; i < out; i++, table += count) {
    const double at = source_coordinate(i, in, out, scale, params[MNW_RESIZE_COORDINATES]);
    const double whole = floor_of(at), r = at - whole;
    double weights[MAX_TAPS] = {1.0 - r, r};
    if (mode == MODE_NEAREST) {
      weights[0] = 1.0;
      place_taps(table, nearest_of(at, params[MNW_RESIZE_NEAREST]), weights, count, in, false);
    } else if (mode == MODE_LINEAR) {
      place_taps(table, whole, weights, count, in, exclude_outside);
    } else {
      cubic_weights(weights, r, (double)a);
      place_taps(table, whole - 1.0, weights, count, in, exclude_outside);
    }
  }
}

typedef struct resize_job {
  const mnw_op_context *context;
  table_sizes sizes;
  const axis_tap *rows, *columns;
  size_t taps;
  const uint8_t *in;  // of one picture
  uint8_t *out;
} resize_job;

static void nearest_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const resize_job *job = argument;
  const mnw_tensor *x = mnw_op_input(job->context, 0), *y = mnw_op_output(job->context, 0);
  const size_t pixel_bytes = (size_t)x->dims[3] * mnw_dtype_bytes((mnw_dtype)x->dtype);
  const size_t width = (size_t)y->dims[2], in_row = (size_t)x->dims[2] * pixel_bytes;
  (void)thread;
  for (size_t oy = begin; oy < end; oy++) {
    const uint8_t *source = job->in + (size_t)job->rows[oy].position * in_row;
    uint8_t *to = job->out + oy * width * pixel_bytes;
    for (size_t ox = 0; ox < width; ox++, to += pixel_bytes) {
      memcpy(to, source + (size_t)job->columns[ox].position * pixel_bytes, pixel_bytes);
    }
  }
}

// Steps of the scale, halves away from zero as in TFLite's integer kernel.
static void store_steps(uint8_t *restrict y, const float *restrict sums, size_t count,
                        mnw_dtype dtype) {
  const float low = dtype == MNW_DTYPE_U8 ? 0.0f : -128.0f;
  for (size_t i = 0; i < count; i++) {
    const float value = mnw_clamp_float(sums[i], low, low + 255.0f);
    y[i] = (uint8_t)(int32_t)(value < 0.0f ? value - 0.5f : value + 0.5f);
  }
}

static void load_row(float *restrict to, const uint8_t *from, size_t count, mnw_dtype dtype) {
  const int8_t *s8 = (const int8_t *)from;
  if (dtype == MNW_DTYPE_S8) {
    for (size_t i = 0; i < count; i++) to[i] = s8[i];
  } else {
    for (size_t i = 0; i < count; i++) to[i] = from[i];
  }
}

// The sum of four taps in one pass, in their order. False, and nothing done, where one of them has
// no weight.
static bool add_four(float *restrict sums, const float *const *rows, const axis_tap row_taps[2],
                     const axis_tap column_taps[2], size_t channels) {
  const float *p0 = rows[0] + (size_t)column_taps[0].position * channels;
  const float *p1 = rows[0] + (size_t)column_taps[1].position * channels;
  const float *p2 = rows[1] + (size_t)column_taps[0].position * channels;
  const float *p3 = rows[1] + (size_t)column_taps[1].position * channels;
  const float w0 = row_taps[0].weight * column_taps[0].weight;
  const float w1 = row_taps[0].weight * column_taps[1].weight;
  const float w2 = row_taps[1].weight * column_taps[0].weight;
  const float w3 = row_taps[1].weight * column_taps[1].weight;
  if (w0 == 0.0f || w1 == 0.0f || w2 == 0.0f || w3 == 0.0f) return false;
  for (size_t c = 0; c < channels; c++) {
    sums[c] = p0[c] * w0 + p1[c] * w1 + p2[c] * w2 + p3[c] * w3;
  }
  return true;
}

// One output pixel from the rows that it reads. Taps without weight do not count, whatever stands
// there.
static void interpolate(float *restrict sums, const float *const *rows, const axis_tap *row_taps,
                        const axis_tap *column_taps, size_t taps, size_t channels) {
  if (taps == 2 && add_four(sums, rows, row_taps, column_taps, channels)) return;
  memset(sums, 0, channels * sizeof *sums);
  for (size_t i = 0; i < taps * taps; i++) {
    const axis_tap *column = column_taps + i % taps;
    const float weight = row_taps[i / taps].weight * column->weight;
    const float *const pixel = rows[i / taps] + (size_t)column->position * channels;
    for (size_t c = 0; weight != 0.0f && c < channels; c++) sums[c] += pixel[c] * weight;
  }
}

static void weighted_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const resize_job *job = argument;
  const mnw_tensor *x = mnw_op_input(job->context, 0), *y = mnw_op_output(job->context, 0);
  const bool is_f32 = x->dtype == MNW_DTYPE_F32;
  const size_t channels = (size_t)x->dims[3], taps = job->taps, width = (size_t)y->dims[2];
  const size_t in_row = (size_t)x->dims[2] * channels, out_row = width * channels;
  const size_t element = is_f32 ? sizeof(float) : 1;
  const size_t tables = job->sizes.rows_bytes + job->sizes.columns_bytes;
  float *const scratch = (float *)((uint8_t *)mnw_op_thread_scratch(job->context, thread) + tables);
  float *const source = scratch + out_row;
  for (size_t oy = begin; oy < end; oy++) {
    const axis_tap *row_taps = job->rows + oy * taps;
    uint8_t *const to = job->out + oy * out_row * element;
    float *const sums = is_f32 ? (float *)to : scratch;
    const float *rows[MAX_TAPS] = {NULL};
    for (size_t r = 0; r < taps; r++) {
      const uint8_t *from = job->in + (size_t)row_taps[r].position * in_row * element;
      rows[r] = is_f32 ? (const float *)from : source + r * in_row;
      if (!is_f32) load_row(source + r * in_row, from, in_row, (mnw_dtype)x->dtype);
    }
    for (size_t ox = 0; ox < width; ox++) {
      interpolate(sums + ox * channels, rows, row_taps, job->columns + ox * taps, taps, channels);
    }
    if (!is_f32) store_steps(to, sums, out_row, (mnw_dtype)x->dtype);
  }
}

void mnw_resize_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const size_t pixel_bytes = (size_t)x->dims[3] * mnw_dtype_bytes((mnw_dtype)x->dtype);
  resize_job job = {.context = context,
                    .taps = tap_count(params[MNW_RESIZE_MODE]),
                    .in = mnw_op_input_data(context, 0),
                    .out = mnw_op_output_data(context, 0)};
  scratch_sizes(&job.sizes, context);
  axis_tap *const rows = context->scratch;
  axis_tap *const columns = rows + (size_t)y->dims[1] * job.taps;
  make_table(rows, params, 0, x->dims[1], y->dims[1]);
  make_table(columns, params, 1, x->dims[2], y->dims[2]);
  job.rows = rows;
  job.columns = columns;
  const size_t height = (size_t)y->dims[1], row_elements = (size_t)y->dims[2] * (size_t)y->dims[3];
  for (int32_t n = 0; n < x->dims[0]; n++) {
    mnw_team_split(context->team, job.taps == 1 ? nearest_rows : weighted_rows, &job, height,
                   mnw_op_grain(job.taps * job.taps * row_elements, 1));
    job.in += (size_t)x->dims[1] * (size_t)x->dims[2] * pixel_bytes;
    job.out += height * (size_t)y->dims[2] * pixel_bytes;
  }
}
