// One candidate tried out: trained for some epochs, packed, timed.
#ifndef MINNOW_PACKER_SEARCH_CANDIDATE_TRIAL_H_
#define MINNOW_PACKER_SEARCH_CANDIDATE_TRIAL_H_

#include "search_run.h"

// Fills accuracy, milliseconds and bytes of the recipe `json`. `work_folder` is used up.
bool pk_candidate_try(pk_search_trial *trial, const json_t *json, const char *work_folder,
                      const pk_search_options *options, pk_error *error);

#endif  // MINNOW_PACKER_SEARCH_CANDIDATE_TRIAL_H_
