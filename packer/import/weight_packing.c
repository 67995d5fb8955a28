#include "weight_packing.h"

#include <string.h>

#include "../../core/kernels/packed_layout.h"

static int8_t weight_at(const pk_weight_matrix *matrix, size_t o, size_t k) {
  return matrix->weights[o * matrix->o_stride + k * matrix->k_stride];
}

void pk_pack_tile_8x4(int8_t *packed, const pk_weight_matrix *matrix) {
  memset(packed, matrix->zero_point, mnw_tile_8x4_bytes(matrix->o_count, matrix->k_count));
  for (size_t o = 0; o < matrix->o_count; o++) {
    for (size_t k = 0; k < matrix->k_count; k++) {
      packed[mnw_tile_8x4_index(o, k, matrix->k_count)] = weight_at(matrix, o, k);
    }
  }
}

void pk_pack_depthwise_8x2(int8_t *packed, const pk_weight_matrix *matrix) {
  memset(packed, matrix->zero_point, mnw_depthwise_8x2_bytes(matrix->o_count, matrix->k_count));
  for (size_t o = 0; o < matrix->o_count; o++) {
    for (size_t k = 0; k < matrix->k_count; k++) {
      packed[mnw_depthwise_8x2_index(o, k, matrix->k_count)] = weight_at(matrix, o, k);
    }
  }
}

int pk_weight_bits(const pk_weight_matrix *matrix) {
  int bits = 1;
  for (size_t o = 0; o < matrix->o_count; o++) {
    for (size_t k = 0; k < matrix->k_count; k++) {
      const int32_t weight = weight_at(matrix, o, k) - matrix->zero_point;
      while (bits < 8 && (weight < -(1 << (bits - 1)) || weight >= 1 << (bits - 1))) bits++;
    }
  }
  return bits;
}

pk_accumulator pk_accumulate(const pk_weight_matrix *matrix, size_t o, int32_t bias,
                             int32_t input_zero_point) {
  // A weight w adds between -128 * w and 127 * w: the sums of |w| by sign give both ends.
  int64_t positive = 0, negative = 0;
  for (size_t k = 0; k < matrix->k_count; k++) {
    const int32_t weight = weight_at(matrix, o, k) - matrix->zero_point;
    if (weight > 0) {
      positive += weight;
    } else {
      negative -= weight;
    }
  }
  pk_accumulator accumulator = {.folded_bias = bias - input_zero_point * (positive - negative)};
  accumulator.min = accumulator.folded_bias - 128 * positive - 127 * negative;
  accumulator.max = accumulator.folded_bias + 127 * positive + 128 * negative;
  return accumulator;
}
