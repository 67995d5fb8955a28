// A file that remembers the trials of a search, so that one that was broken off goes on where it
// stopped. It is written anew, under a temporary name, after each trial.
#ifndef MINNOW_PACKER_SEARCH_JOURNAL_H_
#define MINNOW_PACKER_SEARCH_JOURNAL_H_

#include "rate_search.h"

// The trial of `lambda`, where the journal has it; false with the error untouched where it has not,
// or `file` is NULL or does not exist. Errors: USAGE (the journal has another fingerprint, or is
// none), IO.
bool pk_journal_find(pk_trial *trial, const char *file, const char *fingerprint, double lambda,
                     pk_error *error);

// Does nothing where `file` is NULL. Errors: IO, OUT_OF_MEMORY, and those of finding.
bool pk_journal_add(const char *file, const char *fingerprint, const pk_trial *trial,
                    pk_error *error);

#endif  // MINNOW_PACKER_SEARCH_JOURNAL_H_
