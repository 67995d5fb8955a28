// The rules of the operators that carry the runtime's parameter words (UNARY and later rows of
// source_ops.inc): shapes follow from inputs and words, dtypes agree. Ranges of the remaining words
// are the runtime's business, which refuses a package that breaks them before it is written.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "op_rules.h"

static const pk_tensor *input_of(const pk_graph *graph, const pk_op *op, int index) {
  return pk_op_input(graph, op, index);
}

static bool check_output(const pk_graph *graph, const pk_op *op, const pk_tensor *expected,
                         pk_error *error) {
  const pk_tensor *output = pk_op_output(graph, op);
  if (pk_tensor_same_shape(output, expected)) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its output \"%s\" has shape %s, but it computes %s",
                    output->name, pk_tensor_shape_text(output).text,
                    pk_tensor_shape_text(expected).text);
}

static bool check_dtype(const pk_op *op, const pk_tensor *tensor, pk_dtype dtype, pk_error *error) {
  if (tensor->dtype == dtype) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its tensor \"%s\" is %s instead of %s", tensor->name,
                    pk_dtype_name(tensor->dtype), pk_dtype_name(dtype));
}

static bool check_indices(const pk_graph *graph, const pk_op *op, int input, pk_error *error) {
  const pk_tensor *tensor = input_of(graph, op, input);
  if (tensor->dtype == PK_DTYPE_S32 || tensor->dtype == PK_DTYPE_S64) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL, "its indices \"%s\" are %s instead of int32 or int64",
                    tensor->name, pk_dtype_name(tensor->dtype));
}

// The output has the first input's dtype.
static bool check_kept_dtype(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_dtype(op, pk_op_output(graph, op), input_of(graph, op, 0)->dtype, error);
}

static bool check_same_shape(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_output(graph, op, input_of(graph, op, 0), error);
}

static bool check_axis(const pk_graph *graph, const pk_op *op, int32_t axis, int rank,
                       pk_error *error) {
  if (axis >= 0 && axis < rank) return true;
  const pk_tensor *input = input_of(graph, op, 0);
  return pk_op_fail(op, error, PK_BAD_MODEL, "its axis %d is out of range for \"%s\" of shape %s",
                    axis, input->name, pk_tensor_shape_text(input).text);
}

// Brings `shape` and `other` to their common shape by the rules of numpy.
static bool broadcast(const pk_op *op, pk_tensor *shape, const pk_tensor *other, pk_error *error) {
  pk_tensor joined = {.rank = shape->rank > other->rank ? shape->rank : other->rank};
  for (int i = 0; i < joined.rank; i++) {
    const int p = i - (joined.rank - shape->rank), q = i - (joined.rank - other->rank);
    const int32_t a = p < 0 ? 1 : shape->dims[p], b = q < 0 ? 1 : other->dims[q];
    if (a != b && a != 1 && b != 1) {
      return pk_op_fail(op, error, PK_BAD_MODEL, "shapes %s and %s of its inputs do not fit",
                        pk_tensor_shape_text(shape).text, pk_tensor_shape_text(other).text);
    }
    joined.dims[i] = a == 1 ? b : a;
  }
  shape->rank = joined.rank;
  memcpy(shape->dims, joined.dims, sizeof joined.dims);
  return true;
}

static pk_tensor shape_of(const pk_tensor *tensor) {
  pk_tensor shape = {.rank = tensor->rank};
  memcpy(shape.dims, tensor->dims, sizeof shape.dims);
  return shape;
}

// `input`'s shape without the axes of the mask, or with 1 in their place, whichever has the
// output's rank.
static bool check_reduced(const pk_graph *graph, const pk_op *op, uint32_t axes, pk_error *error) {
  const pk_tensor *input = input_of(graph, op, 0);
  pk_tensor kept = {.rank = 0}, dropped = {.rank = 0};
  for (int i = 0; i < input->rank; i++) {
    const bool reduced = axes >> i & 1;
    kept.dims[kept.rank++] = reduced ? 1 : input->dims[i];
    if (!reduced) dropped.dims[dropped.rank++] = input->dims[i];
  }
  const bool keeps_axes = pk_op_output(graph, op)->rank == kept.rank;
  return check_output(graph, op, keeps_axes ? &kept : &dropped, error);
}

bool pk_check_unary(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t function = op->attributes.words.words[MNW_UNARY_FUNCTION];
  const bool gives_bool = function == MNW_UNARY_IS_NAN || function == MNW_UNARY_IS_INF;
  const pk_dtype dtype = gives_bool ? PK_DTYPE_BOOL : input_of(graph, op, 0)->dtype;
  return check_dtype(op, pk_op_output(graph, op), dtype, error) &&
         check_same_shape(graph, op, error);
}

bool pk_check_binary(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t function = op->attributes.words.words[MNW_BINARY_FUNCTION];
  const pk_tensor *a = input_of(graph, op, 0), *b = input_of(graph, op, 1);
  const bool compares = function >= MNW_BINARY_EQUAL && function <= MNW_BINARY_GREATER_EQUAL;
  pk_tensor shape = shape_of(a);
  return check_dtype(op, b, a->dtype, error) &&
         check_dtype(op, pk_op_output(graph, op), compares ? PK_DTYPE_BOOL : a->dtype, error) &&
         broadcast(op, &shape, b, error) && check_output(graph, op, &shape, error);
}

bool pk_check_where(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *condition = input_of(graph, op, 0);
  const pk_tensor *a = input_of(graph, op, 1), *b = input_of(graph, op, 2);
  pk_tensor shape = shape_of(condition);
  return check_dtype(op, condition, PK_DTYPE_BOOL, error) && check_dtype(op, b, a->dtype, error) &&
         check_dtype(op, pk_op_output(graph, op), a->dtype, error) &&
         broadcast(op, &shape, a, error) && broadcast(op, &shape, b, error) &&
         check_output(graph, op, &shape, error);
}

bool pk_check_cast(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_same_shape(graph, op, error);
}

bool pk_check_transpose(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = input_of(graph, op, 0);
  pk_tensor shape = {.rank = input->rank};
  uint32_t seen = 0;
  for (int i = 0; i < input->rank; i++) {
    const int32_t axis = op->attributes.words.words[MNW_TRANSPOSE_PERM + i];
    if (!check_axis(graph, op, axis, input->rank, error)) return false;
    shape.dims[i] = input->dims[axis];
    seen |= 1u << axis;
  }
  if (seen != (1u << input->rank) - 1) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its permutation names an axis twice");
  }
  return check_kept_dtype(graph, op, error) && check_output(graph, op, &shape, error);
}

bool pk_check_concat(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t axis = op->attributes.words.words[MNW_CONCAT_AXIS];
  const pk_tensor *first = input_of(graph, op, 0);
  pk_tensor shape = shape_of(first);
  if (!check_axis(graph, op, axis, first->rank, error)) return false;
  int64_t total = first->dims[axis];
  for (int i = 1; i < op->input_count; i++) {
    const pk_tensor *input = input_of(graph, op, i);
    if (!input) return pk_op_fail(op, error, PK_BAD_MODEL, "its input %d is missing", i);
    pk_tensor like = shape_of(input);
    if (like.rank == shape.rank) like.dims[axis] = shape.dims[axis];
    if (!pk_tensor_same_shape(&like, &shape)) {
      return pk_op_fail(op, error, PK_BAD_MODEL,
                        "its inputs \"%s\" %s and \"%s\" %s cannot be joined along axis %d",
                        first->name, pk_tensor_shape_text(first).text, input->name,
                        pk_tensor_shape_text(input).text, axis);
    }
    if (!check_dtype(op, input, first->dtype, error)) return false;
    total += input->dims[axis];
  }
  shape.dims[axis] = total > INT32_MAX ? INT32_MAX : (int32_t)total;
  return check_kept_dtype(graph, op, error) && check_output(graph, op, &shape, error);
}

bool pk_check_slice(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = input_of(graph, op, 0), *output = pk_op_output(graph, op);
  const int32_t *words = op->attributes.words.words;
  bool fits = input->rank == output->rank;
  for (int i = 0; i < input->rank && fits; i++) {
    const int64_t start = words[MNW_SLICE_START + i], step = words[MNW_SLICE_STEP + i];
    const int64_t last = start + (output->dims[i] - 1) * step;
    fits = step != 0 && start >= 0 && start < input->dims[i] && last >= 0 && last < input->dims[i];
  }
  if (!fits) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its output \"%s\" of shape %s reaches beyond its input \"%s\" of shape %s",
                      output->name, pk_tensor_shape_text(output).text, input->name,
                      pk_tensor_shape_text(input).text);
  }
  return check_kept_dtype(graph, op, error);
}

// Appends dimensions `from` … `to` - 1; false where there are too many.
static bool append_dims(const pk_op *op, pk_tensor *shape, const pk_tensor *source, int from,
                        int to, pk_error *error) {
  if (shape->rank + to - from > PK_MAX_RANK) {
    return pk_op_fail(op, error, PK_UNSUPPORTED, "its output has more than %d axes", PK_MAX_RANK);
  }
  for (int i = from; i < to; i++) shape->dims[shape->rank++] = source->dims[i];
  return true;
}

bool pk_check_gather(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t axis = op->attributes.words.words[MNW_GATHER_AXIS];
  const pk_tensor *input = input_of(graph, op, 0), *indices = input_of(graph, op, 1);
  pk_tensor shape = {.rank = 0};
  return check_axis(graph, op, axis, input->rank, error) && check_indices(graph, op, 1, error) &&
         check_kept_dtype(graph, op, error) && append_dims(op, &shape, input, 0, axis, error) &&
         append_dims(op, &shape, indices, 0, indices->rank, error) &&
         append_dims(op, &shape, input, axis + 1, input->rank, error) &&
         check_output(graph, op, &shape, error);
}

bool pk_check_reduce(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_kept_dtype(graph, op, error) &&
         check_reduced(graph, op, (uint32_t)op->attributes.words.words[MNW_REDUCE_AXES], error);
}

bool pk_check_arg_reduce(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t axis = op->attributes.words.words[MNW_ARG_REDUCE_AXIS];
  const pk_tensor *output = pk_op_output(graph, op);
  if (!check_axis(graph, op, axis, input_of(graph, op, 0)->rank, error)) return false;
  if (output->dtype != PK_DTYPE_S32 && !check_dtype(op, output, PK_DTYPE_S64, error)) return false;
  return check_reduced(graph, op, 1u << axis, error);
}

bool pk_check_matmul(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t *words = op->attributes.words.words;
  const pk_tensor *a = input_of(graph, op, 0), *b = input_of(graph, op, 1);
  if (a->rank < 2 || b->rank < 2) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its inputs of shapes %s and %s are no matrices",
                      pk_tensor_shape_text(a).text, pk_tensor_shape_text(b).text);
  }
  const bool flips_a = words[MNW_MATMUL_TRANSPOSE_A], flips_b = words[MNW_MATMUL_TRANSPOSE_B];
  const int32_t *p = a->dims + a->rank - 2, *q = b->dims + b->rank - 2;
  pk_tensor shape = shape_of(a), other = shape_of(b);
  shape.rank -= 2;
  other.rank -= 2;
  if (p[!flips_a] != q[flips_b]) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "matrices of shapes %s and %s cannot be multiplied",
                      pk_tensor_shape_text(a).text, pk_tensor_shape_text(b).text);
  }
  if (!broadcast(op, &shape, &other, error)) return false;
  shape.dims[shape.rank++] = p[flips_a];
  shape.dims[shape.rank++] = q[!flips_b];
  return check_dtype(op, b, a->dtype, error) && check_kept_dtype(graph, op, error) &&
         check_output(graph, op, &shape, error);
}

bool pk_check_normalize(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t axis = op->attributes.words.words[MNW_NORMALIZE_AXIS];
  const pk_tensor *input = input_of(graph, op, 0);
  int64_t elements = 1;
  if (!check_axis(graph, op, axis, input->rank, error)) return false;
  for (int i = axis; i < input->rank; i++) elements *= input->dims[i];
  for (int i = 1; i < op->input_count; i++) {
    const pk_tensor *tensor = input_of(graph, op, i);
    if (!tensor || pk_tensor_elements(tensor) == elements) continue;
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its input \"%s\" has shape %s instead of %lld values", tensor->name,
                      pk_tensor_shape_text(tensor).text, (long long)elements);
  }
  return check_kept_dtype(graph, op, error) && check_same_shape(graph, op, error);
}

bool pk_check_expand(const pk_graph *graph, const pk_op *op, pk_error *error) {
  pk_tensor shape = shape_of(input_of(graph, op, 0));
  const pk_tensor output = shape_of(pk_op_output(graph, op));
  return check_kept_dtype(graph, op, error) && broadcast(op, &shape, &output, error) &&
         check_output(graph, op, &shape, error);
}

static bool check_pictures(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = input_of(graph, op, 0), *output = pk_op_output(graph, op);
  if (input->rank == 4 && output->rank == 4 && input->dims[0] == output->dims[0]) return true;
  return pk_op_fail(op, error, PK_BAD_MODEL,
                    "its input \"%s\" and output \"%s\" have shapes %s and %s, but must be as many "
                    "pictures",
                    input->name, output->name, pk_tensor_shape_text(input).text,
                    pk_tensor_shape_text(output).text);
}

bool pk_check_resize(const pk_graph *graph, const pk_op *op, pk_error *error) {
  if (!check_pictures(graph, op, error) || !check_kept_dtype(graph, op, error)) return false;
  pk_tensor shape = shape_of(pk_op_output(graph, op));
  shape.dims[3] = input_of(graph, op, 0)->dims[3];
  return check_output(graph, op, &shape, error);
}

bool pk_check_conv_transpose_2d(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t *words = op->attributes.words.words;
  const pk_tensor *input = input_of(graph, op, 0), *weights = input_of(graph, op, 1);
  const pk_tensor *bias = input_of(graph, op, 2), *output = pk_op_output(graph, op);
  if (!check_pictures(graph, op, error) || !check_kept_dtype(graph, op, error)) return false;
  const int64_t groups = words[MNW_CONV_TRANSPOSE_GROUPS];
  if (weights->rank != 4 || weights->dims[0] != words[MNW_CONV_TRANSPOSE_KERNEL_H] ||
      weights->dims[1] != words[MNW_CONV_TRANSPOSE_KERNEL_W] || groups < 1 ||
      weights->dims[2] != output->dims[3] || groups * weights->dims[3] != input->dims[3]) {
    return pk_op_fail(op, error, PK_BAD_MODEL,
                      "its weights \"%s\" of shape %s do not fit its input %s and output %s",
                      weights->name, pk_tensor_shape_text(weights).text,
                      pk_tensor_shape_text(input).text, pk_tensor_shape_text(output).text);
  }
  if (!weights->data || (bias && !bias->data)) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its weights or its bias are computed; only constants can be packed");
  }
  if (weights->dtype != PK_DTYPE_F32 || (bias && bias->dtype != PK_DTYPE_F32)) {
    return pk_op_fail(op, error, PK_UNSUPPORTED,
                      "its weights or its bias are no float32 constants");
  }
  if (bias && pk_tensor_elements(bias) != output->dims[3]) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its bias \"%s\" has shape %s instead of [%d]",
                      bias->name, pk_tensor_shape_text(bias).text, output->dims[3]);
  }
  return true;
}

bool pk_check_gather_elements(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = input_of(graph, op, 0), *indices = input_of(graph, op, 1);
  if (indices->rank != input->rank) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its inputs have shapes %s and %s of unequal rank",
                      pk_tensor_shape_text(input).text, pk_tensor_shape_text(indices).text);
  }
  return check_axis(graph, op, op->attributes.words.words[MNW_GATHER_AXIS], input->rank, error) &&
         check_indices(graph, op, 1, error) && check_kept_dtype(graph, op, error) &&
         check_output(graph, op, indices, error);
}

bool pk_check_gather_nd(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *input = input_of(graph, op, 0), *indices = input_of(graph, op, 1);
  const int32_t batch_dims = op->attributes.words.words[MNW_GATHER_ND_BATCH_DIMS];
  const int64_t depth = indices->rank ? indices->dims[indices->rank - 1] : 0;
  pk_tensor shape = {.rank = 0};
  if (depth < 1 || batch_dims < 0 || batch_dims >= indices->rank ||
      batch_dims + depth > input->rank) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its indices of shape %s do not fit its input %s",
                      pk_tensor_shape_text(indices).text, pk_tensor_shape_text(input).text);
  }
  return check_indices(graph, op, 1, error) && check_kept_dtype(graph, op, error) &&
         append_dims(op, &shape, indices, 0, indices->rank - 1, error) &&
         append_dims(op, &shape, input, batch_dims + (int)depth, input->rank, error) &&
         check_output(graph, op, &shape, error);
}

static bool check_scatter(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_indices(graph, op, 1, error) && check_kept_dtype(graph, op, error) &&
         check_dtype(op, input_of(graph, op, 2), input_of(graph, op, 0)->dtype, error) &&
         check_same_shape(graph, op, error);
}

bool pk_check_scatter_elements(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const pk_tensor *indices = input_of(graph, op, 1), *updates = input_of(graph, op, 2);
  if (!pk_tensor_same_shape(indices, updates)) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its indices %s and updates %s differ in shape",
                      pk_tensor_shape_text(indices).text, pk_tensor_shape_text(updates).text);
  }
  return check_axis(graph, op, op->attributes.words.words[MNW_SCATTER_ELEMENTS_AXIS],
                    input_of(graph, op, 0)->rank, error) &&
         check_scatter(graph, op, error);
}

bool pk_check_scatter_nd(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_scatter(graph, op, error);
}

bool pk_check_top_k(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t *words = op->attributes.words.words;
  pk_tensor shape = shape_of(input_of(graph, op, 0));
  const pk_dtype dtype =
      words[MNW_TOP_K_WANTS_INDICES] ? PK_DTYPE_S64 : input_of(graph, op, 0)->dtype;
  if (!check_axis(graph, op, words[MNW_TOP_K_AXIS], shape.rank, error)) return false;
  if (words[MNW_TOP_K_K] < 1 || words[MNW_TOP_K_K] > shape.dims[words[MNW_TOP_K_AXIS]]) {
    return pk_op_fail(op, error, PK_BAD_MODEL, "its k is %d, but axis %d has %d values",
                      words[MNW_TOP_K_K], words[MNW_TOP_K_AXIS], shape.dims[words[MNW_TOP_K_AXIS]]);
  }
  shape.dims[words[MNW_TOP_K_AXIS]] = words[MNW_TOP_K_K];
  return check_dtype(op, pk_op_output(graph, op), dtype, error) &&
         check_output(graph, op, &shape, error);
}

bool pk_check_cum_sum(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_axis(graph, op, op->attributes.words.words[MNW_CUM_SUM_AXIS],
                    input_of(graph, op, 0)->rank, error) &&
         check_kept_dtype(graph, op, error) && check_same_shape(graph, op, error);
}

bool pk_check_one_hot(const pk_graph *graph, const pk_op *op, pk_error *error) {
  const int32_t axis = op->attributes.words.words[MNW_ONE_HOT_AXIS];
  const pk_tensor *indices = input_of(graph, op, 0), *output = pk_op_output(graph, op);
  pk_tensor shape = {.rank = 0};
  return check_axis(graph, op, axis, indices->rank + 1, error) &&
         check_axis(graph, op, axis, output->rank, error) &&
         check_dtype(op, output, input_of(graph, op, 1)->dtype, error) &&
         append_dims(op, &shape, indices, 0, axis, error) &&
         append_dims(op, &shape, output, axis, axis + 1, error) &&
         append_dims(op, &shape, indices, axis, indices->rank, error) &&
         check_output(graph, op, &shape, error);
}

bool pk_check_trilu(const pk_graph *graph, const pk_op *op, pk_error *error) {
  return check_kept_dtype(graph, op, error) && check_same_shape(graph, op, error);
}
