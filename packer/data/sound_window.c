#include "sound_window.h"

#include <math.h>
#include <string.h>

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

static void copy(float *out, size_t count, const pk_clip *clip, int64_t start) {
  const int64_t from = start < 0 ? 0 : start;
  int64_t end = start + (int64_t)count;
  if (end > (int64_t)clip->count) end = (int64_t)clip->count;
  memset(out, 0, count * sizeof *out);
  if (end > from) {
    memcpy(out + (from - start), clip->samples + from, (size_t)(end - from) * sizeof *out);
  }
}

static float sample_or_silence(const pk_clip *clip, int64_t at) {
  return at >= 0 && at < (int64_t)clip->count ? clip->samples[at] : 0.0f;
}

void pk_clip_read(float *out, size_t count, const pk_clip *clip, double start, double step) {
  if (step == 1.0) {
    copy(out, count, clip, llround(start));
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const double at = start + (double)i * step, whole = floor(at);
    const int64_t n = (int64_t)whole;
    const float t = (float)(at - whole);
    const float a = sample_or_silence(clip, n - 1), b = sample_or_silence(clip, n);
    const float c = sample_or_silence(clip, n + 1), d = sample_or_silence(clip, n + 2);
    out[i] =
        b + 0.5f * t *
                (c - a + t * (2.0f * a - 5.0f * b + 4.0f * c - d + t * (3.0f * (b - c) + d - a)));
  }
}
