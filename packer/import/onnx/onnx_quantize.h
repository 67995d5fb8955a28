// Quantisation as arithmetic, for the operators that carry scales and zero points.
#ifndef MINNOW_PACKER_IMPORT_ONNX_QUANTIZE_H_
#define MINNOW_PACKER_IMPORT_ONNX_QUANTIZE_H_

#include "onnx_build.h"

// ONNX's QuantizeLinear of x to `type` (PK_ONNX_UINT8 …): scale and zero are single numbers, lists
// along `axis`, or one number for each block (attribute block_size). zero may be PK_ABSENT.
pk_value pk_onnx_quantize(pk_onnx *o, pk_value x, pk_value scale, pk_value zero, int type,
                          int64_t axis);

// ONNX's DequantizeLinear. Of constants the values are computed at once and keep their grid.
pk_value pk_onnx_dequantize(pk_onnx *o, pk_value x, pk_value scale, pk_value zero, int64_t axis);

#endif  // MINNOW_PACKER_IMPORT_ONNX_QUANTIZE_H_
