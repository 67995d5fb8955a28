// Texts with their labels from one file.
#ifndef MINNOW_PACKER_TEXT_LINES_H_
#define MINNOW_PACKER_TEXT_LINES_H_

#include "class_names.h"

enum { PK_MAX_TEXT_FILE_BYTES = 1 << 29, PK_MAX_TEXT_BYTES = 1 << 20 };

typedef struct pk_text_lines {
  const char *path, *name;  // of the file; `name` for people
  uint64_t identity;        // of the file
  const char *list;  // the member of the file's object; NULL: the file has a JSON object a line
  const char *text_field, *label_field;  // of the lines
  const char *group_field;               // NULL: an example is its own group
  const pk_class_names *names;
} pk_text_lines;

// Adds an item for each text that has a class. A line is an object with a text and a label, which
// is a string or a list of strings; a list holds pairs [text, label]. Errors: IO, BAD_TEXT and
// USAGE, naming the file and the line, or the place in the list, counted from 1; OUT_OF_MEMORY.
bool pk_text_lines_read(pk_data_set *set, const pk_text_lines *lines, pk_error *error);

#endif  // MINNOW_PACKER_TEXT_LINES_H_
