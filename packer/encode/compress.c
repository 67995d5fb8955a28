#include "compress.h"

#include <brotli/encode.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16, GZIP_MEMORY_LEVEL = 9, GZIP_SYSTEM_UNKNOWN = 255 };

enum { PIECE_BYTES = 32 * 1024, PIECE_WINDOW_BITS = 18, LEAST_GAIN = 64 };

// Pushes `size_bytes` through the encoder, with `operation` at their end, to *at, of which *room
// bytes are left.
static bool encode_piece(BrotliEncoderState *state, BrotliEncoderOperation operation,
                         const uint8_t *data, size_t size_bytes, uint8_t **at, size_t *room) {
  do {
    if (!BrotliEncoderCompressStream(state, operation, &size_bytes, &data, room, at, NULL)) {
      return false;
    }
  } while (*room > 0 && (size_bytes > 0 || BrotliEncoderHasMoreOutput(state)));
  return size_bytes == 0 && !BrotliEncoderHasMoreOutput(state);
}

// As pieces, each of which is stored or compressed by itself, to `room` bytes at `at`. Returns how
// many; 0 where there is no memory, or they are more.
static size_t encode_pieces(uint8_t *at, size_t room, const uint8_t *data, size_t size_bytes) {
  const size_t all = room;
  BrotliEncoderState *state = BrotliEncoderCreateInstance(NULL, NULL, NULL);
  bool ok = state && BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, BROTLI_MAX_QUALITY) &&
            BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, PIECE_WINDOW_BITS);
  for (size_t done = 0; ok && done < size_bytes; done += PIECE_BYTES) {
    const size_t left = size_bytes - done;
    const bool is_last = left <= PIECE_BYTES;
    ok = encode_piece(state, is_last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH,
                      data + done, is_last ? left : PIECE_BYTES, &at, &room);
  }
  if (state) BrotliEncoderDestroyInstance(state);
  return ok ? all - room : 0;
}

bool pk_compress_brotli(pk_bytes *out, const uint8_t *data, size_t size_bytes, size_t gzip_bytes) {
  size_t encoded = BrotliEncoderMaxCompressedSize(size_bytes);
  uint8_t *at = encoded > 0 ? pk_bytes_reserve(out, encoded) : NULL;
  if (!at || !BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                                    size_bytes, data, &encoded, at)) {
    return false;
  }
  if (encoded >= size_bytes && gzip_bytes + LEAST_GAIN < size_bytes) {
    // Brotli stored all; pieces take some time. Only what is smaller fits.
    uint8_t *pieces = malloc(size_bytes);
    const size_t bytes = pieces ? encode_pieces(pieces, size_bytes - 1, data, size_bytes) : 0;
    if (bytes > 0) {
      memcpy(at, pieces, bytes);
      encoded = bytes;
    }
    free(pieces);
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
