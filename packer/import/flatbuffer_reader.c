#include "flatbuffer_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../core/base/bytes.h"

void pk_fb_init(pk_flatbuffer *buffer, const uint8_t *bytes, size_t size_bytes, pk_error *error) {
  *buffer = (pk_flatbuffer){.bytes = bytes, .size_bytes = size_bytes, .error = error};
  pk_fb_at(buffer, "file");
}

void pk_fb_at(pk_flatbuffer *buffer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(buffer->where, sizeof buffer->where, format, args);
  va_end(args);
}

bool pk_fb_fail(pk_flatbuffer *buffer, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!buffer->failed) pk_fail(buffer->error, PK_BAD_MODEL, "%s: %s", buffer->where, text);
  buffer->failed = true;
  return false;
}

// Whether `bytes` bytes at `position` are inside the file; fails naming the thing if not.
static bool inside(pk_flatbuffer *buffer, uint64_t position, uint64_t bytes, const char *name) {
  if (position <= buffer->size_bytes && bytes <= buffer->size_bytes - position) return true;
  return pk_fb_fail(
      buffer, "%s lies outside the file (%llu bytes at offset %llu of a file of %zu bytes)", name,
      (unsigned long long)bytes, (unsigned long long)position, buffer->size_bytes);
}

static uint16_t load_u16(const uint8_t *p) {
  return (uint16_t)(p[0] | p[1] << 8);
}

static pk_fb_table table_at(pk_flatbuffer *buffer, uint64_t position, const char *name) {
  const pk_fb_table absent = {0};
  if (!inside(buffer, position, 4, name)) return absent;
  const int64_t distance = (int32_t)mnw_load_u32(buffer->bytes + position);
  const int64_t vtable = (int64_t)position - distance;
  if (vtable < 0) {
    pk_fb_fail(buffer, "the vtable of %s lies before the file's start", name);
    return absent;
  }
  if (!inside(buffer, (uint64_t)vtable, 4, name)) return absent;
  pk_fb_table table = {.buffer = buffer, .position = (size_t)position, .vtable = (size_t)vtable};
  table.vtable_bytes = load_u16(buffer->bytes + vtable);
  table.inline_bytes = load_u16(buffer->bytes + vtable + 2);
  if (table.vtable_bytes < 4 || table.inline_bytes < 4) {
    pk_fb_fail(buffer, "%s has a vtable of %u bytes for %u bytes, too few for any table", name,
               table.vtable_bytes, table.inline_bytes);
    return absent;
  }
  if (!inside(buffer, (uint64_t)vtable, table.vtable_bytes, name) ||
      !inside(buffer, position, table.inline_bytes, name)) {
    return absent;
  }
  return table;
}

// The table or vector that the offset stored at `position` leads to; 0 after a failure. Offsets
// lead forwards only, so that no chain of them can loop.
static uint64_t follow(pk_flatbuffer *buffer, size_t position, const char *name) {
  const uint32_t offset = mnw_load_u32(buffer->bytes + position);
  if (offset == 0) {
    pk_fb_fail(buffer, "the offset of %s is 0", name);
    return 0;
  }
  return (uint64_t)position + offset;
}

pk_fb_table pk_fb_root(pk_flatbuffer *buffer) {
  const pk_fb_table absent = {0};
  if (!inside(buffer, 0, 4, "root table")) return absent;
  const uint64_t position = follow(buffer, 0, "root table");
  return position ? table_at(buffer, position, "root table") : absent;
}

// Where a field's `bytes` bytes stand; 0 when the field is absent or broken.
static size_t field(pk_fb_table table, uint32_t slot, uint32_t bytes, const char *name) {
  const uint32_t entry = 4 + 2 * slot;
  if (!table.buffer || entry + 2 > table.vtable_bytes) return 0;
  const uint32_t offset = load_u16(table.buffer->bytes + table.vtable + entry);
  if (offset == 0) return 0;
  if (offset < 4 || offset + bytes > table.inline_bytes) {
    pk_fb_fail(table.buffer, "field %s lies outside its table (offset %u of %u bytes)", name,
               offset, table.inline_bytes);
    return 0;
  }
  return table.position + offset;
}

bool pk_fb_has(pk_fb_table table, uint32_t slot) {
  return field(table, slot, 1, "presence") != 0;
}

uint8_t pk_fb_u8(pk_fb_table table, uint32_t slot, uint8_t fallback, const char *name) {
  const size_t position = field(table, slot, 1, name);
  return position ? table.buffer->bytes[position] : fallback;
}

uint32_t pk_fb_u32(pk_fb_table table, uint32_t slot, uint32_t fallback, const char *name) {
  const size_t position = field(table, slot, 4, name);
  return position ? mnw_load_u32(table.buffer->bytes + position) : fallback;
}

int32_t pk_fb_s32(pk_fb_table table, uint32_t slot, int32_t fallback, const char *name) {
  return (int32_t)pk_fb_u32(table, slot, (uint32_t)fallback, name);
}

uint64_t pk_fb_u64(pk_fb_table table, uint32_t slot, uint64_t fallback, const char *name) {
  const size_t position = field(table, slot, 8, name);
  return position ? mnw_load_u64(table.buffer->bytes + position) : fallback;
}

float pk_fb_f32(pk_fb_table table, uint32_t slot, float fallback, const char *name) {
  const size_t position = field(table, slot, 4, name);
  return position ? mnw_float_from_bits(mnw_load_u32(table.buffer->bytes + position)) : fallback;
}

pk_fb_table pk_fb_child(pk_fb_table table, uint32_t slot, const char *name) {
  const pk_fb_table absent = {0};
  const size_t position = field(table, slot, 4, name);
  if (!position) return absent;
  const uint64_t child = follow(table.buffer, position, name);
  return child ? table_at(table.buffer, child, name) : absent;
}

pk_fb_vector pk_fb_list(pk_fb_table table, uint32_t slot, size_t element_bytes, const char *name) {
  const pk_fb_vector absent = {0};
  const size_t position = field(table, slot, 4, name);
  if (!position) return absent;
  const uint64_t list = follow(table.buffer, position, name);
  if (!list || !inside(table.buffer, list, 4, name)) return absent;
  const uint64_t count = mnw_load_u32(table.buffer->bytes + list);
  if (!inside(table.buffer, list + 4, count * element_bytes, name)) return absent;
  return (pk_fb_vector){.buffer = table.buffer, .position = (size_t)list + 4, .count = count};
}

int32_t pk_fb_list_s32(pk_fb_vector list, size_t index) {
  if (index >= list.count) return 0;
  return (int32_t)mnw_load_u32(list.buffer->bytes + list.position + 4 * index);
}

int64_t pk_fb_list_s64(pk_fb_vector list, size_t index) {
  if (index >= list.count) return 0;
  return (int64_t)mnw_load_u64(list.buffer->bytes + list.position + 8 * index);
}

float pk_fb_list_f32(pk_fb_vector list, size_t index) {
  if (index >= list.count) return 0;
  return mnw_float_from_bits(mnw_load_u32(list.buffer->bytes + list.position + 4 * index));
}

pk_fb_table pk_fb_list_table(pk_fb_vector list, size_t index, const char *name) {
  const pk_fb_table absent = {0};
  if (index >= list.count) return absent;
  const uint64_t position = follow(list.buffer, list.position + 4 * index, name);
  return position ? table_at(list.buffer, position, name) : absent;
}

const uint8_t *pk_fb_list_bytes(pk_fb_vector list) {
  return list.buffer ? list.buffer->bytes + list.position : NULL;
}
