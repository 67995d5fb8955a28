// Distillation by features: named layers of the student learn to look where layers of the teachers
// do (attention.h), beside what the class scores tell (Romero et al., "FitNets", 2015, whose
// regressors maps make needless).
#ifndef MINNOW_PACKER_TRAIN_FEATURE_MATCH_H_
#define MINNOW_PACKER_TRAIN_FEATURE_MATCH_H_

#include "../package/manifest_fields.h"
#include "teacher.h"

// A layer of the student and that of each teacher that it learns from.
typedef struct pk_feature_pair {
  int32_t student;   // tensor of the student's graph: the layer's result
  int32_t *teacher;  // by teacher: tensor of its graph
  size_t positions;  // of a map: height * width
} pk_feature_pair;

typedef struct pk_feature_match {
  pk_feature_pair *pairs;
  size_t count;
  const pk_graph *graph;  // the student's
  pk_teacher *teachers;
  size_t teacher_count;
  float *maps[PK_WORKERS];  // two of the largest pair
} pk_feature_match;         // all zero: nothing is matched

// `features`: {"student's layer": "teacher's layer"}, NULL for none. Both graphs' layers must have
// the same height and width, with more than one position. `reader` tells errors: USAGE (a layer
// that is not there, has no positions or others; a teacher without named layers), OUT_OF_MEMORY.
// Graph and teachers must stand as long as `match`.
bool pk_feature_match_init(pk_feature_match *match, const json_t *features, const pk_graph *graph,
                           pk_teacher *teachers, size_t teacher_count,
                           const pk_field_reader *reader);
void pk_feature_match_deinit(pk_feature_match *match);

// Behind a run of the student's tape and of the teachers' of the same worker on the same examples:
// adds weight times the gradient of the loss to those of the student's layers, and returns the sum
// of the loss over examples and pairs; negative: error filled. A pair's target is the mean of the
// teachers' maps.
double pk_feature_match_seed(const pk_feature_match *match, pk_diff_tape *student, size_t worker,
                             float weight, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_FEATURE_MATCH_H_
