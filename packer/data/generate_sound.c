#include "generate_sound.h"

#include <math.h>
#include <string.h>

static const double tau = 6.28318530717958647692;

static void white(float *samples, size_t count, pk_random *random) {
  for (size_t i = 0; i < count; i++) samples[i] = pk_random_near_normal(random);
}

// Three leaky integrators whose sum falls by 3 dB an octave (after P. Kellet's filter).
static void pink(float *samples, size_t count, pk_random *random) {
  float b0 = 0.0f, b1 = 0.0f, b2 = 0.0f;
  for (size_t i = 0; i < count; i++) {
    const float in = pk_random_near_normal(random);
    b0 = 0.99765f * b0 + 0.0990460f * in;
    b1 = 0.96300f * b1 + 0.2965164f * in;
    b2 = 0.57000f * b2 + 1.0526913f * in;
    samples[i] = b0 + b1 + b2 + 0.1848f * in;
  }
}

static void brown(float *samples, size_t count, pk_random *random) {
  float sum = 0.0f;
  for (size_t i = 0; i < count; i++) {
    sum = 0.998f * sum + pk_random_near_normal(random);
    samples[i] = sum;
  }
}

static void hum(float *samples, size_t count, uint32_t rate, pk_random *random) {
  const double base = pk_random_chance(random, 0.5) ? 50.0 : 60.0;
  memset(samples, 0, count * sizeof *samples);
  for (int harmonic = 1; harmonic <= 10; harmonic++) {
    const double turn = tau * base * harmonic / rate, share = pk_random_unit(random) / harmonic;
    double phase = pk_random_between(random, 0.0, tau);
    for (size_t i = 0; i < count; i++, phase += turn) samples[i] += (float)(share * sin(phase));
  }
  for (size_t i = 0; i < count; i++) samples[i] += 0.01f * pk_random_near_normal(random);
}

static void clicks(float *samples, size_t count, uint32_t rate, pk_random *random) {
  const size_t clicks = 1 + pk_random_below(random, 8);
  for (size_t i = 0; i < count; i++) samples[i] = 0.002f * pk_random_near_normal(random);
  for (size_t n = 0; n < clicks; n++) {
    const size_t at = pk_random_below(random, count);
    const double decay = pk_random_between(random, 0.001, 0.03) * rate;
    const double turn = tau * pk_random_between(random, 0.02, 0.3);
    for (size_t i = at; i < count && (double)(i - at) < 6.0 * decay; i++) {
      const double age = (double)(i - at);
      samples[i] += (float)(exp(-age / decay) * cos(turn * age)) +
                    0.3f * (float)exp(-age / decay) * pk_random_near_normal(random);
    }
  }
}

// One formant: noise through a two-pole resonator, its loudness a slow wave of the syllables.
static void add_formant(float *samples, size_t count, uint32_t rate, double low, double high,
                        double pace, pk_random *random) {
  const double centre = pk_random_between(random, low, high), radius = 0.97;
  const float b1 = (float)(2.0 * radius * cos(tau * centre / rate)), b2 = (float)(-radius * radius);
  const double turn = tau * pace / rate, start = pk_random_between(random, 0.0, tau);
  float y1 = 0.0f, y2 = 0.0f, loudness = 0.0f;
  for (size_t i = 0; i < count; i++) {
    if (i % 32 == 0) loudness = (float)fmax(0.0, sin(start + turn * (double)i));
    const float y = pk_random_near_normal(random) + b1 * y1 + b2 * y2;
    y2 = y1;
    y1 = y;
    samples[i] += loudness * y;
  }
}

static void babble(float *samples, size_t count, uint32_t rate, pk_random *random) {
  memset(samples, 0, count * sizeof *samples);
  for (int voice = 0; voice < 3; voice++) {
    const double pace = pk_random_between(random, 2.0, 6.0);
    add_formant(samples, count, rate, 250.0, 900.0, pace, random);
    add_formant(samples, count, rate, 0.06 * rate, 0.16 * rate, pace, random);
  }
}

static void scale(float *samples, size_t count, double factor) {
  for (size_t i = 0; i < count; i++) samples[i] *= (float)factor;
}

void pk_noise_make(float *samples, size_t count, uint32_t rate, pk_noise_kind kind,
                   pk_random *random) {
  switch (kind) {
    case PK_NOISE_WHITE:
      white(samples, count, random);
      break;
    case PK_NOISE_PINK:
      pink(samples, count, random);
      break;
    case PK_NOISE_BROWN:
      brown(samples, count, random);
      break;
    case PK_NOISE_HUM:
      hum(samples, count, rate, random);
      break;
    case PK_NOISE_CLICKS:
      clicks(samples, count, rate, random);
      break;
    case PK_NOISE_BABBLE:
      babble(samples, count, rate, random);
      break;
    case PK_NOISE_SILENCE:
      memset(samples, 0, count * sizeof *samples);
      return;
  }
  const double level = pk_sound_level(samples, count);
  scale(samples, count, level > 0.0 ? 1.0 / level : 0.0);
}

void pk_sound_generate(float *samples, size_t count, uint32_t rate, pk_random *random) {
  const pk_noise_kind kind = (pk_noise_kind)pk_random_below(random, PK_NOISES);
  const double level = exp(pk_random_between(random, log(0.003), log(0.3)));
  pk_noise_make(samples, count, rate, kind, random);
  scale(samples, count, level);
}

// Fades in over `fade` samples from `from` on, or out up to there.
static float fade_gain(int64_t distance, int64_t fade) {
  if (distance <= 0) return 0.0f;
  return distance >= fade ? 1.0f : (float)distance / (float)fade;
}

void pk_sound_cut(float *out, const float *a, const float *b, size_t count, uint32_t rate,
                  pk_random *random) {
  const size_t kind = pk_random_below(random, 5);
  const int64_t fade = rate / 200;
  const int64_t cut = (int64_t)(pk_random_between(random, 0.4, 0.6) * (double)count);
  const int64_t lag = (int64_t)(pk_random_between(random, 0.1, 0.3) * (double)count);
  for (size_t i = 0; i < count; i++) {
    const int64_t at = (int64_t)i;
    const float before = fade_gain(cut - at, fade), after = fade_gain(at - cut, fade);
    if (kind == 0) out[i] = a[i] * before;
    if (kind == 1) out[i] = a[i] * after;
    if (kind == 2) out[i] = a[count - 1 - i];
    if (kind == 3) out[i] = a[i] * before + b[i] * after;
    if (kind == 4) {
      // The end of b comes early, over the beginning of a.
      const int64_t later = at + lag;
      const float moved = later < (int64_t)count ? b[later] * fade_gain(later - cut, fade) : 0.0f;
      out[i] = a[i] * before + moved;
    }
  }
}
