// An encoder is a decoder run backwards: it starts in the state where decoding ends, 0, and goes
// from the last symbol to the first. The bits that take a decoder from one state to the next are
// what the number of its state has too many for a number of the symbol in front.
#include "ans_encode.h"

#include <math.h>
#include <string.h>

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

static uint32_t length_of(uint32_t frequency) {
  uint32_t length = 0;
  while (frequency >> length) length++;
  return length;
}

size_t pk_ans_table_bytes(const pk_ans_code *code) {
  size_t first, last, bits = 0;
  find_range(&first, &last, code);
  for (size_t s = first; s <= last; s++) {
    const uint32_t length = length_of(code->frequencies[s]);
    bits += 4 + (length ? length - 1 : 0);
  }
  return HEAD + (bits + 7) / 8;
}

void pk_ans_write_table(pk_bytes *out, const pk_ans_code *code) {
  const size_t bytes = pk_ans_table_bytes(code);
  uint64_t pending = 0;
  uint32_t pending_bits = 0;
  size_t first, last;
  uint8_t *at = pk_bytes_reserve(out, bytes);
  if (!at) return;
  find_range(&first, &last, code);
  *at++ = (uint8_t)first;
  *at++ = (uint8_t)last;
  for (size_t s = first; s <= last; s++) {
    const uint32_t frequency = code->frequencies[s], length = length_of(frequency);
    pending |= (uint64_t)length << pending_bits;
    pending_bits += 4;
    if (length > 1) {
      pending |= (uint64_t)(frequency - (1u << (length - 1))) << pending_bits;
      pending_bits += length - 1;
    }
    for (; pending_bits >= 8; pending_bits -= 8, pending >>= 8) *at++ = (uint8_t)pending;
  }
  if (pending_bits > 0) *at = (uint8_t)pending;
  out->size += bytes;
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
  uint32_t count = MNW_SYMBOL_TABLE_BITS - (length_of(frequency) - 1);
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
  state_bits bits[MAX_STREAM_SYMBOLS];
  uint64_t pending = encode_stream(bits, code, bytes, count);
  uint32_t pending_bits = MNW_SYMBOL_TABLE_BITS;
  uint8_t *at = pk_bytes_reserve(out, (count + 1) * MNW_SYMBOL_TABLE_BITS / 8 + 1);
  if (!at) return;
  for (size_t i = 0; i < count; i++) {
    pending |= (uint64_t)bits[i].value << pending_bits;
    pending_bits += bits[i].count;
    for (; pending_bits >= 8; pending_bits -= 8, pending >>= 8) *at++ = (uint8_t)pending;
  }
  for (; pending_bits > 0; pending >>= 8) {
    *at++ = (uint8_t)pending;
    pending_bits = pending_bits > 8 ? pending_bits - 8 : 0;
  }
  out->size = (size_t)(at - out->data);
}

void pk_ans_write_block(pk_bytes *out, const pk_ans_code *code, const uint8_t *bytes,
                        size_t size_bytes) {
  pk_write_streams(out, write_stream, code, bytes, size_bytes);
}
