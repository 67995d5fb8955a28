// Keys as people give them: a secret key as a file, a public one as a file or as its text.
#ifndef MINNOW_PACKER_SIGN_KEY_H_
#define MINNOW_PACKER_SIGN_KEY_H_

#include "../pk_error.h"
#include "base64_line.h"
#include "ed25519.h"

#define PK_SECRET_KEY_ENDING ".key"
#define PK_PUBLIC_KEY_ENDING ".pub"

enum { PK_MAX_PUBLIC_KEYS = 8 };

// To be wiped as soon as it has signed.
typedef struct pk_secret_key {
  uint8_t seed[PK_SEED_BYTES];
  unsigned open_mode;  // permission bits of a file that others than its owner may use, else 0
} pk_secret_key;

// Keys of which any one may have signed: while one key replaces another, both are trusted.
typedef struct pk_public_keys {
  uint8_t keys[PK_MAX_PUBLIC_KEYS][PK_PUBLIC_KEY_BYTES];
  size_t count;
} pk_public_keys;

// Reads a key file as pk_key_files_make() writes it. Fails with PK_IO for a file that cannot be
// read, with PK_BAD_KEY for one that holds no secret key, or whose NAME.pub is another key's. What
// was read is wiped from memory but for key->seed; after a failure that is zero.
bool pk_secret_key_read(pk_secret_key *key, const char *path, pk_error *error);
void pk_secret_key_wipe(pk_secret_key *key);

// Adds a key: `key_or_file` is its text, 44 characters of base64, or a file that holds them. Fails
// with PK_IO for a file that cannot be read, with PK_BAD_KEY for what is no public key, a secret
// one above all, with PK_USAGE for too many.
bool pk_public_keys_add(pk_public_keys *keys, const char *key_or_file, pk_error *error);

// "NAME.pub" for "NAME.key", to be freed; NULL for other names or without memory.
char *pk_public_key_path(const char *secret_key_path);

#endif  // MINNOW_PACKER_SIGN_KEY_H_
