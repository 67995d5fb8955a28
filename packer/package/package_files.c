#include "package_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file_io.h"
#include "package_folder.h"

static bool is_file(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

bool pk_package_read_manifest(pk_bytes *text, const char *folder, pk_error *error) {
  *text = (pk_bytes){0};
  if (is_file(folder)) {
    return pk_fail(error, PK_BAD_PACKAGE,
                   "%s is a file, the folder of a package is needed: make one with\n"
                   "  minnow pack %s -o FOLDER",
                   folder, folder);
  }
  char *path = pk_path_join(folder, PK_MANIFEST_FILE, error);
  if (!path) return false;
  const bool ok =
      (is_file(path) ||
       pk_fail(error, PK_BAD_PACKAGE,
               "%s is missing, so %s is no Minnow package: make one with minnow pack MODEL -o "
               "FOLDER",
               path, folder)) &&
      pk_file_read(text, path, PK_MAX_MANIFEST_BYTES, error);
  free(path);
  return ok;
}

bool pk_package_parse_manifest(pk_manifest *manifest, const pk_bytes *text, const char *folder,
                               pk_error *error) {
  char *path = pk_path_join(folder, PK_MANIFEST_FILE, error);
  const bool ok =
      path && pk_manifest_read(manifest, (const char *)text->data, text->size, path, error);
  free(path);
  return ok;
}

// That the file is there, and as long as the manifest says.
static bool check_size(const pk_manifest_file *file, const char *path, pk_error *error) {
  struct stat status;
  if (stat(path, &status) != 0 || S_ISDIR(status.st_mode)) {
    return pk_fail(error, PK_BAD_PACKAGE,
                   "%s is missing: copy the whole package again or pack the model again", path);
  }
  if ((uint64_t)status.st_size == file->bytes) return true;
  return pk_fail(error, PK_BAD_PACKAGE,
                 "%s has %llu bytes, the manifest says %llu: copy the package again or pack the "
                 "model again",
                 path, (unsigned long long)status.st_size, (unsigned long long)file->bytes);
}

static bool check_hash(const pk_bytes *bytes, const pk_manifest_file *file, const char *path,
                       pk_error *error) {
  char sha256[PK_SHA256_HEX_BYTES];
  pk_sha256_hex(sha256, bytes->data, bytes->size);
  if (strcmp(sha256, file->sha256) == 0) return true;
  return pk_fail(error, PK_BAD_PACKAGE,
                 "%s is damaged, its SHA-256 is not the manifest's: copy the package again or pack "
                 "the model again",
                 path);
}

bool pk_package_read_file(pk_bytes *bytes, const char *folder, const pk_manifest_file *file,
                          pk_error *error) {
  char *path = pk_path_join(folder, file->file, error);
  const bool ok = path && check_size(file, path, error) &&
                  pk_file_read(bytes, path, (size_t)file->bytes, error) &&
                  check_hash(bytes, file, path, error);
  free(path);
  return ok;
}
