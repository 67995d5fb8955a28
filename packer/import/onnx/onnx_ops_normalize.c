// Softmax and its relatives, and normalisations.
#include <string.h>

#include "onnx_build.h"

// Until opset 12 softmax looked at all axes from `axis` on as one.
static pk_value begin_axis(pk_onnx *o, pk_value x, int64_t *axis, pk_tensor *in) {
  if (x < 0) return PK_FAILED;
  *in = *pk_onnx_tensor(o, x);
  *axis = pk_onnx_attribute_int(o, "axis", o->opset < 13 ? 1 : -1);
  if (o->opset < 13 && *axis == in->rank) (*axis)--;  // an empty tail: rows of one element
  if (!pk_onnx_axis(o, axis, in->rank)) return PK_FAILED;
  if (o->opset >= 13) return pk_onnx_swap_last(o, x, (int)*axis);
  int32_t flat[2] = {1, 1};
  for (int i = 0; i < in->rank; i++) flat[i >= *axis] *= in->dims[i];
  return pk_onnx_reshape(o, x, 2, flat);
}

static pk_value end_axis(pk_onnx *o, pk_value y, int64_t axis, const pk_tensor *in) {
  if (o->opset >= 13) return pk_onnx_swap_last(o, y, (int)axis);
  return pk_onnx_reshape(o, y, in->rank, in->dims);
}

bool pk_onnx_op_softmax_axis(pk_onnx *o) {
  int64_t axis;
  pk_tensor in;
  pk_value y = begin_axis(o, pk_onnx_required(o, 0), &axis, &in);
  if (y < 0) return false;
  if (pk_onnx_this_op(o)->parameter == 0) {
    y = pk_onnx_softmax(o, y);
  } else {
    y = pk_onnx_normalize(o, y, PK_ABSENT, PK_ABSENT, pk_onnx_tensor(o, y)->rank - 1, 0.0f, 2);
  }
  return pk_onnx_set_output(o, 0, end_axis(o, y, axis, &in));
}

bool pk_onnx_op_hardmax(pk_onnx *o) {
  static const float off_on[2] = {0.0f, 1.0f};
  const int32_t two[1] = {2};
  int64_t axis;
  pk_tensor in;
  const pk_value x = begin_axis(o, pk_onnx_required(o, 0), &axis, &in);
  if (x < 0) return false;
  const pk_tensor rows = *pk_onnx_tensor(o, x);
  const int last = rows.rank - 1;
  const pk_value best = pk_onnx_arg_reduce(o, x, last, false, false, false);
  const pk_value inputs[2] = {best, pk_onnx_constant(o, PK_DTYPE_F32, 1, two, off_on)};
  const pk_op like = {.attributes.words.words = {last}};
  const pk_value y =
      pk_onnx_emit(o, PK_OP_ONE_HOT, inputs, 2, PK_DTYPE_F32, rows.rank, rows.dims, &like);
  return pk_onnx_set_output(o, 0, end_axis(o, y, axis, &in));
}

// Scale or bias in the shape of the normalised axes.
static pk_value fit(pk_onnx *o, pk_value factor, const pk_tensor *in, int64_t axis) {
  if (factor < 0) return factor;
  return pk_onnx_expand(o, factor, in->rank - (int)axis, in->dims + axis);
}

bool pk_onnx_op_layer_norm(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  const float epsilon = pk_onnx_attribute_float(o, "epsilon", 1e-5f);
  int64_t axis = pk_onnx_attribute_int(o, "axis", -1);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  const pk_value y =
      pk_onnx_normalize(o, x, fit(o, pk_onnx_input(o, 1), &in, axis),
                        fit(o, pk_onnx_input(o, 2), &in, axis), (int)axis, epsilon, 0);
  if (pk_onnx_has_output(o, 1) || pk_onnx_has_output(o, 2)) {
    const uint32_t axes = ((1u << in.rank) - 1) & ~((1u << axis) - 1);
    const pk_value mean = pk_onnx_reduce(o, MNW_REDUCE_MEAN, x, axes, true);
    const pk_value off = pk_onnx_binary(o, MNW_BINARY_SUB, x, mean);
    const pk_value square = pk_onnx_unary(o, MNW_UNARY_SQUARE, off, 0, 0);
    const pk_value variance = pk_onnx_reduce(o, MNW_REDUCE_MEAN, square, axes, true);
    const pk_value inverse =
        pk_onnx_unary(o, MNW_UNARY_RSQRT,
                      pk_onnx_binary_scalar(o, MNW_BINARY_ADD, variance, (double)epsilon), 0, 0);
    if (!pk_onnx_set_output(o, 1, mean) || !pk_onnx_set_output(o, 2, inverse)) return false;
  }
  return pk_onnx_set_output(o, 0, y);
}

bool pk_onnx_op_rms_norm(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  int64_t axis = pk_onnx_attribute_int(o, "axis", -1);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (!pk_onnx_axis(o, &axis, in.rank)) return false;
  return pk_onnx_set_output(
      o, 0,
      pk_onnx_normalize(o, x, fit(o, pk_onnx_required(o, 1), &in, axis), PK_ABSENT, (int)axis,
                        pk_onnx_attribute_float(o, "epsilon", 1e-5f), 1));
}

// A running statistic: momentum * old + (1 - momentum) * of this batch.
static bool set_running(pk_onnx *o, size_t output, size_t input, pk_value batch, float momentum) {
  if (!pk_onnx_has_output(o, output)) return true;
  const pk_value old = pk_onnx_required(o, input);
  return pk_onnx_set_output(
      o, output,
      pk_onnx_binary(o, MNW_BINARY_ADD,
                     pk_onnx_binary_scalar(o, MNW_BINARY_MUL, old, (double)momentum),
                     pk_onnx_binary_scalar(o, MNW_BINARY_MUL, batch, 1.0 - (double)momentum)));
}

// With the statistics of the batch itself.
static bool train_batch_norm(pk_onnx *o, pk_value x) {
  const int rank = pk_onnx_tensor(o, x)->rank;
  if (o->opset < 14) return pk_onnx_refuse(o, "in training mode before opset 14");
  const float momentum = pk_onnx_attribute_float(o, "momentum", 0.9f);
  const double epsilon = (double)pk_onnx_attribute_float(o, "epsilon", 1e-5f);
  const uint32_t axes = ((1u << rank) - 1) & ~2u;
  const pk_value mean = pk_onnx_reduce(o, MNW_REDUCE_MEAN, x, axes, false);
  const pk_value off = pk_onnx_binary(o, MNW_BINARY_SUB, x, pk_onnx_per_channel(o, mean, rank));
  const pk_value square = pk_onnx_unary(o, MNW_UNARY_SQUARE, off, 0, 0);
  const pk_value variance = pk_onnx_reduce(o, MNW_REDUCE_MEAN, square, axes, false);
  const pk_value inverse = pk_onnx_unary(
      o, MNW_UNARY_RSQRT, pk_onnx_binary_scalar(o, MNW_BINARY_ADD, variance, epsilon), 0, 0);
  const pk_value factor = pk_onnx_binary(o, MNW_BINARY_MUL, inverse, pk_onnx_required(o, 1));
  const pk_value y =
      pk_onnx_binary(o, MNW_BINARY_ADD,
                     pk_onnx_binary(o, MNW_BINARY_MUL, off, pk_onnx_per_channel(o, factor, rank)),
                     pk_onnx_per_channel(o, pk_onnx_required(o, 2), rank));
  return pk_onnx_set_output(o, 0, y) && set_running(o, 1, 3, mean, momentum) &&
         set_running(o, 2, 4, variance, momentum);
}

// Becomes a product and a sum for each channel, which fold into a convolution before it.
bool pk_onnx_op_batch_norm(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  if (pk_onnx_attribute_int(o, "training_mode", 0) != 0) return train_batch_norm(o, x);
  if (pk_onnx_has_output(o, 1)) return pk_onnx_refuse(o, "in training mode");
  if (o->opset < 9 && pk_onnx_attribute_int(o, "spatial", 1) == 0) {
    return pk_onnx_refuse(o, "with a mean for each element");
  }
  if (pk_onnx_tensor(o, x)->rank < 2) return pk_onnx_broken(o, "its input has no channels");
  const double epsilon = (double)pk_onnx_attribute_float(o, "epsilon", 1e-5f);
  const pk_value variance =
      pk_onnx_binary_scalar(o, MNW_BINARY_ADD, pk_onnx_required(o, 4), epsilon);
  const pk_value scale = pk_onnx_binary(o, MNW_BINARY_DIV, pk_onnx_required(o, 1),
                                        pk_onnx_unary(o, MNW_UNARY_SQRT, variance, 0, 0));
  const pk_value shift =
      pk_onnx_binary(o, MNW_BINARY_SUB, pk_onnx_required(o, 2),
                     pk_onnx_binary(o, MNW_BINARY_MUL, pk_onnx_required(o, 3), scale));
  pk_value y = pk_onnx_channels_last(o, x);
  y = pk_onnx_binary(o, MNW_BINARY_MUL, y, scale);
  y = pk_onnx_binary(o, MNW_BINARY_ADD, y, shift);
  return pk_onnx_set_output(o, 0, pk_onnx_channels_first(o, y));
}

// Normalises groups of channels, then scales each channel.
static bool normalize_groups(pk_onnx *o, pk_value x, int64_t groups) {
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank < 3 || groups < 1 || in.dims[1] % groups != 0) {
    return pk_onnx_broken(o, "%lld groups do not fit %s", (long long)groups,
                          pk_tensor_shape_text(&in).text);
  }
  const int64_t rest = pk_onnx_elements(o, x) / in.dims[0] / groups;
  const int32_t rows[3] = {in.dims[0], (int32_t)groups, (int32_t)rest};
  pk_value y = pk_onnx_normalize(o, pk_onnx_reshape(o, x, 3, rows), PK_ABSENT, PK_ABSENT, 2,
                                 pk_onnx_attribute_float(o, "epsilon", 1e-5f), 0);
  y = pk_onnx_reshape(o, y, in.rank, in.dims);
  pk_value factors[2] = {pk_onnx_required(o, 1), pk_onnx_required(o, 2)};
  for (int i = 0; i < 2; i++) {
    if (factors[i] < 0) return false;
    if (pk_onnx_elements(o, factors[i]) == groups && groups != in.dims[1]) {  // opset 18 to 20
      factors[i] = pk_onnx_reshape(o, factors[i], 2, (const int32_t[]){(int32_t)groups, 1});
      factors[i] = pk_onnx_expand(o, factors[i], 2,
                                  (const int32_t[]){(int32_t)groups, in.dims[1] / (int32_t)groups});
    }
    factors[i] = pk_onnx_per_channel(o, factors[i], in.rank);
  }
  y = pk_onnx_binary(o, MNW_BINARY_MUL, y, factors[0]);
  return pk_onnx_set_output(o, 0, pk_onnx_binary(o, MNW_BINARY_ADD, y, factors[1]));
}

bool pk_onnx_op_instance_norm(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const pk_tensor *in = pk_onnx_tensor(o, x);
  return normalize_groups(o, x, in->rank > 1 ? in->dims[1] : 0);
}

bool pk_onnx_op_group_norm(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  return x >= 0 && normalize_groups(o, x, pk_onnx_attribute_int(o, "num_groups", 0));
}

bool pk_onnx_op_lp_norm(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  const int64_t p = pk_onnx_attribute_int(o, "p", 2);
  int64_t axis = pk_onnx_attribute_int(o, "axis", -1);
  if (x < 0 || !pk_onnx_axis(o, &axis, pk_onnx_tensor(o, x)->rank)) return false;
  if (p != 1 && p != 2) return pk_onnx_refuse(o, "p = %lld", (long long)p);
  pk_value norm = pk_onnx_reduce(o, p == 1 ? MNW_REDUCE_L1 : MNW_REDUCE_L2, x, 1u << axis, true);
  norm = pk_onnx_binary_scalar(o, MNW_BINARY_MAX, norm, 1e-37);  // a row of zeros stays one
  return pk_onnx_set_output(o, 0, pk_onnx_binary(o, MNW_BINARY_DIV, x, norm));
}

bool pk_onnx_op_mvn(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_onnx_ints axes;
  uint32_t mask;
  if (x < 0 || !pk_onnx_attribute_ints(o, "axes", &axes)) return false;
  int64_t usual[3] = {0, 2, 3};
  if (!axes.is_given) axes = (pk_onnx_ints){.values = usual, .count = 3};
  if (!pk_onnx_axis_mask(o, &axes, pk_onnx_tensor(o, x)->rank, &mask)) return false;
  const pk_value mean = pk_onnx_reduce(o, MNW_REDUCE_MEAN, x, mask, true);
  const pk_value off = pk_onnx_binary(o, MNW_BINARY_SUB, x, mean);
  const pk_value variance =
      pk_onnx_reduce(o, MNW_REDUCE_MEAN, pk_onnx_unary(o, MNW_UNARY_SQUARE, off, 0, 0), mask, true);
  const pk_value deviation = pk_onnx_binary_scalar(
      o, MNW_BINARY_ADD, pk_onnx_unary(o, MNW_UNARY_SQRT, variance, 0, 0), 1e-9);
  return pk_onnx_set_output(o, 0, pk_onnx_binary(o, MNW_BINARY_DIV, off, deviation));
}

// x / (bias + alpha / size * sum of squares over neighbouring channels) ^ beta
bool pk_onnx_op_lrn(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  const int64_t size = pk_onnx_attribute_int(o, "size", 0);
  if (x < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (size < 1 || size > 64 || in.rank < 2) return pk_onnx_refuse(o, "size %lld", (long long)size);
  int32_t before[PK_MAX_RANK] = {0}, after[PK_MAX_RANK] = {0};
  before[1] = (int32_t)(size - 1) / 2;
  after[1] = (int32_t)size - 1 - before[1];
  const pk_value padded =
      pk_onnx_pad(o, pk_onnx_unary(o, MNW_UNARY_SQUARE, x, 0, 0), before, after, 0.0, 0);
  pk_value sum = pk_onnx_part(o, padded, 1, 0, in.dims[1]);
  for (int32_t i = 1; i < size; i++) {
    sum = pk_onnx_binary(o, MNW_BINARY_ADD, sum, pk_onnx_part(o, padded, 1, i, in.dims[1]));
  }
  const double alpha = (double)pk_onnx_attribute_float(o, "alpha", 1e-4f) / (double)size;
  sum = pk_onnx_binary_scalar(o, MNW_BINARY_MUL, sum, alpha);
  sum = pk_onnx_binary_scalar(o, MNW_BINARY_ADD, sum,
                              (double)pk_onnx_attribute_float(o, "bias", 1.0f));
  sum = pk_onnx_binary_scalar(o, MNW_BINARY_POW, sum,
                              (double)pk_onnx_attribute_float(o, "beta", 0.75f));
  return pk_onnx_set_output(o, 0, pk_onnx_binary(o, MNW_BINARY_DIV, x, sum));
}
