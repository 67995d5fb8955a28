#include "trellis.h"

#include <string.h>

#include "../base/platform.h"

enum { CHANNELS = 8, STEP = 32 };

// Four channels of four products, a byte each; bits do not cross bytes.
typedef mnw_u32x4 channels;
static const uint32_t lowest = 0x01010101u;

static inline channels load_channels(const uint8_t *from) {
  channels loaded;
  memcpy(&loaded, from, sizeof loaded);
  return loaded;
}

// Four channels at once: with D for the delay by a channel, parities p and symbols s are
// p = D s + (D^2 + D^3) p over GF(2), and times 1 + D^2 + D^3, as squares have no mixed terms
// there, p = (D + D^3 + D^4) s + (D^4 + D^6) p: of the parities only those of the channels before.
void mnw_trellis_expand_tiles(uint8_t *weights, size_t offset, size_t size, size_t k_bytes) {
  const size_t tile = CHANNELS * k_bytes;
  for (size_t at = offset; at < offset + size; at += STEP) {
    channels parity_1 = {0}, parity_2 = {0};  // of the four channels before, and before these
    if (at >= tile) {
      parity_1 = load_channels(weights + at - tile + sizeof parity_1);
      parity_2 = load_channels(weights + at - tile);
    }
    channels symbol_1 = parity_1 >> 1;
    for (size_t t = at; t < at + STEP; t += sizeof(channels)) {
      const channels symbol = load_channels(weights + t);
      channels parity = MNW_U32X4_SHUFFLE(symbol_1, symbol, 3, 4, 5, 6);
      parity ^= MNW_U32X4_SHUFFLE(symbol_1, symbol, 1, 2, 3, 4) ^ symbol_1;
      parity ^= MNW_U32X4_SHUFFLE(parity_2, parity_1, 2, 3, 4, 5) ^ parity_1;
      const channels level = (symbol << 1 & ~lowest) | (parity & lowest);
      memcpy(weights + t, &level, sizeof level);
      parity_2 = parity_1;
      parity_1 = level;
      symbol_1 = symbol;
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
