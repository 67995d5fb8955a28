// What `minnow eval` found, for people and for machines.
#ifndef MINNOW_PACKER_EVAL_PRINT_H_
#define MINNOW_PACKER_EVAL_PRINT_H_

#include <jansson.h>

#include "../eval/evaluate.h"

typedef struct pk_eval_result {
  const char *name;  // of the package
  const char *data;  // what it was judged on
  const pk_evaluation *evaluation;
  const pk_data_set *set;
  pk_data_part part;
  const char *const *labels;
} pk_eval_result;

void pk_eval_print(const pk_eval_result *result);

// A new object: package, data, examples, right, accuracy, interval [low, high], macroF1, classes,
// confusion (rows of true classes; left out above 100 classes), mistakes. NULL: out of memory.
json_t *pk_eval_json(const pk_eval_result *result);

#endif  // MINNOW_PACKER_EVAL_PRINT_H_
