#include "package_intact.h"

#include <stdlib.h>

#include "../package/file_io.h"
#include "../package/package_files.h"

// Reads one file, which may be kept, and counts it.
static bool check_file(pk_file_sums *sums, pk_bytes *kept, const char *folder,
                       const pk_manifest_file *file, pk_error *error) {
  pk_bytes bytes = {0};
  const bool ok = pk_package_read_file(&bytes, folder, file, error);
  if (ok) {
    sums->files++;
    sums->bytes += file->bytes;
  }
  if (ok && kept) {
    *kept = bytes;
  } else {
    pk_bytes_free(&bytes);
  }
  return ok;
}

static bool check_own_files(pk_file_sums *sums, const pk_manifest *manifest, const char *folder,
                            pk_error *error) {
  bool ok = true;
  for (size_t i = 0; ok && i < manifest->shard_count; i++) {
    ok = check_file(sums, NULL, folder, &manifest->shards[i], error);
  }
  if (ok && manifest->has_labels) {
    ok = check_file(sums, NULL, folder, &manifest->labels, error);
  }
  if (ok && manifest->has_vocabulary) {
    ok = check_file(sums, NULL, folder, &manifest->vocabulary, error);
  }
  return ok;
}

static bool check_part(pk_file_sums *sums, const pk_manifest_part *part, const char *whole,
                       pk_error *error) {
  pk_bytes text = {0};
  pk_manifest manifest = {0};
  char *folder = pk_path_join(whole, part->folder, error);
  bool ok = folder && check_file(sums, &text, folder, &part->manifest, error) &&
            pk_package_parse_manifest(&manifest, &text, folder, error);
  if (ok && manifest.part_count > 0) {
    ok = pk_fail(error, PK_BAD_PACKAGE, "%s is a part and split itself: pack the model again",
                 folder);
  }
  ok = ok && check_own_files(sums, &manifest, folder, error);
  pk_manifest_free(&manifest);
  pk_bytes_free(&text);
  free(folder);
  return ok;
}

bool pk_package_check_files(pk_file_sums *sums, const pk_manifest *manifest, const char *folder,
                            pk_error *error) {
  *sums = (pk_file_sums){0, 0};
  bool ok = check_own_files(sums, manifest, folder, error);
  for (size_t i = 0; ok && i < manifest->part_count; i++) {
    ok = check_part(sums, &manifest->parts[i], folder, error);
  }
  return ok;
}
