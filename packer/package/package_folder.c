#include "package_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_io.h"

enum { HASH_DIGITS = 16 };

// Length of `name` without `ending`, if it ends so within `length`; else `length`.
static size_t strip(const char *name, size_t length, const char *ending) {
  const size_t n = strlen(ending);
  return length > n && strncmp(name + length - n, ending, n) == 0 ? length - n : length;
}

// Skips "-<16 hex digits>" and the ending; true when exactly that follows.
static bool is_hash_and(const char *rest, size_t length, const char *ending) {
  return length == 1 + HASH_DIGITS + strlen(ending) && rest[0] == '-' &&
         strspn(rest + 1, "0123456789abcdef") >= HASH_DIGITS &&
         strncmp(rest + 1 + HASH_DIGITS, ending, strlen(ending)) == 0;
}

static bool is_exactly(const char *name, size_t length, const char *whole) {
  return length == strlen(whole) && strncmp(name, whole, length) == 0;
}

// Names that the packer writes: 000-<hash>.mnw, labels-<hash>.txt and vocabulary-<hash>.txt with
// .br or .gz, the manifest and its signature, each perhaps still with .tmp.
static bool is_package_file(const char *name) {
  static const char *const texts[] = {"labels", "vocabulary"};
  size_t length = strip(name, strlen(name), ".tmp");
  if (is_exactly(name, length, PK_MANIFEST_FILE) || is_exactly(name, length, PK_SIGNATURE_FILE)) {
    return true;
  }
  length = strip(name, strip(name, length, ".br"), ".gz");
  const size_t digits = strspn(name, "0123456789");
  if (digits >= 3 && digits <= 4 && digits < length) {
    return is_hash_and(name + digits, length - digits, ".mnw");
  }
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const size_t stem = strlen(texts[i]);
    if (strncmp(name, texts[i], stem) == 0 && length > stem) {
      return is_hash_and(name + stem, length - stem, ".txt");
    }
  }
  return false;
}

// "part-<number>".
static bool is_part_name(const char *name) {
  const size_t stem = strlen(PK_PART_FOLDER);
  const size_t digits =
      strncmp(name, PK_PART_FOLDER, stem) == 0 ? strspn(name + stem, "0123456789") : 0;
  return digits >= 1 && digits <= 3 && name[stem + digits] == '\0';
}

static bool make_folders(const char *folder, pk_error *error) {
  char *path = pk_path_join(folder, "", error);
  if (!path) return false;
  bool ok = true;
  for (char *p = path + 1; ok && *p; p++) {
    if (*p != '/') continue;
    *p = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
      ok = pk_fail(error, PK_IO, "cannot make the folder %s: %s", path, strerror(errno));
    }
    *p = '/';
  }
  free(path);
  return ok;
}

static bool is_dots(const char *name) {
  return !strcmp(name, ".") || !strcmp(name, "..");
}

// Fills `other` with the name of a file that is not the packer's, or leaves it empty. Folders of
// parts are looked at when their turn comes.
static bool find_other_file(char *other, size_t other_bytes, bool *has_manifest, const char *folder,
                            pk_error *error) {
  const struct dirent *entry;
  DIR *directory = opendir(folder);
  other[0] = '\0';
  *has_manifest = false;
  if (!directory) {
    return pk_fail(error, PK_IO, "cannot open the folder %s: %s", folder, strerror(errno));
  }
  while ((entry = readdir(directory)) != NULL) {
    if (is_dots(entry->d_name)) continue;
    if (strcmp(entry->d_name, PK_MANIFEST_FILE) == 0) *has_manifest = true;
    if (!is_package_file(entry->d_name) && !is_part_name(entry->d_name))
      snprintf(other, other_bytes, "%s", entry->d_name);
  }
  closedir(directory);
  return true;
}

// Whether the folder's manifest.json is one of ours, of whatever version.
static bool has_own_manifest(const char *folder) {
  pk_error ignored = {0};
  pk_bytes text = {0};
  char *path = pk_path_join(folder, PK_MANIFEST_FILE, &ignored);
  bool is_own = path && pk_file_read(&text, path, PK_MAX_MANIFEST_BYTES, &ignored);
  if (is_own) {
    pk_bytes_append(&text, "", 1);
    is_own = !text.failed && strstr((const char *)text.data, "\"minnow\"") != NULL;
  }
  pk_bytes_free(&text);
  free(path);
  return is_own;
}

// Whether the folder is a package, empty, or the remains of an interrupted pack.
static bool check_folder(const char *folder, pk_error *error) {
  char other[256];
  bool has_manifest;
  if (!find_other_file(other, sizeof other, &has_manifest, folder, error)) return false;
  const bool is_package = has_manifest && has_own_manifest(folder);
  if (is_package || (!has_manifest && !other[0])) return true;
  return pk_fail(error, PK_IO,
                 "%s is not empty (it holds %s) and is no Minnow package: give an empty or new "
                 "folder with -o",
                 folder, other[0] ? other : PK_MANIFEST_FILE);
}

bool pk_package_folder_prepare(const char *folder, pk_error *error) {
  return make_folders(folder, error) && check_folder(folder, error);
}

// `name` is `file` itself or one of its encodings.
static bool is_file_or_encoding(const char *name, const pk_manifest_file *file) {
  const size_t length = strlen(file->file);
  return strncmp(name, file->file, length) == 0 &&
         (name[length] == '\0' || !strcmp(name + length, ".br") || !strcmp(name + length, ".gz"));
}

static bool is_part(const pk_manifest *manifest, const char *name) {
  for (size_t i = 0; i < manifest->part_count; i++) {
    if (strcmp(name, manifest->parts[i].folder) == 0) return true;
  }
  return false;
}

static bool is_named(const pk_manifest *manifest, const char *name) {
  if (strcmp(name, PK_MANIFEST_FILE) == 0) return true;
  if (manifest->has_labels && is_file_or_encoding(name, &manifest->labels)) return true;
  if (manifest->has_vocabulary && is_file_or_encoding(name, &manifest->vocabulary)) return true;
  for (size_t i = 0; i < manifest->shard_count; i++) {
    if (is_file_or_encoding(name, &manifest->shards[i])) return true;
  }
  return false;
}

static bool is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool remove_file(const char *path, pk_error *error) {
  return remove(path) == 0 || pk_fail(error, PK_IO, "cannot remove %s: %s", path, strerror(errno));
}

bool pk_package_has_signature(const char *folder) {
  pk_error ignored = {0};
  struct stat status;
  char *path = pk_path_join(folder, PK_SIGNATURE_FILE, &ignored);
  const bool has_one = path && stat(path, &status) == 0;
  free(path);
  return has_one;
}

bool pk_package_remove_signature(const char *folder, pk_error *error) {
  if (!pk_package_has_signature(folder)) return true;
  char *path = pk_path_join(folder, PK_SIGNATURE_FILE, error);
  const bool ok = path && remove_file(path, error);
  free(path);
  return ok;
}

// Empties a folder that has the name of a part, if it is a package, of all that packing put there,
// and removes it if nothing is left.
static bool remove_part(const char *folder, pk_error *error) {
  static const pk_manifest nothing = {0};
  pk_error ignored = {0};
  if (!is_folder(folder) || !check_folder(folder, &ignored)) return true;
  char *manifest = pk_path_join(folder, PK_MANIFEST_FILE, error);
  const bool ok = manifest && (!has_own_manifest(folder) || remove_file(manifest, error)) &&
                  pk_package_folder_clean(folder, &nothing, error);
  free(manifest);
  if (ok) (void)rmdir(folder);  // what somebody else put there stays
  return ok;
}

bool pk_package_folder_clean(const char *folder, const pk_manifest *manifest, pk_error *error) {
  const struct dirent *entry;
  bool ok = true;
  DIR *directory = opendir(folder);
  if (!directory) {
    return pk_fail(error, PK_IO, "cannot open the folder %s: %s", folder, strerror(errno));
  }
  while (ok && (entry = readdir(directory)) != NULL) {
    const bool is_old_part = is_part_name(entry->d_name) && !is_part(manifest, entry->d_name);
    const bool is_old_file = is_package_file(entry->d_name) && !is_named(manifest, entry->d_name);
    if (!is_old_part && !is_old_file) continue;
    char *path = pk_path_join(folder, entry->d_name, error);
    ok = path != NULL && (is_old_part ? remove_part(path, error) : remove_file(path, error));
    free(path);
  }
  closedir(directory);
  return ok;
}
