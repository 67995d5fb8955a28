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

// Streams go in pairs: their numbers fit into the registers of a processor with 16.
enum { FAST_SYMBOLS = 4, PAIR = 2 };
_Static_assert(FAST_SYMBOLS *MNW_SYMBOL_TABLE_BITS <= 64 - 7, "a load must last");
_Static_assert(MNW_SYMBOL_STREAMS % PAIR == 0, "every stream is in a pair");

// Where the next bit of a stream is: `taken` bits behind those of the bytes before `next`.
typedef struct bit_place {
  const uint8_t *next;
  uint32_t taken;
} bit_place;

static inline void go_on(bit_place *place) {
  place->next += (place->taken & MNW_ENTRY_COUNT_MASK) >> 3;
  place->taken &= 7;
}

static inline void load_bits(mnw_bit_stream *stream, bit_place *place) {
  go_on(place);
  stream->bits = mnw_load_u64(place->next) >> place->taken;
}

// To where reading goes on byte by byte.
static inline void leave_bits(mnw_bit_stream *stream, bit_place *place) {
  go_on(place);
  stream->bits = (uint32_t)*place->next >> place->taken;
  stream->count = 8 - place->taken;
  stream->next = place->next + 1;
}

// How often bits of both can be loaded before one of them comes near its end, at most `rounds`.
static size_t safe_rounds(const mnw_bit_stream *streams, const bit_place *places, size_t rounds) {
  for (int s = 0; s < PAIR; s++) {
    const size_t loads = (size_t)(streams[s].end - places[s].next) / sizeof streams[s].bits;
    if (loads < rounds) rounds = loads;
  }
  return rounds;
}

// Decodes the same number of symbols of both streams, at most `count` and as long as they have
// bytes to spare; returns how many.
static inline size_t decode_fast(uint8_t *out, size_t quarter, size_t count, mnw_bit_stream *pair,
                                 const mnw_symbol_table *table, bool is_ans) {
  size_t done = 0;
  bit_place places[PAIR];
  mnw_bit_stream streams[PAIR];  // copies, which what is written to `out` cannot change
  for (int s = 0; s < PAIR; s++) {
    streams[s] = pair[s];
    places[s].next = streams[s].next - (streams[s].count + 7) / 8;
    places[s].taken = (0u - streams[s].count) & 7;
  }
  for (;;) {
    size_t rounds = safe_rounds(streams, places, (count - done) / FAST_SYMBOLS);
    if (rounds == 0) break;
    for (; rounds > 0; rounds--, done += FAST_SYMBOLS) {
      for (int s = 0; s < PAIR; s++) load_bits(&streams[s], &places[s]);
      for (size_t i = 0; i < FAST_SYMBOLS; i++) {
        for (size_t s = 0; s < PAIR; s++) {
          const uint32_t entry = mnw_take_entry(&streams[s], table, is_ans);
          out[s * quarter + done + i] = (uint8_t)(entry >> MNW_ENTRY_SYMBOL_SHIFT);
          places[s].taken += entry;  // of which the lowest bits add up
        }
      }
    }
    for (int s = 0; s < PAIR; s++) leave_bits(&streams[s], &places[s]);
  }
  for (int s = 0; s < PAIR; s++) pair[s] = streams[s];
  return done;
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

mnw_status mnw_symbols_decode(uint8_t *out, size_t out_bytes, const mnw_symbol_table *table,
                              const uint8_t *payload, size_t payload_bytes, mnw_error *error) {
  mnw_bit_stream streams[MNW_SYMBOL_STREAMS];
  bool is_whole = table->code != MNW_SYMBOL_CODE_NONE &&
                  mnw_bit_streams_open(streams, table, payload, payload_bytes);
  const size_t quarter = (out_bytes + MNW_SYMBOL_STREAMS - 1) / MNW_SYMBOL_STREAMS;
  for (size_t s = 0; is_whole && s < MNW_SYMBOL_STREAMS; s += PAIR) {
    const size_t start = least(s * quarter, out_bytes);
    const size_t second = least(start + quarter, out_bytes);
    const size_t end = least(second + quarter, out_bytes);
    const size_t done =
        table->code == MNW_SYMBOL_CODE_ANS
            ? decode_fast(out + start, quarter, end - second, streams + s, table, true)
            : decode_fast(out + start, quarter, end - second, streams + s, table, false);
    is_whole =
        mnw_bit_stream_finish(&streams[s], table, out + start + done, second - start - done) &&
        mnw_bit_stream_finish(&streams[s + 1], table, out + second + done, end - second - done);
  }
  if (is_whole) return MNW_STATUS_OK;
  return mnw_fail(error, MNW_STATUS_CORRUPT,
                  "coded block of %0 bytes does not hold its %1 symbols, or has no table",
                  (int64_t)payload_bytes, (int64_t)out_bytes, 0);
}
