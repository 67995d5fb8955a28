// Triangular filters that sum spectrum bins into mel bins.
#ifndef MINNOW_FRONTEND_MEL_BANK_H_
#define MINNOW_FRONTEND_MEL_BANK_H_

#include <minnow/minnow.h>

// Filter m sums `count` spectrum bins from `first` on with weights[begin …].
typedef struct mnw_mel_filter {
  uint16_t first, count;
  uint32_t begin;
} mnw_mel_filter;

// Room for the weights: neighbouring filters overlap by half, so a bin belongs to two at most.
static inline uint32_t mnw_mel_weight_count(uint32_t spectrum_bins) {
  return 2 * spectrum_bins;
}

// Fills `filters` (options->mel_bins) and `weights` (mnw_mel_weight_count()).
// As tf.signal.linear_to_mel_weight_matrix (mel_is_linear 0; the bin of 0 Hz counts nowhere) or
// librosa.filters.mel (mel_is_linear 1). Needs lower_hz < upper_hz.
void mnw_mel_init(mnw_mel_filter *filters, float *weights, const mnw_audio_options *options);

void mnw_mel_apply(float *mel, const float *spectrum, const mnw_mel_filter *filters,
                   const float *weights, uint32_t mel_bins);

#endif  // MINNOW_FRONTEND_MEL_BANK_H_
