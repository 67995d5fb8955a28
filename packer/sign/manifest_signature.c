#include "manifest_signature.h"

#include <string.h>

static const char signature_kind[] = "a signature by minnow sign";

// The bytes that are signed, to be freed.
static bool signed_bytes(pk_bytes *message, const pk_bytes *manifest, pk_error *error) {
  *message = (pk_bytes){0};
  pk_bytes_append(message, PK_SIGNED_PREFIX, strlen(PK_SIGNED_PREFIX));
  pk_bytes_append(message, manifest->data, manifest->size);
  return !message->failed || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the signed bytes");
}

bool pk_manifest_signature_make(char text[PK_SIGNATURE_TEXT_BYTES], const pk_bytes *manifest,
                                const pk_secret_key *key, pk_error *error) {
  uint8_t signature[PK_SIGNATURE_BYTES];
  pk_bytes message;
  const bool ok = signed_bytes(&message, manifest, error);
  if (ok) {
    pk_ed25519_sign(signature, message.data, message.size, key->seed);
    pk_base64_line_write(text, PK_SIGNATURE_TEXT_BYTES, signature, sizeof signature);
  }
  pk_bytes_free(&message);
  return ok;
}

// Whether one of the "public" keys is the secret key that signed this: then its own public key
// verifies. A secret key that reached this place is no secret any more.
static bool has_secret_key(const uint8_t signature[PK_SIGNATURE_BYTES], const pk_bytes *message,
                           const pk_public_keys *keys) {
  uint8_t derived[PK_PUBLIC_KEY_BYTES];
  for (size_t i = 0; i < keys->count; i++) {
    pk_ed25519_public_key(derived, keys->keys[i]);
    if (pk_ed25519_verify(signature, message->data, message->size, derived)) return true;
  }
  return false;
}

static bool check_keys(size_t *number, const uint8_t signature[PK_SIGNATURE_BYTES],
                       const char *source, const pk_bytes *message, const pk_public_keys *keys,
                       pk_error *error) {
  for (size_t i = 0; i < keys->count; i++) {
    *number = i;
    if (pk_ed25519_verify(signature, message->data, message->size, keys->keys[i])) return true;
  }
  if (has_secret_key(signature, message, keys)) {
    return pk_fail(error, PK_BAD_KEY,
                   "the key given as the public one is the secret key that signed %s: give "
                   "NAME.pub, and if others have seen this key, sign with a new one",
                   source);
  }
  return pk_fail(error, PK_BAD_SIGNATURE,
                 "%s is not the signature of this manifest.json by %s: either the manifest was "
                 "changed after it was signed, or another key signed it. Copy the package again "
                 "from where it was signed, or give the public key of who signed it",
                 source, keys->count == 1 ? "this public key" : "any of these public keys");
}

bool pk_manifest_signature_check(size_t *number, const char *text, size_t text_bytes,
                                 const char *source, const pk_bytes *manifest,
                                 const pk_public_keys *keys, pk_error *error) {
  uint8_t signature[PK_SIGNATURE_BYTES];
  pk_bytes message = {0};
  const bool ok = pk_base64_line_read(signature, sizeof signature, text, text_bytes, source,
                                      signature_kind, PK_BAD_SIGNATURE, error) &&
                  signed_bytes(&message, manifest, error) &&
                  check_keys(number, signature, source, &message, keys, error);
  pk_bytes_free(&message);
  return ok;
}
