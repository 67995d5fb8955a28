// Levels of trellis-coded weights from their symbols.
#ifndef MINNOW_FORMAT_TRELLIS_H_
#define MINNOW_FORMAT_TRELLIS_H_

#include <stddef.h>
#include <stdint.h>

// Turns the symbols in bytes offset … offset + size of `weights` into levels where they stand; what
// lies before `offset` is done already. For each product the output channels are a sequence:
// level[t] = 2 symbol[t] + parity[t] with
// parity[t] = (level[t-1] >> 1 & 1) ^ (level[t-2] & 1) ^ (level[t-3] & 1),
// levels before the first being 0: Ungerboeck's trellis of eight states ("Channel coding with
// multilevel/phase signals", 1982).

// Layout TILE_8X4 with K products rounded up to k_bytes; offset and size are multiples of 32.
void mnw_trellis_expand_tiles(uint8_t *weights, size_t offset, size_t size, size_t k_bytes);

// Row-major, K = k_bytes products a channel.
void mnw_trellis_expand_rows(uint8_t *weights, size_t offset, size_t size, size_t k_bytes);

#endif  // MINNOW_FORMAT_TRELLIS_H_
