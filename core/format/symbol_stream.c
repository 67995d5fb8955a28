#include "symbol_stream.h"

#include "../base/bytes.h"

static void refill_careful(mnw_bit_stream *stream) {
  while (stream->count < MNW_REFILL_BITS) {
    if (stream->next < stream->end) {
      stream->bits |= (uint64_t)*stream->next++ << stream->count;
    } else {
      stream->padding_bits += 8;
    }
    stream->count += 8;
  }
}

bool mnw_bit_stream_finish(mnw_bit_stream *stream, const mnw_symbol_table *table, uint8_t *out,
                           size_t count) {
  while (count--) {
    if (stream->count < MNW_SYMBOL_TABLE_BITS) refill_careful(stream);
    const uint32_t entry = mnw_take_entry(stream, table, table->code == MNW_SYMBOL_CODE_ANS);
    stream->count -= entry & MNW_ENTRY_COUNT_MASK;
    *out++ = (uint8_t)(entry >> MNW_ENTRY_SYMBOL_SHIFT);
  }
  const uint64_t unread_bytes = (uint64_t)(stream->end - stream->next);
  return unread_bytes == 0 && stream->count >= stream->padding_bits &&
         stream->count - stream->padding_bits < 8 && stream->bits == 0 && stream->state == 0;
}

bool mnw_bit_streams_open(mnw_bit_stream *streams, const mnw_symbol_table *table,
                          const uint8_t *payload, size_t payload_bytes) {
  const size_t header_bytes = 4 * (MNW_SYMBOL_STREAMS - 1);
  if (payload_bytes < header_bytes) return false;
  const uint8_t *next = payload + header_bytes;
  size_t left = payload_bytes - header_bytes;
  for (size_t s = 0; s < MNW_SYMBOL_STREAMS; s++) {
    const size_t bytes = s + 1 < MNW_SYMBOL_STREAMS ? mnw_load_u32(payload + 4 * s) : left;
    if (bytes > left) return false;
    streams[s] = (mnw_bit_stream){next, next + bytes, 0, 0, 0, 0};
    next += bytes;
    left -= bytes;
    if (table->code != MNW_SYMBOL_CODE_ANS) continue;
    refill_careful(&streams[s]);
    streams[s].state = (uint32_t)streams[s].bits & MNW_ENTRY_MASK;
    streams[s].bits >>= MNW_SYMBOL_TABLE_BITS;
    streams[s].count -= MNW_SYMBOL_TABLE_BITS;
  }
  return true;
}
