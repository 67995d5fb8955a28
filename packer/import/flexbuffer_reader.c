#include "flexbuffer_reader.h"

#include <string.h>

// Types; a packed type is the type * 4 + the binary logarithm of its width.
enum {
  FLEX_INT = 1,
  FLEX_UINT = 2,
  FLEX_FLOAT = 3,
  FLEX_INDIRECT_INT = 6,
  FLEX_INDIRECT_UINT = 7,
  FLEX_INDIRECT_FLOAT = 8,
  FLEX_MAP = 9,
  FLEX_BOOL = 26
};

static bool is_width(size_t width) {
  return width == 1 || width == 2 || width == 4 || width == 8;
}

static bool read_unsigned(const pk_flex_map *map, size_t at, size_t width, uint64_t *value) {
  *value = 0;
  if (!is_width(width) || at > map->size_bytes || map->size_bytes - at < width) return false;
  for (size_t i = 0; i < width; i++) *value |= (uint64_t)map->bytes[at + i] << (8 * i);
  return true;
}

// Offsets count back from where they stand.
static bool follow(const pk_flex_map *map, size_t at, size_t width, size_t *target) {
  uint64_t offset;
  if (!read_unsigned(map, at, width, &offset) || offset > at) return false;
  *target = at - (size_t)offset;
  return true;
}

bool pk_flex_open(pk_flex_map *map, const uint8_t *bytes, size_t size_bytes) {
  *map = (pk_flex_map){.bytes = bytes, .size_bytes = size_bytes};
  if (!bytes || size_bytes < 3) return false;
  const size_t root_width = bytes[size_bytes - 1], type = bytes[size_bytes - 2];
  uint64_t count, key_width;
  if (!is_width(root_width) || type >> 2 != FLEX_MAP || size_bytes < 2 + root_width) return false;
  map->width = (size_t)1 << (type & 3);
  if (!follow(map, size_bytes - 2 - root_width, root_width, &map->values) ||
      map->values < 3 * map->width ||
      !read_unsigned(map, map->values - map->width, map->width, &count) ||
      !read_unsigned(map, map->values - 2 * map->width, map->width, &key_width) ||
      !follow(map, map->values - 3 * map->width, map->width, &map->keys)) {
    return false;
  }
  // Each value has its bytes and the byte of its type.
  if (count > (size_bytes - map->values) / (map->width + 1) || key_width > 8 ||
      !is_width((size_t)key_width) || map->keys > size_bytes ||
      count > (size_bytes - map->keys) / (size_t)key_width) {
    return false;
  }
  map->count = (size_t)count;
  map->key_width = (size_t)key_width;
  return true;
}

static bool read_signed(const pk_flex_map *map, size_t at, size_t width, double *number) {
  uint64_t bits;
  if (!read_unsigned(map, at, width, &bits)) return false;
  const uint64_t sign = (uint64_t)1 << (8 * width - 1);
  *number = bits & sign ? -(double)(((~bits) & (sign - 1)) + 1) : (double)bits;
  return true;
}

static bool read_float(const pk_flex_map *map, size_t at, size_t width, double *number) {
  uint64_t bits;
  if (!read_unsigned(map, at, width, &bits)) return false;
  if (width == 8) {
    memcpy(number, &bits, sizeof *number);
    return true;
  }
  const uint32_t low = (uint32_t)bits;
  float value;
  memcpy(&value, &low, sizeof value);
  *number = (double)value;
  return width == 4;
}

static bool read_number(const pk_flex_map *map, size_t index, double *number) {
  const size_t packed = map->bytes[map->values + map->count * map->width + index];
  size_t type = packed >> 2, width = map->width, at = map->values + index * width;
  uint64_t bits;
  if (type >= FLEX_INDIRECT_INT && type <= FLEX_INDIRECT_FLOAT) {
    if (!follow(map, at, width, &at)) return false;
    width = (size_t)1 << (packed & 3);
    type = type - FLEX_INDIRECT_INT + FLEX_INT;
  }
  switch (type) {
    case FLEX_INT:
      return read_signed(map, at, width, number);
    case FLEX_FLOAT:
      return read_float(map, at, width, number);
    case FLEX_UINT:
    case FLEX_BOOL:
      if (!read_unsigned(map, at, width, &bits)) return false;
      *number = (double)bits;
      return true;
    default:
      return false;
  }
}

static bool is_key(const pk_flex_map *map, size_t index, const char *key) {
  const size_t bytes = strlen(key) + 1;  // with the zero at the end
  size_t at;
  return follow(map, map->keys + index * map->key_width, map->key_width, &at) &&
         map->size_bytes - at >= bytes && memcmp(map->bytes + at, key, bytes) == 0;
}

double pk_flex_number(const pk_flex_map *map, const char *key, double fallback) {
  double number;
  for (size_t i = 0; i < map->count; i++) {
    if (is_key(map, i, key)) return read_number(map, i, &number) ? number : fallback;
  }
  return fallback;
}
