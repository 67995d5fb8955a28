// Reductions and products of matrices.
#include <stdlib.h>
#include <string.h>

#include "onnx_blocks.h"

bool pk_onnx_op_reduce_axes(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints axes;
  uint32_t mask;
  if (x < 0 || !pk_onnx_parameter_ints(o, "axes", 1, &axes)) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int type = pk_onnx_type(o, x), function = pk_onnx_this_op(o)->parameter;
  if (!pk_onnx_axis_mask(o, &axes, in.rank, &mask)) return false;
  if (axes.count == 0) {
    const bool is_noop = pk_onnx_attribute_int(o, "noop_with_empty_axes", 0) != 0;
    if (is_noop) return pk_onnx_set_output(o, 0, x);
    mask = (1u << in.rank) - 1;
  }
  const bool keep = pk_onnx_attribute_int(o, "keepdims", 1) != 0;
  // The runtime reduces int32, int64 and float32.
  const bool is_narrow =
      in.dtype == PK_DTYPE_S8 || in.dtype == PK_DTYPE_U8 || in.dtype == PK_DTYPE_BOOL;
  const pk_value wide = is_narrow ? pk_onnx_cast(o, x, PK_DTYPE_S32) : x;
  const pk_value y = pk_onnx_reduce(o, function, wide, mask, keep);
  return pk_onnx_set_typed_output(o, 0, pk_onnx_cast(o, y, in.dtype), type);
}

bool pk_onnx_op_arg_axis(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (x < 0 || !pk_onnx_axis(o, &axis, pk_onnx_tensor(o, x)->rank)) return false;
  return pk_onnx_set_output(
      o, 0,
      pk_onnx_arg_reduce(o, x, (int)axis, pk_onnx_this_op(o)->parameter,
                         pk_onnx_attribute_int(o, "select_last_index", 0) != 0,
                         pk_onnx_attribute_int(o, "keepdims", 1) != 0));
}

// rows x columns as [columns][rows] constant weights: FULLY_CONNECTED.
static pk_value fully_connected(pk_onnx *o, pk_value x, pk_value weights, pk_value bias) {
  if (x < 0 || weights < 0 || bias == PK_FAILED) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int32_t dims[PK_MAX_RANK];
  memcpy(dims, in.dims, sizeof dims);
  dims[in.rank - 1] = pk_onnx_tensor(o, weights)->dims[0];
  const pk_value inputs[3] = {x, weights, bias};
  return pk_onnx_emit(o, PK_OP_FULLY_CONNECTED, inputs, 3, PK_DTYPE_F32, in.rank, dims, NULL);
}

static bool is_weights(const pk_onnx *o, pk_value x, pk_value b) {
  return pk_onnx_is_constant(o, b) && !pk_onnx_is_constant(o, x) &&
         pk_onnx_tensor(o, b)->rank == 2 && pk_onnx_tensor(o, b)->dtype == PK_DTYPE_F32 &&
         pk_onnx_tensor(o, x)->dtype == PK_DTYPE_F32;
}

static pk_value transposed(pk_onnx *o, pk_value b) {
  const int perm[2] = {1, 0};
  return pk_onnx_transpose(o, b, perm);
}

bool pk_onnx_op_matmul_any(pk_onnx *o) {
  pk_value a = pk_onnx_required(o, 0), b = pk_onnx_required(o, 1);
  if (a < 0 || b < 0) return false;
  const pk_tensor x = *pk_onnx_tensor(o, a), y = *pk_onnx_tensor(o, b);
  if (x.rank == 0 || y.rank == 0) return pk_onnx_broken(o, "it multiplies scalars");
  if (is_weights(o, a, b) && x.rank >= 2 && x.dims[x.rank - 1] == y.dims[0]) {
    const pk_value by_blocks = pk_onnx_product_with_noted(o, a, b, false);
    if (by_blocks != PK_ABSENT) return pk_onnx_set_output(o, 0, by_blocks);
    return pk_onnx_set_output(o, 0, fully_connected(o, a, transposed(o, b), PK_ABSENT));
  }
  // A vector is a row on the left and a column on the right; that axis goes again.
  if (x.rank == 1) a = pk_onnx_reshape(o, a, 2, (const int32_t[]){1, x.dims[0]});
  if (y.rank == 1) b = pk_onnx_reshape(o, b, 2, (const int32_t[]){y.dims[0], 1});
  pk_value product = pk_onnx_matmul(o, a, b, false, false);
  if (product < 0) return false;
  if (x.rank == 1 || y.rank == 1) {
    const pk_tensor out = *pk_onnx_tensor(o, product);
    int32_t dims[PK_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < out.rank; i++) {
      const bool goes = (i == out.rank - 2 && x.rank == 1) || (i == out.rank - 1 && y.rank == 1);
      if (!goes) dims[rank++] = out.dims[i];
    }
    product = pk_onnx_reshape(o, product, rank, dims);
  }
  return pk_onnx_set_output(o, 0, product);
}

bool pk_onnx_op_gemm(pk_onnx *o) {
  pk_value a = pk_onnx_required(o, 0), b = pk_onnx_required(o, 1), c = pk_onnx_input(o, 2);
  const float alpha = pk_onnx_attribute_float(o, "alpha", 1.0f);
  const float beta = pk_onnx_attribute_float(o, "beta", 1.0f);
  const bool transpose_a = pk_onnx_attribute_int(o, "transA", 0) != 0;
  const bool transpose_b = pk_onnx_attribute_int(o, "transB", 0) != 0;
  if (a < 0 || b < 0 || c == PK_FAILED) return false;
  const pk_tensor x = *pk_onnx_tensor(o, a), y = *pk_onnx_tensor(o, b);
  if (x.rank != 2 || y.rank != 2) return pk_onnx_broken(o, "its operands are no matrices");
  if (c != PK_ABSENT && beta != 1.0f) c = pk_onnx_binary_scalar(o, MNW_BINARY_MUL, c, (double)beta);
  if (c == PK_FAILED) return false;
  const int32_t columns = y.dims[transpose_b ? 0 : 1], inner = y.dims[transpose_b ? 1 : 0];
  const bool has_bias = c != PK_ABSENT && pk_onnx_is_constant(o, c) &&
                        pk_onnx_tensor(o, c)->rank == 1 && pk_onnx_tensor(o, c)->dims[0] == columns;
  if (is_weights(o, a, b) && !transpose_a && x.dims[1] == inner && (c == PK_ABSENT || has_bias)) {
    if (alpha != 1.0f) b = pk_onnx_binary_scalar(o, MNW_BINARY_MUL, b, (double)alpha);
    pk_value by_blocks = pk_onnx_product_with_noted(o, a, b, transpose_b);
    if (by_blocks != PK_ABSENT) {
      if (has_bias) by_blocks = pk_onnx_binary(o, MNW_BINARY_ADD, by_blocks, c);
      return pk_onnx_set_output(o, 0, by_blocks);
    }
    return pk_onnx_set_output(o, 0, fully_connected(o, a, transpose_b ? b : transposed(o, b), c));
  }
  pk_value product = pk_onnx_matmul(o, a, b, transpose_a, transpose_b);
  if (alpha != 1.0f) product = pk_onnx_binary_scalar(o, MNW_BINARY_MUL, product, (double)alpha);
  if (c != PK_ABSENT) product = pk_onnx_binary(o, MNW_BINARY_ADD, product, c);
  return pk_onnx_set_output(o, 0, product);
}

// --- Einsum of one or two operands, without repeated letters in one of them and without "..." ---

typedef struct term {
  char letters[PK_MAX_RANK + 1];
  int rank;
} term;

static int find_letter(const term *t, char letter) {
  for (int i = 0; i < t->rank; i++) {
    if (t->letters[i] == letter) return i;
  }
  return -1;
}

// Splits "ij,jk->ik"; false where the form is another.
static bool parse_equation(const char *text, size_t length, term *terms, int *count, term *result) {
  term *now = &terms[0];
  *count = 1;
  bool has_result = false;
  for (size_t i = 0; i < length; i++) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == ',' && !has_result && *count < 2) {
      now = &terms[(*count)++];
    } else if (c == '-' && i + 1 < length && text[i + 1] == '>' && !has_result) {
      now = result;
      has_result = true;
      i++;
    } else if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && now->rank < 6 &&
               find_letter(now, c) < 0) {
      now->letters[now->rank++] = c;
    } else {
      return false;
    }
  }
  return has_result;
}

// x with its axes in the order of `wanted`; letters that it lacks become axes of one element.
static pk_value spread(pk_onnx *o, pk_value x, const term *own, const term *wanted) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  int perm[PK_MAX_RANK], used = 0;
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < wanted->rank; i++) {
    const int at = find_letter(own, wanted->letters[i]);
    dims[i] = at < 0 ? 1 : in.dims[at];
    if (at >= 0) perm[used++] = at;
  }
  return pk_onnx_reshape(o, pk_onnx_transpose(o, x, perm), wanted->rank, dims);
}

// Broadcasts a product over all letters and sums those that the result lacks.
bool pk_onnx_op_einsum(pk_onnx *o) {
  const Onnx__AttributeProto *equation = pk_onnx_attribute(o, "equation");
  term terms[2] = {{.rank = 0}}, result = {.rank = 0}, all = {.rank = 0};
  int count = 0;
  if (!equation || !equation->has_s ||
      !parse_equation((const char *)equation->s.data, equation->s.len, terms, &count, &result) ||
      (size_t)count != o->node->n_input) {
    return pk_onnx_refuse(o, "of this form");
  }
  all = result;
  for (int t = 0; t < count; t++) {
    const pk_value x = pk_onnx_required(o, (size_t)t);
    if (x < 0) return false;
    if (pk_onnx_tensor(o, x)->rank != terms[t].rank) {
      return pk_onnx_broken(o, "its equation does not fit the ranks of its inputs");
    }
    for (int i = 0; i < terms[t].rank; i++) {
      if (find_letter(&all, terms[t].letters[i]) >= 0) continue;
      if (all.rank == 6) return pk_onnx_refuse(o, "with more than 6 letters");
      all.letters[all.rank++] = terms[t].letters[i];
    }
  }
  pk_value y = spread(o, pk_onnx_required(o, 0), &terms[0], &all);
  if (count == 2) {
    y = pk_onnx_binary(o, MNW_BINARY_MUL, y, spread(o, pk_onnx_required(o, 1), &terms[1], &all));
  }
  const uint32_t summed = ((1u << all.rank) - 1) & ~((1u << result.rank) - 1);
  if (summed) y = pk_onnx_reduce(o, MNW_REDUCE_SUM, y, summed, false);
  return pk_onnx_set_output(o, 0, y);
}
