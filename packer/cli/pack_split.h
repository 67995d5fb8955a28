// The part of `minnow pack` that cuts a model into parts.
#ifndef MINNOW_PACKER_PACK_SPLIT_H_
#define MINNOW_PACKER_PACK_SPLIT_H_

#include "../split/split_package.h"
#include "pack_calibration.h"

typedef struct pk_pack_split_options {
  size_t part_count;
  const char *folder;
  bool as_json;
  double started_ms;  // pk_now_ms() then
} pk_pack_split_options;

// Encodes the graph in so many parts, stores them in the folder and tells what was chosen.
bool pk_pack_split(pk_lowered_graph *graph, const pk_pack_split_options *options,
                   const pk_pack_options *pack, const pk_calibration *calibration, pk_error *error);

#endif  // MINNOW_PACKER_PACK_SPLIT_H_
