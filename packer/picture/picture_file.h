// Pictures from files: JPEG, PNG and BMP, upright, as RGBA bytes.
#ifndef MINNOW_PACKER_PICTURE_FILE_H_
#define MINNOW_PACKER_PICTURE_FILE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../package/manifest.h"
#include "../pk_error.h"

enum {
  PK_MAX_PICTURE_SIDE = 32768,
  PK_MAX_PICTURE_PIXELS = 100 * 1000 * 1000,
  PK_MAX_PICTURE_FILE_BYTES = 512 << 20
};

typedef struct pk_picture {
  uint32_t width, height;
  uint8_t *rgba;  // width * height * 4 bytes, rows from the top; not premultiplied
} pk_picture;

void pk_picture_free(pk_picture *picture);

// Reads a file; the format is told by its bytes. EXIF orientation is applied, and where alpha is 0
// the colour is black, as a browser's canvas gives it. Fails with PK_BAD_IMAGE, naming the file.
bool pk_picture_read(pk_picture *picture, const char *path, pk_error *error);

// Fills the input `tensor` (described by `input`, which is an image) from the centred crop of the
// picture.
bool pk_picture_to_input(void *tensor, const pk_manifest_tensor *input, const pk_picture *picture,
                         const char *path, pk_error *error);

#endif  // MINNOW_PACKER_PICTURE_FILE_H_
