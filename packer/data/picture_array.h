// Many grey pictures in one file: NumPy arrays of bytes, and bytes without a header.
#ifndef MINNOW_PACKER_DATA_PICTURE_ARRAY_H_
#define MINNOW_PACKER_DATA_PICTURE_ARRAY_H_

#include <stddef.h>
#include <stdint.h>

#include "../picture/picture_file.h"

typedef struct pk_picture_array {
  const uint8_t *pixels;  // [count][height][width]; the caller's bytes
  size_t count;
  uint32_t width, height;
} pk_picture_array;

// A NumPy file (format 1.0 to 3.0, numpy.lib.format) of bytes in C order whose rows are pictures:
// [N, H, W], or [N, …] with a square number of values a row. Without its magic number the bytes are
// pictures of `side` x `side` (0: refused). Errors: BAD_IMAGE, naming the file.
bool pk_picture_array_read(pk_picture_array *array, const uint8_t *bytes, size_t size_bytes,
                           uint32_t side, const char *file, pk_error *error);

// Picture `index` as RGBA. Errors: OUT_OF_MEMORY.
bool pk_picture_array_get(pk_picture *picture, const pk_picture_array *array, size_t index,
                          pk_error *error);

#endif  // MINNOW_PACKER_DATA_PICTURE_ARRAY_H_
