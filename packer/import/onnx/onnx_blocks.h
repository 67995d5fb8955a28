// Products with constant weights that have a scale for each block of a row, as MatMulNBits and
// DequantizeLinear with block_size give them.
//
// As float32 numbers such weights are all different. So the product is taken block by block with
// the levels (whole numbers: number less zero point), in a grouped convolution of one pixel a row;
// its results, one for each output and block, are multiplied with the scales and summed over the
// blocks. That costs one multiplication and one addition more for each block.
#ifndef MINNOW_PACKER_IMPORT_ONNX_BLOCKS_H_
#define MINNOW_PACKER_IMPORT_ONNX_BLOCKS_H_

#include "onnx_build.h"

typedef struct pk_onnx_blocks {
  int64_t outputs, inner;  // N rows of K weights
  int64_t block, blocks;   // weights of a block; blocks of a row, the last may be shorter
  const float *levels;     // [N][K]
  const float *scales;     // [N][blocks]
} pk_onnx_blocks;

// x [..., K] times the transposed weights: [..., N]. PK_ABSENT where the partial sums would take
// too much memory, or x does not fit.
pk_value pk_onnx_product_by_blocks(pk_onnx *o, pk_value x, const pk_onnx_blocks *weights);

// Notes that the constant `value`, a matrix, is `levels` times `scales`, one of those for each
// `block` of indices along `axis`. False: error filled.
bool pk_onnx_note_blocks(pk_onnx *o, pk_value value, pk_value levels, pk_value scales, int axis,
                         int64_t block);

// x [..., K] times a constant of such a note, [K, N], or [N, K] where `is_transposed`. PK_ABSENT
// where there is none along K, and as above.
pk_value pk_onnx_product_with_noted(pk_onnx *o, pk_value x, pk_value value, bool is_transposed);

#endif  // MINNOW_PACKER_IMPORT_ONNX_BLOCKS_H_
