// Caffe's graph files (.prototxt) are protobuf messages in text form: fields "name: value" and
// "name { fields }". This reader makes a tree of them and knows nothing of Caffe. Of protobuf's
// text format it leaves out what those files do not use: lists in brackets, escapes in strings,
// "<>".
#ifndef MINNOW_PACKER_IMPORT_CAFFE_TEXT_H_
#define MINNOW_PACKER_IMPORT_CAFFE_TEXT_H_

#include "../import_arena.h"

typedef struct pk_caffe_field {
  const char *name;
  const char *text;  // of a value: the number, word or string; NULL: a message
  bool is_string;
  bool is_used;  // somebody asked for it; what stays unused is not understood
  int line;      // from 1
  struct pk_caffe_field *children, *next;  // in the order of the file
} pk_caffe_field;

// The message that the whole text is, in the arena's memory; `file` is for errors. NULL: BAD_MODEL
// with the line, OUT_OF_MEMORY.
pk_caffe_field *pk_caffe_parse(pk_arena *arena, const char *text, size_t size_bytes,
                               const char *file, pk_error *error);

// The first field of that name behind `after` (NULL: from the start), marked as used. NULL: none.
pk_caffe_field *pk_caffe_next(pk_caffe_field *message, pk_caffe_field *after, const char *name);

// The first field anywhere in the message that nobody asked for; NULL: all are used.
const pk_caffe_field *pk_caffe_find_unused(const pk_caffe_field *message);

#endif  // MINNOW_PACKER_IMPORT_CAFFE_TEXT_H_
