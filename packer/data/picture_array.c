#include "picture_array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/bytes.h"

static const char magic[] = "\x93NUMPY";
enum { MAGIC_BYTES = 6, MAX_AXES = 8, MAX_SIDE = 4096 };

static bool bad(pk_error *error, const char *file, const char *what) {
  return pk_fail(error, PK_BAD_IMAGE, "%s: %s", file, what);
}

// The numbers of "'shape': (2400, 1, 784)".
static size_t read_shape(size_t axes[MAX_AXES], const char *text) {
  const char *at = strstr(text, "'shape'");
  size_t count = 0;
  at = at ? strchr(at, '(') : NULL;
  while (at && count < MAX_AXES) {
    char *end;
    at++;
    const unsigned long long value = strtoull(at, &end, 10);
    if (end == at) break;
    axes[count++] = (size_t)value;
    at = strchr(end, ',');
    const char *close = strchr(end, ')');
    if (!at || !close || at > close) break;
  }
  return count;
}

static bool set_extents(pk_picture_array *array, const size_t *axes, size_t count, const char *file,
                        pk_error *error) {
  size_t values = 1;
  for (size_t i = 1; i < count; i++) {
    if (axes[i] == 0 || axes[i] > (size_t)MAX_SIDE * MAX_SIDE / values) {
      return bad(error, file, "its rows are empty or too large for pictures");
    }
    values *= axes[i];
  }
  const size_t side = (size_t)(sqrt((double)values) + 0.5);
  const bool has_sides = count == 3 && axes[1] > 1 && axes[2] > 1;
  if (count < 2 || (!has_sides && side * side != values)) {
    return bad(error, file, "its rows are no square pictures");
  }
  array->count = axes[0];
  array->height = (uint32_t)(has_sides ? axes[1] : side);
  array->width = (uint32_t)(has_sides ? axes[2] : side);
  return true;
}

static bool read_numpy(pk_picture_array *array, const uint8_t *bytes, size_t size_bytes,
                       const char *file, pk_error *error) {
  char header[1024];
  size_t axes[MAX_AXES] = {0};
  const size_t prefix = size_bytes > MAGIC_BYTES && bytes[MAGIC_BYTES] >= 2 ? 12 : 10;
  if (size_bytes < prefix) return bad(error, file, "the file is cut off");
  const size_t length =
      prefix == 12 ? mnw_load_u32(bytes + 8) : (size_t)bytes[8] | (size_t)bytes[9] << 8;
  if (length >= sizeof header || length > size_bytes - prefix) {
    return bad(error, file, "its NumPy header is cut off or too long");
  }
  memcpy(header, bytes + prefix, length);
  header[length] = '\0';
  if (strlen(header) != length || !strstr(header, "u1'") || strstr(header, "True")) {
    return bad(error, file, "a NumPy array of bytes (|u1) in C order is needed");
  }
  if (!set_extents(array, axes, read_shape(axes, header), file, error)) return false;
  array->pixels = bytes + prefix + length;
  const size_t rest = size_bytes - prefix - length;
  return array->count <= rest / ((size_t)array->width * array->height) ||
         bad(error, file, "the file is cut off: it has fewer bytes than its shape says");
}

bool pk_picture_array_read(pk_picture_array *array, const uint8_t *bytes, size_t size_bytes,
                           uint32_t side, const char *file, pk_error *error) {
  *array = (pk_picture_array){0};
  if (size_bytes > MAGIC_BYTES && memcmp(bytes, magic, MAGIC_BYTES) == 0) {
    return read_numpy(array, bytes, size_bytes, file, error);
  }
  if (side == 0 || side > MAX_SIDE) {
    return bad(error, file, "it is no NumPy file; bytes without a header need \"side\"");
  }
  *array = (pk_picture_array){bytes, size_bytes / ((size_t)side * side), side, side};
  return (array->count > 0 && size_bytes % ((size_t)side * side) == 0) ||
         bad(error, file, "its bytes are no whole number of pictures of that side");
}

bool pk_picture_array_get(pk_picture *picture, const pk_picture_array *array, size_t index,
                          pk_error *error) {
  const size_t pixels = (size_t)array->width * array->height;
  const uint8_t *source = array->pixels + index * pixels;
  *picture = (pk_picture){.width = array->width, .height = array->height};
  picture->rgba = malloc(4 * pixels);
  if (!picture->rgba) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a picture");
  for (size_t i = 0; i < pixels; i++) {
    memset(picture->rgba + 4 * i, source[i], 3);
    picture->rgba[4 * i + 3] = 255;
  }
  return true;
}
