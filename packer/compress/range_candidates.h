// Ranges that an activation might have in int8, from a histogram of its values.
#ifndef MINNOW_PACKER_RANGE_CANDIDATES_H_
#define MINNOW_PACKER_RANGE_CANDIDATES_H_

#include <stddef.h>
#include <stdint.h>

typedef struct pk_range {
  float low, high;  // low <= 0 <= high
} pk_range;

// Rules by which a range is cut.
typedef enum pk_range_rule {
  PK_RANGE_SQUARED_ERROR,  // least mean squared error of rounding and cutting
  PK_RANGE_ALL,            // what was seen, from least to largest
  PK_RANGE_9999,           // all but one value in 10,000 at each end
  PK_RANGE_999,            // all but one in 1,000
  PK_RANGE_DIVERGENCE,     // least Kullback-Leibler divergence of the rounded distribution (Migacz,
                           // "8-bit inference with TensorRT", 2017)
  PK_RANGE_RULES
} pk_range_rule;

// The range by `rule` for a histogram of `count` bins over `seen`; zero is always inside.
pk_range pk_range_by_rule(pk_range_rule rule, const uint32_t *bins, size_t count, pk_range seen);

// int8's scale and zero point for a range.
void pk_range_quantization(float *scale, int32_t *zero_point, pk_range range);

// What rounding to int8 with that range makes of `value`, less the value.
float pk_range_error(float scale, int32_t zero_point, float value);

#endif  // MINNOW_PACKER_RANGE_CANDIDATES_H_
