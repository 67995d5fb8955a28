#include "session_timing.h"

#include <stdlib.h>

#include "../pk_clock.h"
#include "core_model.h"

void pk_session_fill_inputs(mnw_session *session, const mnw_model *model) {
  uint32_t state = 1;
  for (size_t i = 0; i < mnw_model_input_count(model); i++) {
    mnw_tensor_info info;
    uint8_t *input = mnw_session_input(session, i);
    mnw_model_input_info(&info, model, i);
    for (size_t b = 0; b < info.size_bytes; b++) {
      state = state * 1664525u + 1013904223u;
      // Float inputs get small numbers: their top byte (little-endian) stays that of 0.5 to 2.
      const bool is_top = info.dtype == MNW_DTYPE_F32 && b % 4 == 3;
      input[b] = is_top ? 0x3f : (uint8_t)(state >> 24);
    }
  }
}

static int compare_times(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return a < b ? -1 : a > b;
}

bool pk_session_time(double *times, size_t runs, size_t warm_up, mnw_session *session,
                     const mnw_model *model, pk_progress_fn *progress, const char *source,
                     pk_error *error) {
  mnw_error cause = {0};
  for (size_t i = 0; i < warm_up + runs; i++) {
    pk_session_fill_inputs(session, model);
    const double start = pk_now_ms();
    if (mnw_session_run(session, &cause) != MNW_STATUS_OK) {
      return pk_core_fail(error, &cause, source);
    }
    if (i >= warm_up) times[i - warm_up] = pk_now_ms() - start;
    if (progress) progress(NULL, "running", i + 1, warm_up + runs);
  }
  qsort(times, runs, sizeof *times, compare_times);
  return true;
}
