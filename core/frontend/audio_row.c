#include "audio_row.h"

#include <math.h>  // only what compiles to single instructions: sqrt
#include <string.h>

#include "../base/float_math.h"

uint32_t mnw_audio_row_bins(const mnw_audio_options *options) {
  switch (options->features) {
    case MNW_AUDIO_WAVEFORM:
      return 1;
    case MNW_AUDIO_SPECTROGRAM:
      return options->fft_length / 2 + 1;
    case MNW_AUDIO_LOG_MEL:
      return options->mel_bins;
    case MNW_AUDIO_MFCC:
      return options->coefficients;
  }
  return 0;
}

void mnw_audio_row_lay_out(mnw_audio_row *row, mnw_arena *arena, const mnw_audio_options *options) {
  const uint32_t length = options->fft_length, bins = length / 2 + 1;
  memset(row, 0, sizeof *row);
  if (options->features == MNW_AUDIO_WAVEFORM) return;
  row->window = mnw_arena_take(arena, options->frame_length, sizeof(float));
  row->turns = mnw_arena_take(arena, length / 2, sizeof(mnw_turn));
  row->signal = mnw_arena_take(arena, length, sizeof(float));
  row->spectrum = mnw_arena_take(arena, bins, sizeof(float));
  if (options->features == MNW_AUDIO_SPECTROGRAM) return;
  row->filters = mnw_arena_take(arena, options->mel_bins, sizeof(mnw_mel_filter));
  row->weights = mnw_arena_take(arena, mnw_mel_weight_count(bins), sizeof(float));
  row->mel = mnw_arena_take(arena, options->mel_bins, sizeof(float));
  if (options->features == MNW_AUDIO_LOG_MEL) return;
  row->dct =
      mnw_arena_take(arena, (size_t)options->coefficients * options->mel_bins, sizeof(float));
}

static void fill_window(float *window, const mnw_audio_options *o) {
  const bool is_hamming =
      o->window == MNW_WINDOW_HAMMING || o->window == MNW_WINDOW_HAMMING_PERIODIC;
  const bool is_symmetric = o->window == MNW_WINDOW_HANN || o->window == MNW_WINDOW_HAMMING;
  const double mean = is_hamming ? 0.54 : 0.5;
  const uint32_t period = o->frame_length - (is_symmetric && o->frame_length > 1 ? 1 : 0);
  for (uint32_t n = 0; n < o->frame_length; n++) {
    const double w = mean - (1.0 - mean) * (double)mnw_turn_of(n, period).cos;
    window[n] = o->window == MNW_WINDOW_NONE ? 1.0f : (float)w;
  }
}

// Row k: cos(pi k (2 n + 1) / 2 N), scaled.
static void fill_dct(float *dct, const mnw_audio_options *o) {
  const uint32_t count = o->mel_bins;
  for (uint32_t k = 0; k < o->coefficients; k++) {
    const double scale = sqrt((k == 0 && o->dct_is_ortho ? 1.0 : 2.0) / count);
    for (uint32_t n = 0; n < count; n++) {
      *dct++ = (float)(scale * (double)mnw_turn_of(k * (2 * n + 1), 4 * count).cos);
    }
  }
}

void mnw_audio_row_init(mnw_audio_row *row, const mnw_audio_options *options) {
  if (options->features == MNW_AUDIO_WAVEFORM) return;
  fill_window(row->window, options);
  mnw_fft_init(row->turns, options->fft_length);
  if (options->features == MNW_AUDIO_SPECTROGRAM) return;
  mnw_mel_init(row->filters, row->weights, options);
  if (options->features == MNW_AUDIO_MFCC) fill_dct(row->dct, options);
}

static void take_logs(float *values, uint32_t count, const mnw_audio_options *o) {
  const double per_nat = 0.434294481903251827651;  // log10 e
  double factor = 1.0;
  if (o->log == MNW_LOG_NONE) return;
  if (o->log == MNW_LOG_LOG10) factor = per_nat;
  if (o->log == MNW_LOG_DB) factor = (o->power == 2 ? 10.0 : 20.0) * per_nat;
  for (uint32_t i = 0; i < count; i++) {
    const float shifted = values[i] + o->log_offset;
    values[i] = (float)(factor * mnw_log(shifted > o->log_floor ? shifted : o->log_floor));
  }
}

void mnw_audio_row_compute(float *features, const mnw_audio_row *row,
                           const mnw_audio_options *options, const float *samples) {
  const uint32_t length = options->fft_length, bins = length / 2 + 1;
  if (options->features == MNW_AUDIO_WAVEFORM) {
    features[0] = samples[0];
    return;
  }
  for (uint32_t n = 0; n < options->frame_length; n++) row->signal[n] = samples[n] * row->window[n];
  memset(row->signal + options->frame_length, 0, (length - options->frame_length) * sizeof(float));
  const bool is_spectrum = options->features == MNW_AUDIO_SPECTROGRAM;
  float *const spectrum = is_spectrum ? features : row->spectrum;
  mnw_fft_power(spectrum, row->signal, row->turns, length);
  for (uint32_t k = 0; options->power == 1 && k < bins; k++) spectrum[k] = sqrtf(spectrum[k]);
  if (is_spectrum) {
    take_logs(spectrum, bins, options);
    return;
  }
  float *const mel = options->features == MNW_AUDIO_LOG_MEL ? features : row->mel;
  mnw_mel_apply(mel, spectrum, row->filters, row->weights, options->mel_bins);
  take_logs(mel, options->mel_bins, options);
  if (options->features == MNW_AUDIO_LOG_MEL) return;
  const float *dct = row->dct;
  for (uint32_t k = 0; k < options->coefficients; k++, dct += options->mel_bins) {
    float sum = 0.0f;
    for (uint32_t n = 0; n < options->mel_bins; n++) sum += dct[n] * mel[n];
    features[k] = sum;
  }
}
