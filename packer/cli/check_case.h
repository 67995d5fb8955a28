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
  char operators[1024];   // of the model's graph, each once, with commas between; whole names only
} pk_check_result;

typedef struct pk_check_options {
  const char *kernels;      // kernel set; NULL: the best of this machine
  const char *keep_folder;  // NULL, or where each data set that ran is left (check_record.h)
} pk_check_options;

// Imports the folder's model, packs it in memory, runs it on every data set and compares. Inputs
// whose values the importer must know (shapes, axes, weights …) become constants. `name` names the
// files that are kept.
void pk_check_case(pk_check_result *result, const char *folder, const char *name,
                   const pk_check_options *options);

#endif  // MINNOW_PACKER_CHECK_CASE_H_
