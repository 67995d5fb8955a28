#include "package_verify.h"

#include <stdlib.h>

#include "../package/file_io.h"
#include "../package/package_files.h"
#include "../package/package_folder.h"
#include "manifest_signature.h"

enum { MAX_SIGNATURE_FILE_BYTES = 1024 };

static bool check_signature(size_t *key_number, const char *folder, const pk_bytes *manifest,
                            const pk_public_keys *keys, pk_error *error) {
  pk_bytes text = {0};
  if (!pk_package_has_signature(folder)) {
    return pk_fail(error, PK_BAD_SIGNATURE,
                   "%s is not signed, it has no %s: sign it with minnow sign %s --key NAME.key, or "
                   "copy that file too",
                   folder, PK_SIGNATURE_FILE, folder);
  }
  char *path = pk_path_join(folder, PK_SIGNATURE_FILE, error);
  const bool ok = path && pk_file_read(&text, path, MAX_SIGNATURE_FILE_BYTES, error) &&
                  pk_manifest_signature_check(key_number, (const char *)text.data, text.size, path,
                                              manifest, keys, error);
  pk_bytes_free(&text);
  free(path);
  return ok;
}

static bool check_release(const pk_manifest *manifest, const char *folder,
                          const pk_verify_options *options, pk_error *error) {
  if (!options->has_min_release) return true;
  if (!manifest->has_release) {
    return pk_fail(error, PK_OLD_RELEASE,
                   "%s has no release, at least %lld is needed: sign it with minnow sign --release",
                   folder, (long long)options->min_release);
  }
  return manifest->release >= options->min_release ||
         pk_fail(error, PK_OLD_RELEASE,
                 "%s is release %lld, at least %lld is needed: an older package was put in the "
                 "newer one's place; take the newest",
                 folder, (long long)manifest->release, (long long)options->min_release);
}

bool pk_package_verify(pk_verify_outcome *outcome, const char *folder, const pk_public_keys *keys,
                       const pk_verify_options *options, pk_error *error) {
  pk_bytes text = {0};
  pk_manifest manifest = {0};
  *outcome = (pk_verify_outcome){.key_number = 0};
  const bool ok = pk_package_read_manifest(&text, folder, error) &&
                  check_signature(&outcome->key_number, folder, &text, keys, error) &&
                  pk_package_parse_manifest(&manifest, &text, folder, error) &&
                  check_release(&manifest, folder, options, error) &&
                  pk_package_check_files(&outcome->sums, &manifest, folder, error);
  outcome->has_release = manifest.has_release;
  outcome->release = manifest.release;
  pk_manifest_free(&manifest);
  pk_bytes_free(&text);
  return ok;
}
