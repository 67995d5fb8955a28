// The search over the exchange rate between bits and damage: each trial rounds the net for one rate
// and has the runtime judge what came of it.
#ifndef MINNOW_PACKER_RATE_SEARCH_H_
#define MINNOW_PACKER_RATE_SEARCH_H_

#include "quality.h"
#include "step_choice.h"

typedef struct pk_trial {
  double lambda;
  double bits;  // a weight
  size_t package_bytes;
  pk_quality quality;
  bool is_on_front;  // no other trial is both smaller and better
} pk_trial;

enum { PK_MAX_TRIALS = 16 };

typedef struct pk_trials {
  pk_trial items[PK_MAX_TRIALS];  // in the order of the search
  size_t count, chosen;
} pk_trials;  // all zero: empty

// Makes the trial of a rate; what it made stays until the next one.
typedef bool pk_trial_fn(void *user, pk_trial *trial, double lambda, pk_error *error);

typedef struct pk_rate_search {
  const pk_step_table *table;
  size_t weight_count;
  double max_drop;      // points, see quality.h
  size_t target_bytes;  // of all plain shards; 0: max_drop counts
  const char *advice;   // for a search in vain, beside a larger limit: "Prune less"; NULL: none
  pk_trial_fn *make;
  void *user;
  const char *journal_file;  // NULL: none, see search_journal.h
  const char *fingerprint;   // of what trials depend on
} pk_rate_search;

// Searches the smallest package within the limit, and leaves the chosen trial as the one made last.
// Errors: USAGE (no rate fulfils what is asked for, told with the nearest; a journal of something
// else), those of `make`.
bool pk_rate_search_run(pk_trials *trials, const pk_rate_search *search, pk_error *error);

#endif  // MINNOW_PACKER_RATE_SEARCH_H_
