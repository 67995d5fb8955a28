// Band-limited interpolation: output n lies at input time t = n down / up, and is the sum of the
// inputs around it, each weighted by a low-pass kernel h at its distance from t. h is a sinc of 24
// zero crossings a side at 0.92 of the lower Nyquist frequency under a Kaiser window of 80 dB. As
// t has only `up` different fractions, h is tabulated once; where that table would be large, 256
// fractions with linear interpolation between them stay below -90 dB.
//
// The reference is J. O. Smith, "Digital Audio Resampling", ccrma.stanford.edu/~jos/resample.
#include "audio_resample.h"

#include <math.h>  // only what compiles to single instructions: sqrt
#include <string.h>

#include "../base/float_math.h"

enum { ZERO_CROSSINGS = 24, SHARED_PHASES = 256, MAX_TABLE = 1 << 16 };

static uint32_t greatest_divisor(uint32_t a, uint32_t b) {
  while (b != 0) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

void mnw_resampler_lay_out(mnw_resampler *r, mnw_arena *arena, uint32_t source_rate, uint32_t rate,
                           uint32_t channels) {
  const uint32_t divisor = greatest_divisor(source_rate, rate);
  *r = (mnw_resampler){
      .channels = channels, .up = rate / divisor, .down = source_rate / divisor, .taps = 2};
  if (r->up == r->down) return;
  const uint32_t half =
      r->up > r->down ? ZERO_CROSSINGS : (uint32_t)((uint64_t)ZERO_CROSSINGS * r->down / r->up) + 1;
  r->taps = 2 * half;
  r->phases = (uint64_t)r->up * r->taps <= MAX_TABLE ? r->up : SHARED_PHASES;
  r->table = mnw_arena_take(arena, ((size_t)r->phases + 1) * r->taps, sizeof(float));
  r->history = mnw_arena_take(arena, (size_t)2 * r->taps, sizeof(float));
}

// The modified Bessel function of order 0 by its power series.
static double bessel_i0(double x) {
  const double quarter = x * x / 4.0;
  double term = 1.0, sum = 1.0;
  for (int k = 1; k <= 24; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

static double kernel_at(double distance, double cutoff, double half) {
  const double beta = 7.857, pi = 3.14159265358979323846;
  const double share = distance / half, angle = pi * cutoff * distance;
  if (share <= -1.0 || share >= 1.0) return 0.0;
  const double sinc = angle == 0.0 ? 1.0 : mnw_sincos((float)angle).sin / (double)(float)angle;
  return sinc * bessel_i0(beta * sqrt(1.0 - share * share));
}

void mnw_resampler_init(mnw_resampler *r) {
  if (r->up == r->down) return;
  const uint32_t half_taps = r->taps / 2;
  const double half = half_taps;
  const double cutoff = 0.92 * (r->up < r->down ? (double)r->up / r->down : 1.0);
  float *row = r->table;
  for (uint32_t p = 0; p <= r->phases; p++, row += r->taps) {
    double sum = 0.0;
    for (uint32_t i = 0; i < r->taps; i++) {
      const double weight = kernel_at((double)p / r->phases + half - 1.0 - i, cutoff, half);
      row[i] = (float)weight;
      sum += weight;
    }
    for (uint32_t i = 0; i < r->taps; i++) row[i] = (float)(row[i] / sum);
  }
  mnw_resampler_reset(r);
}

void mnw_resampler_reset(mnw_resampler *r) {
  r->at = 0;
  r->phase = 0;
  r->missing = r->taps / 2 + 1;
  if (r->history) memset(r->history, 0, (size_t)2 * r->taps * sizeof(float));
}

static float mix(const mnw_resampler *r, const float *frame) {
  float sum = 0.0f;
  if (!frame) return 0.0f;
  for (uint32_t c = 0; c < r->channels; c++) sum += frame[c] == frame[c] ? frame[c] : 0.0f;
  return mnw_clamp_float(r->channels == 1 ? sum : sum / (float)r->channels, -1e6f, 1e6f);
}

static float weighted_sum(const float *row, const float *inputs, uint32_t taps) {
  float sums[4] = {0};
  uint32_t i = 0;
  for (; i + 4 <= taps; i += 4) {
    for (uint32_t lane = 0; lane < 4; lane++) sums[lane] += row[i + lane] * inputs[i + lane];
  }
  for (; i < taps; i++) sums[0] += row[i] * inputs[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

bool mnw_resampler_next(float *sample, mnw_resampler *r, size_t *taken, const float *samples,
                        size_t count) {
  const bool passes = r->up == r->down;
  if (passes && *taken == count) return false;
  if (passes) {
    *sample = mix(r, samples ? samples + *taken * r->channels : NULL);
    *taken += 1;
    return true;
  }
  for (; r->missing > 0; r->missing--, *taken += 1) {
    if (*taken == count) return false;
    const float value = mix(r, samples ? samples + *taken * r->channels : NULL);
    r->history[r->at] = r->history[r->at + r->taps] = value;
    r->at = r->at + 1 == r->taps ? 0 : r->at + 1;
  }
  const float *inputs = r->history + r->at;  // the oldest of the last `taps`
  if (r->phases == r->up) {
    *sample = weighted_sum(r->table + (size_t)r->phase * r->taps, inputs, r->taps);
  } else {
    const float place = (float)r->phase / (float)r->up * (float)r->phases;
    const uint32_t p = (uint32_t)place < r->phases ? (uint32_t)place : r->phases - 1;
    const float *row = r->table + (size_t)p * r->taps;
    const float low = weighted_sum(row, inputs, r->taps);
    const float high = weighted_sum(row + r->taps, inputs, r->taps);
    *sample = low + (high - low) * (place - (float)p);
  }
  r->phase += r->down;
  r->missing = r->phase / r->up;
  r->phase %= r->up;
  return true;
}
