// Ed25519 (RFC 8032, the pure variant) as the tool uses it: by libsodium, with secrets as 32-byte
// seeds, so that what is stored is what every other implementation takes as well.
#ifndef MINNOW_PACKER_ED25519_H_
#define MINNOW_PACKER_ED25519_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PK_SEED_BYTES = 32, PK_PUBLIC_KEY_BYTES = 32, PK_SIGNATURE_BYTES = 64 };

// The public key of a seed (RFC 8032, 5.1.5).
void pk_ed25519_public_key(uint8_t public_key[PK_PUBLIC_KEY_BYTES],
                           const uint8_t seed[PK_SEED_BYTES]);

// Deterministic: the same seed and message give the same signature (RFC 8032, 5.1.6).
void pk_ed25519_sign(uint8_t signature[PK_SIGNATURE_BYTES], const void *message, size_t size_bytes,
                     const uint8_t seed[PK_SEED_BYTES]);

// Refuses, beyond RFC 8032, 5.1.7, points of small order and encodings that are not canonical.
bool pk_ed25519_verify(const uint8_t signature[PK_SIGNATURE_BYTES], const void *message,
                       size_t size_bytes, const uint8_t public_key[PK_PUBLIC_KEY_BYTES]);

// Whether the bytes are a point that a public key can be. One in sixteen seeds is such a point too.
bool pk_ed25519_is_point(const uint8_t public_key[PK_PUBLIC_KEY_BYTES]);

#endif  // MINNOW_PACKER_ED25519_H_
