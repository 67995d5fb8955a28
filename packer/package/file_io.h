// Whole files in and out.
#ifndef MINNOW_PACKER_FILE_IO_H_
#define MINNOW_PACKER_FILE_IO_H_

#include <stdbool.h>
#include <stddef.h>

#include "../encode/byte_buffer.h"
#include "../pk_error.h"
#include "manifest.h"

// Reads a file of at most `max_bytes`; a larger or unreadable one fails with PK_IO, naming it.
bool pk_file_read(pk_bytes *bytes, const char *path, size_t max_bytes, pk_error *error);

// Writes under a temporary name and renames, so that nobody ever sees half a file.
bool pk_file_write(const char *path, const void *data, size_t size_bytes, pk_error *error);

// "folder/name" in heap memory, to be freed; NULL (with the error filled) when out of memory.
char *pk_path_join(const char *folder, const char *name, pk_error *error);
const char *pk_path_base(const char *path);  // the part after the last slash

void pk_sha256_hex(char hex[PK_SHA256_HEX_BYTES], const void *data, size_t size_bytes);

#endif  // MINNOW_PACKER_FILE_IO_H_
