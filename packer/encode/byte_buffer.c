#include "byte_buffer.h"
#include "core/base/bytes.h"

#include <stdlib.h>
#include <string.h>

void pk_bytes_free(pk_bytes *bytes) {
  free(bytes->data);
  *bytes = (pk_bytes){0};
}

void pk_bytes_clear(pk_bytes *bytes) {
  bytes->size = 0;
}

uint8_t *pk_bytes_reserve(pk_bytes *bytes, size_t size) {
  if (bytes->failed || size > SIZE_MAX / 2 - bytes->size) {
    bytes->failed = true;
    return NULL;
  }
  if (bytes->size + size > bytes->capacity) {
    size_t capacity = bytes->capacity ? bytes->capacity : 256;
    while (capacity < bytes->size + size) capacity *= 2;
    uint8_t *data = realloc(bytes->data, capacity);
    if (!data) {
      bytes->failed = true;
      return NULL;
    }
    bytes->data = data;
    bytes->capacity = capacity;
  }
  return bytes->data + bytes->size;
}

void pk_bytes_append(pk_bytes *bytes, const void *data, size_t size) {
  if (size == 0) return;
  uint8_t *at = pk_bytes_reserve(bytes, size);
  if (!at) return;
  memcpy(at, data, size);
  bytes->size += size;
}

void pk_bytes_append_u32(pk_bytes *bytes, uint32_t value) {
  uint8_t word[4];
  mnw_store_u32(word, value);
  pk_bytes_append(bytes, word, sizeof word);
}
