// Windows, Fourier transforms and mel filters. A transform is a product with a constant matrix of
// cosines and sines: exact for every length, and as fast as matrices are at the lengths of audio.
#include <string.h>

#include "onnx_build.h"

enum { MOST_MATRIX = 1 << 22 };  // elements
static const double pi = 3.14159265358979323846;

static bool constant_int(pk_onnx *o, pk_value value, int64_t low, int64_t high, int64_t *out) {
  pk_onnx_ints ints;
  if (value < 0 || !pk_onnx_constant_ints(o, value, &ints)) return false;
  if (ints.count != 1 || ints.values[0] < low || ints.values[0] > high) {
    return pk_onnx_broken(o, "one of its numbers is not in %lld … %lld", (long long)low,
                          (long long)high);
  }
  *out = ints.values[0];
  return true;
}

// a - b cos(t) + c cos(2 t) over one turn; the rows of onnx_ops.inc choose.
bool pk_onnx_op_window(pk_onnx *o) {
  static const double rows[3][3] = {
      {0.5, 0.5, 0.0}, {25.0 / 46.0, 21.0 / 46.0, 0.0}, {0.42, 0.5, 0.08}};
  const double *row = rows[pk_onnx_this_op(o)->parameter];
  int64_t size = 0;
  if (!constant_int(o, pk_onnx_required(o, 0), 1, MOST_MATRIX, &size)) return false;
  const int type = (int)pk_onnx_attribute_int(o, "output_datatype", PK_ONNX_FLOAT);
  const double turn = (double)(pk_onnx_attribute_int(o, "periodic", 1) != 0 ? size : size - 1);
  float *values = pk_arena_alloc(&o->graph->arena, (size_t)size, sizeof *values, o->error);
  if (!values) return false;
  for (int64_t i = 0; i < size; i++) {
    const double t = turn > 0.0 ? 2.0 * pi * (double)i / turn : 0.0;
    values[i] = (float)(row[0] - row[1] * cos(t) + row[2] * cos(2.0 * t));
  }
  if (pk_onnx_type_dtype(type) != PK_DTYPE_F32) {
    return pk_onnx_refuse(o, "of %s", pk_onnx_type_name(type));
  }
  const pk_value y = pk_onnx_constant(o, PK_DTYPE_F32, 1, (const int32_t[]){(int32_t)size}, values);
  return pk_onnx_set_output(o, 0, y);
}

typedef struct transform {
  int32_t rows, columns;  // numbers that go in and come out
  int32_t length;         // of the period
  bool inverse, onesided;
} transform;

// [rows, columns] of cos or sin (2 pi row column / length), scaled. Of half a spectrum the bins in
// the middle stand for two.
static pk_value wave_matrix(pk_onnx *o, const transform *t, bool is_sine) {
  const size_t count = (size_t)t->rows * (size_t)t->columns;
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values) return PK_FAILED;
  for (int64_t row = 0; row < t->rows; row++) {
    const bool is_double = t->inverse && t->onesided && row > 0 && 2 * row != t->length;
    const double scale = (is_double ? 2.0 : 1.0) / (t->inverse ? t->length : 1.0);
    for (int64_t column = 0; column < t->columns; column++) {
      const double angle = 2.0 * pi * (double)(row * column % t->length) / t->length;
      values[row * t->columns + column] = (float)(scale * (is_sine ? sin(angle) : cos(angle)));
    }
  }
  return pk_onnx_constant(o, PK_DTYPE_F32, 2, (const int32_t[]){t->rows, t->columns}, values);
}

// Real or imaginary part of x [a, n, b, parts] as rows [a, b, n]; PK_ABSENT where there is none.
static pk_value part_rows(pk_onnx *o, pk_value x, int32_t part) {
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (part >= in.dims[3]) return PK_ABSENT;
  const pk_value y = pk_onnx_reshape(o, pk_onnx_part(o, x, 3, part, 1), 3, in.dims);
  return pk_onnx_swap_last(o, y, 1);
}

static pk_value combine(pk_onnx *o, int function, pk_value a, pk_value a_matrix, pk_value b,
                        pk_value b_matrix) {
  const pk_value x = pk_onnx_matmul(o, a, a_matrix, false, false);
  return pk_onnx_binary(o, function, x, pk_onnx_matmul(o, b, b_matrix, false, false));
}

// x [a, n, b, 1 or 2] -> [a, columns, b, 2, or 1 for real results]
static pk_value apply(pk_onnx *o, pk_value x, const transform *t) {
  if ((int64_t)t->rows * t->columns > MOST_MATRIX) {
    return pk_onnx_refuse_value(o, "of this length");
  }
  if (x < 0) return PK_FAILED;
  x = pk_onnx_part(o, x, 1, 0, t->rows);
  if (x < 0) return PK_FAILED;
  const pk_value real = part_rows(o, x, 0), imaginary = part_rows(o, x, 1);
  const pk_value cosines = wave_matrix(o, t, false), sines = wave_matrix(o, t, true);
  const pk_tensor in = *pk_onnx_tensor(o, x);
  pk_value parts[2];
  if (imaginary == PK_ABSENT) {
    parts[0] = pk_onnx_matmul(o, real, cosines, false, false);
    parts[1] = pk_onnx_matmul(o, real, sines, false, false);
    if (!t->inverse) parts[1] = pk_onnx_unary(o, MNW_UNARY_NEG, parts[1], 0, 0);
  } else {
    const int minus = t->inverse ? MNW_BINARY_SUB : MNW_BINARY_ADD;
    const int plus = t->inverse ? MNW_BINARY_ADD : MNW_BINARY_SUB;
    parts[0] = combine(o, minus, real, cosines, imaginary, sines);
    parts[1] = combine(o, plus, imaginary, cosines, real, sines);
  }
  const bool is_real = t->inverse && t->onesided;
  for (int i = 0; i < 2; i++) {
    parts[i] = pk_onnx_reshape(o, pk_onnx_swap_last(o, parts[i], 1), 4,
                               (const int32_t[]){in.dims[0], t->columns, in.dims[2], 1});
  }
  return is_real ? parts[0] : pk_onnx_concat(o, parts, 2, 3);
}

bool pk_onnx_op_dft(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0);
  const pk_value given = pk_onnx_input(o, 1);
  if (x < 0 || given == PK_FAILED) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t axis = o->opset < 20 ? pk_onnx_attribute_int(o, "axis", 1) : -2, length = 0;
  if (pk_onnx_input(o, 2) != PK_ABSENT &&
      !constant_int(o, pk_onnx_input(o, 2), -PK_MAX_RANK, PK_MAX_RANK, &axis)) {
    return false;
  }
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  const int32_t parts = in.dims[in.rank - 1];
  if (axis == in.rank - 1 || parts > 2 || in.dtype != PK_DTYPE_F32) {
    return pk_onnx_broken(o, "%s holds no numbers to transform", pk_tensor_shape_text(&in).text);
  }
  transform t = {.inverse = pk_onnx_attribute_int(o, "inverse", 0) != 0,
                 .onesided = pk_onnx_attribute_int(o, "onesided", 0) != 0};
  // Where the exact result is 0, ONNX's expected values hold their own float32 rounding, which is
  // beyond their tolerance and cannot be had again.
  if (t.inverse && !t.onesided) return pk_onnx_refuse(o, "the complex inverse");
  const int32_t dim = in.dims[axis];
  length = t.inverse && t.onesided ? 2 * ((int64_t)dim - 1) : dim;
  if (given != PK_ABSENT && !constant_int(o, given, 1, MOST_MATRIX, &length)) return false;
  if (length < 1) return pk_onnx_broken(o, "a transform of length %lld", (long long)length);
  if (t.onesided && !t.inverse && parts == 2) return pk_onnx_refuse(o, "half of a complex one");
  t.length = (int32_t)length;
  const int32_t half = t.length / 2 + 1;
  const int32_t used = t.onesided && t.inverse ? half : t.length;
  t.rows = dim < used ? dim : used;
  t.columns = t.onesided && !t.inverse ? half : t.length;
  int32_t four[4] = {1, dim, 1, parts}, dims[PK_MAX_RANK];
  memcpy(dims, in.dims, sizeof dims);
  for (int i = 0; i < in.rank - 1; i++) {
    if (i != axis) four[i < axis ? 0 : 2] *= in.dims[i];
  }
  dims[axis] = t.columns;
  dims[in.rank - 1] = t.onesided && t.inverse ? 1 : 2;
  x = apply(o, pk_onnx_reshape(o, x, 4, four), &t);
  return pk_onnx_set_output(o, 0, pk_onnx_reshape(o, x, in.rank, dims));
}

// Row numbers [frames, length] of the signal's frames.
static pk_value frame_indices(pk_onnx *o, int32_t frames, int32_t length, int64_t step) {
  const size_t count = (size_t)frames * (size_t)length;
  int64_t *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values) return PK_FAILED;
  for (size_t i = 0; i < count; i++) {
    values[i] = (int64_t)(i / (size_t)length) * step + (int64_t)(i % (size_t)length);
  }
  return pk_onnx_constant(o, PK_DTYPE_S64, 2, (const int32_t[]){frames, length}, values);
}

bool pk_onnx_op_stft(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), window = pk_onnx_input(o, 2);
  int64_t step = 1, length = 0;
  if (x < 0 || window == PK_FAILED ||
      !constant_int(o, pk_onnx_required(o, 1), 1, MOST_MATRIX, &step)) {
    return false;
  }
  pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank == 2) in.dims[in.rank++] = 1;
  if (window != PK_ABSENT) length = pk_onnx_elements(o, window);
  if (pk_onnx_input(o, 3) != PK_ABSENT &&
      !constant_int(o, pk_onnx_input(o, 3), 1, MOST_MATRIX, &length)) {
    return false;
  }
  if (in.rank != 3 || in.dims[2] > 2 || length < 1 || length > in.dims[1] ||
      (window != PK_ABSENT && pk_onnx_elements(o, window) != length)) {
    return pk_onnx_broken(o, "frames of %lld numbers do not fit %s", (long long)length,
                          pk_tensor_shape_text(&in).text);
  }
  const int32_t size = (int32_t)length, frames = (int32_t)((in.dims[1] - length) / step + 1);
  if ((int64_t)frames * size > MOST_MATRIX) return pk_onnx_refuse(o, "of this length");
  const bool onesided = pk_onnx_attribute_int(o, "onesided", 1) != 0 && in.dims[2] == 1;
  const transform t = {.rows = size,
                       .columns = onesided ? size / 2 + 1 : size,
                       .length = size,
                       .onesided = onesided};
  pk_value y =
      pk_onnx_gather(o, pk_onnx_reshape(o, x, 3, in.dims), frame_indices(o, frames, size, step), 1);
  if (window != PK_ABSENT) {
    y = pk_onnx_binary(o, MNW_BINARY_MUL, y,
                       pk_onnx_reshape(o, window, 2, (const int32_t[]){size, 1}));
  }
  const int32_t four[4] = {in.dims[0] * frames, size, 1, in.dims[2]};
  y = apply(o, pk_onnx_reshape(o, y, 4, four), &t);
  const int32_t dims[4] = {in.dims[0], frames, t.columns, 2};
  return pk_onnx_set_output(o, 0, pk_onnx_reshape(o, y, 4, dims));
}

static double to_mel(double hz) {
  return 2595.0 * log10(1.0 + hz / 700.0);
}

// Triangles of one mel filter a column, on whole bins, as ONNX's reference lays them.
static void fill_filters(float *values, const int64_t *bins, int64_t count, int64_t rows) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t low = bins[i], centre = bins[i + 1], high = bins[i + 2];
    for (int64_t j = low; j <= centre && j < rows; j++) {
      values[j * count + i] =
          low == centre ? 1.0f : (float)((double)(j - low) / (double)(centre - low));
    }
    for (int64_t j = centre; j < high && j < rows; j++) {
      values[j * count + i] = (float)((double)(high - j) / (double)(high - centre));
    }
  }
}

bool pk_onnx_op_mel_weight_matrix(pk_onnx *o) {
  int64_t filters = 0, length = 0, rate = 1;
  double edges[2];
  if (!constant_int(o, pk_onnx_required(o, 0), 1, 4096, &filters) ||
      !constant_int(o, pk_onnx_required(o, 1), 1, 1 << 20, &length) ||
      !constant_int(o, pk_onnx_required(o, 2), 1, 1 << 24, &rate)) {
    return false;
  }
  for (size_t i = 0; i < 2; i++) {
    const float *edge;
    size_t count;
    if (!pk_onnx_constant_floats(o, pk_onnx_required(o, 3 + i), &edge, &count)) return false;
    if (count != 1 || !(edge[0] >= 0.0f) || !(edge[0] <= (float)rate)) {
      return pk_onnx_broken(o, "its edges are no frequencies");
    }
    edges[i] = to_mel((double)edge[0]);
  }
  const int64_t rows = length / 2 + 1;
  if (rows * filters > MOST_MATRIX) return pk_onnx_refuse(o, "of this size");
  int64_t *bins = pk_arena_alloc(&o->graph->arena, (size_t)filters + 2, sizeof *bins, o->error);
  float *values =
      pk_arena_alloc(&o->graph->arena, (size_t)(rows * filters), sizeof *values, o->error);
  if (!bins || !values) return false;
  for (int64_t i = 0; i < filters + 2; i++) {
    const double mel = edges[0] + (double)i * (edges[1] - edges[0]) / (double)(filters + 2);
    const double hz = 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
    bins[i] = (int64_t)floor((double)(length + 1) * hz / (double)rate);
  }
  fill_filters(values, bins, filters, rows);
  const int type = (int)pk_onnx_attribute_int(o, "output_datatype", PK_ONNX_FLOAT);
  if (pk_onnx_type_dtype(type) == PK_DTYPE_OTHER) {
    return pk_onnx_refuse(o, "of %s", pk_onnx_type_name(type));
  }
  const int32_t dims[2] = {(int32_t)rows, (int32_t)filters};
  const pk_value y = pk_onnx_constant(o, PK_DTYPE_F32, 2, dims, values);
  return pk_onnx_set_output(o, 0, pk_onnx_cast(o, y, pk_onnx_type_dtype(type)));
}
