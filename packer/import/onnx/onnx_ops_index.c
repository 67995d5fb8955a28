// Operators that read or write by indices, and those that sort or run along an axis.
#include <string.h>

#include "onnx_build.h"

static bool done(pk_onnx *o, pk_value value) {
  const pk_value x = pk_onnx_input(o, 0);
  if (value < 0 || x < 0) return false;
  return pk_onnx_set_typed_output(o, 0, value, pk_onnx_type(o, x));
}

static bool is_index(pk_onnx *o, pk_value value) {
  const pk_dtype dtype = pk_onnx_tensor(o, value)->dtype;
  return dtype == PK_DTYPE_S32 || dtype == PK_DTYPE_S64 ||
         pk_onnx_broken(o, "its indices are %s", pk_dtype_name(dtype));
}

bool pk_onnx_op_gather_axis(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), indices = pk_onnx_required(o, 1);
  if (x < 0 || indices < 0 || !is_index(o, indices)) return false;
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (!pk_onnx_axis(o, &axis, pk_onnx_tensor(o, x)->rank)) return false;
  return done(o, pk_onnx_gather(o, x, indices, (int)axis));
}

bool pk_onnx_op_gather_elements(pk_onnx *o) {
  const pk_value inputs[2] = {pk_onnx_required(o, 0), pk_onnx_required(o, 1)};
  if (inputs[0] < 0 || inputs[1] < 0 || !is_index(o, inputs[1])) return false;
  const pk_tensor in = *pk_onnx_tensor(o, inputs[0]), list = *pk_onnx_tensor(o, inputs[1]);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  bool fits = in.rank == list.rank;
  for (int i = 0; fits && i < in.rank; i++) fits = i == axis || list.dims[i] <= in.dims[i];
  if (!fits) return pk_onnx_broken(o, "its indices do not fit its data");
  const pk_op like = {.attributes.words.words = {(int32_t)axis}};
  return done(
      o, pk_onnx_emit(o, PK_OP_GATHER_ELEMENTS, inputs, 2, in.dtype, list.rank, list.dims, &like));
}

bool pk_onnx_op_gather_nd(pk_onnx *o) {
  const pk_value inputs[2] = {pk_onnx_required(o, 0), pk_onnx_required(o, 1)};
  if (inputs[0] < 0 || inputs[1] < 0 || !is_index(o, inputs[1])) return false;
  const pk_tensor in = *pk_onnx_tensor(o, inputs[0]), list = *pk_onnx_tensor(o, inputs[1]);
  const int64_t batch = pk_onnx_attribute_int(o, "batch_dims", 0);
  const int depth = list.rank ? list.dims[list.rank - 1] : 0;
  if (list.rank < 1 || batch < 0 || batch >= list.rank || batch + depth > in.rank || depth < 1) {
    return pk_onnx_broken(o, "indices %s do not fit data %s", pk_tensor_shape_text(&list).text,
                          pk_tensor_shape_text(&in).text);
  }
  int32_t dims[2 * PK_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < list.rank - 1; i++) dims[rank++] = list.dims[i];
  for (int i = (int)batch + depth; i < in.rank; i++) dims[rank++] = in.dims[i];
  if (rank > PK_MAX_RANK) return pk_onnx_refuse(o, "to %d axes", rank);
  const pk_op like = {.attributes.words.words = {(int32_t)batch}};
  return done(o, pk_onnx_emit(o, PK_OP_GATHER_ND, inputs, 2, in.dtype, rank, dims, &like));
}

static int scatter_function(pk_onnx *o) {
  return pk_onnx_attribute_is(o, "reduction", "add", "none")   ? MNW_BINARY_ADD
         : pk_onnx_attribute_is(o, "reduction", "mul", "none") ? MNW_BINARY_MUL
         : pk_onnx_attribute_is(o, "reduction", "min", "none") ? MNW_BINARY_MIN
         : pk_onnx_attribute_is(o, "reduction", "max", "none") ? MNW_BINARY_MAX
                                                               : 0;
}

static bool scatter(pk_onnx *o, pk_op_kind kind, const pk_op *like) {
  pk_value inputs[3];
  for (size_t i = 0; i < 3; i++) {
    inputs[i] = pk_onnx_required(o, i);
    if (inputs[i] < 0) return false;
  }
  if (!is_index(o, inputs[1])) return false;
  const pk_tensor in = *pk_onnx_tensor(o, inputs[0]);
  return done(o, pk_onnx_emit(o, kind, inputs, 3, in.dtype, in.rank, in.dims, like));
}

bool pk_onnx_op_scatter_elements(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (x < 0 || !pk_onnx_axis(o, &axis, pk_onnx_tensor(o, x)->rank)) return false;
  const pk_op like = {.attributes.words.words = {(int32_t)axis, scatter_function(o)}};
  return scatter(o, PK_OP_SCATTER_ELEMENTS, &like);
}

bool pk_onnx_op_scatter_nd(pk_onnx *o) {
  const pk_op like = {.attributes.words.words = {scatter_function(o)}};
  return scatter(o, PK_OP_SCATTER_ND, &like);
}

// Values and indices are two operators; the runtime has operators of one output only.
bool pk_onnx_op_top_k(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints ks;
  if (x < 0) return false;
  int64_t k = pk_onnx_attribute_int(o, "k", 0);
  if (o->opset >= 10) {
    if (!pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &ks)) return false;
    k = ks.count == 1 ? ks.values[0] : 0;
  }
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t axis = pk_onnx_attribute_int(o, "axis", -1);
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  if (k < 1 || k > in.dims[axis]) {
    return pk_onnx_broken(o, "k is %lld of %d elements", (long long)k, in.dims[axis]);
  }
  int32_t dims[PK_MAX_RANK];
  memcpy(dims, in.dims, sizeof dims);
  dims[axis] = (int32_t)k;
  const int type = pk_onnx_type(o, x);
  for (int i = 0; i < 2; i++) {
    if (!pk_onnx_has_output(o, (size_t)i)) continue;
    const pk_op like = {.attributes.words.words = {(int32_t)axis,
                                                   pk_onnx_attribute_int(o, "largest", 1) != 0, i,
                                                   (int32_t)k}};
    const pk_value y =
        pk_onnx_emit(o, PK_OP_TOP_K, &x, 1, i ? PK_DTYPE_S64 : in.dtype, in.rank, dims, &like);
    if (!pk_onnx_set_typed_output(o, (size_t)i, y, i ? PK_ONNX_INT64 : type)) return false;
  }
  return true;
}

bool pk_onnx_op_cum_sum(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints axes;
  if (x < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &axes)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t axis = axes.count == 1 ? axes.values[0] : INT64_MAX;
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  const pk_op like = {.attributes.words.words = {(int32_t)axis,
                                                 pk_onnx_attribute_int(o, "exclusive", 0) != 0,
                                                 pk_onnx_attribute_int(o, "reverse", 0) != 0}};
  return done(o, pk_onnx_emit(o, PK_OP_CUM_SUM, &x, 1, in.dtype, in.rank, in.dims, &like));
}

bool pk_onnx_op_one_hot(pk_onnx *o) {
  pk_value indices = pk_onnx_required(o, 0);
  const pk_value values = pk_onnx_required(o, 2);
  pk_onnx_ints depths;
  if (indices < 0 || values < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &depths)) {
    return false;
  }
  const int64_t depth = depths.count == 1 ? depths.values[0] : 0;
  if (pk_onnx_tensor(o, indices)->dtype == PK_DTYPE_F32) {
    indices = pk_onnx_cast(o, indices, PK_DTYPE_S64);
    if (indices < 0) return false;
  }
  const pk_tensor list = *pk_onnx_tensor(o, indices);
  const pk_dtype dtype = pk_onnx_tensor(o, values)->dtype;
  const int type = pk_onnx_type(o, values);
  int64_t axis = pk_onnx_attribute_int(o, "axis", -1);
  if (!is_index(o, indices) || !pk_onnx_axis(o, &axis, list.rank + 1)) return false;
  if (depth < 1 || depth > 1 << 24 || list.rank >= PK_MAX_RANK) {
    return pk_onnx_broken(o, "its depth is %lld", (long long)depth);
  }
  int32_t dims[PK_MAX_RANK];
  for (int i = 0, from = 0; i <= list.rank; i++) {
    dims[i] = i == axis ? (int32_t)depth : list.dims[from++];
  }
  const pk_op like = {.attributes.words.words = {(int32_t)axis}};
  const pk_value inputs[2] = {indices, values};
  const pk_value y = pk_onnx_emit(o, PK_OP_ONE_HOT, inputs, 2, dtype, list.rank + 1, dims, &like);
  return pk_onnx_set_typed_output(o, 0, y, type);
}

bool pk_onnx_op_trilu(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints ks;
  if (x < 0 || !pk_onnx_constant_ints(o, pk_onnx_input(o, 1), &ks)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int64_t most = 1 << 25, given = ks.count == 1 ? ks.values[0] : 0;
  const int64_t k = given > most ? most : given < -most ? -most : given;
  if (in.rank < 2) return pk_onnx_broken(o, "%d axes are no matrix", in.rank);
  const pk_op like = {
      .attributes.words.words = {pk_onnx_attribute_int(o, "upper", 1) != 0, (int32_t)k}};
  return done(o, pk_onnx_emit(o, PK_OP_TRILU, &x, 1, in.dtype, in.rank, in.dims, &like));
}
