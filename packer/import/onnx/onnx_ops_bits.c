// Integers as rows of bits. Types that a wider one carries keep their range: unsigned ones are not
// negative there, signed ones are extended by their sign.
#include "onnx_build.h"

static bool is_integer(pk_onnx *o, pk_value x) {
  if (x < 0) return false;
  const pk_dtype dtype = pk_onnx_tensor(o, x)->dtype;
  return (dtype != PK_DTYPE_F32 && dtype != PK_DTYPE_BOOL) ||
         pk_onnx_refuse(o, "on %s", pk_dtype_name(dtype));
}

bool pk_onnx_op_bitwise(pk_onnx *o) {
  const pk_value a = pk_onnx_required(o, 0), b = pk_onnx_required(o, 1);
  if (!is_integer(o, a)) return false;
  return pk_onnx_set_typed_output(o, 0, pk_onnx_binary(o, pk_onnx_this_op(o)->parameter, a, b),
                                  pk_onnx_type(o, a));
}

bool pk_onnx_op_bitwise_not(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  if (!is_integer(o, x)) return false;
  const pk_dtype dtype = pk_onnx_tensor(o, x)->dtype;
  const pk_value ones = pk_onnx_scalar(o, dtype, dtype == PK_DTYPE_U8 ? 255 : -1);
  return pk_onnx_set_typed_output(o, 0, pk_onnx_binary(o, MNW_BINARY_BITWISE_XOR, x, ones),
                                  pk_onnx_type(o, x));
}

bool pk_onnx_op_bit_shift(pk_onnx *o) {
  const bool goes_right = pk_onnx_attribute_is(o, "direction", "RIGHT", "");
  const pk_value x = pk_onnx_required(o, 0), by = pk_onnx_required(o, 1);
  if (!goes_right && !pk_onnx_attribute_is(o, "direction", "LEFT", "")) {
    return pk_onnx_broken(o, "its direction is neither LEFT nor RIGHT");
  }
  if (!is_integer(o, x)) return false;
  const int function = goes_right ? MNW_BINARY_SHIFT_RIGHT : MNW_BINARY_SHIFT_LEFT;
  return pk_onnx_set_typed_output(o, 0, pk_onnx_binary(o, function, x, by), pk_onnx_type(o, x));
}
