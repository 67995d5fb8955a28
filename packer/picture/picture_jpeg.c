// In this order: jpeglib.h uses size_t and FILE without including their headers, jerror.h uses
// jpeglib.h.
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>
#include <libexif/exif-data.h>
#include <setjmp.h>
#include <string.h>

#include "picture_formats.h"

// libjpeg reports errors by callbacks that must not return.
typedef struct jpeg_reader {
  struct jpeg_error_mgr errors;  // first: callbacks get here by its address
  struct jpeg_decompress_struct info;
  jmp_buf on_error;
  bool ended_early;
  int orientation;  // EXIF's
  char message[JMSG_LENGTH_MAX];
} jpeg_reader;

static void on_error(j_common_ptr info) {
  jpeg_reader *reader = (jpeg_reader *)info->err;
  info->err->format_message(info, reader->message);
  longjmp(reader->on_error, 1);
}

// Most warnings are about oddities that every viewer shrugs off; a file that ends early is not.
static void on_message(j_common_ptr info, int level) {
  jpeg_reader *reader = (jpeg_reader *)info->err;
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) reader->ended_early = true;
}

static int exif_orientation(const struct jpeg_decompress_struct *info) {
  int orientation = 1;
  for (const struct jpeg_marker_struct *m = info->marker_list; m; m = m->next) {
    if (m->marker != JPEG_APP0 + 1 || m->data_length < 6 || memcmp(m->data, "Exif\0\0", 6) != 0) {
      continue;
    }
    ExifData *exif = exif_data_new_from_data(m->data, m->data_length);
    ExifEntry *entry =
        exif ? exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION) : NULL;
    if (entry && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) {
      orientation = exif_get_short(entry->data, exif_data_get_byte_order(exif));
    }
    if (exif) exif_data_unref(exif);
    break;
  }
  return orientation;
}

// CMYK in place to RGBA. Adobe's programs store it inverted and say so by their marker.
static void cmyk_to_rgba(uint8_t *row, uint32_t width, bool is_inverted) {
  for (uint8_t *p = row; p < row + (size_t)width * 4; p += 4) {
    const unsigned flip = is_inverted ? 0 : 255;
    const unsigned k = p[3] ^ flip;
    for (int c = 0; c < 3; c++) p[c] = (uint8_t)(((p[c] ^ flip) * k + 127) / 255);
    p[3] = 255;
  }
}

static bool decode(jpeg_reader *reader, pk_picture *picture, const uint8_t *bytes,
                   size_t size_bytes, const char *path, pk_error *error) {
  struct jpeg_decompress_struct *info = &reader->info;
  if (setjmp(reader->on_error)) {
    return pk_fail(error, PK_BAD_IMAGE, "%s: the JPEG file is damaged: %s", path, reader->message);
  }
  jpeg_create_decompress(info);
  jpeg_mem_src(info, bytes, size_bytes);
  jpeg_save_markers(info, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(info, TRUE);
  if (!pk_picture_alloc(picture, info->image_width, info->image_height, path, error)) return false;
  const bool is_cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = is_cmyk ? JCS_CMYK : JCS_EXT_RGBA;
  jpeg_start_decompress(info);
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = picture->rgba + (size_t)info->output_scanline * picture->width * 4;
    jpeg_read_scanlines(info, &row, 1);
    if (is_cmyk) cmyk_to_rgba(row, picture->width, info->saw_Adobe_marker);
  }
  reader->orientation = exif_orientation(info);  // the markers go with the decompressor
  jpeg_finish_decompress(info);
  return true;
}

bool pk_jpeg_read(pk_picture *picture, const uint8_t *bytes, size_t size_bytes, const char *path,
                  pk_error *error) {
  jpeg_reader reader;
  memset(&reader, 0, sizeof reader);
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = on_error;
  reader.errors.emit_message = on_message;
  bool ok = decode(&reader, picture, bytes, size_bytes, path, error);
  jpeg_destroy_decompress(&reader.info);
  if (ok && reader.ended_early) {
    ok = pk_fail(error, PK_BAD_IMAGE, "%s: the JPEG file ends early: copy it again", path);
  }
  return ok && pk_picture_orient(picture, reader.orientation, path, error);
}
