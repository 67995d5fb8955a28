#include "huffman_encode.h"

#include <assert.h>
#include <string.h>

#include "bit_writer.h"
#include "symbol_streams.h"

void pk_huffman_count(uint64_t counts[PK_HUFFMAN_SYMBOLS], const uint8_t *bytes,
                      size_t size_bytes) {
  memset(counts, 0, PK_HUFFMAN_SYMBOLS * sizeof *counts);
  for (size_t i = 0; i < size_bytes; i++) counts[pk_symbol_of(bytes[i])]++;
}

static void find_range(size_t *first, size_t *last, const pk_huffman_code *code) {
  *first = 0;
  *last = PK_HUFFMAN_SYMBOLS - 1;
  while (*first < *last && code->lengths[*first] == 0) (*first)++;
  while (*last > *first && code->lengths[*last] == 0) (*last)--;
  assert(code->lengths[*first] > 0);
}

size_t pk_huffman_table_bytes(const pk_huffman_code *code) {
  size_t first, last;
  find_range(&first, &last, code);
  return 2 + (last - first + 2) / 2;
}

void pk_huffman_write_table(pk_bytes *out, const pk_huffman_code *code) {
  uint8_t payload[2 + PK_HUFFMAN_SYMBOLS / 2] = {0};
  size_t first, last;
  find_range(&first, &last, code);
  payload[0] = (uint8_t)first;
  payload[1] = (uint8_t)last;
  for (size_t s = first; s <= last; s++) {
    payload[2 + (s - first) / 2] |= (uint8_t)(code->lengths[s] << (s - first) % 2 * 4);
  }
  pk_bytes_append(out, payload, pk_huffman_table_bytes(code));
}

size_t pk_huffman_block_bytes(const pk_huffman_code *code, const uint8_t *bytes,
                              size_t size_bytes) {
  size_t total = PK_STREAM_SIZES_BYTES;
  for (size_t s = 0; s < MNW_SYMBOL_STREAMS; s++) {
    size_t start, bits = 0;
    const size_t count = pk_stream_range(&start, s, size_bytes);
    for (size_t i = 0; i < count; i++) {
      const uint8_t length = code->lengths[pk_symbol_of(bytes[start + i])];
      if (length == 0) return SIZE_MAX;
      bits += length;
    }
    total += (bits + 7) / 8;
  }
  return total;
}

static void write_stream(pk_bytes *out, const void *of_code, const uint8_t *bytes, size_t count) {
  const pk_huffman_code *code = of_code;
  pk_bit_writer bits = {.at = pk_bytes_reserve(out, count * MNW_SYMBOL_TABLE_BITS / 8 + 1)};
  if (!bits.at) return;
  for (size_t i = 0; i < count; i++) {
    const uint8_t symbol = pk_symbol_of(bytes[i]);
    pk_put_bits(&bits, code->bits[symbol], code->lengths[symbol]);
  }
  out->size = (size_t)(pk_end_bits(&bits) - out->data);
}

void pk_huffman_write_block(pk_bytes *out, const pk_huffman_code *code, const uint8_t *bytes,
                            size_t size_bytes) {
  pk_write_streams(out, write_stream, code, bytes, size_bytes);
}
