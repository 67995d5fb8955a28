#include "huffman_encode.h"

#include <assert.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/format/package_format.h"

enum { SYMBOL_OFFSET = 128, STREAM_SIZES_BYTES = 4 * (MNW_HUFFMAN_STREAMS - 1) };

static inline uint8_t symbol_of(uint8_t byte) {
  return (uint8_t)(byte + SYMBOL_OFFSET);
}

void pk_huffman_count(uint64_t counts[PK_HUFFMAN_SYMBOLS], const uint8_t *bytes,
                      size_t size_bytes) {
  memset(counts, 0, PK_HUFFMAN_SYMBOLS * sizeof *counts);
  for (size_t i = 0; i < size_bytes; i++) counts[symbol_of(bytes[i])]++;
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

// Bytes of the block's stream `stream`: where it starts and how many it codes.
static size_t stream_range(size_t *start, size_t stream, size_t size_bytes) {
  const size_t quarter = (size_bytes + MNW_HUFFMAN_STREAMS - 1) / MNW_HUFFMAN_STREAMS;
  const size_t end = (stream + 1) * quarter;
  *start = stream * quarter < size_bytes ? stream * quarter : size_bytes;
  return (end < size_bytes ? end : size_bytes) - *start;
}

size_t pk_huffman_block_bytes(const pk_huffman_code *code, const uint8_t *bytes,
                              size_t size_bytes) {
  size_t total = STREAM_SIZES_BYTES;
  for (size_t s = 0; s < MNW_HUFFMAN_STREAMS; s++) {
    size_t start, bits = 0;
    const size_t count = stream_range(&start, s, size_bytes);
    for (size_t i = 0; i < count; i++) {
      const uint8_t length = code->lengths[symbol_of(bytes[start + i])];
      if (length == 0) return SIZE_MAX;
      bits += length;
    }
    total += (bits + 7) / 8;
  }
  return total;
}

static void write_stream(pk_bytes *out, const pk_huffman_code *code, const uint8_t *bytes,
                         size_t count) {
  uint64_t pending = 0;
  uint32_t pending_bits = 0;
  uint8_t *at = pk_bytes_reserve(out, count * MNW_HUFFMAN_MAX_BITS / 8 + 1);
  if (!at) return;
  for (size_t i = 0; i < count; i++) {
    const uint8_t symbol = symbol_of(bytes[i]);
    pending |= (uint64_t)code->bits[symbol] << pending_bits;
    pending_bits += code->lengths[symbol];
    for (; pending_bits >= 8; pending_bits -= 8, pending >>= 8) *at++ = (uint8_t)pending;
  }
  if (pending_bits > 0) *at++ = (uint8_t)pending;
  out->size = (size_t)(at - out->data);
}

void pk_huffman_write_block(pk_bytes *out, const pk_huffman_code *code, const uint8_t *bytes,
                            size_t size_bytes) {
  const size_t sizes_at = out->size;
  for (size_t s = 0; s + 1 < MNW_HUFFMAN_STREAMS; s++) pk_bytes_append_u32(out, 0);
  for (size_t s = 0; s < MNW_HUFFMAN_STREAMS; s++) {
    size_t start;
    const size_t stream_at = out->size;
    const size_t count = stream_range(&start, s, size_bytes);
    write_stream(out, code, bytes + start, count);
    if (out->failed) return;
    if (s + 1 < MNW_HUFFMAN_STREAMS) {
      mnw_store_u32(out->data + sizes_at + 4 * s, (uint32_t)(out->size - stream_at));
    }
  }
}
