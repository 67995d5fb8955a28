// How the symbols' part of a BLOCK is laid out, whatever code they have.
#ifndef MINNOW_PACKER_SYMBOL_STREAMS_H_
#define MINNOW_PACKER_SYMBOL_STREAMS_H_

#include "byte_buffer.h"
#include "core/format/package_format.h"

enum { PK_STREAM_SIZES_BYTES = 4 * (MNW_SYMBOL_STREAMS - 1) };

// The symbol of a byte: int8 values near 0 lie in the middle.
static inline uint8_t pk_symbol_of(uint8_t byte) {
  return (uint8_t)(byte + 128);
}

// Bytes of the block's stream `stream`: where it starts and, returned, how many it codes.
size_t pk_stream_range(size_t *start, size_t stream, size_t size_bytes);

typedef void pk_write_stream_fn(pk_bytes *out, const void *code, const uint8_t *bytes,
                                size_t count);

// Appends three stream sizes and four streams.
void pk_write_streams(pk_bytes *out, pk_write_stream_fn *write, const void *code,
                      const uint8_t *bytes, size_t size_bytes);

#endif  // MINNOW_PACKER_SYMBOL_STREAMS_H_
