#include "mel_bank.h"

#include "../base/float_math.h"

// Auditory Toolbox: 200 / 3 Hz a mel up to 1000 Hz, then 27 mels for a factor of 6.4.
static const double slaney_step = 200.0 / 3.0, slaney_break = 15.0;

static double log_step(void) {
  return mnw_log(6.4) / 27.0;
}

// HTK's factor in front of the logarithm cancels out everywhere and is left away.
static double mel_of(double hz, mnw_mel_scale scale) {
  if (scale == MNW_MEL_HTK) return mnw_log1p(hz / 700.0);
  if (hz < 1000.0) return hz / slaney_step;
  return slaney_break + mnw_log(hz / 1000.0) / log_step();
}

static double hz_of(double mel, mnw_mel_scale scale) {
  if (scale == MNW_MEL_HTK) return 700.0 * mnw_expm1(mel);
  if (mel < slaney_break) return mel * slaney_step;
  return 1000.0 * mnw_exp((mel - slaney_break) * log_step());
}

void mnw_mel_init(mnw_mel_filter *filters, float *weights, const mnw_audio_options *options) {
  const uint32_t bins = options->fft_length / 2 + 1;
  const mnw_mel_scale scale = options->mel_scale;
  const double low = mel_of(options->lower_hz, scale), high = mel_of(options->upper_hz, scale);
  const double step = (high - low) / (options->mel_bins + 1);
  const double hz_per_bin = (double)options->sample_rate / options->fft_length;
  uint32_t used = 0;
  for (uint32_t m = 0; m < options->mel_bins; m++) {
    double edges[3], hz[3];
    for (uint32_t e = 0; e < 3; e++) {
      const double mel = low + step * (m + e);
      hz[e] = hz_of(mel, scale);
      edges[e] = options->mel_is_linear ? hz[e] : mel;
    }
    const double area = options->mel_has_area ? 2.0 / (hz[2] - hz[0]) : 1.0;
    filters[m] = (mnw_mel_filter){.first = 0, .count = 0, .begin = used};
    for (uint32_t k = options->mel_is_linear ? 0 : 1; k < bins; k++) {
      const double f = k * hz_per_bin;
      const double at = options->mel_is_linear ? f : mel_of(f, scale);
      const double up = (at - edges[0]) / (edges[1] - edges[0]);
      const double down = (edges[2] - at) / (edges[2] - edges[1]);
      const double weight = up < down ? up : down;
      if (!(weight > 0.0) || used == mnw_mel_weight_count(bins)) continue;
      if (filters[m].count == 0) filters[m].first = (uint16_t)k;
      filters[m].count++;
      weights[used++] = (float)(weight * area);
    }
  }
}

void mnw_mel_apply(float *mel, const float *spectrum, const mnw_mel_filter *filters,
                   const float *weights, uint32_t mel_bins) {
  for (uint32_t m = 0; m < mel_bins; m++) {
    const float *bin = spectrum + filters[m].first, *weight = weights + filters[m].begin;
    float sum = 0.0f;
    for (uint32_t i = 0; i < filters[m].count; i++) sum += bin[i] * weight[i];
    mel[m] = sum;
  }
}
