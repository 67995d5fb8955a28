// What a graph answers in the runtime itself, and how far that is from a reference.
#ifndef MINNOW_PACKER_QUALITY_H_
#define MINNOW_PACKER_QUALITY_H_

#include "../import/source_graph.h"
#include "sample_set.h"

// Outputs of all samples as real numbers.
typedef struct pk_answers {
  float *values;  // [samples][values_each]
  size_t sample_count, values_each;
  size_t output_count, output_values[MNW_MAX_RANK * 16];  // values of each output
  bool is_class_row;                                      // one output, one row of scores
  size_t package_bytes;                                   // of all shards, plain
} pk_answers;                                             // all zero: empty

// Lowers and encodes the graph, loads it into the runtime and runs all samples on two threads.
bool pk_answers_make(pk_answers *answers, const pk_graph *graph, const pk_sample_set *set,
                     size_t shard_bytes, pk_error *error);
void pk_answers_free(pk_answers *answers);

// The class of the largest score, for answers that are a row of classes; the first of equal ones.
size_t pk_best_class(const pk_answers *answers, size_t sample);

typedef struct pk_quality {
  size_t samples, labelled;
  double agreement;             // %, of samples with the reference's best class
  double top1, reference_top1;  // %, of labelled samples
  double range_error;           // %: rms error of the worst output by the range of the reference
  double drop;                  // what --max-drop limits, in points
} pk_quality;

// `drop` is, for class scores with at least 20 labelled samples, the loss of top-1 or a quarter of
// the disagreement, whichever is larger (a hundred photos hardly resolve one point of accuracy, and
// disagreement, of which some turn out right and some wrong, shows damage sooner); for class scores
// without labels the disagreement; for other outputs range_error.
pk_quality pk_quality_compare(const pk_answers *answers, const pk_answers *reference,
                              const pk_sample_set *set);

// Drops that are no further apart, in points, differ by chance: two answers.
double pk_quality_chance(const pk_quality *quality);

#endif  // MINNOW_PACKER_QUALITY_H_
