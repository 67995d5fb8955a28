// Bytes that grow. A buffer that ran out of memory stays failed and ignores further appends, so a
// writer checks once, at its end.
#ifndef MINNOW_PACKER_BYTE_BUFFER_H_
#define MINNOW_PACKER_BYTE_BUFFER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pk_bytes {
  uint8_t *data;
  size_t size, capacity;
  bool failed;  // out of memory
} pk_bytes;     // all zero: empty

void pk_bytes_free(pk_bytes *bytes);   // and makes it empty again
void pk_bytes_clear(pk_bytes *bytes);  // keeps the memory and the failure

// Room for `size` more bytes, not yet counted in `size`; NULL when out of memory.
uint8_t *pk_bytes_reserve(pk_bytes *bytes, size_t size);
void pk_bytes_append(pk_bytes *bytes, const void *data, size_t size);
void pk_bytes_append_u32(pk_bytes *bytes, uint32_t value);  // little-endian

#endif  // MINNOW_PACKER_BYTE_BUFFER_H_
