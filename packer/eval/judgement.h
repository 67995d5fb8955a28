// How often a classifier is right, and what it takes for what.
#ifndef MINNOW_PACKER_JUDGEMENT_H_
#define MINNOW_PACKER_JUDGEMENT_H_

#include <stddef.h>

#include "../pk_error.h"

typedef struct pk_judgement {
  size_t classes, examples, right;
  size_t
      *confusion;  // [classes][classes]: examples of the row's class that got the column's answer
} pk_judgement;    // all zero: empty; owned

// Errors: OUT_OF_MEMORY.
bool pk_judgement_init(pk_judgement *judgement, size_t classes, pk_error *error);
void pk_judgement_deinit(pk_judgement *judgement);

// Both below `classes`.
void pk_judgement_add(pk_judgement *judgement, size_t label, size_t answer);

size_t pk_judgement_count(const pk_judgement *judgement, size_t label, size_t answer);

// Shares are NAN where nothing was counted: precision of a class that is never answered, recall of
// one without examples. f1 is the harmonic mean of both: NAN where neither is known, else 0 where
// one is not.
typedef struct pk_class_judgement {
  size_t examples, answers, right;
  double precision, recall, f1;
} pk_class_judgement;

pk_class_judgement pk_judgement_of_class(const pk_judgement *judgement, size_t index);

// The mean f1 of the classes that have examples; NAN without examples.
double pk_judgement_macro_f1(const pk_judgement *judgement);

#endif  // MINNOW_PACKER_JUDGEMENT_H_
