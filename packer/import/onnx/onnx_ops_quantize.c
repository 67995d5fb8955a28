// Quantisation, written out in float32: exact, and independent of what the tensors around know.
#include <string.h>

#include "onnx_build.h"

// A scale or zero point beside `in`: a scalar, or one number for each index of `axis`.
static pk_value along_axis(pk_onnx *o, pk_value value, const pk_tensor *in) {
  if (value < 0) return PK_FAILED;
  const pk_tensor factor = *pk_onnx_tensor(o, value);
  const int64_t elements = pk_onnx_elements(o, value);
  if (elements == 1) return pk_onnx_reshape(o, value, 0, NULL);
  int64_t axis = pk_onnx_attribute_int(o, "axis", 1);
  if (!pk_onnx_axis(o, &axis, in->rank)) return PK_FAILED;
  if (factor.rank != 1 || factor.dims[0] != in->dims[axis]) {
    return pk_onnx_refuse_value(o, "by blocks");
  }
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < in->rank; i++) dims[i] = i == axis ? factor.dims[0] : 1;
  return pk_onnx_reshape(o, value, in->rank, dims);
}

static bool limits_of(int type, float *low, float *high) {
  static const struct {
    int type;
    float low, high;
  } rows[] = {{PK_ONNX_UINT8, 0.0f, 255.0f},
              {PK_ONNX_INT8, -128.0f, 127.0f},
              {PK_ONNX_UINT16, 0.0f, 65535.0f},
              {PK_ONNX_INT16, -32768.0f, 32767.0f}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].type != type) continue;
    *low = rows[i].low;
    *high = rows[i].high;
    return true;
  }
  return false;
}

bool pk_onnx_op_quantize_linear(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), zero = pk_onnx_input(o, 2);
  if (x < 0 || zero == PK_FAILED) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int asked = (int)pk_onnx_attribute_int(o, "output_dtype", 0);
  const int type = zero != PK_ABSENT ? pk_onnx_type(o, zero) : asked ? asked : PK_ONNX_UINT8;
  float low, high;
  if (!limits_of(type, &low, &high)) return pk_onnx_refuse(o, "to %s", pk_onnx_type_name(type));
  pk_value y = pk_onnx_binary(o, MNW_BINARY_DIV, pk_onnx_cast(o, x, PK_DTYPE_F32),
                              along_axis(o, pk_onnx_required(o, 1), &in));
  y = pk_onnx_unary(o, MNW_UNARY_ROUND, y, 0, 0);
  if (zero != PK_ABSENT) {
    y = pk_onnx_binary(o, MNW_BINARY_ADD, y,
                       along_axis(o, pk_onnx_cast(o, zero, PK_DTYPE_F32), &in));
  }
  y = pk_onnx_unary(o, MNW_UNARY_CLIP, y, low, high);
  return pk_onnx_set_typed_output(o, 0, pk_onnx_cast(o, y, pk_onnx_type_dtype(type)), type);
}

bool pk_onnx_op_dequantize_linear(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), zero = pk_onnx_input(o, 2);
  if (x < 0 || zero == PK_FAILED) return false;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  pk_value y = pk_onnx_cast(o, x, PK_DTYPE_F32);
  if (zero != PK_ABSENT) {
    y = pk_onnx_binary(o, MNW_BINARY_SUB, y,
                       along_axis(o, pk_onnx_cast(o, zero, PK_DTYPE_F32), &in));
  }
  y = pk_onnx_binary(o, MNW_BINARY_MUL, y, along_axis(o, pk_onnx_required(o, 1), &in));
  return pk_onnx_set_output(o, 0, y);
}
