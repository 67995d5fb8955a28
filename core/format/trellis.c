#include "trellis.h"

#include "../base/bytes.h"

enum { CHANNELS = 8, WORD = 4, STEP = CHANNELS * WORD };

// Four products at a time, a byte each; bits do not cross bytes.
static const uint32_t lowest = 0x01010101u;

void mnw_trellis_expand_tiles(uint8_t *weights, size_t offset, size_t size, size_t k_bytes) {
  const size_t tile = CHANNELS * k_bytes;
  for (size_t at = offset; at < offset + size; at += STEP) {
    uint32_t before[3] = {0, 0, 0};  // levels of the channels t-1, t-2, t-3
    for (size_t i = 0; i < 3 && at >= tile; i++) {
      before[i] = mnw_load_u32(weights + at - tile + STEP - (i + 1) * WORD);
    }
    for (size_t t = 0; t < STEP; t += WORD) {
      const uint32_t parity = (before[0] >> 1 ^ before[1] ^ before[2]) & lowest;
      const uint32_t level = (mnw_load_u32(weights + at + t) & ~(lowest << 7)) << 1 | parity;
      mnw_store_u32(weights + at + t, level);
      before[2] = before[1];
      before[1] = before[0];
      before[0] = level;
    }
  }
}

void mnw_trellis_expand_rows(uint8_t *weights, size_t offset, size_t size, size_t k_bytes) {
  for (size_t at = offset; at < offset + size; at++) {
    unsigned parity = at < k_bytes ? 0 : weights[at - k_bytes] >> 1;
    if (at >= 2 * k_bytes) parity ^= weights[at - 2 * k_bytes];
    if (at >= 3 * k_bytes) parity ^= weights[at - 3 * k_bytes];
    weights[at] = (uint8_t)(weights[at] << 1 | (parity & 1));
  }
}
