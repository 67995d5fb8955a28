// A reader of flatbuffers that trusts nothing: every table, vtable, vector and string is checked
// against the file's end before it is touched, offsets are computed in 64 bits, bytes are read
// little-endian at any alignment.
//
// Failure is sticky, so that code that reads a table of ten fields checks once, not ten times: the
// first broken reference fills the error with the place and the field's name, and from then on all
// reads give absent tables, empty vectors and default values. Loops stay bounded because a vector's
// count is never more than its bytes in the file allow. Nothing recurses and nothing is allocated.
#ifndef MINNOW_PACKER_IMPORT_FLATBUFFER_READER_H_
#define MINNOW_PACKER_IMPORT_FLATBUFFER_READER_H_

#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"

typedef struct pk_flatbuffer {
  const uint8_t *bytes;
  size_t size_bytes;
  pk_error *error;
  bool failed;
  char where[96];  // what is being read, for messages: "tensor 12"
} pk_flatbuffer;

// `buffer` NULL: an absent table, whose fields all have their defaults.
typedef struct pk_fb_table {
  pk_flatbuffer *buffer;
  size_t position;
  size_t vtable;
  uint32_t vtable_bytes, inline_bytes;
} pk_fb_table;

// `buffer` NULL and count 0: an absent vector.
typedef struct pk_fb_vector {
  pk_flatbuffer *buffer;
  size_t position;  // of the first element
  size_t count;
} pk_fb_vector;

// `error` receives the first failure and stands as long as the reader is used.
void pk_fb_init(pk_flatbuffer *buffer, const uint8_t *bytes, size_t size_bytes, pk_error *error);

// Says what is read next, for messages.
void pk_fb_at(pk_flatbuffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Records "<where>: <message>" as PK_BAD_MODEL and makes the failure sticky. Returns false.
bool pk_fb_fail(pk_flatbuffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

pk_fb_table pk_fb_root(pk_flatbuffer *buffer);

// Fields by slot number (the position in the schema's table). `name` is for messages.
bool pk_fb_has(pk_fb_table table, uint32_t slot);
uint8_t pk_fb_u8(pk_fb_table table, uint32_t slot, uint8_t fallback, const char *name);
int32_t pk_fb_s32(pk_fb_table table, uint32_t slot, int32_t fallback, const char *name);
uint32_t pk_fb_u32(pk_fb_table table, uint32_t slot, uint32_t fallback, const char *name);
uint64_t pk_fb_u64(pk_fb_table table, uint32_t slot, uint64_t fallback, const char *name);
float pk_fb_f32(pk_fb_table table, uint32_t slot, float fallback, const char *name);
pk_fb_table pk_fb_child(pk_fb_table table, uint32_t slot, const char *name);
// Strings are vectors of 1-byte elements.
pk_fb_vector pk_fb_list(pk_fb_table table, uint32_t slot, size_t element_bytes, const char *name);

// Elements; `index` must be below count (an index past it gives 0).
int32_t pk_fb_list_s32(pk_fb_vector list, size_t index);
int64_t pk_fb_list_s64(pk_fb_vector list, size_t index);
float pk_fb_list_f32(pk_fb_vector list, size_t index);
pk_fb_table pk_fb_list_table(pk_fb_vector list, size_t index, const char *name);
const uint8_t *pk_fb_list_bytes(pk_fb_vector list);  // NULL for an absent vector

#endif  // MINNOW_PACKER_IMPORT_FLATBUFFER_READER_H_
