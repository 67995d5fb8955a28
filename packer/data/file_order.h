// Names in a folder, in the order that people count in.
#ifndef MINNOW_PACKER_FILE_ORDER_H_
#define MINNOW_PACKER_FILE_ORDER_H_

#include <stddef.h>

#include "../pk_error.h"

typedef struct pk_file_names {
  char **names;  // owned
  size_t count;
} pk_file_names;  // all zero: empty

// Lists the folders (`endings` NULL), or the files with one of the `endings` (NULL-terminated, with
// the dot, in small letters; capitals match too), without those that begin with a dot. Digits are
// compared as whole numbers: "IMG_9" stands before "IMG_10". Errors: IO, OUT_OF_MEMORY.
bool pk_file_names_read(pk_file_names *names, const char *folder, const char *const *endings,
                        pk_error *error);
void pk_file_names_free(pk_file_names *names);

int pk_natural_compare(const char *a, const char *b);  // as strcmp()

#endif  // MINNOW_PACKER_FILE_ORDER_H_
