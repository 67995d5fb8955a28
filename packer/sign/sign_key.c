#include "sign_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 1024, OTHERS = S_IRWXG | S_IRWXO };

static const char secret_kind[] = "an Ed25519 secret key";
static const char public_kind[] = "an Ed25519 public key";

static bool ends_with(const char *text, const char *ending) {
  const size_t length = strlen(text), n = strlen(ending);
  return length > n && strcmp(text + length - n, ending) == 0;
}

// Reads at most FILE_BYTES straight into the caller's memory: no buffer keeps a copy of a secret.
static bool read_small_file(char text[FILE_BYTES], size_t *size_bytes, unsigned *open_mode,
                            const char *path, pk_error *error) {
  struct stat status;
  ssize_t got = 0;
  *size_bytes = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) {
    pk_fail(error, PK_IO, "cannot open the key file %s: %s: minnow keygen makes a pair of keys",
            path, strerror(errno));
    if (file >= 0) close(file);
    return false;
  }
  *open_mode = S_ISREG(status.st_mode) && (status.st_mode & OTHERS) ? status.st_mode & 0777u : 0;
  do {
    got = read(file, text + *size_bytes, FILE_BYTES - *size_bytes);
    if (got > 0) *size_bytes += (size_t)got;
  } while (got > 0 && *size_bytes < FILE_BYTES);
  if (got < 0) pk_fail(error, PK_IO, "cannot read the key file %s: %s", path, strerror(errno));
  close(file);
  return got >= 0;
}

char *pk_public_key_path(const char *secret_key_path) {
  if (!ends_with(secret_key_path, PK_SECRET_KEY_ENDING)) return NULL;
  char *path = malloc(strlen(secret_key_path) + 1);
  if (!path) return NULL;
  strcpy(path, secret_key_path);
  strcpy(path + strlen(path) - strlen(PK_SECRET_KEY_ENDING), PK_PUBLIC_KEY_ENDING);
  return path;
}

// The NAME.pub beside NAME.key, where there is one, tells a secret key from a public one, which
// have the same form: signing with a public key would give signatures that anybody can make.
static bool check_pair(const pk_secret_key *key, const char *path, pk_error *error) {
  uint8_t derived[PK_PUBLIC_KEY_BYTES];
  pk_public_keys beside = {.count = 0};
  pk_error ignored = {0};
  char *public_path = pk_public_key_path(path);
  const bool has_one = public_path && access(public_path, R_OK) == 0 &&
                       pk_public_keys_add(&beside, public_path, &ignored);
  pk_ed25519_public_key(derived, key->seed);
  bool ok = true;
  if (has_one && memcmp(beside.keys[0], key->seed, sizeof derived) == 0) {
    ok = pk_fail(error, PK_BAD_KEY,
                 "%s holds the public key of %s: signing needs the secret key that minnow keygen "
                 "wrote with it",
                 path, public_path);
  } else if (has_one && memcmp(beside.keys[0], derived, sizeof derived) != 0) {
    ok = pk_fail(error, PK_BAD_KEY,
                 "%s is not the secret key of %s beside it: pages that trust that public key would "
                 "refuse the package; bring together what minnow keygen wrote",
                 path, public_path);
  }
  free(public_path);
  return ok;
}

void pk_secret_key_wipe(pk_secret_key *key) {
  sodium_memzero(key, sizeof *key);
}

bool pk_secret_key_read(pk_secret_key *key, const char *path, pk_error *error) {
  char text[FILE_BYTES];
  size_t size_bytes;
  *key = (pk_secret_key){.open_mode = 0};
  if (ends_with(path, PK_PUBLIC_KEY_ENDING)) {
    return pk_fail(error, PK_BAD_KEY,
                   "%s is the file of a public key: signing needs the secret one, NAME.key", path);
  }
  const bool ok = read_small_file(text, &size_bytes, &key->open_mode, path, error) &&
                  pk_base64_line_read(key->seed, sizeof key->seed, text, size_bytes, path,
                                      secret_kind, PK_BAD_KEY, error) &&
                  check_pair(key, path, error);
  sodium_memzero(text, sizeof text);
  if (!ok) pk_secret_key_wipe(key);
  return ok;
}

// Whether an argument is a key rather than a file's name: such keys end in "=".
static bool is_key_text(const char *argument) {
  return ends_with(argument, "=") && !strchr(argument, '.');
}

static bool read_public_text(uint8_t key[PK_PUBLIC_KEY_BYTES], const char *text, size_t text_bytes,
                             const char *what, pk_error *error) {
  return pk_base64_line_read(key, PK_PUBLIC_KEY_BYTES, text, text_bytes, what, public_kind,
                             PK_BAD_KEY, error) &&
         (pk_ed25519_is_point(key) ||
          pk_fail(error, PK_BAD_KEY,
                  "%s has the length of a public key and is none, but perhaps a secret key, which "
                  "must not leave its place: give what minnow keygen wrote to NAME.pub",
                  what));
}

bool pk_public_keys_add(pk_public_keys *keys, const char *key_or_file, pk_error *error) {
  char text[FILE_BYTES];
  size_t size_bytes;
  unsigned open_mode;
  if (keys->count == PK_MAX_PUBLIC_KEYS) {
    return pk_fail(error, PK_USAGE, "at most %d public keys can be given", PK_MAX_PUBLIC_KEYS);
  }
  uint8_t *key = keys->keys[keys->count];
  bool ok;
  if (is_key_text(key_or_file)) {
    ok = read_public_text(key, key_or_file, strlen(key_or_file), "the public key", error);
  } else if (ends_with(key_or_file, PK_SECRET_KEY_ENDING)) {
    ok = pk_fail(error, PK_BAD_KEY,
                 "%s is the file of a secret key, which must not leave its place: checking needs "
                 "the public one, NAME.pub",
                 key_or_file);
  } else {
    ok = read_small_file(text, &size_bytes, &open_mode, key_or_file, error) &&
         read_public_text(key, text, size_bytes, key_or_file, error);
    sodium_memzero(text, sizeof text);  // it may be a secret after all
  }
  keys->count += ok;
  return ok;
}
