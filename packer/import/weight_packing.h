// Weights into the kernels' layouts, and biases folded: pure functions on arrays.
#ifndef MINNOW_PACKER_IMPORT_WEIGHT_PACKING_H_
#define MINNOW_PACKER_IMPORT_WEIGHT_PACKING_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// int8 weights as a matrix of output channels o and products k: element (o, k) stands at
// o * o_stride + k * k_stride.
typedef struct pk_weight_matrix {
  const int8_t *weights;
  size_t o_count, k_count;
  size_t o_stride, k_stride;
  int32_t zero_point;
} pk_weight_matrix;

// `packed` has mnw_tile_8x4_bytes(o_count, k_count) bytes; absent elements get the zero point.
void pk_pack_tile_8x4(int8_t *packed, const pk_weight_matrix *matrix);

// `packed` has mnw_depthwise_8x2_bytes(o_count, k_count) bytes; k counts the taps.
void pk_pack_depthwise_8x2(int8_t *packed, const pk_weight_matrix *matrix);

// The fewest bits, 1 … 8, with every weight - zero point in -2^(bits - 1) … 2^(bits - 1) - 1; 8 if
// none.
int pk_weight_bits(const pk_weight_matrix *matrix);

// What an accumulator of output channel `o` can reach for int8 inputs, padding included.
typedef struct pk_accumulator {
  int64_t folded_bias;  // bias - input_zero_point * sum(w - zero_point)
  int64_t min, max;     // over all inputs; they contain folded_bias, the accumulator of input 0
} pk_accumulator;
pk_accumulator pk_accumulate(const pk_weight_matrix *matrix, size_t o, int32_t bias,
                             int32_t input_zero_point);

#endif  // MINNOW_PACKER_IMPORT_WEIGHT_PACKING_H_
