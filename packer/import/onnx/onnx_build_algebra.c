// Helpers for operators that look at a whole axis or at matrices.
#include <string.h>

#include "onnx_build.h"

static int32_t float_word(float value) {
  int32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

pk_value pk_onnx_matmul(pk_onnx *o, pk_value a, pk_value b, bool transpose_a, bool transpose_b) {
  if (a < 0 || b < 0) return PK_FAILED;
  const pk_tensor x = *pk_onnx_tensor(o, a), y = *pk_onnx_tensor(o, b);
  if (x.dtype != PK_DTYPE_F32 || y.dtype != PK_DTYPE_F32) {
    pk_onnx_refuse(o, "on %s", pk_dtype_name(x.dtype == PK_DTYPE_F32 ? y.dtype : x.dtype));
    return PK_FAILED;
  }
  if (x.rank < 2 || y.rank < 2) {
    pk_onnx_broken(o, "it multiplies %s and %s", pk_tensor_shape_text(&x).text,
                   pk_tensor_shape_text(&y).text);
    return PK_FAILED;
  }
  const int32_t rows = x.dims[x.rank - (transpose_a ? 1 : 2)];
  const int32_t inner = x.dims[x.rank - (transpose_a ? 2 : 1)];
  const int32_t columns = y.dims[y.rank - (transpose_b ? 2 : 1)];
  bool fits = inner == y.dims[y.rank - (transpose_b ? 1 : 2)];
  const int rank = x.rank > y.rank ? x.rank : y.rank;
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < rank - 2; i++) {
    const int ix = i - (rank - x.rank), iy = i - (rank - y.rank);
    const int32_t dx = ix < 0 ? 1 : x.dims[ix], dy = iy < 0 ? 1 : y.dims[iy];
    fits = fits && (dx == dy || dx == 1 || dy == 1);
    dims[i] = dx == 1 ? dy : dx;
  }
  if (!fits) {
    pk_onnx_broken(o, "matrices of shapes %s and %s do not fit together",
                   pk_tensor_shape_text(&x).text, pk_tensor_shape_text(&y).text);
    return PK_FAILED;
  }
  dims[rank - 2] = rows;
  dims[rank - 1] = columns;
  const pk_op like = {.attributes.words.words = {transpose_a, transpose_b}};
  const pk_value inputs[2] = {a, b};
  return pk_onnx_emit(o, PK_OP_MATMUL, inputs, 2, PK_DTYPE_F32, rank, dims, &like);
}

static bool check_float(pk_onnx *o, pk_value x) {
  const pk_dtype dtype = pk_onnx_tensor(o, x)->dtype;
  return dtype == PK_DTYPE_F32 || pk_onnx_refuse(o, "on %s", pk_dtype_name(dtype));
}

pk_value pk_onnx_normalize(pk_onnx *o, pk_value x, pk_value scale, pk_value bias, int axis,
                           float epsilon, int kind) {
  if (x < 0 || !check_float(o, x)) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const pk_op like = {.attributes.words.words = {axis, float_word(epsilon), kind}};
  const pk_value inputs[3] = {x, scale, bias};
  return pk_onnx_emit(o, PK_OP_NORMALIZE, inputs, 3, PK_DTYPE_F32, in.rank, in.dims, &like);
}

pk_value pk_onnx_softmax(pk_onnx *o, pk_value x) {
  if (x < 0 || !check_float(o, x)) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const pk_op like = {.attributes.softmax.beta = 1.0f};
  return pk_onnx_emit(o, PK_OP_SOFTMAX, &x, 1, PK_DTYPE_F32, in.rank, in.dims, &like);
}

pk_value pk_onnx_arg_reduce(pk_onnx *o, pk_value x, int axis, bool is_min, bool last, bool keep) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int32_t dims[PK_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < in.rank; i++) {
    if (i != axis || keep) dims[rank++] = i == axis ? 1 : in.dims[i];
  }
  const pk_op like = {.attributes.words.words = {axis, is_min, last}};
  return pk_onnx_emit(o, PK_OP_ARG_REDUCE, &x, 1, PK_DTYPE_S64, rank, dims, &like);
}

pk_value pk_onnx_gather(pk_onnx *o, pk_value x, pk_value indices, int axis) {
  if (x < 0 || indices < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x), list = *pk_onnx_tensor(o, indices);
  if (in.rank - 1 + list.rank > PK_MAX_RANK) return pk_onnx_refuse_value(o, "too many axes");
  int32_t dims[PK_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < axis; i++) dims[rank++] = in.dims[i];
  for (int i = 0; i < list.rank; i++) dims[rank++] = list.dims[i];
  for (int i = axis + 1; i < in.rank; i++) dims[rank++] = in.dims[i];
  const pk_op like = {.attributes.words.words = {axis}};
  const pk_value inputs[2] = {x, indices};
  return pk_onnx_emit(o, PK_OP_GATHER, inputs, 2, in.dtype, rank, dims, &like);
}

pk_value pk_onnx_swap_last(pk_onnx *o, pk_value x, int axis) {
  if (x < 0) return PK_FAILED;
  const int last = pk_onnx_tensor(o, x)->rank - 1;
  int perm[PK_MAX_RANK];
  for (int i = 0; i <= last; i++) perm[i] = i == axis ? last : i == last ? axis : i;
  return pk_onnx_transpose(o, x, perm);
}

pk_value pk_onnx_channels_last(pk_onnx *o, pk_value x) {
  if (x < 0) return PK_FAILED;
  const int rank = pk_onnx_tensor(o, x)->rank;
  int perm[PK_MAX_RANK] = {0};
  for (int i = 1; i < rank; i++) perm[i] = i == rank - 1 ? 1 : i + 1;
  return pk_onnx_transpose(o, x, perm);
}

pk_value pk_onnx_channels_first(pk_onnx *o, pk_value x) {
  if (x < 0) return PK_FAILED;
  const int rank = pk_onnx_tensor(o, x)->rank;
  int perm[PK_MAX_RANK] = {0};
  for (int i = 1; i < rank; i++) perm[i] = i == 1 ? rank - 1 : i - 1;
  return pk_onnx_transpose(o, x, perm);
}

pk_value pk_onnx_per_channel(pk_onnx *o, pk_value vector, int rank) {
  if (vector < 0) return PK_FAILED;
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < rank - 1; i++) dims[i] = 1;
  dims[0] = (int32_t)pk_onnx_elements(o, vector);
  return pk_onnx_reshape(o, vector, rank > 1 ? rank - 1 : 1, dims);
}
