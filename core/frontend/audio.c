// A ring of the newest rows of features.
//
//   samples → resampler → held (the current frame) → audio_row → ring (frames x bins) → tensor
//
// A frame is computed as soon as its last sample is in; then the samples of the next frame that are
// there already move to the front. Whether a window is due is decided by rows alone, so the same
// sound gives the same windows however it is cut.
#include <math.h>  // only what compiles to single instructions: fabsf, sqrt
#include <string.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "../base/float_math.h"
#include "audio_resample.h"
#include "audio_row.h"
#include "tensor_store.h"

enum {
  MAX_FRAMES = 1 << 22,
  MAX_ELEMENTS = 1 << 24,
  MAX_MEL_BINS = 256,
  MAX_STEP = 1 << 20,
  MAX_RATE_RATIO = 128
};

struct mnw_audio {
  mnw_audio_options options;  // with the defaults filled in
  mnw_resampler resampler;
  mnw_audio_row row;
  float *held;  // the samples of the current frame that are in
  float *ring;  // frames x bins; row n stands at n modulo frames
  uint32_t bins, hop_rows;
  uint32_t held_count, skipped;  // skipped: samples between two frames that are still to be dropped
  uint32_t ring_at;              // where the next row goes
  uint32_t rows;                 // in the ring
  uint32_t rows_to_due;          // rows to come before the next window
  bool was_due;
  uint64_t fresh;  // sample frames pushed since the last window was due
};

// What is wrong with the options, as a message for mnw_fail(); NULL: nothing. Zero fields are
// filled in.
static const char *check_common(mnw_audio_options *o) {
  if (o->source_rate == 0) o->source_rate = o->sample_rate;
  if (o->channels == 0) o->channels = 1;
  if (o->gain == 0.0f) o->gain = 1.0f;
  if (o->scale == 0.0f) o->scale = 1.0f;
  if (o->power == 0) o->power = 1;
  if (o->features == MNW_AUDIO_WAVEFORM) o->frame_length = o->frame_step = 1;
  if (o->sample_rate < 1000 || o->sample_rate > 192000 || o->source_rate < 1000 ||
      o->source_rate > 768000 || o->source_rate / o->sample_rate >= MAX_RATE_RATIO) {
    return "sound of %0 Hz cannot become %1 Hz: 1000 to 768000 to 1000 to 192000 Hz work";
  }
  if (o->channels > 32) return "more than 32 channels of sound";
  if ((uint32_t)o->features > MNW_AUDIO_MFCC) return "unknown features of sound";
  if (o->frames < 1 || o->frames > MAX_FRAMES) return "frames must be 1 to 2^22";
  if ((uint32_t)o->normalize > MNW_NORMALIZE_PEAK) return "unknown normalize";
  const float numbers[] = {o->gain, o->scale, o->offset, o->log_offset, o->log_floor, o->log_range};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (!(fabsf(numbers[i]) < 1e30f)) return "gain, scale, offset and log numbers must be finite";
  }
  return NULL;
}

static const char *check_spectrum(mnw_audio_options *o) {
  if (o->fft_length < MNW_FFT_MIN || o->fft_length > MNW_FFT_MAX ||
      (o->fft_length & (o->fft_length - 1)) != 0) {
    return "fft_length must be a power of two from 16 to 4096";
  }
  if (o->frame_length < 1 || o->frame_length > o->fft_length) {
    return "frame_length must be 1 to fft_length";
  }
  if (o->frame_step < 1 || o->frame_step > MAX_STEP) return "frame_step must be 1 to 2^20";
  if ((uint32_t)o->window > MNW_WINDOW_HAMMING_PERIODIC) return "unknown window";
  if (o->power > 2) return "power must be 1 or 2";
  if ((uint32_t)o->log > MNW_LOG_DB) return "unknown log";
  if (o->log != MNW_LOG_NONE && !(o->log_floor > 0.0f) && !(o->log_offset > 0.0f)) {
    return "log needs a log_offset or log_floor above 0, since silence has no logarithm";
  }
  if (o->log_offset < 0.0f) return "log_offset must not be below 0";
  if (o->features == MNW_AUDIO_SPECTROGRAM) return NULL;
  const float nyquist = (float)o->sample_rate * 0.5f;
  if (o->upper_hz == 0.0f) o->upper_hz = nyquist;
  if ((uint32_t)o->mel_scale > MNW_MEL_SLANEY) return "unknown mel_scale";
  if (o->mel_bins < 1 || o->mel_bins > MAX_MEL_BINS) return "mel_bins must be 1 to 256";
  if (!(o->lower_hz >= 0.0f && o->lower_hz + 1.0f <= o->upper_hz && o->upper_hz <= nyquist)) {
    return "lower_hz and upper_hz must lie between 0 and sample_rate / 2, in this order";
  }
  if (o->features == MNW_AUDIO_MFCC && (o->coefficients < 1 || o->coefficients > o->mel_bins)) {
    return "coefficients must be 1 to mel_bins";
  }
  return NULL;
}

static const char *check_options(mnw_audio_options *o) {
  const char *problem = check_common(o);
  if (!problem && o->features != MNW_AUDIO_WAVEFORM) problem = check_spectrum(o);
  if (!problem && (uint64_t)o->frames * mnw_audio_row_bins(o) > MAX_ELEMENTS) {
    problem = "frames x bins must be at most 2^24";
  }
  return problem;
}

static mnw_audio *lay_out(mnw_arena *arena, const mnw_audio_options *options, mnw_audio *measured) {
  mnw_audio *taken = mnw_arena_take(arena, 1, sizeof(mnw_audio));
  mnw_audio *audio = taken ? taken : measured;
  memset(audio, 0, sizeof *audio);
  audio->options = *options;
  audio->bins = mnw_audio_row_bins(options);
  const uint32_t step = options->frame_step;
  audio->hop_rows = options->hop_samples / step + (options->hop_samples % step != 0);
  if (audio->hop_rows == 0) audio->hop_rows = options->frames > 1 ? options->frames / 2 : 1;
  mnw_resampler_lay_out(&audio->resampler, arena, options->source_rate, options->sample_rate,
                        options->channels);
  mnw_audio_row_lay_out(&audio->row, arena, options);
  audio->held = mnw_arena_take(arena, options->frame_length, sizeof(float));
  audio->ring = mnw_arena_take(arena, (size_t)options->frames * audio->bins, sizeof(float));
  return taken;
}

size_t mnw_audio_bytes(const mnw_audio_options *options) {
  mnw_arena arena;
  mnw_audio measured;
  mnw_audio_options filled = *options;
  if (check_options(&filled)) return 0;
  mnw_arena_init(&arena, NULL, 0);
  lay_out(&arena, &filled, &measured);
  return arena.used_bytes;
}

mnw_status mnw_audio_init(mnw_audio **audio, void *memory, size_t memory_bytes,
                          const mnw_audio_options *options, mnw_error *error) {
  mnw_arena arena;
  mnw_audio measured;
  mnw_audio_options filled = *options;
  *audio = NULL;
  const char *problem = check_options(&filled);
  if (problem) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, problem, filled.source_rate,
                    filled.sample_rate, 0);
  }
  if (!memory || (uintptr_t)memory % MNW_ALIGNMENT != 0) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, "memory must be aligned to %0 bytes",
                    MNW_ALIGNMENT, 0, 0);
  }
  mnw_arena_init(&arena, memory, memory_bytes);
  if (!lay_out(&arena, &filled, &measured) || mnw_arena_overflowed(&arena)) {
    return mnw_fail(error, MNW_STATUS_OUT_OF_MEMORY, "sound needs %0 bytes, %1 were handed in",
                    (int64_t)mnw_audio_bytes(options), (int64_t)memory_bytes, 0);
  }
  *audio = memory;
  mnw_resampler_init(&(*audio)->resampler);
  mnw_audio_row_init(&(*audio)->row, &filled);
  mnw_audio_reset(*audio);
  return MNW_STATUS_OK;
}

void mnw_audio_reset(mnw_audio *audio) {
  const mnw_audio_options *o = &audio->options;
  mnw_resampler_reset(&audio->resampler);
  audio->held_count = audio->skipped = audio->ring_at = audio->rows = 0;
  audio->rows_to_due = o->frames;
  audio->was_due = false;
  audio->fresh = 0;
  // Centred as in librosa, where the frame stands in the middle of fft_length samples.
  if (o->is_centered && o->features != MNW_AUDIO_WAVEFORM) {
    audio->held_count = o->fft_length / 2 - (o->fft_length - o->frame_length) / 2;
    memset(audio->held, 0, audio->held_count * sizeof(float));
  }
}

// Whether the sample completed a row that makes a window due.
static bool take_sample(mnw_audio *audio, float sample) {
  const mnw_audio_options *o = &audio->options;
  if (audio->skipped > 0) {
    audio->skipped--;
    return false;
  }
  audio->held[audio->held_count++] = sample * o->gain;
  if (audio->held_count < o->frame_length) return false;
  mnw_audio_row_compute(audio->ring + (size_t)audio->ring_at * audio->bins, &audio->row, o,
                        audio->held);
  audio->ring_at = audio->ring_at + 1 == o->frames ? 0 : audio->ring_at + 1;
  if (audio->rows < o->frames) audio->rows++;
  if (o->frame_step < o->frame_length) {
    audio->held_count = o->frame_length - o->frame_step;
    memmove(audio->held, audio->held + o->frame_step, audio->held_count * sizeof(float));
  } else {
    audio->held_count = 0;
    audio->skipped = o->frame_step - o->frame_length;
  }
  if (--audio->rows_to_due > 0) return false;
  audio->rows_to_due = audio->hop_rows;
  audio->was_due = true;
  return true;
}

bool mnw_audio_push(mnw_audio *audio, size_t *taken, const float *samples, size_t count) {
  float sample;
  *taken = 0;
  while (mnw_resampler_next(&sample, &audio->resampler, taken, samples, count)) {
    if (take_sample(audio, sample)) {
      audio->fresh = 0;
      return true;
    }
  }
  audio->fresh += *taken;
  return false;
}

bool mnw_audio_finish(mnw_audio *audio) {
  const mnw_audio_options *o = &audio->options;
  const uint64_t hop_samples = (uint64_t)audio->hop_rows * o->frame_step;
  size_t taken;
  if (audio->was_due && audio->fresh * o->sample_rate * 2 < hop_samples * o->source_rate) {
    return false;
  }
  while (!mnw_audio_push(audio, &taken, NULL, 1 << 16)) {
  }
  return true;
}

// What is taken from each value, how much the rest is multiplied with, and the least value, by the
// whole window.
typedef struct window_levels {
  float floor, mean, factor;
} window_levels;

static window_levels measure(const mnw_audio *audio) {
  const mnw_audio_options *o = &audio->options;
  const size_t count = (size_t)o->frames * audio->bins;
  window_levels levels = {.floor = -3e38f, .mean = 0.0f, .factor = 1.0f};
  float largest = -3e38f, peak = 0.0f;
  double sum = 0.0, squares = 0.0;
  for (size_t i = 0; i < count; i++) {
    const float value = audio->ring[i];
    largest = value > largest ? value : largest;
    peak = fabsf(value) > peak ? fabsf(value) : peak;
  }
  if (o->log_range > 0.0f && o->features != MNW_AUDIO_MFCC) levels.floor = largest - o->log_range;
  if (o->normalize == MNW_NORMALIZE_PEAK && peak > 0.0f) levels.factor = 1.0f / peak;
  if (o->normalize != MNW_NORMALIZE_STANDARD) return levels;
  for (size_t i = 0; i < count; i++) {
    sum += (double)mnw_clamp_float(audio->ring[i], levels.floor, 3e38f);
  }
  const double mean = sum / (double)count;
  for (size_t i = 0; i < count; i++) {
    const double rest = (double)mnw_clamp_float(audio->ring[i], levels.floor, 3e38f) - mean;
    squares += rest * rest;
  }
  levels.mean = (float)mean;
  levels.factor = (float)(1.0 / sqrt(squares / (double)count + 1e-12));
  return levels;
}

mnw_status mnw_audio_write(const mnw_audio *audio, void *tensor, const mnw_tensor_info *info,
                           mnw_error *error) {
  const mnw_audio_options *o = &audio->options;
  const uint32_t frames = o->frames, bins = audio->bins;
  const mnw_status status = mnw_store_check(info, (size_t)frames * bins,
                                            "an input of %0 elements cannot take %1 of "
                                            "sound, or not in its element type",
                                            error);
  if (status != MNW_STATUS_OK) return status;
  if (audio->rows < frames) {
    return mnw_fail(error, MNW_STATUS_NOT_READY, "%0 frames of sound are in and %1 are needed",
                    audio->rows, frames, 0);
  }
  const window_levels levels = measure(audio);
  uint32_t from = audio->ring_at;
  for (uint32_t f = 0; f < frames; f++, from = from + 1 == frames ? 0 : from + 1) {
    const float *row = audio->ring + (size_t)from * bins;
    for (uint32_t b = 0; b < bins; b++) {
      const float value = row[b] > levels.floor ? row[b] : levels.floor;
      const float real = (value - levels.mean) * levels.factor * o->scale + o->offset;
      const size_t index = o->is_transposed ? (size_t)b * frames + f : (size_t)f * bins + b;
      mnw_store_real(tensor, info, index, real);
    }
  }
  return MNW_STATUS_OK;
}
