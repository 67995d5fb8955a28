// From an ANS_TABLE chunk to the table that decoding looks symbols up in.
#include "../base/error.h"
#include "../base/platform.h"
#include "symbol_table.h"

enum { MAX_LENGTH = MNW_SYMBOL_TABLE_BITS + 1, CLEAR_BITS = 31 - MNW_SYMBOL_TABLE_BITS };

mnw_status mnw_bad_table(mnw_status status, size_t payload_bytes, mnw_error *error) {
  return mnw_fail(error, status, "table of %0 bytes is damaged", (int64_t)payload_bytes, 0, 0);
}

typedef struct bit_reader {
  const uint8_t *bytes;
  size_t count, next;  // in bits
} bit_reader;

// The next `length` bits, the first lowest; past the end: 0.
static uint32_t read_bits(bit_reader *reader, uint32_t length) {
  uint32_t bits = 0;
  for (uint32_t i = 0; i < length; i++, reader->next++) {
    if (reader->next >= reader->count) continue;
    bits |= (uint32_t)(reader->bytes[reader->next / 8] >> reader->next % 8 & 1) << i;
  }
  return bits;
}

// The k-th of the states that a symbol of frequency f owns, counted upwards, stands for the number
// f + k: so many bits are appended to it that it lies between 4096 and 8191 again, which is a
// state.
static void finish_entries(uint32_t *entries, uint32_t *numbers) {
  for (uint32_t state = 0; state < MNW_SYMBOL_TABLE_ENTRIES; state++) {
    const uint32_t symbol = entries[state], number = numbers[symbol]++;
    const uint32_t bits = mnw_leading_zeros(number) - CLEAR_BITS;
    const uint32_t next = (number << bits) - MNW_SYMBOL_TABLE_ENTRIES;
    entries[state] =
        next << MNW_ENTRY_STATE_SHIFT | ((symbol + 128) & 255) << MNW_ENTRY_SYMBOL_SHIFT | bits;
  }
}

mnw_status mnw_ans_read_table(mnw_symbol_table *table, const uint8_t *payload, size_t payload_bytes,
                              mnw_error *error) {
  uint32_t frequencies[MNW_SYMBOLS];
  uint32_t *entries = table->entries.ans;
  table->code = MNW_SYMBOL_CODE_NONE;
  if (payload_bytes < 2) return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
  bit_reader reader = {payload + 2, 8 * (payload_bytes - 2), 0};
  uint32_t left = MNW_SYMBOL_TABLE_ENTRIES, state = 0;
  for (uint32_t symbol = payload[0]; symbol <= payload[1]; symbol++) {
    const uint32_t length = read_bits(&reader, 4);
    if (length > MAX_LENGTH) return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
    const uint32_t frequency = length ? 1u << (length - 1) | read_bits(&reader, length - 1) : 0;
    if (frequency > left) return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
    frequencies[symbol] = frequency;
    left -= frequency;
    for (uint32_t i = 0; i < frequency; i++) {
      entries[state] = symbol;
      state = (state + MNW_ANS_STEP) % MNW_SYMBOL_TABLE_ENTRIES;
    }
  }
  if (left > 0 || (reader.next + 7) / 8 != payload_bytes - 2) {
    return mnw_bad_table(MNW_STATUS_CORRUPT, payload_bytes, error);
  }
  finish_entries(entries, frequencies);
  table->code = MNW_SYMBOL_CODE_ANS;
  return MNW_STATUS_OK;
}
