// Idea: one table lookup per symbol. The next 12 bits of a stream, first bit lowest, index a table
// whose entry tells the symbol and how many bits its code really had. A block has four streams,
// each a quarter of the output, because one stream is a chain of dependent loads: lookup, shift,
// lookup …; four chains overlap and keep the core busy.
//
// Invariants:
// - After a refill a stream holds at least 56 valid bits, so four codes of at most 12 bits need no
// check in between
//   (static assert below).
// - The fast loop loads 8 bytes only where 8 bytes of the same stream are left; the careful loop
// feeds zero bits past the
//   end and counts them. A stream is accepted only if it ended in its last byte with the padding
//   bits zero, so every bit of a block is accounted for.
// - The table is complete: every 12-bit pattern leads to a symbol, therefore hostile bits decode to
// something and the
//   only possible failure is a wrong length.
#include "huffman_decode.h"

#include <string.h>

#include "../base/bytes.h"
#include "../base/error.h"
#include "../base/platform.h"

enum { SYMBOLS = 256, FAST_SYMBOLS = 4, REFILL_BITS = 56 };
_Static_assert(FAST_SYMBOLS *MNW_HUFFMAN_MAX_BITS <= REFILL_BITS, "a refill must last");

// Reads the nibbles of `payload` into lengths[0 … last - first].
static mnw_status read_lengths(uint8_t *lengths, const uint8_t *payload, size_t payload_bytes,
                               mnw_error *error) {
  if (payload_bytes < 2) {
    return mnw_fail(error, MNW_STATUS_TRUNCATED, "Huffman table of %0 bytes",
                    (int64_t)payload_bytes, 0, 0);
  }
  const size_t first = payload[0], last = payload[1];
  if (first > last || payload_bytes != 2 + (last - first + 2) / 2) {
    return mnw_fail(error, MNW_STATUS_CORRUPT, "Huffman table for symbols %0 to %1 in %2 bytes",
                    (int64_t)first, (int64_t)last, (int64_t)payload_bytes);
  }
  for (size_t s = first; s <= last; s++) {
    const size_t i = s - first;
    lengths[s] = (payload[2 + i / 2] >> (4 * (i % 2))) & 15;
    if (lengths[s] > MNW_HUFFMAN_MAX_BITS) {
      return mnw_fail(error, MNW_STATUS_CORRUPT, "Huffman code of %0 bits for symbol %1",
                      lengths[s], (int64_t)s, 0);
    }
  }
  return MNW_STATUS_OK;
}

static uint32_t reverse_bits(uint32_t code, uint32_t length) {
  uint32_t reversed = 0;
  for (uint32_t i = 0; i < length; i++) reversed |= ((code >> i) & 1) << (length - 1 - i);
  return reversed;
}

mnw_status mnw_huffman_read_table(mnw_huffman_table *table, const uint8_t *payload,
                                  size_t payload_bytes, mnw_error *error) {
  uint8_t lengths[SYMBOLS] = {0};
  uint32_t counts[MNW_HUFFMAN_MAX_BITS + 1] = {0};
  uint32_t next_code[MNW_HUFFMAN_MAX_BITS + 1] = {0};
  uint32_t used = 0, code = 0;
  table->is_valid = 0;
  const mnw_status status = read_lengths(lengths, payload, payload_bytes, error);
  if (status != MNW_STATUS_OK) return status;

  for (uint32_t s = 0; s < SYMBOLS; s++) counts[lengths[s]]++;
  counts[0] = 0;
  for (uint32_t length = 1; length <= MNW_HUFFMAN_MAX_BITS; length++) {
    code = (code + counts[length - 1]) << 1;
    next_code[length] = code;
    used += counts[length] << (MNW_HUFFMAN_MAX_BITS - length);
  }
  const int is_single = counts[1] == 1 && used == MNW_HUFFMAN_TABLE_ENTRIES / 2;
  if (used != MNW_HUFFMAN_TABLE_ENTRIES && !is_single) {
    return mnw_fail(error, MNW_STATUS_CORRUPT,
                    "Huffman code is not complete: %0 of %1 code words are used", used,
                    MNW_HUFFMAN_TABLE_ENTRIES, 0);
  }
  for (uint32_t s = 0; s < SYMBOLS; s++) {
    const uint32_t length = lengths[s];
    if (length == 0) continue;
    const uint16_t entry = (uint16_t)((((s + 128) & 255) << 8) | length);
    const uint32_t step = is_single ? 1 : 1u << length;
    for (uint32_t i = is_single ? 0 : reverse_bits(next_code[length]++, length);
         i < MNW_HUFFMAN_TABLE_ENTRIES; i += step) {
      table->entries[i] = entry;
    }
  }
  table->is_valid = 1;
  return MNW_STATUS_OK;
}

typedef struct bit_stream {
  const uint8_t *next, *end;
  uint64_t bits;  // the lowest `count` bits are valid
  uint32_t count;
  uint32_t padding_bits;  // zero bits fed past the end
} bit_stream;

static inline uint8_t decode_symbol(bit_stream *stream, const uint16_t *entries) {
  const uint32_t entry = entries[stream->bits & (MNW_HUFFMAN_TABLE_ENTRIES - 1)];
  stream->bits >>= entry & 255;
  stream->count -= entry & 255;
  return (uint8_t)(entry >> 8);
}

static inline void refill_fast(bit_stream *stream) {
  stream->bits |= mnw_load_u64(stream->next) << stream->count;
  stream->next += (63 - stream->count) >> 3;
  stream->count |= REFILL_BITS;
}

static void refill_careful(bit_stream *stream) {
  while (stream->count < REFILL_BITS) {
    if (stream->next < stream->end) {
      stream->bits |= (uint64_t)*stream->next++ << stream->count;
    } else {
      stream->padding_bits += 8;
    }
    stream->count += 8;
  }
}

// The last symbols of a stream, then the check that it ended where it should.
static int finish_stream(bit_stream *stream, const uint16_t *entries, uint8_t *out, size_t count) {
  // The fast refill may leave bits above `count` that the next one would write again: drop them.
  stream->bits &= stream->count < 64 ? ((uint64_t)1 << stream->count) - 1 : ~(uint64_t)0;
  while (count--) {
    if (stream->count < MNW_HUFFMAN_MAX_BITS) refill_careful(stream);
    *out++ = decode_symbol(stream, entries);
  }
  const uint64_t unread_bytes = (uint64_t)(stream->end - stream->next);
  return unread_bytes == 0 && stream->count >= stream->padding_bits &&
         stream->count - stream->padding_bits < 8 && stream->bits == 0;
}

static int has_fast_bytes(const bit_stream *streams) {
  for (int s = 0; s < MNW_HUFFMAN_STREAMS; s++) {
    if (streams[s].end - streams[s].next < 8) return 0;
  }
  return 1;
}

static mnw_status open_streams(bit_stream *streams, const uint8_t *payload, size_t payload_bytes,
                               mnw_error *error) {
  const size_t header_bytes = 4 * (MNW_HUFFMAN_STREAMS - 1);
  if (payload_bytes < header_bytes) {
    return mnw_fail(error, MNW_STATUS_TRUNCATED, "Huffman block of %0 bytes",
                    (int64_t)payload_bytes, 0, 0);
  }
  const uint8_t *next = payload + header_bytes;
  size_t left = payload_bytes - header_bytes;
  for (size_t s = 0; s < MNW_HUFFMAN_STREAMS; s++) {
    const size_t bytes = s + 1 < MNW_HUFFMAN_STREAMS ? mnw_load_u32(payload + 4 * s) : left;
    if (bytes > left) {
      return mnw_fail(error, MNW_STATUS_CORRUPT, "Huffman stream %0 has %1 bytes, %2 are left",
                      (int64_t)s, (int64_t)bytes, (int64_t)left);
    }
    streams[s] = (bit_stream){next, next + bytes, 0, 0, 0};
    next += bytes;
    left -= bytes;
  }
  return MNW_STATUS_OK;
}

mnw_status mnw_huffman_decode(uint8_t *out, size_t out_bytes, const mnw_huffman_table *table,
                              const uint8_t *payload, size_t payload_bytes, mnw_error *error) {
  bit_stream streams[MNW_HUFFMAN_STREAMS];
  const uint16_t *entries = table->entries;
  if (!table->is_valid) {
    return mnw_fail(error, MNW_STATUS_CORRUPT, "Huffman block without a table before it", 0, 0, 0);
  }
  const mnw_status status = open_streams(streams, payload, payload_bytes, error);
  if (status != MNW_STATUS_OK) return status;

  const size_t quarter = (out_bytes + MNW_HUFFMAN_STREAMS - 1) / MNW_HUFFMAN_STREAMS;
  const size_t in_last = out_bytes > 3 * quarter ? out_bytes - 3 * quarter : 0;
  size_t done = 0;
  while (done + FAST_SYMBOLS <= in_last && has_fast_bytes(streams)) {
    for (int s = 0; s < MNW_HUFFMAN_STREAMS; s++) refill_fast(&streams[s]);
    for (size_t i = 0; i < FAST_SYMBOLS; i++) {
      for (size_t s = 0; s < MNW_HUFFMAN_STREAMS; s++) {
        out[s * quarter + done + i] = decode_symbol(&streams[s], entries);
      }
    }
    done += FAST_SYMBOLS;
  }
  for (size_t s = 0; s < MNW_HUFFMAN_STREAMS; s++) {
    const size_t start = s * quarter < out_bytes ? s * quarter : out_bytes;
    const size_t end = start + quarter < out_bytes ? start + quarter : out_bytes;
    if (!finish_stream(&streams[s], entries, out + start + done, end - start - done)) {
      return mnw_fail(error, MNW_STATUS_CORRUPT,
                      "Huffman stream %0 does not end where its %1 symbols do", (int64_t)s,
                      (int64_t)(end - start), 0);
    }
  }
  return MNW_STATUS_OK;
}
