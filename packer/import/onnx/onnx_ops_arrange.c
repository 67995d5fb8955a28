// Operators that put elements elsewhere: by index tables that are made here, or computed from
// inputs.
#include <string.h>

#include "onnx_build.h"

enum { MOST_NUMBERS = 1 << 24 };

static bool done(pk_onnx *o, pk_value value) {
  const pk_value x = pk_onnx_input(o, 0);
  if (value < 0 || x < 0) return false;
  return pk_onnx_set_typed_output(o, 0, value, pk_onnx_type(o, x));
}

static pk_value index_list(pk_onnx *o, int64_t count, int rank, int axis, int64_t factor) {
  int32_t dims[3] = {1, 1, 1};
  dims[axis] = (int32_t)count;
  int64_t *numbers = pk_arena_alloc(&o->graph->arena, (size_t)count, sizeof *numbers, o->error);
  if (!numbers) return PK_FAILED;
  for (int64_t i = 0; i < count; i++) numbers[i] = i * factor;
  return pk_onnx_constant(o, PK_DTYPE_S64, rank, dims, numbers);
}

static pk_value choose(pk_onnx *o, pk_value condition, pk_value a, pk_value b) {
  if (condition < 0 || a < 0 || b < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, condition);
  const pk_value inputs[3] = {condition, a, b};
  return pk_onnx_emit(o, PK_OP_WHERE, inputs, 3, PK_DTYPE_S64, in.rank, in.dims, NULL);
}

static pk_value flatten(pk_onnx *o, pk_value x) {
  if (x < 0) return PK_FAILED;
  return pk_onnx_reshape(o, x, 1, (const int32_t[]){(int32_t)pk_onnx_elements(o, x)});
}

// How many elements it keeps must be known, so the condition is a constant.
bool pk_onnx_op_compress(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0);
  const pk_value condition = pk_onnx_required(o, 1);
  pk_onnx_ints keeps;
  if (x < 0 || !pk_onnx_constant_ints(o, condition, &keeps)) return false;
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (!pk_onnx_attribute(o, "axis")) x = flatten(o, x);
  if (x < 0 || !pk_onnx_axis(o, &axis, pk_onnx_tensor(o, x)->rank)) return false;
  const size_t dim = (size_t)pk_onnx_tensor(o, x)->dims[axis];
  int64_t *kept = pk_arena_alloc(&o->graph->arena, keeps.count, sizeof *kept, o->error);
  if (!kept) return false;
  size_t count = 0;
  for (size_t i = 0; i < keeps.count && i < dim; i++) {
    if (keeps.values[i] != 0) kept[count++] = (int64_t)i;
  }
  return done(o, pk_onnx_gather(o, x, pk_onnx_int_list(o, kept, count), (int)axis));
}

bool pk_onnx_op_non_zero(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints flags;
  if (x < 0 || !pk_onnx_need_constant(o, x)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (!pk_onnx_constant_ints(o, pk_onnx_cast(o, x, PK_DTYPE_BOOL), &flags)) return false;
  int32_t count = 0;
  for (size_t i = 0; i < flags.count; i++) count += flags.values[i] != 0;
  const size_t rank = (size_t)(in.rank ? in.rank : 1);
  int64_t *places =
      pk_arena_alloc(&o->graph->arena, rank * (size_t)count, sizeof *places, o->error);
  if (!places) return false;
  int32_t at = 0;
  for (size_t i = 0; i < flags.count; i++) {
    if (flags.values[i] == 0) continue;
    size_t rest = i;
    for (int axis = in.rank - 1; axis >= 0; axis--) {
      places[axis * count + at] = (int64_t)(rest % (size_t)in.dims[axis]);
      rest /= (size_t)in.dims[axis];
    }
    at++;
  }
  const int32_t dims[2] = {(int32_t)rank, count};
  return pk_onnx_set_output(o, 0, pk_onnx_constant(o, PK_DTYPE_S64, 2, dims, places));
}

// Each sequence turned round up to its own length; what follows stays.
bool pk_onnx_op_reverse_sequence(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0), lengths = pk_onnx_required(o, 1);
  const int64_t batch_axis = pk_onnx_attribute_int(o, "batch_axis", 1);
  const int64_t time_axis = pk_onnx_attribute_int(o, "time_axis", 0);
  if (x < 0 || lengths < 0) return false;
  int rank = pk_onnx_tensor(o, x)->rank, perm[PK_MAX_RANK];
  if (batch_axis + time_axis != 1 || batch_axis * time_axis != 0 || rank < 2) {
    return pk_onnx_broken(o, "its axes are not 0 and 1");
  }
  for (int i = 0; i < rank; i++) perm[i] = i;
  perm[0] = (int)time_axis;
  perm[1] = (int)batch_axis;
  x = pk_onnx_transpose(o, x, perm);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int32_t steps = in.dims[0], batches = in.dims[1];
  if (pk_onnx_elements(o, lengths) != batches) return pk_onnx_broken(o, "its lengths do not fit");
  const int32_t two[2] = {steps * batches, (int32_t)(pk_onnx_elements(o, x) / steps / batches)};
  lengths =
      pk_onnx_cast(o, pk_onnx_reshape(o, lengths, 2, (const int32_t[]){1, batches}), PK_DTYPE_S64);
  const pk_value now = index_list(o, steps, 2, 0, 1), all = index_list(o, batches, 2, 1, 1);
  const pk_value last = pk_onnx_binary_scalar(o, MNW_BINARY_SUB, lengths, 1);
  const pk_value is_within = pk_onnx_binary(o, MNW_BINARY_LESS, now, lengths);
  pk_value row = choose(o, is_within, pk_onnx_binary(o, MNW_BINARY_SUB, last, now), now);
  row = pk_onnx_binary_scalar(o, MNW_BINARY_MUL, row, batches);
  row = flatten(o, pk_onnx_binary(o, MNW_BINARY_ADD, row, all));
  const pk_value y = pk_onnx_gather(o, pk_onnx_reshape(o, x, 2, two), row, 0);
  return done(o, pk_onnx_transpose(o, pk_onnx_reshape(o, y, in.rank, in.dims), perm));
}

// x moved by `by` elements along the axis, ones coming in: forward, or backward for `reverse`.
static pk_value shifted(pk_onnx *o, pk_value x, int axis, int32_t by, bool reverse) {
  if (x < 0) return PK_FAILED;
  const int32_t dim = pk_onnx_tensor(o, x)->dims[axis];
  int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
  (reverse ? after : before)[axis] = by;
  return pk_onnx_pad(o, pk_onnx_part(o, x, axis, reverse ? by : 0, dim - by), before, after, 1.0,
                     0);
}

// Running products in log2(n) rounds: each multiplies by what stands 1, 2, 4 … elements before.
bool pk_onnx_op_cum_prod(pk_onnx *o) {
  pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints axes;
  if (x < 0 || !pk_onnx_constant_ints(o, pk_onnx_required(o, 1), &axes)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int64_t axis = axes.count == 1 ? axes.values[0] : INT64_MAX;
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  const bool reverse = pk_onnx_attribute_int(o, "reverse", 0) != 0;
  const int32_t dim = in.dims[axis];
  if (pk_onnx_attribute_int(o, "exclusive", 0) != 0) {
    x = dim == 1 ? pk_onnx_expand(o, pk_onnx_scalar(o, in.dtype, 1), in.rank, in.dims)
                 : shifted(o, x, (int)axis, 1, reverse);
  }
  for (int32_t by = 1; by < dim; by *= 2) {
    x = pk_onnx_binary(o, MNW_BINARY_MUL, x, shifted(o, x, (int)axis, by, reverse));
  }
  return done(o, x);
}

// [batch, …, axis, …] as rows: the batch and the axis in front.
static pk_value axis_rows(pk_onnx *o, pk_value x, int axis, const int *perm) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int32_t rows = in.dims[0] * in.dims[axis];
  const int32_t two[2] = {rows, (int32_t)(pk_onnx_elements(o, x) / rows)};
  return pk_onnx_reshape(o, pk_onnx_transpose(o, x, perm), 2, two);
}

// A cache with `update` written into it from each batch's own index on.
bool pk_onnx_op_tensor_scatter(pk_onnx *o) {
  const pk_value past = pk_onnx_required(o, 0), update = pk_onnx_required(o, 1);
  pk_value start = pk_onnx_input(o, 2);
  if (past < 0 || update < 0 || start == PK_FAILED) return false;
  const pk_tensor cache = *pk_onnx_tensor(o, past), fresh = *pk_onnx_tensor(o, update);
  int64_t axis = pk_onnx_attribute_int(o, "axis", -2);
  bool fits = pk_onnx_axis(o, &axis, cache.rank) && axis > 0 && fresh.rank == cache.rank;
  for (int i = 0; fits && i < cache.rank; i++) fits = i == axis || fresh.dims[i] == cache.dims[i];
  if (!fits || fresh.dims[axis] > cache.dims[axis]) {
    return o->error->code == PK_OK && pk_onnx_broken(o, "its update does not fit its cache");
  }
  int perm[PK_MAX_RANK] = {0, (int)axis}, back[PK_MAX_RANK] = {0};
  for (int i = 1, to = 2; i < cache.rank; i++) {
    if (i != axis) perm[to++] = i;
  }
  for (int i = 0; i < cache.rank; i++) back[perm[i]] = i;
  const int32_t batches = cache.dims[0], length = cache.dims[axis], count = fresh.dims[axis];
  const pk_value parts[2] = {axis_rows(o, past, (int)axis, perm),
                             axis_rows(o, update, (int)axis, perm)};
  pk_value at = index_list(o, length, 2, 1, 1);
  const pk_value own = pk_onnx_binary(o, MNW_BINARY_ADD, at, index_list(o, batches, 2, 0, length));
  if (start != PK_ABSENT) {
    start = pk_onnx_reshape(o, start, 2, (const int32_t[]){batches, 1});
    at = pk_onnx_binary(o, MNW_BINARY_SUB, at, pk_onnx_cast(o, start, PK_DTYPE_S64));
  } else {
    at = pk_onnx_expand(o, at, 2, (const int32_t[]){batches, length});
  }
  if (pk_onnx_attribute_is(o, "mode", "circular", "linear")) {
    at = pk_onnx_binary_scalar(o, MNW_BINARY_MOD, at, length);
  }
  const pk_value is_fresh =
      pk_onnx_binary(o, MNW_BINARY_AND, pk_onnx_binary_scalar(o, MNW_BINARY_GREATER_EQUAL, at, 0),
                     pk_onnx_binary_scalar(o, MNW_BINARY_LESS, at, count));
  pk_value row = pk_onnx_binary(o, MNW_BINARY_ADD, at, index_list(o, batches, 2, 0, count));
  row = pk_onnx_binary_scalar(o, MNW_BINARY_ADD, row, (double)batches * length);
  row = flatten(o, choose(o, is_fresh, row, own));
  pk_value y = pk_onnx_gather(o, pk_onnx_concat(o, parts, 2, 0), row, 0);
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < cache.rank; i++) dims[i] = cache.dims[perm[i]];
  y = pk_onnx_reshape(o, y, cache.rank, dims);
  return done(o, pk_onnx_transpose(o, y, back));
}
