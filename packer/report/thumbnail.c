// In this order: jpeglib.h uses size_t and FILE without including their headers.
#include <stdio.h>

#include <jpeglib.h>

#include <setjmp.h>
#include <sodium.h>
#include <stdlib.h>

#include "thumbnail.h"

enum { QUALITY = 70 };

// libjpeg reports errors by callbacks that must not return.
typedef struct jpeg_maker {
  struct jpeg_error_mgr errors;  // first: callbacks get here by its address
  struct jpeg_compress_struct info;
  jmp_buf on_error;
  unsigned char *bytes;
  unsigned long size;
} jpeg_maker;

static void on_error(j_common_ptr info) {
  jpeg_maker *maker = (jpeg_maker *)info->err;
  longjmp(maker->on_error, 1);
}

// The mean of the pixels that a small one covers.
static void shrink(uint8_t *rgb, size_t width, size_t height, const pk_picture *picture) {
  for (size_t y = 0; y < height; y++) {
    const size_t top = y * picture->height / height, bottom = (y + 1) * picture->height / height;
    for (size_t x = 0; x < width; x++) {
      const size_t left = x * picture->width / width, right = (x + 1) * picture->width / width;
      for (size_t c = 0; c < 3; c++) {
        uint64_t sum = 0;
        for (size_t v = top; v < bottom; v++) {
          for (size_t u = left; u < right; u++) {
            sum += picture->rgba[4 * (v * picture->width + u) + c];
          }
        }
        const uint64_t covered = (uint64_t)(bottom - top) * (right - left);
        rgb[3 * (y * width + x) + c] = covered > 0 ? (uint8_t)(sum / covered) : 0;
      }
    }
  }
}

static bool make_jpeg(jpeg_maker *maker, uint8_t *rgb, size_t width, size_t height) {
  maker->info.err = jpeg_std_error(&maker->errors);
  maker->errors.error_exit = on_error;
  if (setjmp(maker->on_error)) {
    jpeg_destroy_compress(&maker->info);
    return false;
  }
  jpeg_create_compress(&maker->info);
  jpeg_mem_dest(&maker->info, &maker->bytes, &maker->size);
  maker->info.image_width = (JDIMENSION)width;
  maker->info.image_height = (JDIMENSION)height;
  maker->info.input_components = 3;
  maker->info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&maker->info);
  jpeg_set_quality(&maker->info, QUALITY, TRUE);
  jpeg_start_compress(&maker->info, TRUE);
  while (maker->info.next_scanline < height) {
    JSAMPROW row = rgb + 3 * width * maker->info.next_scanline;
    jpeg_write_scanlines(&maker->info, &row, 1);
  }
  jpeg_finish_compress(&maker->info);
  jpeg_destroy_compress(&maker->info);
  return true;
}

static void append_base64(pk_bytes *page, const jpeg_maker *maker) {
  const size_t room = sodium_base64_encoded_len(maker->size, sodium_base64_VARIANT_ORIGINAL);
  pk_bytes_append(page, "data:image/jpeg;base64,", 23);
  char *text = (char *)pk_bytes_reserve(page, room);
  if (!text) return;
  sodium_bin2base64(text, room, maker->bytes, maker->size, sodium_base64_VARIANT_ORIGINAL);
  page->size += room - 1;  // without the terminating zero
}

static size_t small_side(uint32_t side, uint32_t longer) {
  if (longer <= PK_THUMBNAIL_SIDE) return side;
  const size_t small = (size_t)side * PK_THUMBNAIL_SIDE / longer;
  return small > 0 ? small : 1;
}

bool pk_thumbnail_append_picture(pk_bytes *page, const pk_picture *picture, pk_error *error) {
  const uint32_t longer = picture->width > picture->height ? picture->width : picture->height;
  const size_t width = small_side(picture->width, longer);
  const size_t height = small_side(picture->height, longer);
  jpeg_maker *maker = calloc(1, sizeof *maker);
  uint8_t *rgb = malloc(3 * width * height);
  if (rgb && maker) shrink(rgb, width, height, picture);
  const bool ok = rgb && maker && make_jpeg(maker, rgb, width, height);
  if (ok) append_base64(page, maker);
  free(rgb);
  if (maker) free(maker->bytes);
  free(maker);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to make a picture small");
}

bool pk_thumbnail_append(pk_bytes *page, const char *path, pk_error *error) {
  pk_picture picture;
  if (!pk_picture_read(&picture, path, error)) return false;
  const bool ok = pk_thumbnail_append_picture(page, &picture, error);
  pk_picture_free(&picture);
  return ok;
}
