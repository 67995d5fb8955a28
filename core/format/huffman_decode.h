// Decoding canonical, length-limited Huffman codes: a table of all 2^12 bit patterns, four streams
// at a time.
#ifndef MINNOW_FORMAT_HUFFMAN_DECODE_H_
#define MINNOW_FORMAT_HUFFMAN_DECODE_H_

#include <minnow/minnow.h>

#include "package_format.h"

enum { MNW_HUFFMAN_TABLE_ENTRIES = 1 << MNW_HUFFMAN_MAX_BITS };

// entries[next 12 bits, first bit lowest] = decoded byte << 8 | code length
typedef struct mnw_huffman_table {
  uint16_t entries[MNW_HUFFMAN_TABLE_ENTRIES];
  uint8_t is_valid;
} mnw_huffman_table;

// Reads the payload of a HUFFMAN_TABLE chunk. Errors: CORRUPT, TRUNCATED.
mnw_status mnw_huffman_read_table(mnw_huffman_table *table, const uint8_t *payload,
                                  size_t payload_bytes, mnw_error *error);

// Decodes the Huffman part of a BLOCK (three stream sizes, then the streams) to exactly out_bytes
// bytes. Errors: CORRUPT, TRUNCATED; what was written by then is undefined.
mnw_status mnw_huffman_decode(uint8_t *out, size_t out_bytes, const mnw_huffman_table *table,
                              const uint8_t *payload, size_t payload_bytes, mnw_error *error);

#endif  // MINNOW_FORMAT_HUFFMAN_DECODE_H_
