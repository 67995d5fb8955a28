// Architecture search by evolution: candidates are trained for a few epochs, packed and timed with
// the real runtime; the best of recent ones have children (regularized evolution, Real et al.
// 2019).
#ifndef MINNOW_PACKER_SEARCH_SEARCH_RUN_H_
#define MINNOW_PACKER_SEARCH_SEARCH_RUN_H_

#include "../encode/package_writer.h"
#include "search_space.h"

typedef struct pk_search_options {
  const char *folder;     // of model.json
  const char *data_root;  // NULL: the recipe's own
  const char
      *journal_file;  // a line for each candidate that has been tried; a search goes on from it
  size_t candidates;  // 0: as the recipe says
  pk_progress_fn *progress;
} pk_search_options;

// What a candidate turned out to be.
typedef struct pk_search_trial {
  pk_candidate candidate;
  double accuracy;      // %, of the validation part, as packed
  double milliseconds;  // median of an inference on this machine, one thread
  uint64_t bytes;       // of the package, brotli
  double score;         // accuracy less what the limits are exceeded by
  bool is_on_front;     // no other is smaller, faster and better
} pk_search_trial;

typedef struct pk_search_result {
  json_t *recipe;  // of the folder
  pk_search_space space;
  pk_search_trial *trials;
  size_t count, best;
  double byte_limit, millisecond_limit;  // 0: none
} pk_search_result;

// Runs the search or goes on with it. Trials that the journal knows are not run again; candidates
// depend on the recipe's seed and the trials before, times on the machine. Errors: USAGE, those of
// training.
bool pk_search_run(pk_search_result *result, const pk_search_options *options, pk_error *error);
void pk_search_result_free(pk_search_result *result);

// Writes model.json of the best candidate, indented.
bool pk_search_write_best(const pk_search_result *result, const char *file, pk_error *error);

#endif  // MINNOW_PACKER_SEARCH_SEARCH_RUN_H_
