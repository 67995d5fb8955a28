#include <math.h>
#include <string.h>

#include "augment.h"

static const float tau = 6.2831853f;

static double power_of(const float *samples, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += (double)samples[i] * (double)samples[i];
  return sum / (double)(count ? count : 1);
}

static void scale_by(float *samples, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) samples[i] *= factor;
}

static float white(pk_random *random) {
  return (float)(2.0 * pk_random_unit(random) - 1.0);
}

// Noise that falls with frequency: a mixture of leaky sums, 0 white to 1 brown.
static void make_coloured(float *samples, size_t count, float leak, float share,
                          pk_random *random) {
  float sum = 0.0f;
  for (size_t i = 0; i < count; i++) {
    const float value = white(random);
    sum = leak * sum + (1.0f - leak) * value;
    samples[i] = (1.0f - share) * value * 0.2f + share * sum;
  }
}

static void make_hum(float *samples, size_t count, pk_random *random) {
  const float base = pk_draw(random, 45.0f, 300.0f) / (float)PK_DATA_RATE;
  float phase = pk_draw(random, 0.0f, 1.0f), strength[6];
  for (int h = 0; h < 6; h++) strength[h] = pk_draw(random, 0.0f, 1.0f / (float)(1 + h));
  for (size_t i = 0; i < count; i++, phase += base) {
    float value = 0.02f * white(random);
    for (int h = 0; h < 6; h++) value += strength[h] * sinf(tau * (float)(h + 1) * phase);
    samples[i] = value;
  }
}

// Slow swelling as of many voices, and clicks.
static void modulate(float *samples, size_t count, pk_random *random) {
  const float rate = pk_draw(random, 2.0f, 9.0f) / (float)PK_DATA_RATE;
  const float depth = pk_draw(random, 0.3f, 1.0f), start = pk_draw(random, 0.0f, 1.0f);
  for (size_t i = 0; i < count; i++) {
    samples[i] *= 1.0f - depth * (0.5f + 0.5f * sinf(tau * (start + rate * (float)i)));
  }
  const uint64_t clicks = pk_random_below(random, 6);
  for (uint64_t c = 0; c < clicks; c++) {
    size_t at = pk_random_below(random, count);
    float level = pk_draw(random, 0.2f, 1.0f);
    for (; at < count && level > 0.01f; at++, level *= 0.97f) samples[at] += level * white(random);
  }
}

void pk_sound_make_noise(float *samples, size_t count, pk_random *random) {
  const uint64_t kind = pk_random_below(random, 4);
  if (kind == 0) {
    make_hum(samples, count, random);
  } else {
    const float leak = kind == 1 ? 0.0f : pk_draw(random, 0.7f, 0.995f);
    make_coloured(samples, count, leak, kind == 1 ? 0.0f : pk_draw(random, 0.5f, 1.0f), random);
  }
  if (pk_draw_share(random, 0.4f)) modulate(samples, count, random);
  const double power = power_of(samples, count);
  if (power > 0.0) scale_by(samples, count, (float)(1.0 / sqrt(power)));
}

// --- pieces ---

// `count` samples of the item from share `from` of it on; silence behind its end.
static void take(float *out, size_t count, const pk_data_item *item, float from, bool backwards) {
  const size_t start = (size_t)(from * (float)item->sample_count);
  for (size_t i = 0; i < count; i++) {
    const size_t at = start + i;
    const bool is_there = at < item->sample_count;
    out[i] = !is_there   ? 0.0f
             : backwards ? item->samples[item->sample_count - 1 - at]
                         : item->samples[at];
  }
}

static void shuffle_pieces(float *out, size_t count, const pk_data_item *item, pk_random *random) {
  const size_t pieces = 3 + pk_random_below(random, 4), length = count / pieces;
  for (size_t p = 0; p < pieces; p++) {
    const float from = (float)pk_random_below(random, pieces) / (float)pieces;
    take(out + p * length, length, item, from, false);
  }
}

void pk_sound_make_pieces(float *out, size_t count, const pk_data_item *a, const pk_data_item *b,
                          pk_random *random) {
  const uint64_t kind = pk_random_below(random, 5);
  memset(out, 0, count * sizeof *out);
  switch (kind) {
    case 0:
      take(out, count, a, 0.0f, true);
      break;
    case 1: {  // half a sound alone
      const bool is_end = pk_draw_share(random, 0.5f);
      const float cut = pk_draw(random, 0.42f, 0.55f);
      const size_t length = (size_t)((is_end ? 1.0f - cut : cut) * (float)a->sample_count);
      const size_t at = pk_random_below(random, count);
      take(out + at, length < count - at ? length : count - at, a, is_end ? cut : 0.0f, false);
      break;
    }
    case 2: {  // one's beginning, the other's end
      const float cut = pk_draw(random, 0.4f, 0.6f);
      const size_t first = (size_t)(cut * (float)count);
      take(out, first, a, 0.0f, false);
      take(out + first, count - first, b, cut, false);
      break;
    }
    case 3:  // the end before the beginning
      take(out, count / 2, a, 0.5f, false);
      take(out + count / 2, count - count / 2, pk_draw_share(random, 0.5f) ? a : b, 0.0f, false);
      break;
    default:
      shuffle_pieces(out, count, a, random);
      break;
  }
}

// --- alterations ---

// A microphone's tilt: more or less of what a slow average leaves.
static void filter(float *samples, size_t count, pk_random *random) {
  const float leak = pk_draw(random, 0.3f, 0.95f), high = pk_draw(random, -0.7f, 1.5f);
  float low = 0.0f;
  for (size_t i = 0; i < count; i++) {
    low = leak * low + (1.0f - leak) * samples[i];
    samples[i] += high * (samples[i] - low);
  }
}

// A few decaying echoes.
static void reverberate(float *samples, size_t count, float *scratch, pk_random *random) {
  enum { ECHOES = 10 };
  const float decay = pk_draw(random, 0.02f, 0.12f) * (float)PK_DATA_RATE;
  memcpy(scratch, samples, count * sizeof *scratch);
  for (int e = 0; e < ECHOES; e++) {
    const size_t delay = 1 + pk_random_below(random, (uint64_t)(3.0f * decay));
    const float level = pk_draw(random, -0.5f, 0.5f) * expf(-(float)delay / decay);
    for (size_t i = delay; i < count; i++) samples[i] += level * scratch[i - delay];
  }
}

static void add_noise(float *samples, size_t count, const pk_sound_augment *a,
                      const pk_data_item *other, float *scratch, pk_random *random) {
  const double power = power_of(samples, count);
  if (other && other->sample_count > 0 && pk_draw_share(random, 0.35f)) {
    const size_t start = pk_random_below(random, other->sample_count);
    for (size_t i = 0; i < count; i++) {
      scratch[i] = other->samples[(start + i) % other->sample_count];
    }
    const double theirs = power_of(scratch, count);
    if (theirs > 0.0) scale_by(scratch, count, (float)(1.0 / sqrt(theirs)));
  } else {
    pk_sound_make_noise(scratch, count, random);
  }
  const float snr = pk_draw(random, a->snr.low, a->snr.high);
  const float level = sqrtf((float)power) * powf(10.0f, -snr / 20.0f);
  for (size_t i = 0; i < count; i++) samples[i] += level * scratch[i];
}

void pk_sound_augment_apply(float *samples, size_t count, const pk_sound_augment *augment,
                            const pk_data_item *other, float *scratch, pk_random *random) {
  const pk_sound_augment *a = augment;
  if (pk_draw_share(random, a->reverb)) reverberate(samples, count, scratch, random);
  if (pk_draw_share(random, a->filter)) filter(samples, count, random);
  if (pk_draw_share(random, a->noise_share)) {
    add_noise(samples, count, a, other, scratch, random);
  }
  const float gain = powf(10.0f, pk_draw(random, a->gain.low, a->gain.high) / 20.0f);
  for (size_t i = 0; i < count; i++) {
    samples[i] = fmaxf(fminf(gain * samples[i], 1.0f), -1.0f);
  }
}

void pk_sound_mask(float *features, size_t rows, size_t bins, const pk_sound_augment *augment,
                   pk_random *random) {
  double sum = 0.0;
  for (size_t i = 0; i < rows * bins; i++) sum += (double)features[i];
  const float mean = (float)(sum / (double)(rows * bins));
  for (int32_t m = 0; m < augment->time_masks; m++) {
    const size_t width = pk_random_below(random, (uint64_t)augment->time + 1);
    const size_t first = pk_random_below(random, rows);
    for (size_t r = first; r < rows && r < first + width; r++) {
      for (size_t b = 0; b < bins; b++) features[r * bins + b] = mean;
    }
  }
  for (int32_t m = 0; m < augment->frequency_masks; m++) {
    const size_t width = pk_random_below(random, (uint64_t)augment->frequency + 1);
    const size_t first = pk_random_below(random, bins);
    for (size_t r = 0; r < rows; r++) {
      for (size_t b = first; b < bins && b < first + width; b++) features[r * bins + b] = mean;
    }
  }
}
