// Whether all of a package is there and undamaged.
#ifndef MINNOW_PACKER_PACKAGE_INTACT_H_
#define MINNOW_PACKER_PACKAGE_INTACT_H_

#include "../package/manifest.h"

// What was checked, but for the manifest itself.
typedef struct pk_file_sums {
  size_t files;
  uint64_t bytes;
} pk_file_sums;

// Checks length and SHA-256 of every file that the manifest names: shards, labels, vocabulary; of a
// split package each part's manifest and files. Fails with PK_BAD_PACKAGE, naming the file.
bool pk_package_check_files(pk_file_sums *sums, const pk_manifest *manifest, const char *folder,
                            pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_INTACT_H_
