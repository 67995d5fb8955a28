// The compressed forms that lie beside each file of a package.
#ifndef MINNOW_PACKER_COMPRESS_H_
#define MINNOW_PACKER_COMPRESS_H_

#include <stdbool.h>

#include "byte_buffer.h"

// Brotli at quality 11 with an ordinary window: every browser decodes it. Where it would store the
// whole although gzip, with `gzip_bytes`, found something, pieces are stored or compressed. False:
// out of memory.
bool pk_compress_brotli(pk_bytes *out, const uint8_t *data, size_t size_bytes, size_t gzip_bytes);

// Gzip at level 9, without time, name and system, so that equal input gives equal output.
bool pk_compress_gzip(pk_bytes *out, const uint8_t *data, size_t size_bytes);

#endif  // MINNOW_PACKER_COMPRESS_H_
