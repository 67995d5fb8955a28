// The files of a package's folder, one by one: the manifest as bytes and as a struct, and files
// that are what the manifest says.
#ifndef MINNOW_PACKER_PACKAGE_FILES_H_
#define MINNOW_PACKER_PACKAGE_FILES_H_

#include "../encode/byte_buffer.h"
#include "manifest.h"

// The bytes of the folder's manifest.json, unread, to be freed. Fails with PK_BAD_PACKAGE for a
// folder that has none, with PK_IO for one that cannot be read.
bool pk_package_read_manifest(pk_bytes *text, const char *folder, pk_error *error);

// These bytes as a struct, to be freed; `folder` names them in messages. Fails with PK_BAD_PACKAGE.
bool pk_package_parse_manifest(pk_manifest *manifest, const pk_bytes *text, const char *folder,
                               pk_error *error);

// The bytes of a file that the manifest names, to be freed, once their length and SHA-256 hold.
// Fails with PK_BAD_PACKAGE for a missing, cut or changed file, naming it.
bool pk_package_read_file(pk_bytes *bytes, const char *folder, const pk_manifest_file *file,
                          pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_FILES_H_
