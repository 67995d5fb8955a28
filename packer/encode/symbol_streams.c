#include "symbol_streams.h"

#include "core/base/bytes.h"

size_t pk_stream_range(size_t *start, size_t stream, size_t size_bytes) {
  const size_t quarter = (size_bytes + MNW_SYMBOL_STREAMS - 1) / MNW_SYMBOL_STREAMS;
  const size_t end = (stream + 1) * quarter;
  *start = stream * quarter < size_bytes ? stream * quarter : size_bytes;
  return (end < size_bytes ? end : size_bytes) - *start;
}

void pk_write_streams(pk_bytes *out, pk_write_stream_fn *write, const void *code,
                      const uint8_t *bytes, size_t size_bytes) {
  const size_t sizes_at = out->size;
  for (size_t s = 0; s + 1 < MNW_SYMBOL_STREAMS; s++) pk_bytes_append_u32(out, 0);
  for (size_t s = 0; s < MNW_SYMBOL_STREAMS; s++) {
    size_t start;
    const size_t stream_at = out->size;
    const size_t count = pk_stream_range(&start, s, size_bytes);
    write(out, code, bytes + start, count);
    if (out->failed) return;
    if (s + 1 < MNW_SYMBOL_STREAMS) {
      mnw_store_u32(out->data + sizes_at + 4 * s, (uint32_t)(out->size - stream_at));
    }
  }
}
