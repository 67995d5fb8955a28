// One of a block's four streams of bits, and the steps of decoding that need not be fast.
#ifndef MINNOW_FORMAT_SYMBOL_STREAM_H_
#define MINNOW_FORMAT_SYMBOL_STREAM_H_

#include <stdbool.h>

#include "symbol_table.h"

enum { MNW_REFILL_BITS = 56, MNW_ENTRY_MASK = MNW_SYMBOL_TABLE_ENTRIES - 1 };

typedef struct mnw_bit_stream {
  const uint8_t *next, *end;
  uint64_t bits;  // the lowest `count` bits are valid
  uint32_t count;
  uint32_t padding_bits;  // zero bits fed past the end
  uint32_t state;         // ANS
} mnw_bit_stream;

// Takes a symbol's bits; `count` is for the caller to lower, by as much as the entry says.
static inline uint32_t mnw_take_entry(mnw_bit_stream *stream, const mnw_symbol_table *table,
                                      bool is_ans) {
  uint32_t entry;
  if (is_ans) {
    entry = table->entries.ans[stream->state];
    const uint32_t low_bits = (1u << (entry & MNW_ENTRY_COUNT_MASK)) - 1;
    stream->state = (entry >> MNW_ENTRY_STATE_SHIFT) + ((uint32_t)stream->bits & low_bits);
  } else {
    entry = table->entries.huffman[stream->bits & MNW_ENTRY_MASK];
  }
  stream->bits >>= entry & MNW_ENTRY_COUNT_MASK;
  return entry;
}

// Finds the streams of a block, and for ANS their first states. False where they are more than
// that.
bool mnw_bit_streams_open(mnw_bit_stream *streams, const mnw_symbol_table *table,
                          const uint8_t *payload, size_t payload_bytes);

// Decodes the last symbols of a stream. False where it does not end behind them.
bool mnw_bit_stream_finish(mnw_bit_stream *stream, const mnw_symbol_table *table, uint8_t *out,
                           size_t count);

#endif  // MINNOW_FORMAT_SYMBOL_STREAM_H_
