// Idea: one table lookup per symbol. For Huffman the next 12 bits of a stream, first bit lowest,
// index a table whose entry tells the symbol and how many bits its code really had. For ANS the
// index is a state, and the entry tells how many bits make the next state together with what else
// it says. A block has four streams, each a quarter of the output, because one stream is a chain of
// dependent loads: lookup, shift, lookup …; four chains overlap and keep the core busy.
//
// Invariants:
// - After a refill a stream holds at least 56 valid bits, so four codes of at most 12 bits need no
//   check in between (static assert below).
// - A fast refill loads 8 bytes and goes on by 7 at most, so there are as many as every stream has
//   8 bytes left; the careful loop feeds zero bits past the end and counts them. A stream is
//   accepted only if it ended in its last byte with the padding bits zero, and for ANS in the state
//   that encoders start with, so every bit of a block is accounted for.
// - Tables are complete: every 12-bit pattern leads to a symbol, and every state to another one,
//   therefore hostile bits decode to something and the only possible failure is a wrong length.
#include "symbol_decode.h"

#include "../base/bytes.h"
#include "../base/error.h"
#include "symbol_stream.h"

enum { FAST_SYMBOLS = 4 };
_Static_assert(FAST_SYMBOLS *MNW_SYMBOL_TABLE_BITS <= MNW_REFILL_BITS, "a refill must last");

static inline void refill_fast(mnw_bit_stream *stream) {
  stream->bits |= mnw_load_u64(stream->next) << stream->count;
  stream->next += (63 - stream->count) >> 3;
  stream->count |= MNW_REFILL_BITS;
}

// How often all streams can be refilled before one of them comes near its end, at most `rounds`.
static size_t safe_rounds(const mnw_bit_stream *streams, size_t rounds) {
  for (int s = 0; s < MNW_SYMBOL_STREAMS; s++) {
    const size_t refills = (size_t)(streams[s].end - streams[s].next) / sizeof streams[s].bits;
    if (refills < rounds) rounds = refills;
  }
  return rounds;
}

// Decodes the same number of symbols of each stream, at most `count` and as long as all have bytes
// to spare; returns how many.
static inline size_t decode_fast(uint8_t *out, size_t quarter, size_t count,
                                 mnw_bit_stream *streams, const mnw_symbol_table *table,
                                 bool is_ans) {
  size_t done = 0;
  for (;;) {
    size_t rounds = safe_rounds(streams, (count - done) / FAST_SYMBOLS);
    if (rounds == 0) return done;
    for (; rounds > 0; rounds--, done += FAST_SYMBOLS) {
      uint32_t taken[MNW_SYMBOL_STREAMS] = {0};
      for (int s = 0; s < MNW_SYMBOL_STREAMS; s++) refill_fast(&streams[s]);
      for (size_t i = 0; i < FAST_SYMBOLS; i++) {
        for (size_t s = 0; s < MNW_SYMBOL_STREAMS; s++) {
          const uint32_t entry = mnw_take_entry(&streams[s], table, is_ans);
          out[s * quarter + done + i] = (uint8_t)(entry >> MNW_ENTRY_SYMBOL_SHIFT);
          taken[s] += entry;  // of which the lowest bits add up
        }
      }
      for (int s = 0; s < MNW_SYMBOL_STREAMS; s++) {
        streams[s].count -= taken[s] & MNW_ENTRY_COUNT_MASK;
      }
    }
  }
}

mnw_status mnw_symbols_decode(uint8_t *out, size_t out_bytes, const mnw_symbol_table *table,
                              const uint8_t *payload, size_t payload_bytes, mnw_error *error) {
  mnw_bit_stream streams[MNW_SYMBOL_STREAMS];
  bool is_whole = table->code != MNW_SYMBOL_CODE_NONE &&
                  mnw_bit_streams_open(streams, table, payload, payload_bytes);
  if (is_whole) {
    const size_t quarter = (out_bytes + MNW_SYMBOL_STREAMS - 1) / MNW_SYMBOL_STREAMS;
    const size_t in_last = out_bytes > 3 * quarter ? out_bytes - 3 * quarter : 0;
    const size_t done = table->code == MNW_SYMBOL_CODE_ANS
                            ? decode_fast(out, quarter, in_last, streams, table, true)
                            : decode_fast(out, quarter, in_last, streams, table, false);
    for (size_t s = 0; is_whole && s < MNW_SYMBOL_STREAMS; s++) {
      const size_t start = s * quarter < out_bytes ? s * quarter : out_bytes;
      const size_t end = start + quarter < out_bytes ? start + quarter : out_bytes;
      is_whole = mnw_bit_stream_finish(&streams[s], table, out + start + done, end - start - done);
    }
  }
  if (is_whole) return MNW_STATUS_OK;
  return mnw_fail(error, MNW_STATUS_CORRUPT,
                  "coded block of %0 bytes does not hold its %1 symbols, or has no table",
                  (int64_t)payload_bytes, (int64_t)out_bytes, 0);
}
