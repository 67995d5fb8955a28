// Windows bitmaps without compression: 1, 4 and 8 bits with a palette, 16 and 32 bits with or
// without bit masks, 24 bits; both row orders, the old OS/2 header too.
#include <string.h>

#include "picture_formats.h"

enum {
  FILE_HEADER_BYTES = 14,
  OS2_HEADER_BYTES = 12,
  INFO_HEADER_BYTES = 40,
  MASKS_AT = FILE_HEADER_BYTES + INFO_HEADER_BYTES,
  COMPRESSION_NONE = 0,
  COMPRESSION_MASKS = 3
};

typedef struct bmp_layout {
  const uint8_t *bytes;
  size_t size_bytes;
  uint32_t width, height, bits;
  bool is_top_down;
  uint32_t masks[3];  // red, green, blue; 16 and 32 bits
  size_t palette_at, palette_entry_bytes, palette_count;
  size_t pixels_at, row_bytes;
} bmp_layout;

static uint32_t load_u16(const uint8_t *p) {
  return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t load_u32(const uint8_t *p) {
  return load_u16(p) | load_u16(p + 2) << 16;
}

static bool damaged(const char *path, const char *what, pk_error *error) {
  return pk_fail(error, PK_BAD_IMAGE, "%s: the BMP file is damaged: %s", path, what);
}

static void read_masks(bmp_layout *bmp, uint32_t compression) {
  static const uint32_t masks_16[3] = {0x7c00, 0x03e0, 0x001f};
  static const uint32_t masks_32[3] = {0xff0000, 0x00ff00, 0x0000ff};
  memcpy(bmp->masks, bmp->bits == 16 ? masks_16 : masks_32, sizeof bmp->masks);
  if (compression != COMPRESSION_MASKS) return;
  for (int c = 0; c < 3; c++) bmp->masks[c] = load_u32(bmp->bytes + MASKS_AT + 4 * c);
}

// Reads the headers and proves that palette and pixels lie within the file.
static bool read_layout(bmp_layout *bmp, const char *path, pk_error *error) {
  const uint8_t *bytes = bmp->bytes;
  if (bmp->size_bytes < FILE_HEADER_BYTES + OS2_HEADER_BYTES) {
    return damaged(path, "its header is cut off", error);
  }
  const uint32_t header_bytes = load_u32(bytes + 14);
  const bool is_os2 = header_bytes == OS2_HEADER_BYTES;
  if ((!is_os2 && header_bytes < INFO_HEADER_BYTES) ||
      header_bytes > bmp->size_bytes - FILE_HEADER_BYTES) {
    return damaged(path, "its header has an unknown size", error);
  }
  const int32_t height = is_os2 ? (int32_t)load_u16(bytes + 20) : (int32_t)load_u32(bytes + 22);
  const uint32_t compression = is_os2 ? COMPRESSION_NONE : load_u32(bytes + 30);
  uint32_t colours = is_os2 ? 0 : load_u32(bytes + 46);
  bmp->width = is_os2 ? load_u16(bytes + 18) : load_u32(bytes + 18);
  bmp->is_top_down = height < 0;
  bmp->height = height < 0 ? 0u - (uint32_t)height : (uint32_t)height;
  bmp->bits = load_u16(bytes + (is_os2 ? 24 : 28));
  const bool has_palette = bmp->bits == 1 || bmp->bits == 4 || bmp->bits == 8;
  const bool has_masks = bmp->bits == 16 || bmp->bits == 32;
  if ((!has_palette && !has_masks && bmp->bits != 24) ||
      (compression != COMPRESSION_NONE && !(compression == COMPRESSION_MASKS && has_masks))) {
    return pk_fail(error, PK_BAD_IMAGE,
                   "%s: this BMP file is compressed or of an unusual depth (%u bits); save it "
                   "uncompressed, or as PNG or JPEG",
                   path, bmp->bits);
  }
  if (compression == COMPRESSION_MASKS && bmp->size_bytes < MASKS_AT + 12) {
    return damaged(path, "its colour masks are cut off", error);
  }
  if (has_masks) read_masks(bmp, compression);
  if (has_palette) {
    if (colours == 0 || colours > 1u << bmp->bits) colours = 1u << bmp->bits;
    bmp->palette_at = FILE_HEADER_BYTES + header_bytes;
    bmp->palette_entry_bytes = is_os2 ? 3 : 4;
    bmp->palette_count = colours;
    if (colours * bmp->palette_entry_bytes > bmp->size_bytes - bmp->palette_at) {
      return damaged(path, "its palette is cut off", error);
    }
  }
  bmp->pixels_at = load_u32(bytes + 10);
  bmp->row_bytes = (size_t)(((uint64_t)bmp->width * bmp->bits + 31) / 32 * 4);
  return true;
}

// A masked colour widened to 8 bits.
static uint8_t masked(uint32_t pixel, uint32_t mask) {
  uint32_t shift = 0;
  if (mask == 0) return 0;
  while (!(mask >> shift & 1)) shift++;
  return (uint8_t)((uint64_t)((pixel & mask) >> shift) * 255 / (mask >> shift));
}

static void read_pixel(uint8_t *rgba, const bmp_layout *bmp, const uint8_t *row, uint32_t x) {
  rgba[3] = 255;
  if (bmp->bits <= 8) {
    const uint32_t per_byte = 8 / bmp->bits;
    const uint32_t shift = 8 - bmp->bits * (x % per_byte + 1);
    const size_t index = (size_t)(row[x / per_byte] >> shift) & ((1u << bmp->bits) - 1);
    if (index >= bmp->palette_count) return;
    const uint8_t *entry = bmp->bytes + bmp->palette_at + index * bmp->palette_entry_bytes;
    for (int c = 0; c < 3; c++) rgba[c] = entry[2 - c];
  } else if (bmp->bits == 24) {
    for (uint32_t c = 0; c < 3; c++) rgba[c] = row[3 * (size_t)x + 2 - c];
  } else {
    const uint32_t pixel =
        bmp->bits == 16 ? load_u16(row + 2 * (size_t)x) : load_u32(row + 4 * (size_t)x);
    for (int c = 0; c < 3; c++) rgba[c] = masked(pixel, bmp->masks[c]);
  }
}

bool pk_bmp_read(pk_picture *picture, const uint8_t *bytes, size_t size_bytes, const char *path,
                 pk_error *error) {
  bmp_layout bmp = {.bytes = bytes, .size_bytes = size_bytes};
  if (!read_layout(&bmp, path, error) ||
      !pk_picture_alloc(picture, bmp.width, bmp.height, path, error)) {
    return false;
  }
  if (bmp.pixels_at > size_bytes ||
      (uint64_t)bmp.row_bytes * bmp.height > size_bytes - bmp.pixels_at) {
    return damaged(path, "its pixels are cut off", error);
  }
  uint8_t *rgba = picture->rgba;
  for (uint32_t y = 0; y < bmp.height; y++) {
    const size_t stored = bmp.is_top_down ? y : bmp.height - 1 - y;
    const uint8_t *row = bytes + bmp.pixels_at + stored * bmp.row_bytes;
    for (uint32_t x = 0; x < bmp.width; x++, rgba += 4) read_pixel(rgba, &bmp, row, x);
  }
  return true;
}
