#include "compress.h"

#include <brotli/encode.h>
#include <limits.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16, GZIP_MEMORY_LEVEL = 9, GZIP_SYSTEM_UNKNOWN = 255 };

bool pk_compress_brotli(pk_bytes *out, const uint8_t *data, size_t size_bytes) {
  size_t encoded = BrotliEncoderMaxCompressedSize(size_bytes);
  uint8_t *at = encoded > 0 ? pk_bytes_reserve(out, encoded) : NULL;
  if (!at || !BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                                    size_bytes, data, &encoded, at)) {
    return false;
  }
  out->size += encoded;
  return true;
}

bool pk_compress_gzip(pk_bytes *out, const uint8_t *data, size_t size_bytes) {
  z_stream stream = {0};
  gz_header header = {.os = GZIP_SYSTEM_UNKNOWN};
  if (size_bytes > UINT_MAX / 2 ||
      deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return false;
  }
  deflateSetHeader(&stream, &header);
  const size_t bound = deflateBound(&stream, (uLong)size_bytes);
  stream.next_in = (z_const Bytef *)data;
  stream.avail_in = (uInt)size_bytes;
  stream.next_out = pk_bytes_reserve(out, bound);
  stream.avail_out = (uInt)bound;
  const bool ok = stream.next_out != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
  if (ok) out->size += stream.total_out;
  deflateEnd(&stream);
  return ok;
}
