// Tensors of ONNX files: element types, and their values as the graph computes with them.
#ifndef MINNOW_PACKER_IMPORT_ONNX_TENSOR_H_
#define MINNOW_PACKER_IMPORT_ONNX_TENSOR_H_

#include "../source_graph.h"
#include "onnx_reader.h"

// Numbers of TensorProto.DataType.
enum {
  PK_ONNX_FLOAT = 1,
  PK_ONNX_UINT8 = 2,
  PK_ONNX_INT8 = 3,
  PK_ONNX_UINT16 = 4,
  PK_ONNX_INT16 = 5,
  PK_ONNX_INT32 = 6,
  PK_ONNX_INT64 = 7,
  PK_ONNX_STRING = 8,
  PK_ONNX_BOOL = 9,
  PK_ONNX_FLOAT16 = 10,
  PK_ONNX_DOUBLE = 11,
  PK_ONNX_UINT32 = 12,
  PK_ONNX_UINT64 = 13,
  PK_ONNX_BFLOAT16 = 16,
  // Newer than the schema that is compiled in:
  PK_ONNX_FLOAT8E4M3FN = 17,
  PK_ONNX_FLOAT8E4M3FNUZ = 18,
  PK_ONNX_FLOAT8E5M2 = 19,
  PK_ONNX_FLOAT8E5M2FNUZ = 20,
  PK_ONNX_UINT4 = 21,
  PK_ONNX_INT4 = 22,
  PK_ONNX_FLOAT4E2M1 = 23,
  PK_ONNX_FLOAT8E8M0 = 24,
  PK_ONNX_UINT2 = 25,
  PK_ONNX_INT2 = 26,
  PK_ONNX_TYPE_COUNT = 27
};

const char *pk_onnx_type_name(int type);  // "float16"; "type 99" is "another type"

// What the runtime computes with: every float type in float32; integers of 2 and 4 bits in int8 or
// uint8; 16-bit integers in int32; uint32 and uint64 in int64 (values from 2^63 on wrap).
// PK_DTYPE_OTHER: not supported.
pk_dtype pk_onnx_type_dtype(int type);

// Whether integers of this type are carried in a wider one, so that overflow must be cut off.
bool pk_onnx_type_is_widened(int type);

bool pk_onnx_type_is_narrow(int type);  // an integer of 2 or 4 bits

// Floats narrower than float32: sign, exponent, mantissa, as IEEE 754 and OCP's 8-bit and MX
// specifications lay them out.
typedef enum pk_onnx_float_specials {
  PK_ONNX_HAS_INFINITY,          // the highest exponent is infinity and NaN
  PK_ONNX_ALL_ONES_ARE_NAN,      // no infinity
  PK_ONNX_NEGATIVE_ZERO_IS_NAN,  // no infinity either
  PK_ONNX_ONLY_NUMBERS
} pk_onnx_float_specials;

typedef struct pk_onnx_float_format {
  int exponent_bits, mantissa_bits, bias;
  float largest;
  pk_onnx_float_specials specials;
} pk_onnx_float_format;
const pk_onnx_float_format *pk_onnx_type_float_format(int type);  // NULL: not one of them

// Rank, dimensions (0 is possible: an empty tensor) and data of `tensor` from the message,
// converted to pk_onnx_type_dtype(). `folder` is where external data files are looked for; NULL:
// they are refused. The name is left alone. Errors: BAD_MODEL, UNSUPPORTED, IO, OUT_OF_MEMORY.
bool pk_onnx_tensor_data(pk_tensor *tensor, pk_arena *arena, const Onnx__TensorProto *source,
                         const char *folder, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_ONNX_TENSOR_H_
