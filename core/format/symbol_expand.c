#include "symbol_expand.h"

#include <string.h>

bool mnw_expand_mask(uint8_t *bytes, size_t size, size_t count, const uint8_t *mask) {
  const uint8_t *next = bytes + size - count, *end = bytes + size;
  for (size_t i = 0; i < size; i++) {
    const bool is_set = (mask[i / 8] >> i % 8 & 1) != 0;
    if (is_set && next == end) return false;
    bytes[i] = is_set ? *next++ : 0;
  }
  return next == end;
}

void mnw_expand_codebook(uint8_t *bytes, size_t count, const uint8_t *codebook) {
  const uint8_t *next = bytes + 3 * count;
  for (size_t i = 0; i < count; i++) memcpy(bytes + 4 * i, codebook + (size_t)4 * next[i], 4);
}
