// Many small grey pictures in one file: NumPy arrays of bytes, or bytes without a header.
#ifndef MINNOW_PACKER_NPY_FILE_H_
#define MINNOW_PACKER_NPY_FILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

enum { PK_MAX_GREY_FILE_BYTES = 1 << 30, PK_MAX_GREY_SIDE = 4096 };

typedef struct pk_grey_pictures {
  uint8_t *pixels;  // count * height * width bytes, pictures behind each other; heap memory
  size_t count;     // at least 1
  uint32_t width, height;
} pk_grey_pictures;  // all zero: empty

void pk_grey_pictures_free(pk_grey_pictures *pictures);

// Reads an array of uint8 in C order: [N, H, W], with extents of 1 anywhere behind N, or N rows
// that are square pictures, as in [N, 784] (numpy.lib.format, versions 1 to 3). `path` names the
// file in messages. Errors: BAD_IMAGE, OUT_OF_MEMORY.
bool pk_npy_parse(pk_grey_pictures *pictures, const void *bytes, size_t size_bytes,
                  const char *path, pk_error *error);

// Reads an array where the file begins like one, else pictures of `side` x `side` bytes without a
// header (side 0: the file must be an array). Also IO.
bool pk_grey_pictures_read(pk_grey_pictures *pictures, const char *path, uint32_t side,
                           pk_error *error);

#endif  // MINNOW_PACKER_NPY_FILE_H_
