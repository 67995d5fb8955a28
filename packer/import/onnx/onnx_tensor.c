#include "onnx_tensor.h"

#include <math.h>
#include <string.h>

#include "onnx_external_data.h"

typedef struct type_row {
  const char *name;
  uint8_t bits;  // of an element in raw_data; 0: not read
  uint8_t dtype;
} type_row;

static const type_row type_rows[PK_ONNX_TYPE_COUNT] = {
    [0] = {"undefined", 0, PK_DTYPE_OTHER},
    [PK_ONNX_FLOAT] = {"float", 32, PK_DTYPE_F32},
    [PK_ONNX_UINT8] = {"uint8", 8, PK_DTYPE_U8},
    [PK_ONNX_INT8] = {"int8", 8, PK_DTYPE_S8},
    [PK_ONNX_UINT16] = {"uint16", 16, PK_DTYPE_S32},
    [PK_ONNX_INT16] = {"int16", 16, PK_DTYPE_S32},
    [PK_ONNX_INT32] = {"int32", 32, PK_DTYPE_S32},
    [PK_ONNX_INT64] = {"int64", 64, PK_DTYPE_S64},
    [PK_ONNX_STRING] = {"string", 0, PK_DTYPE_OTHER},
    [PK_ONNX_BOOL] = {"bool", 8, PK_DTYPE_BOOL},
    [PK_ONNX_FLOAT16] = {"float16", 16, PK_DTYPE_F32},
    [PK_ONNX_DOUBLE] = {"double", 64, PK_DTYPE_F32},
    [PK_ONNX_UINT32] = {"uint32", 32, PK_DTYPE_S64},
    [PK_ONNX_UINT64] = {"uint64", 64, PK_DTYPE_S64},
    [14] = {"complex64", 0, PK_DTYPE_OTHER},
    [15] = {"complex128", 0, PK_DTYPE_OTHER},
    [PK_ONNX_BFLOAT16] = {"bfloat16", 16, PK_DTYPE_F32},
    [PK_ONNX_FLOAT8E4M3FN] = {"float8e4m3fn", 8, PK_DTYPE_F32},
    [PK_ONNX_FLOAT8E4M3FNUZ] = {"float8e4m3fnuz", 8, PK_DTYPE_F32},
    [PK_ONNX_FLOAT8E5M2] = {"float8e5m2", 8, PK_DTYPE_F32},
    [PK_ONNX_FLOAT8E5M2FNUZ] = {"float8e5m2fnuz", 8, PK_DTYPE_F32},
    [PK_ONNX_UINT4] = {"uint4", 4, PK_DTYPE_U8},
    [PK_ONNX_INT4] = {"int4", 4, PK_DTYPE_S8},
    [PK_ONNX_FLOAT4E2M1] = {"float4e2m1", 4, PK_DTYPE_F32},
    [PK_ONNX_FLOAT8E8M0] = {"float8e8m0", 8, PK_DTYPE_F32},
    [PK_ONNX_UINT2] = {"uint2", 2, PK_DTYPE_U8},
    [PK_ONNX_INT2] = {"int2", 2, PK_DTYPE_S8},
};

const char *pk_onnx_type_name(int type) {
  return type >= 0 && type < PK_ONNX_TYPE_COUNT ? type_rows[type].name : "another type";
}

pk_dtype pk_onnx_type_dtype(int type) {
  return type >= 0 && type < PK_ONNX_TYPE_COUNT ? (pk_dtype)type_rows[type].dtype : PK_DTYPE_OTHER;
}

bool pk_onnx_type_is_narrow(int type) {
  return type == PK_ONNX_UINT4 || type == PK_ONNX_INT4 || type == PK_ONNX_UINT2 ||
         type == PK_ONNX_INT2;
}

bool pk_onnx_type_is_widened(int type) {
  return type == PK_ONNX_UINT16 || type == PK_ONNX_INT16 || type == PK_ONNX_UINT32;
}

const pk_onnx_float_format *pk_onnx_type_float_format(int type) {
  static const pk_onnx_float_format formats[PK_ONNX_TYPE_COUNT] = {
      [PK_ONNX_FLOAT16] = {5, 10, 15, 65504.0f, PK_ONNX_HAS_INFINITY},
      [PK_ONNX_BFLOAT16] = {8, 7, 127, 3.38953139e38f, PK_ONNX_HAS_INFINITY},
      [PK_ONNX_FLOAT8E4M3FN] = {4, 3, 7, 448.0f, PK_ONNX_ALL_ONES_ARE_NAN},
      [PK_ONNX_FLOAT8E4M3FNUZ] = {4, 3, 8, 240.0f, PK_ONNX_NEGATIVE_ZERO_IS_NAN},
      [PK_ONNX_FLOAT8E5M2] = {5, 2, 15, 57344.0f, PK_ONNX_HAS_INFINITY},
      [PK_ONNX_FLOAT8E5M2FNUZ] = {5, 2, 16, 57344.0f, PK_ONNX_NEGATIVE_ZERO_IS_NAN},
      [PK_ONNX_FLOAT4E2M1] = {2, 1, 1, 6.0f, PK_ONNX_ONLY_NUMBERS}};
  const bool is_known = type >= 0 && type < PK_ONNX_TYPE_COUNT && formats[type].exponent_bits;
  return is_known ? &formats[type] : NULL;
}

// Exact: every narrow float is a float32.
static float narrow_to_float(uint32_t bits, const pk_onnx_float_format *format) {
  const uint32_t ones = (1u << format->mantissa_bits) - 1, top = (1u << format->exponent_bits) - 1;
  const uint32_t mantissa = bits & ones, exponent = bits >> format->mantissa_bits & top;
  const bool is_negative = bits >> (format->mantissa_bits + format->exponent_bits) & 1;
  float value = exponent == 0 ? ldexpf((float)mantissa, 1 - format->bias - format->mantissa_bits)
                              : ldexpf((float)(mantissa + ones + 1),
                                       (int)exponent - format->bias - format->mantissa_bits);
  switch (format->specials) {
    case PK_ONNX_HAS_INFINITY:
      if (exponent == top) value = mantissa ? NAN : INFINITY;
      break;
    case PK_ONNX_ALL_ONES_ARE_NAN:
      if (exponent == top && mantissa == ones) value = NAN;
      break;
    case PK_ONNX_NEGATIVE_ZERO_IS_NAN:
      if (is_negative && exponent == 0 && mantissa == 0) value = NAN;
      break;
    case PK_ONNX_ONLY_NUMBERS:
      break;
  }
  return is_negative ? -value : value;
}

static float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Stores element `i` of the runtime's type, given the bits of ONNX's type (sign-extended or not).
static void store(uint8_t *data, size_t i, int type, uint64_t bits) {
  const pk_onnx_float_format *format = pk_onnx_type_float_format(type);
  if (format) {
    const float narrow = narrow_to_float((uint32_t)bits, format);
    memcpy(data + 4 * i, &narrow, 4);
    return;
  }
  float f = 0.0f;
  switch (type) {
    case PK_ONNX_FLOAT:
      f = bits_to_float((uint32_t)bits);
      break;
    case PK_ONNX_FLOAT8E8M0:  // a power of two and nothing else
      f = (uint8_t)bits == 255 ? NAN : ldexpf(1.0f, (int)(uint8_t)bits - 127);
      break;
    case PK_ONNX_DOUBLE: {
      double d;
      memcpy(&d, &bits, sizeof d);
      f = (float)d;
      break;
    }
    case PK_ONNX_UINT8:
    case PK_ONNX_INT8:
      data[i] = (uint8_t)bits;
      return;
    case PK_ONNX_UINT4:
    case PK_ONNX_UINT2:
      data[i] = (uint8_t)bits;
      return;
    case PK_ONNX_INT4:
      data[i] = (uint8_t)((bits ^ 8) - 8);
      return;
    case PK_ONNX_INT2:
      data[i] = (uint8_t)((bits ^ 2) - 2);
      return;
    case PK_ONNX_BOOL:
      data[i] = (uint8_t)bits != 0;
      return;
    case PK_ONNX_INT32:
    case PK_ONNX_UINT16:
    case PK_ONNX_INT16: {
      const int32_t value = type == PK_ONNX_UINT16  ? (int32_t)(uint16_t)bits
                            : type == PK_ONNX_INT16 ? (int32_t)(int16_t)(uint16_t)bits
                                                    : (int32_t)(uint32_t)bits;
      memcpy(data + 4 * i, &value, 4);
      return;
    }
    default: {
      const int64_t value = type == PK_ONNX_UINT32 ? (int64_t)(uint32_t)bits : (int64_t)bits;
      memcpy(data + 8 * i, &value, 8);
      return;
    }
  }
  memcpy(data + 4 * i, &f, 4);
}

// Element `i` of packed elements; the first ones stand in a byte's low bits.
static uint64_t load(const uint8_t *p, size_t bits, size_t i) {
  uint64_t value = 0;
  if (bits < 8) return p[i * bits / 8] >> (i * bits % 8) & ((1u << bits) - 1);
  p += i * (bits / 8);
  for (size_t j = 0; j < bits / 8; j++) value |= (uint64_t)p[j] << (8 * j);
  return value;
}

// How many entries stand in the typed field that ONNX prescribes for `type`; those of types below a
// byte hold a byte each.
static size_t typed_count(const Onnx__TensorProto *source, int type) {
  switch (type) {
    case PK_ONNX_FLOAT:
      return source->n_float_data;
    case PK_ONNX_DOUBLE:
      return source->n_double_data;
    case PK_ONNX_INT64:
      return source->n_int64_data;
    case PK_ONNX_UINT32:
    case PK_ONNX_UINT64:
      return source->n_uint64_data;
    default:
      return source->n_int32_data;
  }
}

static uint64_t typed_bits(const Onnx__TensorProto *source, int type, size_t i) {
  uint64_t bits = 0;
  switch (type) {
    case PK_ONNX_FLOAT:
      memcpy(&bits, &source->float_data[i], 4);
      return bits;
    case PK_ONNX_DOUBLE:
      memcpy(&bits, &source->double_data[i], 8);
      return bits;
    case PK_ONNX_INT64:
      return (uint64_t)source->int64_data[i];
    case PK_ONNX_UINT32:
    case PK_ONNX_UINT64:
      return source->uint64_data[i];
    default: {
      const size_t width = type_rows[type].bits;
      if (width >= 8) return (uint64_t)(int64_t)source->int32_data[i];
      const uint8_t byte = (uint8_t)source->int32_data[i * width / 8];
      return byte >> (i * width % 8) & ((1u << width) - 1);
    }
  }
}

static bool read_shape(pk_tensor *tensor, const Onnx__TensorProto *source, int64_t *elements,
                       pk_error *error) {
  if (source->n_dims > PK_MAX_RANK) {
    return pk_fail(error, PK_UNSUPPORTED, "constant \"%s\" has %zu dimensions, more than %d",
                   tensor->name, source->n_dims, PK_MAX_RANK);
  }
  *elements = 1;
  tensor->rank = (int)source->n_dims;
  for (size_t i = 0; i < source->n_dims; i++) {
    const int64_t dim = source->dims[i];
    if (dim < 0 || dim > INT32_MAX || (dim > 0 && *elements > ((int64_t)1 << 32) / dim)) {
      return pk_fail(error, PK_BAD_MODEL, "constant \"%s\": dimension %zu is %lld; out of range",
                     tensor->name, i, (long long)dim);
    }
    tensor->dims[i] = (int32_t)dim;
    *elements *= dim;
  }
  return true;
}

static bool wrong_size(const pk_tensor *tensor, pk_error *error, size_t found, int64_t wanted,
                       const char *unit) {
  return pk_fail(
      error, PK_BAD_MODEL,
      "constant \"%s\" of shape %s has %zu %s of data instead of %lld; the file is broken",
      tensor->name, pk_tensor_shape_text(tensor).text, found, unit, (long long)wanted);
}

bool pk_onnx_tensor_data(pk_tensor *tensor, pk_arena *arena, const Onnx__TensorProto *source,
                         const char *folder, pk_error *error) {
  const int type = source->data_type;
  int64_t elements = 0;
  tensor->dtype = pk_onnx_type_dtype(type);
  if (!read_shape(tensor, source, &elements, error)) return false;
  if (tensor->dtype == PK_DTYPE_OTHER) {
    return pk_fail(error, PK_UNSUPPORTED, "constant \"%s\" has elements of type %s", tensor->name,
                   pk_onnx_type_name(type));
  }
  if (source->segment) {
    return pk_fail(error, PK_UNSUPPORTED, "constant \"%s\" is stored in segments", tensor->name);
  }
  const size_t bits = type_rows[type].bits, count = (size_t)elements;
  const size_t bytes = (count * bits + 7) / 8, entries = bits < 8 ? bytes : count;
  const uint8_t *raw = source->raw_data.data;
  size_t raw_bytes = source->raw_data.len;
  const bool is_external = source->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  if (is_external &&
      !pk_onnx_external_data(&raw, &raw_bytes, arena, source, tensor->name, bytes, folder, error)) {
    return false;
  }
  const bool is_raw = is_external || source->has_raw_data;
  if (is_raw && raw_bytes != bytes) {
    return wrong_size(tensor, error, raw_bytes, (int64_t)bytes, "bytes");
  }
  if (!is_raw && typed_count(source, type) != entries) {
    return wrong_size(tensor, error, typed_count(source, type), (int64_t)entries, "elements");
  }
  const size_t stored = (size_t)pk_dtype_bits(tensor->dtype) / 8;
  uint8_t *data = pk_arena_alloc(arena, count, stored, error);
  if (!data) return false;
  for (size_t i = 0; i < count; i++) {
    store(data, i, type, is_raw ? load(raw, bits, i) : typed_bits(source, type, i));
  }
  tensor->data = data;
  tensor->data_bytes = count * stored;
  return true;
}
