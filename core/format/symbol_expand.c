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
                      mnw_word_form form) {
  const uint8_t *symbols = bytes + 3 * count, *end = bits + size;
  if (size == 0) return false;
  const uint32_t common_shift = *bits++;
  uint64_t pending = 0;
  uint32_t pending_bits = 0;
  if (form.is_float && common_shift > MNW_FLOAT_FRACTION_BITS) return false;
  for (size_t i = 0; i < count; i++) {
    const uint32_t symbol = symbols[i], length = (symbol + !form.is_float) / 2;
    uint32_t shift = common_shift, more = length - 1, head = 1;
    if (form.multipliers) shift += mnw_spare_bits(mnw_load_u32(form.multipliers + 4 * i));
    if (form.is_float) {
      more = MNW_FLOAT_FRACTION_BITS - common_shift;
      head = length + MNW_FLOAT_EXPONENT_BASE;
    } else if (symbol > 64 || shift > 31) {
      return false;
    }
    if (length == 0) {
      mnw_store_u32(bytes + 4 * i, symbol << 31);
      continue;
    }
    for (; pending_bits < more; pending_bits += 8) {
      if (bits == end) return false;
      pending |= (uint64_t)*bits++ << pending_bits;
    }
    const uint32_t low = (uint32_t)pending & ((1u << more) - 1);
    const uint32_t magnitude = (head << more | low) << shift;
    pending >>= more;
    pending_bits -= more;
    const uint32_t negative = form.is_float ? magnitude | 1u << 31 : 0u - magnitude;
    mnw_store_u32(bytes + 4 * i, symbol % 2 ? negative : magnitude);
  }
  return bits == end && pending == 0;
}
