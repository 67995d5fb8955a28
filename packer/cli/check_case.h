// One case of minnow check.
#ifndef MINNOW_PACKER_CHECK_CASE_H_
#define MINNOW_PACKER_CHECK_CASE_H_

#include "../pk_error.h"

typedef enum pk_check_status { PK_CHECK_PASS, PK_CHECK_FAIL, PK_CHECK_REFUSED } pk_check_status;

typedef struct pk_check_result {
  pk_check_status status;
  pk_error error;         // the reason; OK for a pass
  double max_abs_error;   // over the outputs that were compared
  bool has_error_figure;  // something was compared
} pk_check_result;

// Imports the folder's model, packs it in memory, runs it on every data set and compares. Inputs
// whose values the importer must know (shapes, axes, weights …) become constants.
void pk_check_case(pk_check_result *result, const char *folder);

#endif  // MINNOW_PACKER_CHECK_CASE_H_
