// Conversions between ONNX's types. Several of them share a type of the runtime
// (pk_onnx_type_dtype), so a cast may be a rounding to what the narrower type can hold.
#include "onnx_build.h"

// a where `condition`, else b.
static pk_value choose(pk_onnx *o, pk_value condition, pk_value a, pk_value b) {
  if (condition < 0 || a < 0 || b < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, condition);
  const pk_value inputs[3] = {condition, a, b};
  return pk_onnx_emit(o, PK_OP_WHERE, inputs, 3, PK_DTYPE_F32, in.rank, in.dims, NULL);
}

// Overflow: saturates, or becomes what the format has in place of infinity.
static pk_value limit_float(pk_onnx *o, pk_value y, const pk_onnx_float_format *format,
                            bool saturates) {
  if (y < 0) return PK_FAILED;
  if (format->specials == PK_ONNX_ONLY_NUMBERS) {
    y = choose(o, pk_onnx_unary(o, MNW_UNARY_IS_NAN, y, 0, 0), pk_onnx_scalar(o, PK_DTYPE_F32, 0.0),
               y);
  }
  if (saturates) {
    return pk_onnx_unary(o, MNW_UNARY_CLIP, y, -format->largest, format->largest);
  }
  const double beyond = format->specials == PK_ONNX_HAS_INFINITY ? (double)INFINITY : (double)NAN;
  const pk_value magnitude = pk_onnx_unary(o, MNW_UNARY_ABS, y, 0, 0);
  const pk_value factor =
      choose(o, pk_onnx_binary_scalar(o, MNW_BINARY_GREATER, magnitude, (double)format->largest),
             pk_onnx_scalar(o, PK_DTYPE_F32, beyond), pk_onnx_scalar(o, PK_DTYPE_F32, 1.0));
  return pk_onnx_binary(o, MNW_BINARY_MUL, y, factor);
}

// Only powers of two, no sign. The nearest one, then one further where the mode asks for it.
static pk_value round_to_power(pk_onnx *o, pk_value x) {
  const bool goes_up = pk_onnx_attribute_is(o, "round_mode", "up", "up");
  const bool goes_down = pk_onnx_attribute_is(o, "round_mode", "down", "up");
  pk_value y = pk_onnx_unary(o, MNW_UNARY_ROUND_TO, x, 0.0f, -127.0f);
  if (goes_up || goes_down) {
    const pk_value off = pk_onnx_binary(o, goes_up ? MNW_BINARY_LESS : MNW_BINARY_GREATER, y, x);
    const pk_value factor = choose(o, off, pk_onnx_scalar(o, PK_DTYPE_F32, goes_up ? 2.0 : 0.5),
                                   pk_onnx_scalar(o, PK_DTYPE_F32, 1.0));
    y = pk_onnx_binary(o, MNW_BINARY_MUL, y, factor);
  }
  return pk_onnx_unary(o, MNW_UNARY_CLIP, y, ldexpf(1.0f, -127), ldexpf(1.0f, 127));
}

pk_value pk_onnx_round_float(pk_onnx *o, pk_value x, int type) {
  const pk_onnx_float_format *format = pk_onnx_type_float_format(type);
  if (x < 0) return PK_FAILED;
  if (type == PK_ONNX_FLOAT8E8M0) return round_to_power(o, x);
  if (!format) return x;
  const pk_value y = pk_onnx_unary(o, MNW_UNARY_ROUND_TO, x, (float)format->mantissa_bits,
                                   (float)(1 - format->bias));
  if (type == PK_ONNX_BFLOAT16) return y;  // overflows where float32 does
  const bool is_small = format->mantissa_bits < 8;
  const bool saturates = format->specials == PK_ONNX_ONLY_NUMBERS ||
                         (is_small && pk_onnx_attribute_int(o, "saturate", 1) != 0);
  return limit_float(o, y, format, saturates);
}

static bool cast_to(pk_onnx *o, int type) {
  const pk_value x = pk_onnx_required(o, 0);
  if (x < 0) return false;
  const pk_dtype dtype = pk_onnx_type_dtype(type);
  const int from = pk_onnx_type(o, x);
  if (dtype == PK_DTYPE_OTHER) return pk_onnx_refuse(o, "to %s", pk_onnx_type_name(type));
  pk_value y = x;
  if (from != type && (pk_onnx_type_is_widened(type) || pk_onnx_type_is_narrow(type))) {
    y = pk_onnx_wrap(o, pk_onnx_cast(o, x, PK_DTYPE_S64), type);
  }
  y = pk_onnx_cast(o, y, dtype);
  if (from != type && dtype == PK_DTYPE_F32) y = pk_onnx_round_float(o, y, type);
  if (y < 0) return false;
  if (y != x) o->types[y] = (uint8_t)type;
  return pk_onnx_set_typed_output(o, 0, y, type);
}

bool pk_onnx_op_cast(pk_onnx *o) {
  return cast_to(o, (int)pk_onnx_attribute_int(o, "to", 0));
}

bool pk_onnx_op_cast_like(pk_onnx *o) {
  const pk_value like = pk_onnx_required(o, 1);
  return like >= 0 && cast_to(o, pk_onnx_type(o, like));
}

// Between integers of one width: the same bits are the same number but for the highest one.
bool pk_onnx_op_bit_cast(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0);
  const int to = (int)pk_onnx_attribute_int(o, "to", 0);
  if (x < 0) return false;
  const int from = pk_onnx_type(o, x);
  const bool fits = pk_onnx_type_dtype(from) != PK_DTYPE_F32 &&
                    pk_onnx_type_dtype(to) != PK_DTYPE_F32 &&
                    pk_onnx_type_dtype(to) != PK_DTYPE_OTHER && to != PK_ONNX_BOOL &&
                    to != PK_ONNX_UINT64 && from != PK_ONNX_UINT64;
  if (!fits) {
    return pk_onnx_refuse(o, "from %s to %s", pk_onnx_type_name(from), pk_onnx_type_name(to));
  }
  return cast_to(o, to);
}
