// From one sample rate to another, a sample at a time.
#ifndef MINNOW_FRONTEND_AUDIO_RESAMPLE_H_
#define MINNOW_FRONTEND_AUDIO_RESAMPLE_H_

#include <stdbool.h>

#include "../base/arena.h"

typedef struct mnw_resampler {
  uint32_t channels;
  uint32_t up, down;  // output rate / input rate in lowest terms; equal: samples pass through
  uint32_t taps;      // input samples in one output sample, even
  uint32_t phases;    // rows of the table, of phase / phases of an input sample each, and one more
  float *table;       // (phases + 1) x taps
  float *history;  // 2 x taps: every sample stands twice, so that the last `taps` are in one piece
  uint32_t at;     // where the next input goes
  uint32_t phase;  // of the next output, in 1 / up of an input sample
  uint32_t missing;  // inputs to come before the next output
} mnw_resampler;

// Takes its memory from `arena` (which may only measure). Rates above 0, the ratio below 256.
void mnw_resampler_lay_out(mnw_resampler *resampler, mnw_arena *arena, uint32_t source_rate,
                           uint32_t rate, uint32_t channels);
void mnw_resampler_init(mnw_resampler *resampler);  // fills the table; once
void mnw_resampler_reset(mnw_resampler *resampler);

// The next output sample; false: first more input is needed, all `count` frames of it were taken.
// Frames taken are counted in *taken. `samples` NULL: silence.
bool mnw_resampler_next(float *sample, mnw_resampler *resampler, size_t *taken,
                        const float *samples, size_t count);

#endif  // MINNOW_FRONTEND_AUDIO_RESAMPLE_H_
