// The manifest's entries for files, and for the parts of a split package.
#ifndef MINNOW_PACKER_MANIFEST_FILE_H_
#define MINNOW_PACKER_MANIFEST_FILE_H_

#include "manifest.h"
#include "manifest_fields.h"

// Plain names only: a manifest must not lead out of its folder.
bool pk_manifest_is_plain_name(const char *name);

bool pk_manifest_read_file(pk_manifest_file *file, const pk_field_reader *r, const json_t *object,
                           const char *where, int64_t max_bytes);
json_t *pk_manifest_file_json(const pk_manifest_file *file);

// Reads `parts` and `results` of a manifest whose inputs and outputs are read. A source is an input
// of the whole or of an earlier part; how many outputs that part has is for the loader to check.
bool pk_manifest_read_parts(pk_manifest *manifest, const pk_field_reader *r, const json_t *root);
void pk_manifest_write_parts(json_t *root, const pk_manifest *manifest);

#endif  // MINNOW_PACKER_MANIFEST_FILE_H_
