// An encoder is a decoder run backwards: it starts in the state where decoding ends, 0, and goes
// from the last symbol to the first. The bits that take a decoder from one state to the next are
// what the number of its state has too many for a number of the symbol in front.
#include "ans_encode.h"

#include <math.h>
#include <string.h>

#include "bit_writer.h"
#include "symbol_streams.h"

enum {
  STATES = MNW_SYMBOL_TABLE_ENTRIES,
  MAX_STREAM_SYMBOLS = MNW_BLOCK_MAX_BYTES / MNW_SYMBOL_STREAMS,
  HEAD = 2
};

// --- frequencies ---

// Bits that `count` symbols take more when their frequency changes by `change`.
static double bits_more(uint64_t count, uint32_t frequency, int change) {
  return (double)count * (log2((double)frequency) - log2((double)frequency + (double)change));
}

// The used symbol whose frequency changes by `change` at the least cost.
static size_t cheapest(const pk_ans_code *code, const uint64_t counts[MNW_SYMBOLS], int change) {
  size_t best = 0;
  double least = INFINITY;
  for (size_t s = 0; s < MNW_SYMBOLS; s++) {
    const uint32_t frequency = code->frequencies[s];
    if (frequency == 0 || (int)frequency + change < 1) continue;
    const double cost = bits_more(counts[s], frequency, change);
    if (cost < least) {
      least = cost;
      best = s;
    }
  }
  return best;
}

// Deals the states out as the decoder does.
static void own_states(pk_ans_code *code) {
  uint8_t owners[STATES];
  uint16_t next[MNW_SYMBOLS];
  uint32_t state = 0, start = 0;
  for (size_t s = 0; s < MNW_SYMBOLS; s++) {
    code->starts[s] = next[s] = (uint16_t)start;
    start += code->frequencies[s];
    for (uint32_t i = 0; i < code->frequencies[s]; i++) {
      owners[state] = (uint8_t)s;
      state = (state + MNW_ANS_STEP) % STATES;
    }
  }
  for (uint32_t i = 0; i < STATES; i++) code->states[next[owners[i]]++] = (uint16_t)i;
}

bool pk_ans_build(pk_ans_code *code, const uint64_t counts[MNW_SYMBOLS]) {
  double total = 0.0;
  uint32_t sum = 0;
  memset(code, 0, sizeof *code);
  for (size_t s = 0; s < MNW_SYMBOLS; s++) total += (double)counts[s];
  if (total == 0.0) return false;
  for (size_t s = 0; s < MNW_SYMBOLS; s++) {
    if (counts[s] == 0) continue;
    const double share = floor((double)counts[s] / total * (double)STATES + 0.5);
    code->frequencies[s] = share < 1.0 ? 1 : (uint16_t)share;
    sum += code->frequencies[s];
  }
  for (; sum < STATES; sum++) code->frequencies[cheapest(code, counts, 1)]++;
  for (; sum > STATES; sum--) code->frequencies[cheapest(code, counts, -1)]--;
  own_states(code);
  return true;
}

// --- tables ---

static void find_range(size_t *first, size_t *last, const pk_ans_code *code) {
  *first = 0;
  *last = MNW_SYMBOLS - 1;
  while (*first < *last && code->frequencies[*first] == 0) (*first)++;
  while (*last > *first && code->frequencies[*last] == 0) (*last)--;
}

size_t pk_ans_table_bytes(const pk_ans_code *code) {
  size_t first, last, bits = 0;
  find_range(&first, &last, code);
  for (size_t s = first; s <= last; s++) {
    const uint32_t length = pk_bit_length(code->frequencies[s]);
    bits += 4 + (length ? length - 1 : 0);
  }
  return HEAD + (bits + 7) / 8;
}

void pk_ans_write_table(pk_bytes *out, const pk_ans_code *code) {
  pk_bit_writer bits = {.at = pk_bytes_reserve(out, pk_ans_table_bytes(code))};
  size_t first, last;
  if (!bits.at) return;
  find_range(&first, &last, code);
  pk_put_bits(&bits, (uint32_t)first, 8);
  pk_put_bits(&bits, (uint32_t)last, 8);
  for (size_t s = first; s <= last; s++) {
    const uint32_t frequency = code->frequencies[s], length = pk_bit_length(frequency);
    pk_put_bits(&bits, length, 4);
    if (length > 1) pk_put_bits(&bits, frequency - (1u << (length - 1)), length - 1);
  }
  out->size = (size_t)(pk_end_bits(&bits) - out->data);
}

// --- blocks ---

typedef struct state_bits {
  uint16_t value;
  uint8_t count;
} state_bits;

// From a state to one in front of it that gives `symbol`; `bits` is what lies between them.
static inline uint32_t put_symbol(state_bits *bits, uint32_t state, const pk_ans_code *code,
                                  uint8_t symbol) {
  const uint32_t number = state + STATES, frequency = code->frequencies[symbol];
  uint32_t count = MNW_SYMBOL_TABLE_BITS - (pk_bit_length(frequency) - 1);
  if (number >> count < frequency) count--;
  *bits = (state_bits){(uint16_t)(number & ((1u << count) - 1)), (uint8_t)count};
  return code->states[code->starts[symbol] + (number >> count) - frequency];
}

// Bits of a stream in the order of decoding, which begins in the state that is returned; STATES
// where the code lacks a symbol.
static uint32_t encode_stream(state_bits *bits, const pk_ans_code *code, const uint8_t *bytes,
                              size_t count) {
  uint32_t state = 0;
  for (size_t i = count; i-- > 0;) {
    const uint8_t symbol = pk_symbol_of(bytes[i]);
    if (code->frequencies[symbol] == 0) return STATES;
    state = put_symbol(&bits[i], state, code, symbol);
  }
  return state;
}

size_t pk_ans_block_bytes(const pk_ans_code *code, const uint8_t *bytes, size_t size_bytes) {
  state_bits bits[MAX_STREAM_SYMBOLS];
  size_t total = PK_STREAM_SIZES_BYTES;
  for (size_t s = 0; s < MNW_SYMBOL_STREAMS; s++) {
    size_t start, length = MNW_SYMBOL_TABLE_BITS;
    const size_t count = pk_stream_range(&start, s, size_bytes);
    if (encode_stream(bits, code, bytes + start, count) == STATES) return SIZE_MAX;
    for (size_t i = 0; i < count; i++) length += bits[i].count;
    total += (length + 7) / 8;
  }
  return total;
}

static void write_stream(pk_bytes *out, const void *of_code, const uint8_t *bytes, size_t count) {
  const pk_ans_code *code = of_code;
  const size_t most_bits = (count + 1) * MNW_SYMBOL_TABLE_BITS;
  state_bits steps[MAX_STREAM_SYMBOLS];
  pk_bit_writer bits = {.at = pk_bytes_reserve(out, most_bits / 8 + 1)};
  const uint32_t state = encode_stream(steps, code, bytes, count);
  if (!bits.at || state == STATES) return;
  pk_put_bits(&bits, state, MNW_SYMBOL_TABLE_BITS);
  for (size_t i = 0; i < count; i++) pk_put_bits(&bits, steps[i].value, steps[i].count);
  out->size = (size_t)(pk_end_bits(&bits) - out->data);
}

void pk_ans_write_block(pk_bytes *out, const pk_ans_code *code, const uint8_t *bytes,
                        size_t size_bytes) {
  pk_write_streams(out, write_stream, code, bytes, size_bytes);
}
