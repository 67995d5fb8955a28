// The folder a package is written to.
#ifndef MINNOW_PACKER_PACKAGE_FOLDER_H_
#define MINNOW_PACKER_PACKAGE_FOLDER_H_

#include <stdbool.h>

#include "../pk_error.h"
#include "manifest.h"

#define PK_MANIFEST_FILE "manifest.json"
#define PK_SIGNATURE_FILE "manifest.sig"  // of the manifest; docs/SIGNING.md
#define PK_PART_FOLDER "part-"            // and the part's number

// Makes the folder (and its parents) where it is missing. Fails with PK_IO when it holds anything
// else than a package or the remains of an interrupted pack: nobody's files get mixed with ours.
bool pk_package_folder_prepare(const char *folder, pk_error *error);

// Whether there is a manifest.sig; of whose key, and whether it holds, is for minnow verify to
// tell.
bool pk_package_has_signature(const char *folder);

// Removes manifest.sig where there is one: a signature does not outlive the manifest it was made
// for.
bool pk_package_remove_signature(const char *folder, pk_error *error);

// Removes shards, assets and temporary files that `manifest` does not name, and parts of an older
// split package but for files in them that are not the packer's.
bool pk_package_folder_clean(const char *folder, const pk_manifest *manifest, pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_FOLDER_H_
