// Reads scalars out of a FlexBuffers map, the form of a custom operator's options. Every offset is
// checked against the buffer before it is followed.
#ifndef MINNOW_PACKER_IMPORT_FLEXBUFFER_READER_H_
#define MINNOW_PACKER_IMPORT_FLEXBUFFER_READER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pk_flex_map {
  const uint8_t *bytes;
  size_t size_bytes;
  size_t values, count, width;  // of the values; the types stand behind them
  size_t keys, key_width;
} pk_flex_map;

// False: the bytes are no FlexBuffer whose root is a map.
bool pk_flex_open(pk_flex_map *map, const uint8_t *bytes, size_t size_bytes);

// Integer, float or bool under `key`; `fallback` where it is absent or something else.
double pk_flex_number(const pk_flex_map *map, const char *key, double fallback);

#endif  // MINNOW_PACKER_IMPORT_FLEXBUFFER_READER_H_
