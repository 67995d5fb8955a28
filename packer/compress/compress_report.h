// What a compression did: layer by layer, trial by trial, answer by answer.
#ifndef MINNOW_PACKER_COMPRESS_REPORT_H_
#define MINNOW_PACKER_COMPRESS_REPORT_H_

#include "channel_damage.h"
#include "coded_weights.h"
#include "latency_target.h"
#include "mixed_precision.h"
#include "prune_weights.h"
#include "rate_search.h"

// One layer before and after.
typedef struct pk_layer_report {
  char name[96];
  char kind[32];
  size_t weights;       // elements
  size_t bytes_before;  // of the weights in the source, plain
  float step;           // of the tensor; channels with large weights have wider ones
  bool has_trellis;
  size_t shared;          // values that all weights share; 0: any multiple of the step
  double bits;            // a weight, Huffman-coded
  double entropy;         // bits a weight
  double zeros;           // share of what is coded that is 0
  double cost;            // predicted damage
  double relative_error;  // of its output: rms of what it is off by the rms of the source's; NaN:
                          // not measured
} pk_layer_report;

// A sample file whose best class is another one than before.
typedef struct pk_changed_answer {
  char *file;     // name in the folder, owned
  int32_t label;  // PK_NO_CLASS: not known
  size_t before, after;
  float before_score, after_score;  // of these classes, each by its own model
} pk_changed_answer;

// What a refinement of the chosen weights came to.
typedef struct pk_refinement {
  size_t steps;                    // 0: there was none
  size_t rounds;                   // more than 1: it took more bytes than there were at first
  double held_before, held_after;  // mean loss (train/refine_loss.h) of examples that were not
                                   // learnt from
  bool is_kept;
} pk_refinement;

typedef struct pk_compress_report {
  pk_layer_report *layers;
  size_t layer_count, weight_count, zero_count;  // zero_count: of all levels, pruned or not
  size_t removed_channels;                       // that never change
  pk_channel_pruning channels;                   // beyond those
  pk_latency latency;                            // where there is a target for it
  pk_mixed_report mixed;                         // where activations were to mix
  pk_weight_pruning weights;
  size_t files, source_bytes;  // samples' files; package of the graph as it came
  pk_trials trials;
  pk_refinement refinement;
  pk_changed_answer *changes;
  size_t change_count;
} pk_compress_report;  // all zero: empty

void pk_compress_report_free(pk_compress_report *report);

// What was decided.
typedef struct pk_decision {
  const pk_graph *graph;
  const pk_step_table *table;
  const size_t *chosen;             // by layer: rung that the search took
  const pk_coded_weights *weights;  // in the end
  const size_t *bytes_before;       // by layer
} pk_decision;

// Fills the layers of the report. Errors: OUT_OF_MEMORY.
bool pk_report_layers(pk_compress_report *report, const pk_decision *decision, pk_error *error);

// Runs the first samples through both nets and fills the layers' relative errors.
bool pk_report_errors(pk_compress_report *report, const pk_layer_list *layers,
                      const pk_diff_net *source, const pk_diff_net *rounded,
                      const pk_sample_set *set, pk_error *error);

// Lists the changed answers to the usual views, for answers that are classes.
bool pk_report_changes(pk_compress_report *report, const pk_answers *answers,
                       const pk_answers *reference, const pk_sample_set *set, pk_error *error);

#endif  // MINNOW_PACKER_COMPRESS_REPORT_H_
