// The number of a release in a manifest's text.
#ifndef MINNOW_PACKER_MANIFEST_RELEASE_H_
#define MINNOW_PACKER_MANIFEST_RELEASE_H_

#include "../encode/byte_buffer.h"
#include "../pk_error.h"

// The manifest `text`, which pk_manifest_read() accepts, with the field `release` set to a number
// 0 … PK_MAX_RELEASE and every other byte as it was; a new field comes last. *edited is to be
// freed. Fails with PK_BAD_PACKAGE where the field's name is spelt with escapes, with
// PK_OUT_OF_MEMORY.
bool pk_manifest_set_release(pk_bytes *edited, const pk_bytes *text, int64_t release,
                             pk_error *error);

#endif  // MINNOW_PACKER_MANIFEST_RELEASE_H_
