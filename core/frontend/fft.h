// The power spectrum of a real signal.
#ifndef MINNOW_FRONTEND_FFT_H_
#define MINNOW_FRONTEND_FFT_H_

#include <stdint.h>

enum { MNW_FFT_MIN = 16, MNW_FFT_MAX = 4096 };

// cos and sin of 2 pi numerator / denominator, reduced exactly; error below 2^-24.
typedef struct mnw_turn {
  float cos, sin;
} mnw_turn;
mnw_turn mnw_turn_of(uint32_t numerator, uint32_t denominator);

// `turns`: length / 2 entries. length: a power of two, MNW_FFT_MIN … MNW_FFT_MAX.
void mnw_fft_init(mnw_turn *turns, uint32_t length);

// power[k] = |sum over n of signal[n] e^(-2 pi i k n / length)|^2, k = 0 … length / 2. `signal`
// (length elements) is overwritten.
void mnw_fft_power(float *power, float *signal, const mnw_turn *turns, uint32_t length);

#endif  // MINNOW_FRONTEND_FFT_H_
