#include "key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../package/file_io.h"

// A key's file: its path, and the temporary one that an overwriting is written to first.
typedef struct key_file {
  char *path, *temporary;
} key_file;

static void free_path(key_file *file) {
  free(file->path);
  free(file->temporary);
}

static bool set_path(key_file *file, const char *name, const char *ending, pk_error *error) {
  const size_t bytes = strlen(name) + strlen(ending) + sizeof ".tmp";
  file->path = malloc(bytes);
  file->temporary = malloc(bytes);
  if (!file->path || !file->temporary) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the path of %s", name);
  }
  snprintf(file->path, bytes, "%s%s", name, ending);
  snprintf(file->temporary, bytes, "%s%s.tmp", name, ending);
  return true;
}

static bool check_absent(const key_file *file, pk_error *error) {
  struct stat status;
  return lstat(file->path, &status) != 0 ||
         pk_fail(error, PK_IO,
                 "%s is there already and stays: choose another --output, or --force to lose it",
                 file->path);
}

// Makes the file anew, with mode 0600 from the first byte on; never follows a link.
static bool write_new(const char *path, const char *text, size_t size_bytes) {
  const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return false;
  bool ok = write(file, text, size_bytes) == (ssize_t)size_bytes && fsync(file) == 0;
  if (close(file) != 0) ok = false;
  if (!ok) remove(path);
  return ok;
}

static bool write_secret(const key_file *file, const char *text, bool overwrites, pk_error *error) {
  const size_t size_bytes = strlen(text);
  bool ok;
  if (overwrites) {
    remove(file->temporary);
    ok = write_new(file->temporary, text, size_bytes) && rename(file->temporary, file->path) == 0;
    if (!ok) remove(file->temporary);
  } else {
    ok = write_new(file->path, text, size_bytes);
  }
  return ok ||
         pk_fail(error, PK_IO, "cannot write the key file %s: %s", file->path, strerror(errno));
}

static bool write_pair(char public_text[PK_KEY_TEXT_BYTES], const key_file *secret,
                       const key_file *public, bool overwrites, pk_error *error) {
  uint8_t seed[PK_SEED_BYTES], public_key[PK_PUBLIC_KEY_BYTES];
  char line[PK_KEY_TEXT_BYTES + 1];
  randombytes_buf(seed, sizeof seed);
  pk_ed25519_public_key(public_key, seed);
  pk_base64_line_write(public_text, PK_KEY_TEXT_BYTES, public_key, sizeof public_key);
  pk_base64_line_write(line, PK_KEY_TEXT_BYTES, seed, sizeof seed);
  strcat(line, "\n");
  const bool is_kept = write_secret(secret, line, overwrites, error);
  sodium_memzero(seed, sizeof seed);
  sodium_memzero(line, sizeof line);
  if (!is_kept) return false;
  snprintf(line, sizeof line, "%s\n", public_text);
  if (pk_file_write(public->path, line, strlen(line), error)) return true;
  remove(secret->path);  // half a pair helps nobody
  return false;
}

bool pk_key_files_make(char public_text[PK_KEY_TEXT_BYTES], const char *name, bool overwrites,
                       pk_error *error) {
  key_file secret = {NULL, NULL}, public = {NULL, NULL};
  const bool ok = set_path(&secret, name, PK_SECRET_KEY_ENDING, error) &&
                  set_path(&public, name, PK_PUBLIC_KEY_ENDING, error) &&
                  (overwrites || (check_absent(&secret, error) && check_absent(&public, error))) &&
                  write_pair(public_text, &secret, &public, overwrites, error);
  free_path(&secret);
  free_path(&public);
  return ok;
}
