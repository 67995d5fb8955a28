// Two packages side by side: minnow inspect --compare.
#ifndef MINNOW_PACKER_PACKAGE_COMPARE_H_
#define MINNOW_PACKER_PACKAGE_COMPARE_H_

#include "../package/manifest.h"
#include "layer_report.h"

// One of both.
typedef struct pk_compared {
  const char *path;  // as given
  const pk_manifest *manifest;
  const pk_layer *layers;
  size_t layer_count;
} pk_compared;

// Prints the layers of both next to each other, the sums, and how many bytes of shards they share:
// an update from `a` to `b` fetches the others. Layers are matched in their order, as the longest
// common subsequence of operators with the same name or, where names are not known, of the same
// kind and output shape; what has no partner stands alone. Errors: OUT_OF_MEMORY.
bool pk_compare_print(const pk_compared *a, const pk_compared *b, bool as_json, pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_COMPARE_H_
