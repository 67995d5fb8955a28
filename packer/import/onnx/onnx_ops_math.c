// Operators that work element by element.
#include <string.h>

#include "onnx_build.h"

bool pk_onnx_op_unary(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const int function = pk_onnx_this_op(o)->parameter;
  const pk_dtype dtype = pk_onnx_tensor(o, x)->dtype;
  const bool is_sign =
      function == MNW_UNARY_ABS || function == MNW_UNARY_SIGN || function == MNW_UNARY_NEG;
  if (is_sign && (dtype == PK_DTYPE_S8 || dtype == PK_DTYPE_U8)) {
    const pk_value wide = pk_onnx_unary(o, function, pk_onnx_cast(o, x, PK_DTYPE_S32), 0, 0);
    return pk_onnx_set_output(o, 0, pk_onnx_cast(o, wide, dtype));
  }
  return pk_onnx_set_typed_output(o, 0, pk_onnx_unary(o, function, x, 0.0f, 0.0f),
                                  pk_onnx_type(o, x));
}

bool pk_onnx_op_is_inf(pk_onnx *o) {
  const float negative = (float)pk_onnx_attribute_int(o, "detect_negative", 1);
  const float positive = (float)pk_onnx_attribute_int(o, "detect_positive", 1);
  return pk_onnx_set_output(
      o, 0,
      pk_onnx_unary(o, MNW_UNARY_IS_INF, pk_onnx_required(o, 0), negative != 0, positive != 0));
}

typedef struct parameters {
  int function;
  float alpha;
  const char *beta_name;
  float beta;
} parameters;

// Functions with one or two float attributes, and their defaults.
bool pk_onnx_op_parametric(pk_onnx *o) {
  static const parameters rows[] = {
      {MNW_UNARY_LEAKY_RELU, 0.01f, NULL, 0.0f},
      {MNW_UNARY_ELU, 1.0f, NULL, 0.0f},
      {MNW_UNARY_SELU, 1.67326319217681884765625f, "gamma", 1.05070102214813232421875f},
      {MNW_UNARY_CELU, 1.0f, NULL, 0.0f},
      {MNW_UNARY_HARD_SIGMOID, 0.2f, "beta", 0.5f},
      {MNW_UNARY_THRESHOLDED_RELU, 1.0f, NULL, 0.0f},
      {MNW_UNARY_SWISH, 1.0f, NULL, 0.0f},
  };
  const parameters *row = rows;
  while (row->function != pk_onnx_this_op(o)->parameter) row++;
  const float alpha = pk_onnx_attribute_float(o, "alpha", row->alpha);
  const float beta =
      row->beta_name ? pk_onnx_attribute_float(o, row->beta_name, row->beta) : row->beta;
  return pk_onnx_set_output(o, 0,
                            pk_onnx_unary(o, row->function, pk_onnx_required(o, 0), alpha, beta));
}

bool pk_onnx_op_shrink(pk_onnx *o) {
  return pk_onnx_set_output(o, 0,
                            pk_onnx_unary(o, MNW_UNARY_SHRINK, pk_onnx_required(o, 0),
                                          pk_onnx_attribute_float(o, "lambd", 0.5f),
                                          pk_onnx_attribute_float(o, "bias", 0.0f)));
}

bool pk_onnx_op_gelu(pk_onnx *o) {
  const int function =
      pk_onnx_attribute_is(o, "approximate", "tanh", "none") ? MNW_UNARY_GELU_TANH : MNW_UNARY_GELU;
  return pk_onnx_set_output(o, 0, pk_onnx_unary(o, function, pk_onnx_required(o, 0), 0.0f, 0.0f));
}

// A clamp that can fuse into the operator before it.
static pk_value activation(pk_onnx *o, pk_value x, pk_activation kind) {
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const pk_op like = {.activation = kind};
  return pk_onnx_emit(o, PK_OP_ACTIVATION, &x, 1, in.dtype, in.rank, in.dims, &like);
}

bool pk_onnx_op_relu(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  if (pk_onnx_tensor(o, x)->dtype != PK_DTYPE_F32) {
    return pk_onnx_set_typed_output(o, 0, pk_onnx_binary_scalar(o, MNW_BINARY_MAX, x, 0),
                                    pk_onnx_type(o, x));
  }
  return pk_onnx_set_output(o, 0,
                            pk_onnx_is_constant(o, x)
                                ? pk_onnx_unary(o, MNW_UNARY_CLIP, x, 0.0f, INFINITY)
                                : activation(o, x, PK_ACTIVATION_RELU));
}

// Bounds that are attributes (opset below 11) or constant floats.
static bool clip_float(pk_onnx *o, pk_value x, pk_value low, pk_value high) {
  const float *floats;
  size_t count;
  float bounds[2] = {pk_onnx_attribute_float(o, "min", -INFINITY),
                     pk_onnx_attribute_float(o, "max", INFINITY)};
  const pk_value inputs[2] = {low, high};
  for (int i = 0; i < 2; i++) {
    if (!pk_onnx_constant_floats(o, inputs[i], &floats, &count)) {
      if (inputs[i] != PK_ABSENT) return false;
    }
    if (count > 0) bounds[i] = floats[0];
  }
  // With crossed bounds ONNX gives the upper one everywhere.
  if (bounds[0] > bounds[1]) bounds[0] = bounds[1];
  const pk_activation kind = bounds[0] == 0.0f && bounds[1] == INFINITY ? PK_ACTIVATION_RELU
                             : bounds[0] == 0.0f && bounds[1] == 6.0f   ? PK_ACTIVATION_RELU6
                             : bounds[0] == -1.0f && bounds[1] == 1.0f  ? PK_ACTIVATION_RELU_N1_TO_1
                                                                        : PK_ACTIVATION_NONE;
  if (kind != PK_ACTIVATION_NONE && !pk_onnx_is_constant(o, x)) {
    return pk_onnx_set_output(o, 0, activation(o, x, kind));
  }
  return pk_onnx_set_output(o, 0, pk_onnx_unary(o, MNW_UNARY_CLIP, x, bounds[0], bounds[1]));
}

bool pk_onnx_op_clip(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), low = pk_onnx_input(o, 1), high = pk_onnx_input(o, 2);
  if (x < 0 || low == PK_FAILED || high == PK_FAILED) return false;
  const bool are_constant = (low == PK_ABSENT || pk_onnx_is_constant(o, low)) &&
                            (high == PK_ABSENT || pk_onnx_is_constant(o, high));
  if (pk_onnx_tensor(o, x)->dtype == PK_DTYPE_F32 && are_constant) {
    return clip_float(o, x, low, high);
  }
  pk_value y = x;
  if (low != PK_ABSENT) y = pk_onnx_binary(o, MNW_BINARY_MAX, y, low);
  if (high != PK_ABSENT) y = pk_onnx_binary(o, MNW_BINARY_MIN, y, high);
  return pk_onnx_set_typed_output(o, 0, y, pk_onnx_type(o, x));
}

// Up to opset 6 the second operand could be aligned at an axis.
static pk_value align_old_broadcast(pk_onnx *o, pk_value a, pk_value b) {
  if (a < 0 || b < 0 || o->opset >= 7 || !pk_onnx_attribute(o, "axis")) return b;
  const pk_tensor x = *pk_onnx_tensor(o, a), y = *pk_onnx_tensor(o, b);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 0);
  if (!pk_onnx_axis(o, &axis, x.rank)) return PK_FAILED;
  int32_t dims[PK_MAX_RANK];
  int rank = 0;
  for (; rank < y.rank; rank++) dims[rank] = y.dims[rank];
  for (int i = (int)axis + y.rank; i < x.rank; i++) dims[rank++] = 1;
  return pk_onnx_reshape(o, b, rank, dims);
}

bool pk_onnx_op_binary(pk_onnx *o) {
  const pk_value a = pk_onnx_required(o, 0);
  const pk_value b = align_old_broadcast(o, a, pk_onnx_required(o, 1));
  if (a < 0 || b < 0) return false;
  const int function = pk_onnx_this_op(o)->parameter;
  if (pk_onnx_tensor(o, a)->dtype == PK_DTYPE_BOOL && function == MNW_BINARY_EQUAL) {
    const pk_value differs = pk_onnx_binary(o, MNW_BINARY_XOR, a, b);
    return pk_onnx_set_output(o, 0, pk_onnx_unary(o, MNW_UNARY_NOT, differs, 0, 0));
  }
  return pk_onnx_set_typed_output(o, 0, pk_onnx_binary(o, function, a, b), pk_onnx_type(o, a));
}

// The slope is broadcast towards x, never the other way.
bool pk_onnx_op_prelu(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  pk_value slope = pk_onnx_required(o, 1);
  if (x < 0 || slope < 0) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const pk_tensor s = *pk_onnx_tensor(o, slope);
  // Opset 6 and older: one slope for each channel.
  if (o->opset < 7 && s.rank == 1 && in.rank > 2 && s.dims[0] == in.dims[1]) {
    slope = pk_onnx_per_channel(o, slope, in.rank);
  }
  return pk_onnx_set_output(o, 0, pk_onnx_binary(o, MNW_BINARY_PRELU, x, slope));
}

bool pk_onnx_op_pow(pk_onnx *o) {
  const pk_value a = pk_onnx_required(o, 0);
  const pk_value b = align_old_broadcast(o, a, pk_onnx_required(o, 1));
  if (a < 0 || b < 0) return false;
  const pk_dtype base = pk_onnx_tensor(o, a)->dtype, exponent = pk_onnx_tensor(o, b)->dtype;
  if (base == exponent) {
    return pk_onnx_set_typed_output(o, 0, pk_onnx_binary(o, MNW_BINARY_POW, a, b),
                                    pk_onnx_type(o, a));
  }
  if (base != PK_DTYPE_F32 && exponent != PK_DTYPE_F32) {
    return pk_onnx_set_typed_output(
        o, 0, pk_onnx_binary(o, MNW_BINARY_POW, a, pk_onnx_cast(o, b, base)), pk_onnx_type(o, a));
  }
  const pk_value y = pk_onnx_binary(o, MNW_BINARY_POW, pk_onnx_cast(o, a, PK_DTYPE_F32),
                                    pk_onnx_cast(o, b, PK_DTYPE_F32));
  return pk_onnx_set_output(o, 0, pk_onnx_cast(o, y, base));
}

bool pk_onnx_op_mod(pk_onnx *o) {
  const pk_value a = pk_onnx_required(o, 0), b = pk_onnx_required(o, 1);
  const int function = pk_onnx_attribute_int(o, "fmod", 0) ? MNW_BINARY_FMOD : MNW_BINARY_MOD;
  if (a < 0) return false;
  return pk_onnx_set_typed_output(o, 0, pk_onnx_binary(o, function, a, b), pk_onnx_type(o, a));
}

static pk_value combine(pk_onnx *o) {
  pk_value sum = pk_onnx_required(o, 0);
  for (size_t i = 1; i < pk_onnx_input_count(o); i++) {
    sum = pk_onnx_binary(o, pk_onnx_this_op(o)->parameter, sum, pk_onnx_required(o, i));
  }
  return sum;
}

bool pk_onnx_op_variadic(pk_onnx *o) {
  const pk_value first = pk_onnx_required(o, 0);
  if (first < 0) return false;
  const int type = pk_onnx_type(o, first);
  return pk_onnx_set_typed_output(o, 0, combine(o), type);
}

bool pk_onnx_op_variadic_mean(pk_onnx *o) {
  const double count = (double)pk_onnx_input_count(o);
  return pk_onnx_set_output(o, 0, pk_onnx_binary_scalar(o, MNW_BINARY_DIV, combine(o), count));
}

bool pk_onnx_op_where(pk_onnx *o) {
  pk_value inputs[3];
  int32_t dims[PK_MAX_RANK];
  int rank = 0;
  for (size_t i = 0; i < 3; i++) {
    inputs[i] = pk_onnx_required(o, i);
    if (inputs[i] < 0) return false;
    const int own = pk_onnx_tensor(o, inputs[i])->rank;
    rank = own > rank ? own : rank;
  }
  for (int i = 0; i < rank; i++) dims[i] = 1;
  for (size_t j = 0; j < 3; j++) {
    const pk_tensor *in = pk_onnx_tensor(o, inputs[j]);
    for (int i = 0; i < in->rank; i++) {
      int32_t *dim = &dims[rank - in->rank + i];
      if (in->dims[i] != 1 && *dim != 1 && in->dims[i] != *dim) {
        return pk_onnx_broken(o, "the shapes of its inputs do not fit together");
      }
      if (in->dims[i] != 1) *dim = in->dims[i];
    }
  }
  const pk_dtype dtype = pk_onnx_tensor(o, inputs[1])->dtype;
  if (pk_onnx_tensor(o, inputs[0])->dtype != PK_DTYPE_BOOL ||
      pk_onnx_tensor(o, inputs[2])->dtype != dtype) {
    return pk_onnx_broken(o, "its inputs have types that do not fit together");
  }
  const int type = pk_onnx_type(o, inputs[1]);
  return pk_onnx_set_typed_output(
      o, 0, pk_onnx_emit(o, PK_OP_WHERE, inputs, 3, dtype, rank, dims, NULL), type);
}
