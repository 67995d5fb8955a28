#include "symbol_expand.h"

#include <string.h>

#include "../base/bytes.h"

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

bool mnw_expand_words(uint8_t *bytes, size_t count, const uint8_t *bits, size_t size,
                      const uint8_t *multipliers) {
  const uint8_t *lengths = bytes + 3 * count, *end = bits + size;
  if (size == 0) return false;
  const uint32_t common_shift = *bits++;
  uint64_t pending = 0;
  uint32_t pending_bits = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t symbol = lengths[i], length = (symbol + 1) / 2;
    uint32_t shift = common_shift;
    if (multipliers) shift += mnw_spare_bits(mnw_load_u32(multipliers + 4 * i));
    if (symbol > 64 || shift > 31) return false;
    if (symbol == 0) {
      mnw_store_u32(bytes + 4 * i, 0);
      continue;
    }
    for (; pending_bits < length - 1; pending_bits += 8) {
      if (bits == end) return false;
      pending |= (uint64_t)*bits++ << pending_bits;
    }
    const uint64_t highest = (uint64_t)1 << (length - 1);
    const uint32_t magnitude = (uint32_t)(highest | (pending & (highest - 1))) << shift;
    pending >>= length - 1;
    pending_bits -= length - 1;
    mnw_store_u32(bytes + 4 * i, symbol % 2 ? 0u - magnitude : magnitude);
  }
  return bits == end && pending == 0;
}
