// The packer's check of its own work.
#ifndef MINNOW_PACKER_PACKAGE_CHECK_H_
#define MINNOW_PACKER_PACKAGE_CHECK_H_

#include "../lowered_graph.h"
#include "../package/manifest.h"
#include "../pk_error.h"
#include "shard_encode.h"

// Feeds the shards to the runtime's own reader, compares every decoded constant with the graph bit
// for bit and takes the memory figures of the manifest from the runtime's plan. A difference is a
// defect of the packer and fails with PK_BAD_PACKAGE.
bool pk_package_check(pk_manifest *manifest, const pk_shards *shards, const pk_lowered_graph *graph,
                      pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_CHECK_H_
