// Whether weights keep to the bits that their operator says they have: read once per load, but
// each.
#ifndef MINNOW_FORMAT_VALUE_RANGE_H_
#define MINNOW_FORMAT_VALUE_RANGE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool mnw_values_within(const int8_t *values, size_t count, int8_t low, int8_t high);

#endif  // MINNOW_FORMAT_VALUE_RANGE_H_
