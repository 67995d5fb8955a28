// Operators on quantised numbers: the QLinear family of ONNX and of onnxruntime's own domain, and
// the integer products of dynamic quantisation.
//
// A QLinear operator is DequantizeLinear, the operator on floats and QuantizeLinear in one, so that
// is what it becomes here; the passes fold it into int8 like a graph that spells the three out.
//
// Dynamic quantisation (DynamicQuantizeLinear → MatMulInteger → Cast → Mul) knows its scales only
// at run time. The runtime's int8 kernels want them before, so the product is computed in float32
// on whole numbers: exactly what ONNX computes, to the last bit while sums stay below 2^24, at the
// speed of the float kernels and with float32 weights in the package. Where somebody looks at the
// int32 sums themselves, longer ones are cut into parts that stay exact.
#include <string.h>

#include "onnx_quantize.h"

enum { EXACT_SUM = 1 << 24, MOST_PRODUCT = 255 * 255 };

// --- the QLinear family ---

// Three inputs in a row: numbers, scale, zero point.
static pk_value dequantized_input(pk_onnx *o, size_t first, int64_t axis) {
  const pk_value x = pk_onnx_required(o, first);
  return pk_onnx_dequantize(o, x, pk_onnx_required(o, first + 1), pk_onnx_input(o, first + 2),
                            axis);
}

// Quantises to inputs `first` (scale) and `first` + 1 (zero point), like x where that is absent.
static bool set_quantized_output(pk_onnx *o, pk_value y, size_t first, int like_type) {
  const pk_value zero = pk_onnx_input(o, first + 1);
  if (y < 0 || zero == PK_FAILED) return false;
  const int type = zero == PK_ABSENT ? like_type : pk_onnx_type(o, zero);
  return pk_onnx_set_output(o, 0,
                            pk_onnx_quantize(o, y, pk_onnx_required(o, first), zero, type, 1));
}

static int input_type(pk_onnx *o, size_t index) {
  const pk_value x = pk_onnx_required(o, index);
  return x < 0 ? PK_ONNX_UINT8 : pk_onnx_type(o, x);
}

// int32 biases count in products of the scales of data and weights.
static pk_value dequantized_bias(pk_onnx *o, size_t index, size_t data_scale, size_t weight_scale) {
  const pk_value bias = pk_onnx_input(o, index);
  if (bias < 0) return bias;
  const pk_value scale = pk_onnx_binary(o, MNW_BINARY_MUL, pk_onnx_required(o, data_scale),
                                        pk_onnx_required(o, weight_scale));
  return pk_onnx_dequantize(o, bias, scale, PK_ABSENT, 0);
}

bool pk_onnx_op_qlinear_conv(pk_onnx *o) {
  if (!pk_onnx_need_constant(o, pk_onnx_required(o, 3))) return false;
  const pk_value inputs[3] = {dequantized_input(o, 0, 1), dequantized_input(o, 3, 0),
                              dequantized_bias(o, 8, 1, 4)};
  return set_quantized_output(o, pk_onnx_apply(o, "Conv", inputs, 3), 6, input_type(o, 0));
}

bool pk_onnx_op_qgemm(pk_onnx *o) {
  const int64_t axis = pk_onnx_attribute_int(o, "transB", 0) ? 0 : 1;
  const pk_value inputs[3] = {dequantized_input(o, 0, 1), dequantized_input(o, 3, axis),
                              dequantized_bias(o, 6, 1, 4)};
  const pk_value y = pk_onnx_apply(o, "Gemm", inputs, 3);
  if (pk_onnx_input(o, 7) == PK_ABSENT) return pk_onnx_set_output(o, 0, y);
  return set_quantized_output(o, y, 7, input_type(o, 0));
}

// One or two operands (six inputs) and the result's scale and zero point behind them.
static bool import_simple(pk_onnx *o, const char *name, size_t operands) {
  const pk_value inputs[2] = {dequantized_input(o, 0, 1),
                              operands > 1 ? dequantized_input(o, 3, 1) : PK_ABSENT};
  return set_quantized_output(o, pk_onnx_apply(o, name, inputs, operands), 3 * operands,
                              input_type(o, 0));
}

bool pk_onnx_op_qlinear_add(pk_onnx *o) {
  return import_simple(o, "Add", 2);
}
bool pk_onnx_op_qlinear_mul(pk_onnx *o) {
  return import_simple(o, "Mul", 2);
}
bool pk_onnx_op_qlinear_leaky_relu(pk_onnx *o) {
  return import_simple(o, "LeakyRelu", 1);
}
bool pk_onnx_op_qlinear_sigmoid(pk_onnx *o) {
  return import_simple(o, "Sigmoid", 1);
}

// onnxruntime's operator tells in an attribute whose rules of axes hold.
bool pk_onnx_op_qlinear_softmax(pk_onnx *o) {
  const int64_t opset = o->opset;
  o->opset = pk_onnx_attribute_int(o, "opset", opset);
  const bool ok = import_simple(o, "Softmax", 1);
  o->opset = opset;
  return ok;
}

// QLinearAveragePool, QLinearGlobalAveragePool; the attribute is of channels_last in any case.
bool pk_onnx_op_qlinear_pool(pk_onnx *o) {
  const char *name = pk_onnx_this_op(o)->parameter ? "GlobalAveragePool" : "AveragePool";
  if (pk_onnx_attribute_int(o, "channels_last", 0)) return pk_onnx_refuse(o, "channels last");
  return import_simple(o, name, 1);
}

bool pk_onnx_op_qlinear_concat(pk_onnx *o) {
  const size_t count = pk_onnx_input_count(o) < 2 ? 0 : (pk_onnx_input_count(o) - 2) / 3;
  pk_value *inputs = pk_arena_alloc(&o->graph->arena, count, sizeof *inputs, o->error);
  if (!inputs) return false;
  if (count == 0) return pk_onnx_broken(o, "it joins nothing");
  for (size_t i = 0; i < count; i++) inputs[i] = dequantized_input(o, 2 + 3 * i, 1);
  return set_quantized_output(o, pk_onnx_apply(o, "Concat", inputs, count), 0, input_type(o, 2));
}

// --- integer products ---

// Numbers minus their zero point in float32. Lists of zero points lie along the axis that counts
// back from the end, `from_end`.
static pk_value centred(pk_onnx *o, pk_value x, pk_value zero, int from_end) {
  if (x < 0 || zero == PK_FAILED) return PK_FAILED;
  const int rank = pk_onnx_tensor(o, x)->rank;
  x = pk_onnx_cast(o, x, PK_DTYPE_F32);
  if (zero == PK_ABSENT) return x;
  const pk_tensor list = *pk_onnx_tensor(o, zero);
  zero = pk_onnx_cast(o, zero, PK_DTYPE_F32);
  if (list.rank == 1 && list.dims[0] > 1 && from_end <= rank) {
    int32_t dims[PK_MAX_RANK];
    for (int i = 0; i < from_end; i++) dims[i] = i == 0 ? list.dims[0] : 1;
    zero = pk_onnx_reshape(o, zero, from_end, dims);
  } else if (pk_onnx_elements(o, zero) == 1) {
    zero = pk_onnx_reshape(o, zero, 0, NULL);
  }
  return pk_onnx_binary(o, MNW_BINARY_SUB, x, zero);
}

// The largest sum of magnitudes that one output can reach. Constants of [outputs][rest] tell.
static double largest_sum(const pk_onnx *o, pk_value weights, int axis, int64_t terms) {
  const pk_tensor *w = pk_onnx_tensor(o, weights);
  double most = 0.0;
  if (!w->data) return (double)terms * MOST_PRODUCT;
  size_t stride = 1;
  for (int i = axis + 1; i < w->rank; i++) stride *= (size_t)w->dims[i];
  const size_t outputs = (size_t)w->dims[axis], count = w->data_bytes / sizeof(float);
  const float *values = (const float *)(const void *)w->data;
  for (size_t output = 0; output < outputs; output++) {
    double sum = 0.0;
    for (size_t i = output * stride; i < count; i += outputs * stride) {
      for (size_t j = 0; j < stride; j++) sum += fabs((double)values[i + j]);
    }
    most = sum > most ? sum : most;
  }
  return most * 255.0;
}

typedef struct product {
  const char *name;    // the operator on floats
  int x_axis, w_axis;  // what is summed over, in parts if need be
  int output_axis;     // of w
  int64_t terms;       // of one sum
} product;

// The int32 sums, cut along the axis into parts that float32 adds up exactly.
static pk_value exact_sums(pk_onnx *o, const product *p, pk_value x, pk_value w) {
  const int32_t length = pk_onnx_tensor(o, x)->dims[p->x_axis];
  const int64_t each = p->terms / length;
  const int32_t part = (int32_t)(EXACT_SUM / MOST_PRODUCT / each);
  pk_value sum = PK_ABSENT;
  if (part < 1 || pk_onnx_tensor(o, w)->dims[p->w_axis] != length) {
    return pk_onnx_refuse_value(o, "with sums beyond 2^24");
  }
  for (int32_t start = 0; start < length; start += part) {
    const int32_t count = length - start < part ? length - start : part;
    const pk_value inputs[2] = {pk_onnx_part(o, x, p->x_axis, start, count),
                                pk_onnx_part(o, w, p->w_axis, start, count)};
    const pk_value y = pk_onnx_cast(o, pk_onnx_apply(o, p->name, inputs, 2), PK_DTYPE_S32);
    sum = sum == PK_ABSENT ? y : pk_onnx_binary(o, MNW_BINARY_ADD, sum, y);
  }
  return sum;
}

static bool set_integer_product(pk_onnx *o, const product *p, pk_value x, pk_value w) {
  const pk_value inputs[2] = {x, w};
  const pk_value y = pk_onnx_apply(o, p->name, inputs, 2);
  if (y < 0) return false;
  if (largest_sum(o, w, p->output_axis, p->terms) <= EXACT_SUM) {
    return pk_onnx_set_output(o, 0, pk_onnx_whole(o, y, PK_DTYPE_S32));
  }
  // Readers that cast the sums to float32 get the rounded ones, as they ask for.
  const pk_value sums = exact_sums(o, p, x, w);
  if (sums >= 0) pk_onnx_set_float_twin(o, sums, y);
  return pk_onnx_set_output(o, 0, sums);
}

bool pk_onnx_op_matmul_integer(pk_onnx *o) {
  const pk_value a = centred(o, pk_onnx_required(o, 0), pk_onnx_input(o, 2), 2);
  const pk_value b = centred(o, pk_onnx_required(o, 1), pk_onnx_input(o, 3), 1);
  if (a < 0 || b < 0) return false;
  const pk_tensor x = *pk_onnx_tensor(o, a), y = *pk_onnx_tensor(o, b);
  if (x.rank < 1 || y.rank < 1) return pk_onnx_broken(o, "its operands are no matrices");
  const product p = {.name = "MatMul",
                     .x_axis = x.rank - 1,
                     .w_axis = y.rank > 1 ? y.rank - 2 : 0,
                     .output_axis = y.rank - 1,
                     .terms = x.dims[x.rank - 1]};
  return set_integer_product(o, &p, a, b);
}

bool pk_onnx_op_conv_integer(pk_onnx *o) {
  const pk_value point = pk_onnx_input(o, 3);
  if (!pk_onnx_need_constant(o, pk_onnx_required(o, 1)) ||
      (point != PK_ABSENT && !pk_onnx_need_constant(o, point))) {
    return false;
  }
  const pk_value weights = pk_onnx_required(o, 1);
  const int rank = weights < 0 ? 0 : pk_onnx_tensor(o, weights)->rank;
  const pk_value x = centred(o, pk_onnx_required(o, 0), pk_onnx_input(o, 2), rank - 1);
  const pk_value w = centred(o, weights, point, rank);
  if (x < 0 || w < 0) return false;
  const pk_tensor kernel = *pk_onnx_tensor(o, w);
  product p = {.name = "Conv", .x_axis = 1, .w_axis = 1, .terms = 1};
  for (int i = 1; i < kernel.rank; i++) p.terms *= kernel.dims[i];
  return set_integer_product(o, &p, x, w);
}

// Of two activations: the product of whole numbers, then one scale. With constant weights it is
// left to the passes.
bool pk_onnx_op_qlinear_matmul(pk_onnx *o) {
  const pk_value a = pk_onnx_required(o, 0), b = pk_onnx_required(o, 3);
  if (a < 0 || b < 0) return false;
  if (pk_onnx_is_constant(o, b)) {
    const pk_value inputs[2] = {dequantized_input(o, 0, -2), dequantized_input(o, 3, -1)};
    return set_quantized_output(o, pk_onnx_apply(o, "MatMul", inputs, 2), 6, input_type(o, 0));
  }
  const pk_value inputs[2] = {centred(o, a, pk_onnx_input(o, 2), 2),
                              centred(o, b, pk_onnx_input(o, 5), 1)};
  pk_value scales[2] = {pk_onnx_required(o, 1), pk_onnx_required(o, 4)};
  if (scales[0] < 0 || scales[1] < 0) return false;
  const pk_tensor rows = *pk_onnx_tensor(o, scales[0]);
  if (rows.rank == 1 && rows.dims[0] > 1) {
    scales[0] = pk_onnx_reshape(o, scales[0], 2, (const int32_t[]){rows.dims[0], 1});
  }
  const pk_value whole = pk_onnx_apply(o, "MatMul", inputs, 2);
  const pk_value scale = pk_onnx_binary(o, MNW_BINARY_MUL, scales[0], scales[1]);
  return set_quantized_output(o, pk_onnx_binary(o, MNW_BINARY_MUL, whole, scale), 6,
                              input_type(o, 0));
}
