// The readers behind pk_picture_read(), one for each format. Each takes the whole file, fills in an
// empty picture and fails with PK_BAD_IMAGE, naming `path`; the caller frees a half-filled picture.
#ifndef MINNOW_PACKER_PICTURE_FORMATS_H_
#define MINNOW_PACKER_PICTURE_FORMATS_H_

#include "picture_file.h"

bool pk_jpeg_read(pk_picture *picture, const uint8_t *bytes, size_t size_bytes, const char *path,
                  pk_error *error);
bool pk_png_read(pk_picture *picture, const uint8_t *bytes, size_t size_bytes, const char *path,
                 pk_error *error);
bool pk_bmp_read(pk_picture *picture, const uint8_t *bytes, size_t size_bytes, const char *path,
                 pk_error *error);

// Checks the size against the limits and allocates the zeroed pixels.
bool pk_picture_alloc(pk_picture *picture, uint64_t width, uint64_t height, const char *path,
                      pk_error *error);

// Turns the picture so that EXIF orientation `orientation` (1 … 8; others change nothing)
// becomes 1.
bool pk_picture_orient(pk_picture *picture, int orientation, const char *path, pk_error *error);

#endif  // MINNOW_PACKER_PICTURE_FORMATS_H_
