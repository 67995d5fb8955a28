// The smallest weights that keep a model's answers: steps from one exchange rate between bits and
// damage, rounding with error feedback, corrected biases, and a search over the rate with the
// runtime itself as the judge.
#ifndef MINNOW_PACKER_COMPRESS_MODEL_H_
#define MINNOW_PACKER_COMPRESS_MODEL_H_

#include "../encode/package_writer.h"
#include "../import/source_graph.h"
#include "compress_report.h"

typedef struct pk_compress_options {
  const char *folder;      // of calibration samples
  const pk_bytes *labels;  // class names, one a line; NULL: none
  double max_drop;         // points, see quality.h; 0: target_bytes counts
  size_t target_bytes;     // of all plain shards
  uint64_t seed;
  bool measures_layers;      // fills the report's relative errors
  const char *journal_file;  // of the search, see search_journal.h; NULL: none
  bool keeps_float;  // activations of a float model stay float32; only its weights become int8
  pk_prune_options prune;       // all zero: nothing but what never changes
  const pk_pack_options *pack;  // crop, image range, shard size, progress
} pk_compress_options;

// Rewrites the graph's weights. The result depends on the graph, the samples and the options only.
// Errors: USAGE (no rate fulfils what is asked for, told with the nearest), UNSUPPORTED, IO, …
bool pk_compress_graph(pk_graph *graph, const pk_compress_options *options,
                       pk_compress_report *report, pk_error *error);

#endif  // MINNOW_PACKER_COMPRESS_MODEL_H_
