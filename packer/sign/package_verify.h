// minnow verify: a package is as it was signed.
#ifndef MINNOW_PACKER_PACKAGE_VERIFY_H_
#define MINNOW_PACKER_PACKAGE_VERIFY_H_

#include "package_intact.h"
#include "sign_key.h"

typedef struct pk_verify_options {
  bool has_min_release;
  int64_t min_release;  // the lowest that is accepted
} pk_verify_options;

typedef struct pk_verify_outcome {
  size_t key_number;  // which of the keys signed
  bool has_release;
  int64_t release;
  pk_file_sums sums;
} pk_verify_outcome;

// Checks manifest.sig against the bytes of manifest.json before anything is read from them, then
// the release, then every file. Fails with PK_BAD_SIGNATURE for an unsigned package and a signature
// that does not hold, PK_BAD_KEY for a secret key in a public one's place, PK_OLD_RELEASE,
// PK_BAD_PACKAGE for a damaged file, PK_IO, PK_OUT_OF_MEMORY.
bool pk_package_verify(pk_verify_outcome *outcome, const char *folder, const pk_public_keys *keys,
                       const pk_verify_options *options, pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_VERIFY_H_
