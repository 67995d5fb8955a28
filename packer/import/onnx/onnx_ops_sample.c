// Pictures and volumes read at computed places. The picture becomes rows of channels, each corner
// of a place a row number and a weight, so that the work is gathering rows and adding them up.
#include <string.h>

#include "onnx_build.h"

enum { MOST_AXES = 3, MOST_TAPS = 4, MOST_ROWS = 1 << 24 };  // row numbers are exact in float32

typedef enum sample_mode { SAMPLE_NEAREST, SAMPLE_LINEAR, SAMPLE_CUBIC } sample_mode;
typedef enum sample_padding { PADDING_ZEROS, PADDING_BORDER, PADDING_REFLECTION } sample_padding;

typedef struct sampler {
  sample_mode mode;
  sample_padding padding;
  bool aligns_corners;
  int axes, taps;
  int32_t dims[MOST_AXES];
  pk_value row[MOST_AXES][MOST_TAPS], weight[MOST_AXES][MOST_TAPS];  // by axis and corner
} sampler;

static pk_value add(pk_onnx *o, pk_value a, double b) {
  return pk_onnx_binary_scalar(o, MNW_BINARY_ADD, a, b);
}

static pk_value times(pk_onnx *o, pk_value a, double b) {
  return pk_onnx_binary_scalar(o, MNW_BINARY_MUL, a, b);
}

// The wave that goes from `low` to `high` and back.
static pk_value reflect(pk_onnx *o, pk_value x, double low, double high) {
  const double span = high - low;
  if (span <= 0.0) return pk_onnx_unary(o, MNW_UNARY_CLIP, x, (float)low, (float)low);
  pk_value y = pk_onnx_binary_scalar(o, MNW_BINARY_MOD, add(o, x, -low), 2.0 * span);
  y = pk_onnx_unary(o, MNW_UNARY_ABS, add(o, y, -span), 0, 0);
  return add(o, times(o, y, -1.0), low + span);
}

static void limits(const sampler *s, int axis, double *low, double *high) {
  *low = s->aligns_corners ? 0.0 : -0.5;
  *high = s->dims[axis] - (s->aligns_corners ? 1.0 : 0.5);
}

// Brings a place that lies outside in, where the padding asks for that.
static pk_value bring_in(pk_onnx *o, const sampler *s, int axis, pk_value x) {
  double low, high;
  limits(s, axis, &low, &high);
  if (s->padding == PADDING_ZEROS || x < 0) return x;
  if (s->padding == PADDING_REFLECTION) return reflect(o, x, low, high);
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const pk_value inside = pk_onnx_binary(
      o, MNW_BINARY_EQUAL, x, pk_onnx_unary(o, MNW_UNARY_CLIP, x, (float)low, (float)high));
  const pk_value inputs[3] = {
      inside, x, pk_onnx_unary(o, MNW_UNARY_CLIP, x, 0.0f, (float)(s->dims[axis] - 1))};
  if (inputs[0] < 0 || inputs[2] < 0) return PK_FAILED;
  return pk_onnx_emit(o, PK_OP_WHERE, inputs, 3, PK_DTYPE_F32, in.rank, in.dims, NULL);
}

// Corner `tap` of an axis: its row number, and a weight of 0 where it lies in padding of zeros.
static void set_tap(pk_onnx *o, sampler *s, int axis, int tap, pk_value at, pk_value weight) {
  const float last = (float)(s->dims[axis] - 1);
  double low, high;
  limits(s, axis, &low, &high);
  if (s->padding == PADDING_REFLECTION) at = reflect(o, at, low, high);
  const pk_value row = pk_onnx_unary(o, MNW_UNARY_CLIP, at, 0.0f, last);
  if (s->padding == PADDING_ZEROS) {
    const pk_value counts =
        pk_onnx_cast(o, pk_onnx_binary(o, MNW_BINARY_EQUAL, at, row), PK_DTYPE_F32);
    weight = weight == PK_ABSENT ? counts : pk_onnx_binary(o, MNW_BINARY_MUL, weight, counts);
  }
  s->row[axis][tap] = row;
  s->weight[axis][tap] = weight;
}

// a t^3 + b t^2 + c t + d
static pk_value cubic(pk_onnx *o, pk_value t, double a, double b, double c, double d) {
  pk_value y = add(o, times(o, t, a), b);
  y = add(o, pk_onnx_binary(o, MNW_BINARY_MUL, y, t), c);
  return add(o, pk_onnx_binary(o, MNW_BINARY_MUL, y, t), d);
}

// Weight of a corner at distance `shift + sign * f`, by Keys' kernel with a = -0.75.
static pk_value cubic_weight(pk_onnx *o, pk_value f, int tap) {
  const double a = -0.75;
  const pk_value t = tap == 0   ? add(o, f, 1.0)
                     : tap == 1 ? f
                                : add(o, times(o, f, -1.0), tap == 2 ? 1.0 : 2.0);
  return tap == 1 || tap == 2 ? cubic(o, t, a + 2.0, -(a + 3.0), 0.0, 1.0)
                              : cubic(o, t, a, -5.0 * a, 8.0 * a, -4.0 * a);
}

// The corners along one axis of places `x`, in pixels.
static void set_axis(pk_onnx *o, sampler *s, int axis, pk_value x) {
  s->taps = s->mode == SAMPLE_NEAREST ? 1 : s->mode == SAMPLE_LINEAR ? 2 : 4;
  if (s->mode == SAMPLE_NEAREST) {
    x = bring_in(o, s, axis, pk_onnx_unary(o, MNW_UNARY_ROUND, x, 0, 0));
    set_tap(o, s, axis, 0, pk_onnx_unary(o, MNW_UNARY_ROUND, x, 0, 0), PK_ABSENT);
    return;
  }
  x = bring_in(o, s, axis, x);
  const pk_value first = pk_onnx_unary(o, MNW_UNARY_FLOOR, x, 0, 0);
  const pk_value f = pk_onnx_binary(o, MNW_BINARY_SUB, x, first);
  for (int tap = 0; tap < s->taps; tap++) {
    const bool is_cubic = s->mode == SAMPLE_CUBIC;
    const pk_value weight = is_cubic   ? cubic_weight(o, f, tap)
                            : tap == 0 ? add(o, times(o, f, -1.0), 1.0)
                                       : f;
    set_tap(o, s, axis, tap, add(o, first, tap - (is_cubic ? 1 : 0)), weight);
  }
}

// The sum over all corners: rows [batches * positions of the picture, channels], places
// [batches, places] -> [batches, places, channels].
static pk_value gather_taps(pk_onnx *o, const sampler *s, pk_value rows, pk_value batch_rows,
                            int32_t batches, int32_t places) {
  int corners = 1;
  for (int i = 0; i < s->axes; i++) corners *= s->taps;
  pk_value sum = PK_ABSENT;
  for (int corner = 0; corner < corners; corner++) {
    pk_value row = PK_ABSENT, weight = PK_ABSENT;
    int rest = corner;
    for (int i = 0; i < s->axes; i++, rest /= s->taps) {
      const pk_value own = s->weight[i][rest % s->taps], at = s->row[i][rest % s->taps];
      row = i == 0 ? at : pk_onnx_binary(o, MNW_BINARY_ADD, times(o, row, s->dims[i]), at);
      if (own != PK_ABSENT) {
        weight = weight == PK_ABSENT ? own : pk_onnx_binary(o, MNW_BINARY_MUL, weight, own);
      }
    }
    row = pk_onnx_cast(o, pk_onnx_binary(o, MNW_BINARY_ADD, row, batch_rows), PK_DTYPE_S64);
    pk_value part = pk_onnx_gather(o, rows, row, 0);
    if (weight != PK_ABSENT) {
      const int32_t column[3] = {batches, places, 1};
      part = pk_onnx_binary(o, MNW_BINARY_MUL, part, pk_onnx_reshape(o, weight, 3, column));
    }
    sum = sum == PK_ABSENT ? part : pk_onnx_binary(o, MNW_BINARY_ADD, sum, part);
    if (sum < 0) return PK_FAILED;
  }
  return sum;
}

static bool read_sampler(pk_onnx *o, sampler *s, const pk_tensor *x, const pk_tensor *grid) {
  s->aligns_corners = pk_onnx_attribute_int(o, "align_corners", 0) != 0;
  s->mode = pk_onnx_attribute_is(o, "mode", "nearest", "linear") ? SAMPLE_NEAREST
            : pk_onnx_attribute_is(o, "mode", "cubic", "linear") ||
                    pk_onnx_attribute_is(o, "mode", "bicubic", "linear")
                ? SAMPLE_CUBIC
                : SAMPLE_LINEAR;
  s->padding = pk_onnx_attribute_is(o, "padding_mode", "border", "zeros")       ? PADDING_BORDER
               : pk_onnx_attribute_is(o, "padding_mode", "reflection", "zeros") ? PADDING_REFLECTION
                                                                                : PADDING_ZEROS;
  s->axes = x->rank - 2;
  if (s->axes < 1 || s->axes > MOST_AXES || x->dtype != PK_DTYPE_F32) {
    return pk_onnx_refuse(o, "on %s of %d axes", pk_dtype_name(x->dtype), x->rank);
  }
  if (grid->rank != x->rank || grid->dims[0] != x->dims[0] ||
      grid->dims[grid->rank - 1] != s->axes || grid->dtype != PK_DTYPE_F32) {
    return pk_onnx_broken(o, "grid %s does not fit %s", pk_tensor_shape_text(grid).text,
                          pk_tensor_shape_text(x).text);
  }
  int64_t rows = x->dims[0];
  for (int i = 0; i < s->axes; i++) rows *= s->dims[i] = x->dims[2 + i];
  return rows <= MOST_ROWS || pk_onnx_refuse(o, "on more than 2^24 positions");
}

// Row number of each batch's first position, [batches, 1].
static pk_value first_rows(pk_onnx *o, int32_t batches, int32_t positions) {
  float *numbers = pk_arena_alloc(&o->graph->arena, (size_t)batches, sizeof *numbers, o->error);
  if (!numbers) return PK_FAILED;
  for (int32_t i = 0; i < batches; i++) numbers[i] = (float)i * (float)positions;
  return pk_onnx_constant(o, PK_DTYPE_F32, 2, (const int32_t[]){batches, 1}, numbers);
}

bool pk_onnx_op_grid_sample(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), grid = pk_onnx_required(o, 1);
  if (x < 0 || grid < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x), places = *pk_onnx_tensor(o, grid);
  sampler s = {.axes = 0};
  if (!read_sampler(o, &s, &in, &places)) return false;
  const int32_t batches = in.dims[0], channels = in.dims[1];
  const int32_t positions = (int32_t)(pk_onnx_elements(o, x) / batches / channels);
  const int32_t count = (int32_t)(pk_onnx_elements(o, grid) / batches / s.axes);
  for (int i = 0; i < s.axes; i++) {
    // The grid names the last axis first, in -1 … 1.
    pk_value u = pk_onnx_part(o, grid, places.rank - 1, s.axes - 1 - i, 1);
    u = pk_onnx_reshape(o, u, 2, (const int32_t[]){batches, count});
    const double dim = s.dims[i], scale = (s.aligns_corners ? dim - 1.0 : dim) / 2.0;
    u = add(o, times(o, add(o, u, 1.0), scale), s.aligns_corners ? 0.0 : -0.5);
    set_axis(o, &s, i, u);
  }
  const pk_value rows = pk_onnx_reshape(o, pk_onnx_channels_last(o, x), 2,
                                        (const int32_t[]){batches * positions, channels});
  pk_value y = gather_taps(o, &s, rows, first_rows(o, batches, positions), batches, count);
  int32_t dims[PK_MAX_RANK] = {batches, channels};
  for (int i = 0; i < s.axes; i++) dims[2 + i] = places.dims[1 + i];
  y = pk_onnx_channels_first(o, y);
  return pk_onnx_set_output(o, 0, pk_onnx_reshape(o, y, in.rank, dims));
}

// The grid that GridSample would read a picture of this size with, turned by theta [N, d, d + 1].
bool pk_onnx_op_affine_grid(pk_onnx *o) {
  const pk_value theta = pk_onnx_required(o, 0);
  pk_onnx_ints size;
  if (theta < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &size)) return false;
  const bool aligns = pk_onnx_attribute_int(o, "align_corners", 0) != 0;
  const int axes = (int)size.count - 2;
  if (axes != 2 && axes != 3) return pk_onnx_broken(o, "a size of %zu numbers", size.count);
  int32_t dims[PK_MAX_RANK] = {0};
  int32_t places = 1;
  for (int i = 0; i <= axes + 1; i++) {
    if (size.values[i] < 1 || size.values[i] > 1 << 12) return pk_onnx_refuse(o, "of this size");
    if (i >= 2) places *= dims[i - 1] = (int32_t)size.values[i];
    if (places > 1 << 22) return pk_onnx_refuse(o, "of this size");
  }
  const int32_t base_dims[2] = {places, axes + 1};
  float *base =
      pk_arena_alloc(&o->graph->arena, (size_t)places * (size_t)(axes + 1), sizeof *base, o->error);
  if (!base) return false;
  for (int32_t p = 0; p < places; p++) {
    int32_t rest = p;
    for (int i = 0; i < axes; i++) {  // x, then y, then z
      const int32_t dim = dims[axes - i], at = rest % dim;
      rest /= dim;
      base[p * (axes + 1) + i] =
          aligns ? (dim == 1 ? 0.0f : 2.0f * (float)at / (float)(dim - 1) - 1.0f)
                 : (2.0f * (float)at + 1.0f) / (float)dim - 1.0f;
    }
    base[p * (axes + 1) + axes] = 1.0f;
  }
  const pk_value places_value = pk_onnx_constant(o, PK_DTYPE_F32, 2, base_dims, base);
  const pk_value y = pk_onnx_matmul(o, places_value, theta, false, true);
  dims[0] = (int32_t)size.values[0];
  dims[axes + 1] = axes;
  return pk_onnx_set_output(o, 0, pk_onnx_reshape(o, y, axes + 2, dims));
}
