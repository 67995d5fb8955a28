#include <png.h>

#include "picture_formats.h"

bool pk_png_read(pk_picture *picture, const uint8_t *bytes, size_t size_bytes, const char *path,
                 pk_error *error) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  bool ok = png_image_begin_read_from_memory(&image, bytes, size_bytes) != 0;
  if (ok && !pk_picture_alloc(picture, image.width, image.height, path, error)) {
    png_image_free(&image);
    return false;
  }
  image.format = PNG_FORMAT_RGBA;
  ok = ok && png_image_finish_read(&image, NULL, picture->rgba, 0, NULL) != 0;
  if (!ok) {
    pk_fail(error, PK_BAD_IMAGE, "%s: the PNG file is damaged: %s", path, image.message);
  }
  png_image_free(&image);
  return ok;
}
