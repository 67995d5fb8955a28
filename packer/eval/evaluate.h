// A package judged on the examples of a data set, by the runtime itself.
#ifndef MINNOW_PACKER_EVALUATE_H_
#define MINNOW_PACKER_EVALUATE_H_

#include "../data/data_set.h"
#include "../package/package_chain.h"
#include "judgement.h"

typedef struct pk_example_answer {
  size_t label, answer;       // classes
  double label_score, score;  // real values of the output: of the label, of the answer
} pk_example_answer;

typedef struct pk_evaluation {
  pk_judgement judgement;
  pk_example_answer *answers;  // of each example of the part, in its order
  size_t count;
} pk_evaluation;  // all zero: empty; owned

typedef struct pk_evaluate_options {
  const char *folder;  // the package's
  const mnw_kernels *kernels;
  const pk_data_set *set;  // its classes are the package's outputs
  pk_data_part part;
  // Called from one of the threads; NULL: never.
  void (*progress)(void *user, const char *what, size_t done, size_t total);
  void *user;
} pk_evaluate_options;

// Two threads take the examples in turns, each with the package loaded once. Equal scores: the
// first class is the answer. Errors: USAGE for a package without class scores, a part without
// examples or a label that the output has no score for; those of the package and of the examples.
bool pk_evaluate(pk_evaluation *evaluation, const pk_evaluate_options *options, pk_error *error);
void pk_evaluation_deinit(pk_evaluation *evaluation);

// The example's name without "./" in front, for people; the set's.
const char *pk_example_name(const pk_data_set *set, pk_data_part part, size_t index);

#endif  // MINNOW_PACKER_EVALUATE_H_
