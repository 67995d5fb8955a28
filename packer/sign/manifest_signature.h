// manifest.sig: the signature over a manifest's bytes (docs/FORMAT.md).
#ifndef MINNOW_PACKER_MANIFEST_SIGNATURE_H_
#define MINNOW_PACKER_MANIFEST_SIGNATURE_H_

#include "../encode/byte_buffer.h"
#include "sign_key.h"

// What is signed begins with this line, so that no signature of ours means anything elsewhere.
#define PK_SIGNED_PREFIX "minnow-manifest-v1\n"

// The signature's text over these bytes of a manifest. Fails with PK_OUT_OF_MEMORY.
bool pk_manifest_signature_make(char text[PK_SIGNATURE_TEXT_BYTES], const pk_bytes *manifest,
                                const pk_secret_key *key, pk_error *error);

// Checks the text of a manifest.sig (`source` names it) against a manifest's bytes; *number
// receives which of the keys it is by. Fails with PK_BAD_SIGNATURE for a text that is no signature
// and for one that no key made of these bytes, with PK_BAD_KEY where a secret key stands among the
// public ones, with PK_OUT_OF_MEMORY.
bool pk_manifest_signature_check(size_t *number, const char *text, size_t text_bytes,
                                 const char *source, const pk_bytes *manifest,
                                 const pk_public_keys *keys, pk_error *error);

#endif  // MINNOW_PACKER_MANIFEST_SIGNATURE_H_
