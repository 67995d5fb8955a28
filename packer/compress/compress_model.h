// The smallest weights that keep a model's answers: steps from one exchange rate between bits and
// damage, rounding with error feedback, corrected biases, and a search over the rate with the
// runtime itself as the judge.
#ifndef MINNOW_PACKER_COMPRESS_MODEL_H_
#define MINNOW_PACKER_COMPRESS_MODEL_H_

#include "../encode/package_writer.h"
#include "../import/source_graph.h"
#include "coded_weights.h"
#include "compress_report.h"

// Fills the set (all zero) with samples for the inputs that the manifest describes.
typedef bool pk_samples_fn(void *user, pk_sample_set *set, const pk_manifest *manifest,
                           pk_error *error);

// What a refinement changes, and what it may learn from.
typedef struct pk_refine_subject {
  pk_diff_net *net;  // has the constants that `weights` stand for, and computes activations
                     // as the runtime does
  pk_coded_weights *weights;     // to be changed
  const pk_diff_net *original;   // the model as it came, with the same inputs and outputs
  const pk_manifest *inputs;     // what the inputs are
  const pk_sample_set *samples;  // all of them
} pk_refine_subject;
// Fills the steps and the losses of *told.
typedef bool pk_refine_fn(void *user, const pk_refine_subject *subject, pk_refinement *told,
                          pk_error *error);

// What the activations of a float model become.
typedef enum pk_activations {
  PK_ACTIVATIONS_INT8,     // int8, where the operators can
  PK_ACTIVATIONS_FLOAT32,  // float32 as they are; only weights become int8
  PK_ACTIVATIONS_MIXED     // int8, but for those that cost the answers too much
} pk_activations;
extern const char *const pk_activation_names[];  // by value; ends with NULL

typedef struct pk_compress_options {
  const char *folder;           // of calibration samples
  pk_samples_fn *read_samples;  // gives them where there is no folder
  void *samples_user;
  pk_refine_fn *refine;  // trains the levels once they are chosen; what it does is kept within the
                         // limits where the samples' answers do not become worse. NULL: nothing
  void *refine_user;
  const pk_bytes *labels;  // class names, one a line; NULL: none
  double max_drop;         // points, see quality.h; 0: target_bytes counts
  size_t target_bytes;     // of all plain shards
  double target_ms;        // of a run on this machine, for float models; 0: none; not with mixed
                           // activations, which are chosen later
  uint64_t seed;
  bool measures_layers;      // fills the report's relative errors
  const char *journal_file;  // of the search, see search_journal.h; NULL: none
  pk_activations activations;
  pk_weight_values weight_values;
  double mixed_error;           // of mixed ones, see pk_mix_activations(); 0: 2
  pk_prune_options prune;       // all zero: nothing but what never changes
  const pk_pack_options *pack;  // crop, image range, shard size, progress
} pk_compress_options;

// Rewrites the graph's weights. The result depends on the graph, the samples and the options only.
// Errors: USAGE (no rate fulfils what is asked for, told with the nearest), UNSUPPORTED, IO, …
bool pk_compress_graph(pk_graph *graph, const pk_compress_options *options,
                       pk_compress_report *report, pk_error *error);

#endif  // MINNOW_PACKER_COMPRESS_MODEL_H_
