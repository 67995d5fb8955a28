#include "ed25519.h"

#include <sodium.h>

_Static_assert(PK_SEED_BYTES == crypto_sign_SEEDBYTES, "of libsodium");
_Static_assert(PK_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "of libsodium");
_Static_assert(PK_SIGNATURE_BYTES == crypto_sign_BYTES, "of libsodium");

void pk_ed25519_public_key(uint8_t public_key[PK_PUBLIC_KEY_BYTES],
                           const uint8_t seed[PK_SEED_BYTES]) {
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(public_key, secret, seed);
  sodium_memzero(secret, sizeof secret);
}

void pk_ed25519_sign(uint8_t signature[PK_SIGNATURE_BYTES], const void *message, size_t size_bytes,
                     const uint8_t seed[PK_SEED_BYTES]) {
  uint8_t public_key[PK_PUBLIC_KEY_BYTES], secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(public_key, secret, seed);
  crypto_sign_detached(signature, NULL, message, size_bytes, secret);
  sodium_memzero(secret, sizeof secret);
}

bool pk_ed25519_verify(const uint8_t signature[PK_SIGNATURE_BYTES], const void *message,
                       size_t size_bytes, const uint8_t public_key[PK_PUBLIC_KEY_BYTES]) {
  return crypto_sign_verify_detached(signature, message, size_bytes, public_key) == 0;
}

bool pk_ed25519_is_point(const uint8_t public_key[PK_PUBLIC_KEY_BYTES]) {
  return crypto_core_ed25519_is_valid_point(public_key) == 1;
}
