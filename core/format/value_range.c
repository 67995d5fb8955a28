#include "value_range.h"

bool mnw_values_within(const int8_t *values, size_t count, int8_t low, int8_t high) {
  uint8_t outside = 0;
  for (size_t i = 0; i < count; i++) {
    outside |= (uint8_t)((values[i] < low) | (values[i] > high));
  }
  return outside == 0;
}
