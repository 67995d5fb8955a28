// The smallest weights that keep a model's answers: steps from one exchange rate between bits and
// damage, rounding with error feedback, corrected biases, and a search over the rate with the
// runtime itself as the judge.
#ifndef MINNOW_PACKER_COMPRESS_MODEL_H_
#define MINNOW_PACKER_COMPRESS_MODEL_H_

#include "../encode/package_writer.h"
#include "../import/source_graph.h"
#include "channel_damage.h"
#include "prune_weights.h"
#include "quality.h"

typedef struct pk_compress_options {
  const char *folder;      // of calibration samples
  const pk_bytes *labels;  // class names, one a line; NULL: none
  double max_drop;         // points, see quality.h; 0: target_bytes counts
  size_t target_bytes;     // of all plain shards
  uint64_t seed;
  bool keeps_float;  // activations of a float model stay float32; only its weights become int8
  pk_prune_options prune;       // all zero: nothing but what never changes
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

typedef struct pk_trial {
  double bits;  // a weight
  size_t package_bytes;
  pk_quality quality;
} pk_trial;

enum { PK_MAX_TRIALS = 16 };

typedef struct pk_compress_report {
  pk_layer_report *layers;
  size_t layer_count, weight_count, zero_count;  // zero_count: of all levels, pruned or not
  size_t removed_channels;                       // that never change
  pk_channel_pruning channels;                   // beyond those
  pk_weight_pruning weights;
  size_t files, source_bytes;      // samples' files; package of the graph as it came
  pk_trial trials[PK_MAX_TRIALS];  // in the order of the search
  size_t trial_count, chosen;
} pk_compress_report;  // all zero: empty

// Rewrites the graph's weights. The result depends on the graph, the samples and the options only.
// Errors: USAGE (no rate fulfils what is asked for, told with the nearest), UNSUPPORTED, IO, …
bool pk_compress_graph(pk_graph *graph, const pk_compress_options *options,
                       pk_compress_report *report, pk_error *error);
void pk_compress_report_free(pk_compress_report *report);

#endif  // MINNOW_PACKER_COMPRESS_MODEL_H_
