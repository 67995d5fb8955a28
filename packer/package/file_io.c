#include "file_io.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool read_open_file(pk_bytes *bytes, FILE *file, const char *path, size_t max_bytes,
                           pk_error *error) {
  struct stat status;
  if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    return pk_fail(error, PK_IO, "%s is a folder, a file is needed", path);
  }
  for (;;) {
    const size_t step = 1 << 16;
    uint8_t *at = pk_bytes_reserve(bytes, step);
    if (!at) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read %s", path);
    const size_t got = fread(at, 1, step, file);
    bytes->size += got;
    if (bytes->size > max_bytes) {
      return pk_fail(error, PK_IO, "%s is too large: at most %zu bytes are read", path, max_bytes);
    }
    if (got < step) break;
  }
  return !ferror(file) || pk_fail(error, PK_IO, "cannot read %s: %s", path, strerror(errno));
}

bool pk_file_read(pk_bytes *bytes, const char *path, size_t max_bytes, pk_error *error) {
  FILE *file = fopen(path, "rb");
  *bytes = (pk_bytes){0};
  if (!file) return pk_fail(error, PK_IO, "cannot open %s: %s", path, strerror(errno));
  const bool ok = read_open_file(bytes, file, path, max_bytes, error);
  fclose(file);
  if (!ok) pk_bytes_free(bytes);
  return ok;
}

bool pk_file_write(const char *path, const void *data, size_t size_bytes, pk_error *error) {
  const size_t temporary_bytes = strlen(path) + sizeof ".tmp";
  char *temporary = malloc(temporary_bytes);
  if (!temporary) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to write %s", path);
  snprintf(temporary, temporary_bytes, "%s.tmp", path);
  FILE *file = fopen(temporary, "wb");
  bool ok = file != NULL && fwrite(data, 1, size_bytes, file) == size_bytes;
  if (file && fclose(file) != 0) ok = false;
  ok = ok && rename(temporary, path) == 0;
  if (!ok) {
    pk_fail(error, PK_IO, "cannot write %s: %s", path, strerror(errno));
    if (file) remove(temporary);
  }
  free(temporary);
  return ok;
}

char *pk_path_join(const char *folder, const char *name, pk_error *error) {
  const size_t bytes = strlen(folder) + strlen(name) + 2;
  const bool has_slash = *folder && folder[strlen(folder) - 1] == '/';
  char *path = malloc(bytes);
  if (!path) {
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the path of %s", name);
    return NULL;
  }
  snprintf(path, bytes, "%s%s%s", folder, has_slash ? "" : "/", name);
  return path;
}

const char *pk_path_base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

void pk_sha256_hex(char hex[PK_SHA256_HEX_BYTES], const void *data, size_t size_bytes) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  _Static_assert(PK_SHA256_HEX_BYTES == 2 * crypto_hash_sha256_BYTES + 1, "two digits a byte");
  crypto_hash_sha256(hash, data, size_bytes);
  sodium_bin2hex(hex, PK_SHA256_HEX_BYTES, hash, sizeof hash);
}
