// Losses of classifiers: x [N, C, d…], target class numbers [N, d…].
#include <string.h>

#include "onnx_build.h"

// Positions stand in one axis: x as rows [positions, C], targets [positions].
typedef struct loss {
  pk_tensor shape;  // of x
  pk_value rows, targets;
  int32_t positions, classes;
} loss;

static bool begin(pk_onnx *o, loss *l) {
  const pk_value x = pk_onnx_required(o, 0), targets = pk_onnx_required(o, 1);
  if (x < 0 || targets < 0) return false;
  l->shape = *pk_onnx_tensor(o, x);
  const pk_tensor t = *pk_onnx_tensor(o, targets);
  bool fits = l->shape.rank >= 2 && t.rank == l->shape.rank - 1 && t.dtype != PK_DTYPE_F32;
  for (int i = 0; fits && i < t.rank; i++) fits = t.dims[i] == l->shape.dims[i + (i > 0)];
  if (!fits) {
    return pk_onnx_broken(o, "targets %s do not fit scores %s", pk_tensor_shape_text(&t).text,
                          pk_tensor_shape_text(&l->shape).text);
  }
  l->classes = l->shape.dims[1];
  l->positions = (int32_t)(pk_onnx_elements(o, x) / l->classes);
  // However many axes: [N, C, rest] -> [N, rest, C]
  const int32_t three[3] = {l->shape.dims[0], l->classes, l->positions / l->shape.dims[0]};
  const int32_t two[2] = {l->positions, l->classes};
  const pk_value last = pk_onnx_channels_last(o, pk_onnx_reshape(o, x, 3, three));
  l->rows = pk_onnx_reshape(o, last, 2, two);
  l->targets = pk_onnx_cast(o, pk_onnx_reshape(o, targets, 1, two), PK_DTYPE_S64);
  return l->rows >= 0 && l->targets >= 0;
}

// 1 where the target counts, 0 where it is to be ignored.
static pk_value counting(pk_onnx *o, const loss *l, int64_t ignored) {
  const pk_value number = pk_onnx_constant(o, PK_DTYPE_S64, 0, NULL, &ignored);
  const pk_value same = pk_onnx_binary(o, MNW_BINARY_EQUAL, l->targets, number);
  return pk_onnx_cast(o, pk_onnx_unary(o, MNW_UNARY_NOT, same, 0, 0), PK_DTYPE_F32);
}

// Elements of `table` [positions, C] or [C] at the targets; ignored ones may be out of range, which
// gathering clamps.
static pk_value at_targets(pk_onnx *o, const loss *l, pk_value table, bool is_row) {
  const int32_t column[2] = {l->positions, 1};
  if (!is_row) return pk_onnx_gather(o, table, l->targets, 0);
  const pk_op like = {.attributes.words.words = {1}};
  const pk_value inputs[2] = {table, pk_onnx_reshape(o, l->targets, 2, column)};
  const pk_value y =
      pk_onnx_emit(o, PK_OP_GATHER_ELEMENTS, inputs, 2, PK_DTYPE_F32, 2, column, &like);
  return pk_onnx_reshape(o, y, 1, column);
}

static bool finish(pk_onnx *o, const loss *l, pk_value log_probabilities) {
  const pk_value weights = pk_onnx_input(o, 2);
  if (weights == PK_FAILED) return false;
  pk_value factor = PK_ABSENT;
  if (weights != PK_ABSENT) factor = at_targets(o, l, weights, false);
  if (pk_onnx_attribute(o, "ignore_index")) {
    const pk_value counts = counting(o, l, pk_onnx_attribute_int(o, "ignore_index", 0));
    factor = factor == PK_ABSENT ? counts : pk_onnx_binary(o, MNW_BINARY_MUL, factor, counts);
  }
  pk_value y = pk_onnx_unary(o, MNW_UNARY_NEG, at_targets(o, l, log_probabilities, true), 0, 0);
  if (factor != PK_ABSENT) y = pk_onnx_binary(o, MNW_BINARY_MUL, y, factor);
  if (pk_onnx_attribute_is(o, "reduction", "none", "mean")) {
    int32_t dims[PK_MAX_RANK];
    for (int i = 0; i < l->shape.rank - 1; i++) dims[i] = l->shape.dims[i + (i > 0)];
    return pk_onnx_set_output(o, 0, pk_onnx_reshape(o, y, l->shape.rank - 1, dims));
  }
  const bool is_mean = pk_onnx_attribute_is(o, "reduction", "mean", "mean");
  if (!is_mean && !pk_onnx_attribute_is(o, "reduction", "sum", "mean")) {
    return pk_onnx_broken(o, "its reduction is not none, sum or mean");
  }
  y = pk_onnx_reduce(o, MNW_REDUCE_SUM, y, 1, false);
  if (is_mean) {
    const pk_value total = factor == PK_ABSENT
                               ? pk_onnx_scalar(o, PK_DTYPE_F32, l->positions)
                               : pk_onnx_reduce(o, MNW_REDUCE_SUM, factor, 1, false);
    y = pk_onnx_binary(o, MNW_BINARY_DIV, y, total);
  }
  return pk_onnx_set_output(o, 0, y);
}

bool pk_onnx_op_negative_log_likelihood(pk_onnx *o) {
  loss l;
  return begin(o, &l) && finish(o, &l, l.rows);
}

bool pk_onnx_op_softmax_cross_entropy(pk_onnx *o) {
  loss l;
  if (!begin(o, &l)) return false;
  const pk_value logs = pk_onnx_normalize(o, l.rows, PK_ABSENT, PK_ABSENT, 1, 0.0f, 2);
  if (pk_onnx_has_output(o, 1)) {
    const int32_t rest = l.positions / l.shape.dims[0];
    const int32_t three[3] = {l.shape.dims[0], rest, l.classes};
    const pk_value first = pk_onnx_channels_first(o, pk_onnx_reshape(o, logs, 3, three));
    if (!pk_onnx_set_output(o, 1, pk_onnx_reshape(o, first, l.shape.rank, l.shape.dims))) {
      return false;
    }
  }
  return finish(o, &l, logs);
}
