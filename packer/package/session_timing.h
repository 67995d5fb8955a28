// How long a session takes for a run.
#ifndef MINNOW_PACKER_SESSION_TIMING_H_
#define MINNOW_PACKER_SESSION_TIMING_H_

#include <minnow/minnow.h>

#include "../encode/package_writer.h"
#include "../pk_error.h"

// Fills all inputs with numbers that look random and are the same every time (constant input would
// flatter branchy code); float32 ones are of
// the size of 1.
void pk_session_fill_inputs(mnw_session *session, const mnw_model *model);

// Runs `warm_up` times untimed, then fills `times` [runs] with milliseconds, rising. `source` names
// the package in errors; `progress` may be NULL.
bool pk_session_time(double *times, size_t runs, size_t warm_up, mnw_session *session,
                     const mnw_model *model, pk_progress_fn *progress, const char *source,
                     pk_error *error);

#endif  // MINNOW_PACKER_SESSION_TIMING_H_
