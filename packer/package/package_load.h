// A package from its folder: manifest checked, every shard's length and SHA-256 verified before its
// bytes reach the runtime, labels read, model ready.
#ifndef MINNOW_PACKER_PACKAGE_LOAD_H_
#define MINNOW_PACKER_PACKAGE_LOAD_H_

#include "core_model.h"
#include "manifest.h"

typedef struct pk_loaded_package {
  pk_manifest manifest;
  pk_bytes *shards;  // manifest.shard_count of them
  pk_core_model core;
  char **labels;  // label_count of them, pointing into label_text
  size_t label_count;
  pk_bytes label_text;
} pk_loaded_package;  // all zero: empty

// The manifest, of an ordinary or a split package, and the labels alone: no shards, core closed.
bool pk_package_load_head(pk_loaded_package *package, const char *folder, pk_error *error);
// The text of the package's vocabulary, which its manifest must have (has_vocabulary).
bool pk_package_read_vocabulary(pk_bytes *vocabulary, const pk_loaded_package *package,
                                const char *folder, pk_error *error);
// The rest, of an ordinary package.
bool pk_package_load_model(pk_loaded_package *package, const char *folder,
                           const mnw_kernels *kernels, pk_error *error);

// Both, of an ordinary package. Fails with PK_BAD_PACKAGE for a folder that is no package or a
// damaged one, naming the file and what to do.
bool pk_package_load(pk_loaded_package *package, const char *folder, const mnw_kernels *kernels,
                     pk_error *error);
void pk_package_unload(pk_loaded_package *package);

#endif  // MINNOW_PACKER_PACKAGE_LOAD_H_
