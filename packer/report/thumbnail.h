// Small pictures inside a page.
#ifndef MINNOW_PACKER_THUMBNAIL_H_
#define MINNOW_PACKER_THUMBNAIL_H_

#include "../encode/byte_buffer.h"
#include "../picture/picture_file.h"
#include "../pk_error.h"

enum { PK_THUMBNAIL_SIDE = 96 };  // pixels, of the longer side at most

// Appends a data URI with the picture of the file, made small, as JPEG. Errors: BAD_IMAGE, IO,
// OUT_OF_MEMORY.
bool pk_thumbnail_append(pk_bytes *page, const char *path, pk_error *error);

// The same of a picture in memory. Errors: OUT_OF_MEMORY.
bool pk_thumbnail_append_picture(pk_bytes *page, const pk_picture *picture, pk_error *error);

#endif  // MINNOW_PACKER_THUMBNAIL_H_
