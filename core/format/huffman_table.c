// From a HUFFMAN_TABLE chunk to the table that decoding looks symbols up in.
#include "symbol_table.h"

// Reads the nibbles of `payload` into lengths[0 … last - first].
static mnw_status read_lengths(uint8_t *lengths, const uint8_t *payload, size_t payload_bytes,
                               mnw_error *error) {
  if (payload_bytes < 2) return mnw_bad_table(MNW_STATUS_TRUNCATED, payload_bytes, error);
  const size_t first = payload[0], last = payload[1];
  bool holds = first <= last && payload_bytes == 2 + (last - first + 2) / 2;
  for (size_t s = first; holds && s <= last; s++) {
    const size_t i = s - first;
    lengths[s] = (payload[2 + i / 2] >> (4 * (i % 2))) & 15;
    holds = lengths[s] <= MNW_SYMBOL_TABLE_BITS;
  }
  if (!holds) return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
  return MNW_STATUS_OK;
}

static uint32_t reverse_bits(uint32_t code, uint32_t length) {
  uint32_t reversed = 0;
  for (uint32_t i = 0; i < length; i++) reversed |= ((code >> i) & 1) << (length - 1 - i);
  return reversed;
}

mnw_status mnw_huffman_read_table(mnw_symbol_table *table, const uint8_t *payload,
                                  size_t payload_bytes, mnw_error *error) {
  uint8_t lengths[MNW_SYMBOLS] = {0};
  uint32_t counts[MNW_SYMBOL_TABLE_BITS + 1] = {0};
  uint32_t next_code[MNW_SYMBOL_TABLE_BITS + 1] = {0};
  uint32_t used = 0, code = 0;
  table->code = MNW_SYMBOL_CODE_NONE;
  const mnw_status status = read_lengths(lengths, payload, payload_bytes, error);
  if (status != MNW_STATUS_OK) return status;

  for (uint32_t s = 0; s < MNW_SYMBOLS; s++) counts[lengths[s]]++;
  counts[0] = 0;
  for (uint32_t length = 1; length <= MNW_SYMBOL_TABLE_BITS; length++) {
    code = (code + counts[length - 1]) << 1;
    next_code[length] = code;
    used += counts[length] << (MNW_SYMBOL_TABLE_BITS - length);
  }
  const int is_single = counts[1] == 1 && used == MNW_SYMBOL_TABLE_ENTRIES / 2;
  if (used != MNW_SYMBOL_TABLE_ENTRIES && !is_single) {
    return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
  }
  for (uint32_t s = 0; s < MNW_SYMBOLS; s++) {
    const uint32_t length = lengths[s];
    if (length == 0) continue;
    const uint16_t entry = (uint16_t)((((s + 128) & 255) << MNW_ENTRY_SYMBOL_SHIFT) | length);
    const uint32_t step = is_single ? 1 : 1u << length;
    for (uint32_t i = is_single ? 0 : reverse_bits(next_code[length]++, length);
         i < MNW_SYMBOL_TABLE_ENTRIES; i += step) {
      table->entries.huffman[i] = entry;
    }
  }
  table->code = MNW_SYMBOL_CODE_HUFFMAN;
  return MNW_STATUS_OK;
}
