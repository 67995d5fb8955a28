// A split package: a model cut into parts, each an ordinary package in a folder of its own, and the
// manifest that says how they belong together. docs/FORMAT.md describes it.
#ifndef MINNOW_PACKER_SPLIT_PACKAGE_H_
#define MINNOW_PACKER_SPLIT_PACKAGE_H_

#include "../encode/package_writer.h"
#include "cut_choice.h"

typedef struct pk_split_package {
  pk_package whole;  // manifest, labels, vocabulary; no shards
  pk_package parts[PK_MAX_PARTS];
  pk_cut_choice choice;
} pk_split_package;  // all zero: empty

// Chooses the cuts and encodes each part, checked by reading back. Renumbers the graph's tensors.
// The result depends on its arguments only. Errors: those of pk_cuts_choose() and
// pk_package_encode().
bool pk_split_encode(pk_split_package *split, pk_lowered_graph *graph, size_t part_count,
                     const pk_pack_options *options, pk_error *error);
void pk_split_free(pk_split_package *split);

// Writes all files, then the manifests, that of the whole last, then removes what an older package
// left in the folder. Nothing of it is touched where the folder, or that of a part, holds something
// else than a package.
bool pk_split_store(const pk_split_package *split, const char *folder, pk_error *error);

#endif  // MINNOW_PACKER_SPLIT_PACKAGE_H_
