// minnow sign: a package's manifest, signed.
#ifndef MINNOW_PACKER_PACKAGE_SIGN_H_
#define MINNOW_PACKER_PACKAGE_SIGN_H_

#include "package_intact.h"
#include "sign_key.h"

typedef struct pk_sign_options {
  bool has_release;  // else the manifest stays as it is
  int64_t release;   // 0 … PK_MAX_RELEASE
} pk_sign_options;

typedef struct pk_sign_outcome {
  bool has_release, had_release;
  int64_t release, old_release;
  pk_file_sums sums;
  char signature[PK_SIGNATURE_TEXT_BYTES];
} pk_sign_outcome;

// Checks every file of the package, sets the release where one is given, and writes manifest.sig.
// Until all files are found intact nothing is written. Fails with PK_BAD_PACKAGE for a damaged
// package, with PK_USAGE where the release of a part of a split package would be set, whose
// manifest must stay as it is, with PK_IO and PK_OUT_OF_MEMORY.
bool pk_package_sign(pk_sign_outcome *outcome, const char *folder, const pk_secret_key *key,
                     const pk_sign_options *options, pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_SIGN_H_
