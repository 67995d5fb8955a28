// Filling in an mnw_error at the place where something is refused.
#ifndef MINNOW_BASE_ERROR_H_
#define MINNOW_BASE_ERROR_H_

#include <minnow/minnow.h>

// Stores status, text and up to three numbers in *error (which may be NULL) and returns the status.
// `what` must be a string literal.
mnw_status mnw_fail(mnw_error *error, mnw_status status, const char *what, int64_t a, int64_t b,
                    int64_t c);

#endif  // MINNOW_BASE_ERROR_H_
