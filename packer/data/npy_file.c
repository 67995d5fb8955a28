#include "npy_file.h"

#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"

enum { MAGIC_BYTES = 6, MAX_HEADER_BYTES = 1 << 16, MAX_AXES = 6 };
static const char magic[] = "\x93NUMPY";

// The text of the header, which is a Python dictionary of three entries.
typedef struct header_text {
  const char *at, *end;
} header_text;

static bool bad_header(const char *path, const char *what, pk_error *error) {
  return pk_fail(error, PK_BAD_IMAGE, "%s: %s; save it with numpy.save as uint8 [N, H, W]", path,
                 what);
}

static void skip_blanks(header_text *text) {
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\n')) text->at++;
}

static bool skip(header_text *text, const char *word) {
  const size_t length = strlen(word);
  if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) return false;
  text->at += length;
  return true;
}

// Places `value` behind "'key':".
static bool find_key(header_text *value, header_text header, const char *key) {
  for (; header.at < header.end; header.at++) {
    header_text rest = header;
    if (!skip(&rest, "'") || !skip(&rest, key) || !skip(&rest, "'")) continue;
    skip_blanks(&rest);
    if (!skip(&rest, ":")) continue;
    skip_blanks(&rest);
    *value = rest;
    return true;
  }
  return false;
}

static bool read_axis(size_t *axis, header_text *text) {
  const char *from = text->at;
  *axis = 0;
  while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
    *axis = *axis * 10 + (size_t)(*text->at++ - '0');
    if (*axis > PK_MAX_GREY_FILE_BYTES) return false;
  }
  return text->at > from;
}

// "(2400, 1, 784)"; returns the number of axes, 0 where it is not well formed.
static size_t read_shape(size_t *axes, header_text text) {
  size_t count = 0;
  if (!skip(&text, "(")) return 0;
  for (;;) {
    skip_blanks(&text);
    if (skip(&text, ")")) return count;
    if (count == MAX_AXES || !read_axis(&axes[count++], &text)) return 0;
    skip_blanks(&text);
    if (!skip(&text, ",")) return skip(&text, ")") ? count : 0;
  }
}

static bool set_extents(pk_grey_pictures *pictures, const size_t *axes, size_t axis_count) {
  size_t sides[2] = {0, 0}, found = 0;
  for (size_t i = 1; i < axis_count; i++) {
    if (axes[i] == 1) continue;
    if (found == 2) return false;
    sides[found++] = axes[i];
  }
  if (found == 1) {
    size_t side = 1;
    while (side < PK_MAX_GREY_SIDE && side * side < sides[0]) side++;
    if (side * side != sides[0]) return false;
    sides[0] = sides[1] = side;
  }
  if (sides[0] < 1 || sides[1] < 1 || sides[0] > PK_MAX_GREY_SIDE || sides[1] > PK_MAX_GREY_SIDE) {
    return false;
  }
  pictures->count = axes[0];
  pictures->height = (uint32_t)sides[0];
  pictures->width = (uint32_t)sides[1];
  return true;
}

static bool take_pixels(pk_grey_pictures *pictures, const uint8_t *pixels, size_t size,
                        const char *path, pk_error *error) {
  const size_t each = (size_t)pictures->width * pictures->height;
  if (pictures->count < 1 || size % each != 0 || size / each != pictures->count) {
    return pk_fail(error, PK_BAD_IMAGE,
                   "%s has %zu bytes of pixels, which are not %zu pictures of %u x %u; copy the "
                   "file again",
                   path, size, pictures->count, pictures->width, pictures->height);
  }
  pictures->pixels = malloc(size);
  if (!pictures->pixels) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for it", path);
  memcpy(pictures->pixels, pixels, size);
  return true;
}

bool pk_npy_parse(pk_grey_pictures *pictures, const void *bytes, size_t size_bytes,
                  const char *path, pk_error *error) {
  const uint8_t *file = bytes;
  size_t axes[MAX_AXES], at = MAGIC_BYTES + 4;
  header_text value;
  *pictures = (pk_grey_pictures){0};
  if (size_bytes < at + 2 || memcmp(file, magic, MAGIC_BYTES) != 0) {
    return bad_header(path, "it is no NumPy array", error);
  }
  const uint32_t version = file[MAGIC_BYTES];
  size_t length = (size_t)file[8] | (size_t)file[9] << 8;
  if (version == 2 || version == 3) {
    length |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
    at += 2;
  } else if (version != 1) {
    return bad_header(path, "its format version is not known", error);
  }
  if (length > MAX_HEADER_BYTES || length > size_bytes - at) {
    return bad_header(path, "its header ends early", error);
  }
  const header_text header = {(const char *)file + at, (const char *)file + at + length};
  if (!find_key(&value, header, "descr") ||
      !(skip(&value, "'|u1'") || skip(&value, "'u1'") || skip(&value, "'<u1'"))) {
    return bad_header(path, "its elements are not uint8", error);
  }
  if (!find_key(&value, header, "fortran_order") || !skip(&value, "False")) {
    return bad_header(path, "its elements are not in C order", error);
  }
  const size_t axis_count = find_key(&value, header, "shape") ? read_shape(axes, value) : 0;
  if (axis_count < 2 || !set_extents(pictures, axes, axis_count)) {
    return bad_header(path, "its shape is not that of pictures", error);
  }
  return take_pixels(pictures, file + at + length, size_bytes - at - length, path, error);
}

bool pk_grey_pictures_read(pk_grey_pictures *pictures, const char *path, uint32_t side,
                           pk_error *error) {
  pk_bytes file = {0};
  *pictures = (pk_grey_pictures){0};
  bool ok = pk_file_read(&file, path, PK_MAX_GREY_FILE_BYTES, error);
  const bool is_array = file.size >= MAGIC_BYTES && memcmp(file.data, magic, MAGIC_BYTES) == 0;
  if (ok && (is_array || side == 0)) {
    ok = pk_npy_parse(pictures, file.data, file.size, path, error);
  } else if (ok) {
    pictures->width = pictures->height = side;
    pictures->count = file.size / ((size_t)side * side);
    ok = take_pixels(pictures, file.data, file.size, path, error);
  }
  pk_bytes_free(&file);
  if (!ok) pk_grey_pictures_free(pictures);
  return ok;
}

void pk_grey_pictures_free(pk_grey_pictures *pictures) {
  free(pictures->pixels);
  *pictures = (pk_grey_pictures){0};
}
