#include "sound_window.h"

#include <math.h>

static double energy(const float *samples, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += (double)samples[i] * (double)samples[i];
  return sum;
}

double pk_sound_level(const float *samples, size_t count) {
  return count > 0 ? sqrt(energy(samples, count) / (double)count) : 0.0;
}

double pk_clip_window(const pk_clip *clip, size_t count) {
  if (clip->count <= count) {
    const size_t before = (count - clip->count) / 2;
    return -(double)before;
  }
  const size_t hop = clip->rate / 200;
  double sum = energy(clip->samples, count), loudest = sum;
  size_t best = 0;
  for (size_t at = 0; at + hop + count <= clip->count; at += hop) {
    sum += energy(clip->samples + at + count, hop) - energy(clip->samples + at, hop);
    if (sum > loudest) {
      loudest = sum;
      best = at + hop;
    }
  }
  return (double)best;
}

static float sample_at(const pk_clip *clip, int64_t at) {
  const int64_t count = (int64_t)clip->count;
  if (at >= 0 && at < count) return clip->samples[at];
  if (!clip->is_mirrored) return 0.0f;
  const int64_t rest = at % (2 * count), place = rest < 0 ? rest + 2 * count : rest;
  return clip->samples[place < count ? place : 2 * count - 1 - place];
}

void pk_clip_read(float *out, size_t count, const pk_clip *clip, double start, double step) {
  if (step == 1.0) {
    const int64_t first = llround(start);
    for (size_t i = 0; i < count; i++) out[i] = sample_at(clip, first + (int64_t)i);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const double at = start + (double)i * step, whole = floor(at);
    const int64_t n = (int64_t)whole;
    const float t = (float)(at - whole);
    const float a = sample_at(clip, n - 1), b = sample_at(clip, n);
    const float c = sample_at(clip, n + 1), d = sample_at(clip, n + 2);
    out[i] =
        b + 0.5f * t *
                (c - a + t * (2.0f * a - 5.0f * b + 4.0f * c - d + t * (3.0f * (b - c) + d - a)));
  }
}
