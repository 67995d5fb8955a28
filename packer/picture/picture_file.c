#include "picture_file.h"

#include <stdlib.h>
#include <string.h>

#include "../package/core_model.h"
#include "../package/file_io.h"
#include "picture_formats.h"

void pk_picture_free(pk_picture *picture) {
  free(picture->rgba);
  *picture = (pk_picture){0};
}

bool pk_picture_alloc(pk_picture *picture, uint64_t width, uint64_t height, const char *path,
                      pk_error *error) {
  if (width == 0 || height == 0) {
    return pk_fail(error, PK_BAD_IMAGE, "%s: the picture has no pixels", path);
  }
  if (width > PK_MAX_PICTURE_SIDE || height > PK_MAX_PICTURE_SIDE ||
      width * height > PK_MAX_PICTURE_PIXELS) {
    return pk_fail(error, PK_BAD_IMAGE,
                   "%s: %llu x %llu pixels are too many: at most %d a side and %d megapixels; make "
                   "the picture smaller",
                   path, (unsigned long long)width, (unsigned long long)height, PK_MAX_PICTURE_SIDE,
                   PK_MAX_PICTURE_PIXELS / 1000000);
  }
  picture->width = (uint32_t)width;
  picture->height = (uint32_t)height;
  picture->rgba = calloc((size_t)width * (size_t)height, 4);
  return picture->rgba || pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for %u x %u pixels", path,
                                  picture->width, picture->height);
}

// Where the pixel at (x, y) of the upright picture stands in the stored one.
static size_t stored_index(int orientation, uint32_t x, uint32_t y, uint32_t stored_width,
                           uint32_t stored_height) {
  const bool is_transposed = orientation >= 5;
  uint32_t column = is_transposed ? y : x, row = is_transposed ? x : y;
  if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
    column = stored_width - 1 - column;
  }
  if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {
    row = stored_height - 1 - row;
  }
  return ((size_t)row * stored_width + column) * 4;
}

bool pk_picture_orient(pk_picture *picture, int orientation, const char *path, pk_error *error) {
  pk_picture upright = {0};
  const bool is_transposed = orientation >= 5;
  if (orientation < 2 || orientation > 8) return true;
  if (!pk_picture_alloc(&upright, is_transposed ? picture->height : picture->width,
                        is_transposed ? picture->width : picture->height, path, error)) {
    return false;
  }
  uint8_t *at = upright.rgba;
  for (uint32_t y = 0; y < upright.height; y++) {
    for (uint32_t x = 0; x < upright.width; x++, at += 4) {
      memcpy(at, picture->rgba + stored_index(orientation, x, y, picture->width, picture->height),
             4);
    }
  }
  pk_picture_free(picture);
  *picture = upright;
  return true;
}

static void blacken_transparent(pk_picture *picture) {
  const size_t pixels = (size_t)picture->width * picture->height;
  for (size_t i = 0; i < pixels; i++) {
    if (picture->rgba[4 * i + 3] == 0) memset(picture->rgba + 4 * i, 0, 4);
  }
}

static bool starts_with(const pk_bytes *file, const char *magic, size_t magic_bytes) {
  return file->size >= magic_bytes && memcmp(file->data, magic, magic_bytes) == 0;
}

static bool read_any(pk_picture *picture, const pk_bytes *file, const char *path, pk_error *error) {
  if (starts_with(file, "\xff\xd8\xff", 3)) {
    return pk_jpeg_read(picture, file->data, file->size, path, error);
  }
  if (starts_with(file, "\x89PNG\r\n\x1a\n", 8)) {
    return pk_png_read(picture, file->data, file->size, path, error);
  }
  if (starts_with(file, "BM", 2)) return pk_bmp_read(picture, file->data, file->size, path, error);
  return pk_fail(error, PK_BAD_IMAGE,
                 "%s is no picture that this tool reads: JPEG, PNG and BMP files work, convert it "
                 "to one of them",
                 path);
}

bool pk_picture_read(pk_picture *picture, const char *path, pk_error *error) {
  pk_bytes file;
  *picture = (pk_picture){0};
  if (!pk_file_read(&file, path, PK_MAX_PICTURE_FILE_BYTES, error)) return false;
  const bool ok = read_any(picture, &file, path, error);
  pk_bytes_free(&file);
  if (ok) {
    blacken_transparent(picture);
  } else {
    pk_picture_free(picture);
  }
  return ok;
}

bool pk_picture_to_input(void *tensor, const pk_manifest_tensor *input, const pk_picture *picture,
                         const char *path, pk_error *error) {
  mnw_error core_error = {0};
  mnw_image *image = NULL;
  mnw_image_options options = {.source_width = picture->width,
                               .source_height = picture->height,
                               .width = (uint32_t)input->dims[input->is_planar ? 3 : 2],
                               .height = (uint32_t)input->dims[input->is_planar ? 2 : 1],
                               .channels = (uint32_t)input->dims[input->is_planar ? 1 : 3],
                               .dtype = input->dtype,
                               .pad = input->pad,
                               .is_planar = input->is_planar,
                               .is_bgr = input->is_bgr};
  for (int c = 0; c < 3; c++) {
    options.scale[c] = (float)input->image_scale[c];
    options.offset[c] = (float)input->image_offset[c];
  }
  mnw_image_fit_to(&options, input->fit, input->crop);
  const size_t bytes = mnw_image_bytes(&options);
  void *memory = pk_aligned_alloc(bytes);
  if (!memory) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory to resize it", path);
  const bool ok =
      mnw_image_init(&image, memory, bytes, &options, tensor, &core_error) == MNW_STATUS_OK &&
      mnw_image_push_rows(image, picture->rgba, picture->height, &core_error) == MNW_STATUS_OK;
  free(memory);
  if (ok) return true;
  pk_core_fail(error, &core_error, path);
  error->code = PK_BAD_IMAGE;
  return false;
}
