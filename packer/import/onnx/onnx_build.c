#include "onnx_build.h"

#include <string.h>

#include "../../../core/format/package_format.h"
#include "onnx_fold.h"

enum { MAX_DIMENSION = 1 << 24 };

const pk_tensor *pk_onnx_tensor(const pk_onnx *o, pk_value value) {
  return &o->graph->tensors[value];
}

int pk_onnx_type(const pk_onnx *o, pk_value value) {
  return o->types[value];
}

bool pk_onnx_is_constant(const pk_onnx *o, pk_value value) {
  return value >= 0 && o->graph->tensors[value].data != NULL;
}

int64_t pk_onnx_elements(const pk_onnx *o, pk_value value) {
  const int64_t elements = pk_tensor_elements(pk_onnx_tensor(o, value));
  return elements < 0 ? 0 : elements;
}

static int default_type(pk_dtype dtype) {
  switch (dtype) {
    case PK_DTYPE_F32:
      return PK_ONNX_FLOAT;
    case PK_DTYPE_S8:
      return PK_ONNX_INT8;
    case PK_DTYPE_U8:
      return PK_ONNX_UINT8;
    case PK_DTYPE_S32:
      return PK_ONNX_INT32;
    case PK_DTYPE_S64:
      return PK_ONNX_INT64;
    default:
      return PK_ONNX_BOOL;
  }
}

pk_value pk_onnx_add_tensor(pk_onnx *o, const pk_tensor *tensor) {
  const int32_t number = pk_graph_add_tensor(o->graph, tensor, o->error);
  if (number < 0) return PK_FAILED;
  uint8_t *types = o->types;
  while ((size_t)number >= o->type_capacity) {
    types =
        pk_arena_grow(&o->graph->arena, types, o->type_capacity, &o->type_capacity, 1, o->error);
    if (!types) return PK_FAILED;
  }
  o->types = types;
  types[number] = (uint8_t)default_type(tensor->dtype);
  return number;
}

pk_value pk_onnx_add_input(pk_onnx *o, const pk_tensor *tensor) {
  const pk_value value = pk_onnx_add_tensor(o, tensor);
  if (value >= 0) o->graph->inputs[o->graph->input_count++] = value;
  return value;
}

pk_value pk_onnx_constant(pk_onnx *o, pk_dtype dtype, int rank, const int32_t *dims,
                          const void *data) {
  pk_tensor tensor = {.name = o->node_name, .dtype = dtype, .rank = rank};
  size_t count = 1;
  for (int i = 0; i < rank; i++) {
    tensor.dims[i] = dims[i];
    count *= (size_t)dims[i];
  }
  tensor.data_bytes = count * (size_t)pk_dtype_bits(dtype) / 8;
  tensor.data = pk_arena_copy(&o->graph->arena, data, tensor.data_bytes, 1, o->error);
  return tensor.data ? pk_onnx_add_tensor(o, &tensor) : PK_FAILED;
}

pk_value pk_onnx_scalar(pk_onnx *o, pk_dtype dtype, double value) {
  union {
    float f32;
    int64_t s64;
    int32_t s32;
    uint8_t u8;
  } bits = {.s64 = 0};
  switch (dtype) {
    case PK_DTYPE_F32:
      bits.f32 = (float)value;
      break;
    case PK_DTYPE_S64:
      bits.s64 = (int64_t)value;
      break;
    case PK_DTYPE_S32:
      bits.s32 = (int32_t)value;
      break;
    default:
      bits.u8 = (uint8_t)(int)value;
      break;
  }
  return pk_onnx_constant(o, dtype, 0, NULL, &bits);
}

pk_value pk_onnx_int_list(pk_onnx *o, const int64_t *values, size_t count) {
  const int32_t dims[1] = {(int32_t)count};
  return pk_onnx_constant(o, PK_DTYPE_S64, 1, dims, values);
}

static bool may_fold(pk_onnx *o, const pk_op *op, const pk_tensor *output) {
  if (op->kind == PK_OP_CONV_2D || op->kind == PK_OP_DEPTHWISE_CONV_2D ||
      op->kind == PK_OP_FULLY_CONNECTED || op->kind == PK_OP_RECURRENT ||
      op->kind == PK_OP_NON_MAX_SUPPRESSION || op->activation != PK_ACTIVATION_NONE) {
    return false;
  }
  uint64_t work = (uint64_t)pk_tensor_elements(output);
  for (int i = 0; i < op->input_count; i++) {
    if (op->inputs[i] == PK_NO_TENSOR) continue;
    if (!o->graph->tensors[op->inputs[i]].data) return false;
    const uint64_t elements = (uint64_t)pk_onnx_elements(o, op->inputs[i]);
    work = op->kind == PK_OP_MATMUL || op->kind == PK_OP_CONV_TRANSPOSE_2D ? work * (elements + 1)
                                                                           : work + elements;
    if (work > o->fold_budget) return false;
  }
  o->fold_budget -= work;
  return true;
}

static bool check_shape(pk_onnx *o, pk_dtype dtype, int rank, const int32_t *dims) {
  int64_t bytes = pk_dtype_bits(dtype) / 8;
  if (rank > MNW_MAX_RANK) return pk_onnx_refuse(o, "a tensor of %d axes", rank);
  for (int i = 0; i < rank; i++) {
    if (dims[i] == 0) return pk_onnx_refuse(o, "an empty tensor");
    if (dims[i] < 0 || dims[i] > MAX_DIMENSION) {
      return pk_onnx_broken(o, "axis %d of its result would have %d elements", i, dims[i]);
    }
    bytes *= dims[i];
    if (bytes > MNW_MAX_TENSOR_BYTES) {
      return pk_onnx_broken(o, "its result would be larger than %d bytes", MNW_MAX_TENSOR_BYTES);
    }
  }
  return true;
}

pk_value pk_onnx_emit(pk_onnx *o, pk_op_kind kind, const pk_value *inputs, int input_count,
                      pk_dtype dtype, int rank, const int32_t *dims, const pk_op *like) {
  for (int i = 0; i < input_count; i++) {
    if (inputs[i] == PK_FAILED) return PK_FAILED;
    if (inputs[i] == PK_ABSENT) continue;
    const pk_tensor *tensor = pk_onnx_tensor(o, inputs[i]);
    if (!check_shape(o, tensor->dtype, tensor->rank, tensor->dims)) return PK_FAILED;
  }
  if (!check_shape(o, dtype, rank, dims)) return PK_FAILED;
  pk_tensor output = {.name = o->node_name, .dtype = dtype, .rank = rank};
  if (rank) memcpy(output.dims, dims, (size_t)rank * sizeof *dims);
  const pk_value number = pk_onnx_add_tensor(o, &output);
  if (number < 0) return PK_FAILED;
  pk_op op = {.kind = kind};
  if (like) op = *like;
  op.kind = kind;
  op.name = o->node_name;
  op.source_index = o->node_index;
  op.input_count = input_count;
  op.output = number;
  op.inputs =
      pk_arena_copy(&o->graph->arena, inputs, (size_t)input_count, sizeof *inputs, o->error);
  if (!op.inputs) return PK_FAILED;
  if (may_fold(o, &op, &output)) return pk_onnx_fold(o->graph, &op, o->error) ? number : PK_FAILED;
  return pk_graph_add_op(o->graph, &op, o->error) ? number : PK_FAILED;
}

// --- operators ---

static int32_t float_word(float value) {
  int32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

pk_value pk_onnx_unary(pk_onnx *o, int function, pk_value x, float alpha, float beta) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const bool is_test =
      function == MNW_UNARY_NOT || function == MNW_UNARY_IS_NAN || function == MNW_UNARY_IS_INF;
  const bool takes_integers =
      function == MNW_UNARY_ABS || function == MNW_UNARY_NEG || function == MNW_UNARY_SIGN;
  const bool fits =
      function == MNW_UNARY_NOT
          ? in.dtype == PK_DTYPE_BOOL
          : in.dtype == PK_DTYPE_F32 ||
                (takes_integers && (in.dtype == PK_DTYPE_S32 || in.dtype == PK_DTYPE_S64));
  if (!fits) {
    pk_onnx_refuse(o, "on %s", pk_dtype_name(in.dtype));
    return PK_FAILED;
  }
  const pk_op like = {.attributes.words.words = {function, float_word(alpha), float_word(beta)}};
  return pk_onnx_emit(o, PK_OP_UNARY, &x, 1, is_test ? PK_DTYPE_BOOL : in.dtype, in.rank, in.dims,
                      &like);
}

// numpy's broadcasting of two shapes.
static bool broadcast(pk_onnx *o, const pk_tensor *a, const pk_tensor *b, int *rank,
                      int32_t *dims) {
  *rank = a->rank > b->rank ? a->rank : b->rank;
  for (int i = 0; i < *rank; i++) {
    const int ia = i - (*rank - a->rank), ib = i - (*rank - b->rank);
    const int32_t da = ia < 0 ? 1 : a->dims[ia], db = ib < 0 ? 1 : b->dims[ib];
    if (da != db && da != 1 && db != 1) {
      return pk_onnx_broken(o, "shapes %s and %s do not fit together", pk_tensor_shape_text(a).text,
                            pk_tensor_shape_text(b).text);
    }
    dims[i] = da == 1 ? db : da;
  }
  return true;
}

pk_value pk_onnx_binary(pk_onnx *o, int function, pk_value a, pk_value b) {
  if (a < 0 || b < 0) return PK_FAILED;
  const pk_tensor x = *pk_onnx_tensor(o, a), y = *pk_onnx_tensor(o, b);
  int rank;
  int32_t dims[PK_MAX_RANK];
  if (x.dtype != y.dtype) {
    pk_onnx_broken(o, "it combines %s with %s", pk_dtype_name(x.dtype), pk_dtype_name(y.dtype));
    return PK_FAILED;
  }
  if (!broadcast(o, &x, &y, &rank, dims)) return PK_FAILED;
  const bool is_test = function >= MNW_BINARY_EQUAL && function <= MNW_BINARY_XOR;
  const pk_op like = {
      .attributes.words.words = {function, float_word(-INFINITY), float_word(INFINITY)}};
  const pk_value inputs[2] = {a, b};
  return pk_onnx_emit(o, PK_OP_BINARY, inputs, 2, is_test ? PK_DTYPE_BOOL : x.dtype, rank, dims,
                      &like);
}

pk_value pk_onnx_binary_scalar(pk_onnx *o, int function, pk_value a, double b) {
  if (a < 0) return PK_FAILED;
  return pk_onnx_binary(o, function, a, pk_onnx_scalar(o, pk_onnx_tensor(o, a)->dtype, b));
}

pk_value pk_onnx_cast(pk_onnx *o, pk_value x, pk_dtype dtype) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.dtype == dtype) return x;
  if (dtype == PK_DTYPE_F32 && (size_t)x < o->twin_capacity && o->float_twins[x] > 0) {
    return o->float_twins[x];
  }
  if (pk_onnx_is_constant(o, x) && in.data_bytes == 0) {  // nothing to convert
    return pk_onnx_constant(o, dtype, in.rank, in.dims, in.data);
  }
  return pk_onnx_emit(o, PK_OP_CAST, &x, 1, dtype, in.rank, in.dims, NULL);
}

void pk_onnx_set_float_twin(pk_onnx *o, pk_value value, pk_value twin) {
  const size_t old = o->twin_capacity;
  if ((size_t)value >= old) {  // without memory the cast is made after all
    const size_t capacity = 2 * (size_t)value + 64;
    int32_t *twins = pk_arena_alloc(&o->graph->arena, capacity, sizeof *twins, o->error);
    if (!twins) return;
    if (old) memcpy(twins, o->float_twins, old * sizeof *twins);
    o->float_twins = twins;
    o->twin_capacity = capacity;
  }
  o->float_twins[value] = twin;
}

pk_value pk_onnx_whole(pk_onnx *o, pk_value x, pk_dtype dtype) {
  const pk_value y = pk_onnx_cast(o, x, dtype);
  if (y >= 0) pk_onnx_set_float_twin(o, y, x);
  return y;
}

// The axis of a constant's grid under a new shape; a grid that no axis carries goes.
static void reshape_grid(pk_tensor *constant, int rank, const int32_t *dims) {
  pk_quantization *grid = &constant->grid;
  int64_t before = 1, passed = 1;
  if (grid->count <= 1) return;
  for (int i = 0; i < grid->axis; i++) before *= constant->dims[i];
  for (int i = 0; i < rank; i++) {
    if (passed == before && (size_t)dims[i] == grid->count) {
      grid->axis = i;
      return;
    }
    passed *= dims[i];
  }
  grid->count = 0;
}

pk_value pk_onnx_reshape(pk_onnx *o, pk_value x, int rank, const int32_t *dims) {
  if (x < 0) return PK_FAILED;
  pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank == rank && (rank == 0 || !memcmp(in.dims, dims, (size_t)rank * sizeof *dims))) {
    return x;
  }
  if (!in.data) return pk_onnx_emit(o, PK_OP_RESHAPE, &x, 1, in.dtype, rank, dims, NULL);
  reshape_grid(&in, rank, dims);
  in.rank = rank;
  if (rank) memcpy(in.dims, dims, (size_t)rank * sizeof *dims);
  const int type = pk_onnx_type(o, x);
  const pk_value value = pk_onnx_add_tensor(o, &in);
  if (value >= 0) o->types[value] = (uint8_t)type;
  return value;
}

pk_value pk_onnx_transpose(pk_onnx *o, pk_value x, const int *perm) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  pk_op like = {.kind = PK_OP_TRANSPOSE};
  int32_t dims[PK_MAX_RANK];
  bool is_identity = true;
  for (int i = 0; i < in.rank; i++) {
    dims[i] = in.dims[perm[i]];
    is_identity &= perm[i] == i;
  }
  if (is_identity) return x;
  for (int i = 0; i < MNW_MAX_RANK; i++) {
    like.attributes.words.words[MNW_TRANSPOSE_PERM + i] = i < in.rank ? perm[i] : i;
  }
  const pk_value y = pk_onnx_emit(o, PK_OP_TRANSPOSE, &x, 1, in.dtype, in.rank, dims, &like);
  if (y >= 0 && pk_onnx_is_constant(o, y)) {
    pk_quantization *grid = &o->graph->tensors[y].grid;
    *grid = in.grid;
    for (int i = 0; i < in.rank; i++) {
      if (perm[i] == in.grid.axis) grid->axis = i;
    }
  }
  return y;
}

pk_value pk_onnx_expand(pk_onnx *o, pk_value x, int rank, const int32_t *dims) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank == rank && (rank == 0 || !memcmp(in.dims, dims, (size_t)rank * sizeof *dims))) {
    return x;
  }
  return pk_onnx_emit(o, PK_OP_EXPAND, &x, 1, in.dtype, rank, dims, NULL);
}

pk_value pk_onnx_slice(pk_onnx *o, pk_value x, const int32_t *starts, const int32_t *steps,
                       const int32_t *counts) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  pk_op like = {.kind = PK_OP_SLICE};
  bool is_whole = true;
  for (int i = 0; i < MNW_MAX_RANK; i++) {
    const bool is_axis = i < in.rank;
    like.attributes.words.words[MNW_SLICE_START + i] = is_axis ? starts[i] : 0;
    like.attributes.words.words[MNW_SLICE_STEP + i] = is_axis ? steps[i] : 1;
    is_whole &= !is_axis || (starts[i] == 0 && steps[i] == 1 && counts[i] == in.dims[i]);
  }
  if (is_whole) return x;
  return pk_onnx_emit(o, PK_OP_SLICE, &x, 1, in.dtype, in.rank, counts, &like);
}

pk_value pk_onnx_part(pk_onnx *o, pk_value x, int axis, int32_t first, int32_t count) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int32_t starts[PK_MAX_RANK] = {0}, steps[PK_MAX_RANK], counts[PK_MAX_RANK];
  for (int i = 0; i < in.rank; i++) steps[i] = 1, counts[i] = in.dims[i];
  starts[axis] = first;
  counts[axis] = count;
  return pk_onnx_slice(o, x, starts, steps, counts);
}

pk_value pk_onnx_concat(pk_onnx *o, const pk_value *inputs, size_t count, int axis) {
  enum { MOST_INPUTS = PK_MAX_OP_INPUTS };
  int64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (inputs[i] < 0) return PK_FAILED;
    sum += pk_onnx_tensor(o, inputs[i])->dims[axis];
  }
  if (count == 1) return inputs[0];
  const pk_tensor in = *pk_onnx_tensor(o, inputs[0]);
  for (size_t i = 1; i < count; i++) {
    const pk_tensor *other = pk_onnx_tensor(o, inputs[i]);
    bool fits = other->rank == in.rank && other->dtype == in.dtype;
    for (int j = 0; fits && j < in.rank; j++) fits = j == axis || other->dims[j] == in.dims[j];
    if (!fits) {
      pk_onnx_broken(o, "its inputs %s and %s do not fit together", pk_tensor_shape_text(&in).text,
                     pk_tensor_shape_text(other).text);
      return PK_FAILED;
    }
  }
  if (count > MOST_INPUTS) {  // in two halves, and so on
    const size_t half = count / 2;
    const pk_value parts[2] = {pk_onnx_concat(o, inputs, half, axis),
                               pk_onnx_concat(o, inputs + half, count - half, axis)};
    return pk_onnx_concat(o, parts, 2, axis);
  }
  int32_t dims[PK_MAX_RANK];
  memcpy(dims, in.dims, sizeof dims);
  dims[axis] = sum > INT32_MAX ? -1 : (int32_t)sum;
  const pk_op like = {.attributes.words.words = {axis}};
  return pk_onnx_emit(o, PK_OP_CONCAT, inputs, (int)count, in.dtype, in.rank, dims, &like);
}

pk_value pk_onnx_reduce(pk_onnx *o, int function, pk_value x, uint32_t axes, bool keep) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int32_t dims[PK_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < in.rank; i++) {
    const bool is_reduced = axes >> i & 1;
    if (!is_reduced || keep) dims[rank++] = is_reduced ? 1 : in.dims[i];
  }
  const pk_op like = {.attributes.words.words = {function, (int32_t)axes}};
  return pk_onnx_emit(o, PK_OP_REDUCE, &x, 1, in.dtype, rank, dims, &like);
}

pk_value pk_onnx_pad(pk_onnx *o, pk_value x, const int32_t *before, const int32_t *after,
                     double value, int mode) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  pk_op like = {.kind = PK_OP_PAD};
  int32_t dims[PK_MAX_RANK];
  bool is_nothing = true;
  for (int i = 0; i < in.rank; i++) {
    const int64_t dim = (int64_t)in.dims[i] + before[i] + after[i];
    dims[i] = dim > MAX_DIMENSION ? -1 : (int32_t)dim;
    is_nothing &= before[i] == 0 && after[i] == 0;
    like.attributes.pad.before[i] = before[i];
    like.attributes.pad.after[i] = after[i];
  }
  if (is_nothing) return x;
  like.attributes.pad.value = value;
  like.attributes.pad.mode = mode;
  return pk_onnx_emit(o, PK_OP_PAD, &x, 1, in.dtype, in.rank, dims, &like);
}
