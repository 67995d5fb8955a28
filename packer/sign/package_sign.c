#include "package_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../package/package_files.h"
#include "../package/package_folder.h"
#include "manifest_release.h"
#include "manifest_signature.h"

// The manifest of a split package has the SHA-256 of its parts' manifests, so those cannot change.
static bool check_not_a_part(const char *folder, const pk_bytes *text, pk_error *error) {
  pk_bytes around_text = {0};
  pk_manifest around = {0};
  pk_error ignored = {0};
  char sha256[PK_SHA256_HEX_BYTES];
  bool is_part = false;
  char *parent = pk_path_join(folder, "..", error);
  if (!parent) return false;
  if (pk_package_read_manifest(&around_text, parent, &ignored) &&
      pk_package_parse_manifest(&around, &around_text, parent, &ignored)) {
    pk_sha256_hex(sha256, text->data, text->size);
    for (size_t i = 0; i < around.part_count; i++) {
      is_part |= strcmp(around.parts[i].manifest.sha256, sha256) == 0;
    }
  }
  if (is_part) {
    pk_fail(error, PK_USAGE,
            "%s is a part of a split package, whose manifest has the SHA-256 of the part's: sign "
            "the whole, %s, which covers its parts",
            folder, parent);
  }
  pk_manifest_free(&around);
  pk_bytes_free(&around_text);
  free(parent);
  return !is_part;
}

static bool write_in(const char *folder, const char *name, const void *data, size_t size_bytes,
                     pk_error *error) {
  char *path = pk_path_join(folder, name, error);
  const bool ok = path && pk_file_write(path, data, size_bytes, error);
  free(path);
  return ok;
}

static bool write_signature(const char *folder, const char *signature, pk_error *error) {
  char line[PK_SIGNATURE_TEXT_BYTES + 1];
  snprintf(line, sizeof line, "%s\n", signature);
  return write_in(folder, PK_SIGNATURE_FILE, line, strlen(line), error);
}

// Replaces `text` by that with the release, on disk too. The old signature goes first: a manifest
// never stands beside that of another.
static bool set_release(pk_bytes *text, const char *folder, int64_t release, pk_error *error) {
  pk_bytes edited;
  if (!check_not_a_part(folder, text, error) ||
      !pk_manifest_set_release(&edited, text, release, error)) {
    return false;
  }
  const bool ok = pk_package_remove_signature(folder, error) &&
                  write_in(folder, PK_MANIFEST_FILE, edited.data, edited.size, error);
  pk_bytes_free(text);
  *text = edited;
  return ok;
}

bool pk_package_sign(pk_sign_outcome *outcome, const char *folder, const pk_secret_key *key,
                     const pk_sign_options *options, pk_error *error) {
  pk_bytes text = {0};
  pk_manifest manifest = {0};
  *outcome = (pk_sign_outcome){.release = 0};
  bool ok = pk_package_read_manifest(&text, folder, error) &&
            pk_package_parse_manifest(&manifest, &text, folder, error) &&
            pk_package_check_files(&outcome->sums, &manifest, folder, error);
  if (ok) {
    outcome->had_release = manifest.has_release;
    outcome->old_release = manifest.release;
    outcome->has_release = options->has_release || manifest.has_release;
    outcome->release = options->has_release ? options->release : manifest.release;
  }
  const bool changes =
      options->has_release && !(manifest.has_release && manifest.release == options->release);
  ok = ok && (!changes || set_release(&text, folder, options->release, error)) &&
       pk_manifest_signature_make(outcome->signature, &text, key, error) &&
       write_signature(folder, outcome->signature, error);
  pk_manifest_free(&manifest);
  pk_bytes_free(&text);
  return ok;
}
