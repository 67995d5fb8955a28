// One frame of samples → one row of features.
#ifndef MINNOW_FRONTEND_AUDIO_ROW_H_
#define MINNOW_FRONTEND_AUDIO_ROW_H_

#include <minnow/minnow.h>

#include "../base/arena.h"
#include "fft.h"
#include "mel_bank.h"

typedef struct mnw_audio_row {
  float *window;    // frame_length
  mnw_turn *turns;  // of the FFT
  float *signal;    // fft_length
  float *spectrum;  // fft_length / 2 + 1
  mnw_mel_filter *filters;
  float *weights;
  float *mel;  // mel_bins
  float *dct;  // coefficients x mel_bins
} mnw_audio_row;

// Options in which the defaults are filled in; `bins` of a row.
uint32_t mnw_audio_row_bins(const mnw_audio_options *options);
void mnw_audio_row_lay_out(mnw_audio_row *row, mnw_arena *arena, const mnw_audio_options *options);
void mnw_audio_row_init(mnw_audio_row *row, const mnw_audio_options *options);
void mnw_audio_row_compute(float *features, const mnw_audio_row *row,
                           const mnw_audio_options *options, const float *samples);

#endif  // MINNOW_FRONTEND_AUDIO_ROW_H_
