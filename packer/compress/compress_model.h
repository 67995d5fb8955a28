// The smallest weights that keep a model's answers: steps from one exchange rate between bits and
// damage, rounding with error feedback, corrected biases, and a search over the rate with the
// runtime itself as the judge.
#ifndef MINNOW_PACKER_COMPRESS_MODEL_H_
#define MINNOW_PACKER_COMPRESS_MODEL_H_

#include "../encode/package_writer.h"
#include "../import/source_graph.h"
#include "rate_search.h"

typedef struct pk_compress_options {
  const char *folder;      // of calibration samples
  const pk_bytes *labels;  // class names, one a line; NULL: none
  double max_drop;         // points, see quality.h; 0: target_bytes counts
  size_t target_bytes;     // of all plain shards
  uint64_t seed;
  const char *journal_file;  // of the search, see search_journal.h; NULL: none
  bool keeps_float;  // activations of a float model stay float32; only its weights become int8
  const pk_pack_options *pack;  // crop, image range, shard size, progress
} pk_compress_options;

// One layer before and after.
typedef struct pk_layer_report {
  char name[96];
  char kind[32];
  size_t weights;  // elements
  float step;      // of the tensor; channels with large weights have wider ones
  bool has_trellis;
  double bits;     // a weight, Huffman-coded
  double entropy;  // bits a weight
  double zeros;    // share of levels that are 0
  double cost;     // predicted damage
} pk_layer_report;

typedef struct pk_compress_report {
  pk_layer_report *layers;
  size_t layer_count, weight_count, removed_channels;
  size_t files, source_bytes;  // samples' files; package of the graph as it came
  pk_trials trials;
} pk_compress_report;  // all zero: empty

// Rewrites the graph's weights. The result depends on the graph, the samples and the options only.
// Errors: USAGE (no rate fulfils what is asked for, told with the nearest), UNSUPPORTED, IO, …
bool pk_compress_graph(pk_graph *graph, const pk_compress_options *options,
                       pk_compress_report *report, pk_error *error);
void pk_compress_report_free(pk_compress_report *report);

#endif  // MINNOW_PACKER_COMPRESS_MODEL_H_
