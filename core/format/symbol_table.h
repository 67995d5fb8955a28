// What a shard says about the code of the symbols that follow.
#ifndef MINNOW_FORMAT_SYMBOL_TABLE_H_
#define MINNOW_FORMAT_SYMBOL_TABLE_H_

#include <minnow/minnow.h>

#include "package_format.h"

enum { MNW_SYMBOL_TABLE_ENTRIES = 1 << MNW_SYMBOL_TABLE_BITS, MNW_SYMBOLS = 256 };

typedef enum mnw_symbol_code {
  MNW_SYMBOL_CODE_NONE,  // no table was read yet, or none that holds
  // Canonical, length-limited Huffman codes: huffman[next 12 bits, first bit lowest] = decoded byte
  // << 8 | code length.
  MNW_SYMBOL_CODE_HUFFMAN,
  // Asymmetric numeral systems with a table (tANS: Duda, arXiv:1311.2540, 2013), whose codes take
  // fractions of bits: ans[state] = next state, without its lowest bits << 16 | decoded byte << 8 |
  // how many bits these are.
  MNW_SYMBOL_CODE_ANS,
} mnw_symbol_code;

// Of a table's entries; the lowest bits are the count.
enum { MNW_ENTRY_COUNT_MASK = 63, MNW_ENTRY_SYMBOL_SHIFT = 8, MNW_ENTRY_STATE_SHIFT = 16 };

typedef struct mnw_symbol_table {
  union {
    uint16_t huffman[MNW_SYMBOL_TABLE_ENTRIES];
    uint32_t ans[MNW_SYMBOL_TABLE_ENTRIES];
  } entries;
  mnw_symbol_code code;
} mnw_symbol_table;

// Reads the payload of a HUFFMAN_TABLE chunk. Errors: CORRUPT, TRUNCATED.
mnw_status mnw_huffman_read_table(mnw_symbol_table *table, const uint8_t *payload,
                                  size_t payload_bytes, mnw_error *error);

// Reads the payload of an ANS_TABLE chunk. Errors: CORRUPT.
mnw_status mnw_ans_read_table(mnw_symbol_table *table, const uint8_t *payload, size_t payload_bytes,
                              mnw_error *error);

// Says that a table's payload does not hold; returns `status`.
mnw_status mnw_bad_table(mnw_status status, size_t payload_bytes, mnw_error *error);

// Steps from one state that a symbol owns to the next: odd, so that it meets all, and far, so that
// symbols lie among each other.
enum { MNW_ANS_STEP = (MNW_SYMBOL_TABLE_ENTRIES >> 1) + (MNW_SYMBOL_TABLE_ENTRIES >> 3) + 3 };

#endif  // MINNOW_FORMAT_SYMBOL_TABLE_H_
