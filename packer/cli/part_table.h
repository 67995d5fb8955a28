// The parts of a split package as the commands show them.
#ifndef MINNOW_PACKER_PART_TABLE_H_
#define MINNOW_PACKER_PART_TABLE_H_

#include <jansson.h>

#include "../package/manifest.h"

// `parts`: the manifests of whole->part_count parts. A row for each: folder, weights, activations,
// shards plain and in brotli, bytes it takes from other parts.
void pk_part_table_print(const pk_manifest *whole, const pk_manifest *const *parts);

// The same as an array of objects.
json_t *pk_part_table_json(const pk_manifest *whole, const pk_manifest *const *parts);

#endif  // MINNOW_PACKER_PART_TABLE_H_
