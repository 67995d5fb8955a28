// The sound front end against its definitions (tf.signal, librosa), written out in double precision
// with a direct Fourier sum, and whatever way the sound is cut.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_random.h"

#include <minnow/minnow.h>

enum { MAX_SAMPLES = 1 << 16, MAX_ELEMENTS = 1 << 16, MAX_BINS = 2049 };

static const double pi = 3.14159265358979323846;
static float sound[MAX_SAMPLES];
static float features[MAX_ELEMENTS];
static double expected[MAX_ELEMENTS];

static void make_sound(uint32_t seed, int count, double rate) {
  for (int i = 0; i < count; i++) {
    const double t = i / rate;
    const double tone = 0.3 * sin(2 * pi * 440 * t) + 0.2 * sin(2 * pi * (500 + 900 * t) * t);
    sound[i] = (float)(tone + 0.001 * random_between(&seed, -100, 100));
  }
}

static mnw_audio *open_audio(void **memory, const mnw_audio_options *options) {
  mnw_audio *audio;
  mnw_error error = {0};
  char message[MNW_ERROR_MESSAGE_BYTES] = "";
  const size_t bytes = mnw_audio_bytes(options);
  *memory = aligned_alloc(MNW_ALIGNMENT, bytes ? bytes : MNW_ALIGNMENT);
  if (mnw_audio_init(&audio, *memory, bytes, options, &error) != MNW_STATUS_OK) {
    mnw_error_message(&error, message, sizeof message);
    fail_msg("%s", message);
  }
  return audio;
}

static mnw_tensor_info float_tensor(int rows, int bins) {
  return (mnw_tensor_info){.dtype = MNW_DTYPE_F32,
                           .rank = 2,
                           .dims = {rows, bins},
                           .size_bytes = sizeof(float) * (size_t)rows * (size_t)bins};
}

// Pushes `count` sample frames, `cut` at a time, then silence; the first window.
static void compute(void *tensor, const mnw_tensor_info *info, const mnw_audio_options *options,
                    size_t count, size_t cut) {
  void *memory;
  mnw_audio *audio = open_audio(&memory, options);
  const size_t channels = options->channels ? options->channels : 1;
  bool is_due = false;
  for (size_t at = 0; !is_due && at < count;) {
    size_t taken;
    const size_t some = count - at < cut ? count - at : cut;
    is_due = mnw_audio_push(audio, &taken, sound + at * channels, some);
    assert_true(is_due || taken == some);
    at += taken;
  }
  if (!is_due) assert_true(mnw_audio_finish(audio));
  assert_int_equal(mnw_audio_write(audio, tensor, info, NULL), MNW_STATUS_OK);
  free(memory);
}

static double window_at(const mnw_audio_options *o, int n) {
  const double period = o->frame_length;
  switch (o->window) {
    case MNW_WINDOW_HANN:
      return 0.5 - 0.5 * cos(2 * pi * n / (period - 1));
    case MNW_WINDOW_HANN_PERIODIC:
      return 0.5 - 0.5 * cos(2 * pi * n / period);
    case MNW_WINDOW_HAMMING:
      return 0.54 - 0.46 * cos(2 * pi * n / (period - 1));
    case MNW_WINDOW_HAMMING_PERIODIC:
      return 0.54 - 0.46 * cos(2 * pi * n / period);
    case MNW_WINDOW_NONE:
      break;
  }
  return 1;
}

static void spectrum_of(double *bins, const mnw_audio_options *o, const double *frame) {
  const int length = (int)o->fft_length;
  for (int k = 0; k <= length / 2; k++) {
    double re = 0, im = 0;
    for (int n = 0; n < (int)o->frame_length; n++) {
      const double angle = -2 * pi * ((long long)k * n % length) / length;
      re += frame[n] * cos(angle);
      im += frame[n] * sin(angle);
    }
    bins[k] = o->power == 2 ? re * re + im * im : sqrt(re * re + im * im);
  }
}

static double hz_to_mel(double hz, mnw_mel_scale scale) {
  if (scale == MNW_MEL_HTK) return 2595 * log10(1 + hz / 700);
  return hz < 1000 ? hz * 3 / 200 : 15 + log(hz / 1000) / (log(6.4) / 27);
}

static double mel_to_hz(double mel, mnw_mel_scale scale) {
  if (scale == MNW_MEL_HTK) return 700 * (pow(10, mel / 2595) - 1);
  return mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * (log(6.4) / 27));
}

// librosa.filters.mel or tf.signal.linear_to_mel_weight_matrix.
static double mel_weight(const mnw_audio_options *o, int m, int k) {
  const double low = hz_to_mel(o->lower_hz, o->mel_scale);
  const double high = hz_to_mel(o->upper_hz ? o->upper_hz : o->sample_rate / 2.0, o->mel_scale);
  const double hz = (double)k * o->sample_rate / o->fft_length;
  double edges[3], edges_hz[3];
  for (int e = 0; e < 3; e++) {
    const double mel = low + (high - low) * (m + e) / (o->mel_bins + 1);
    edges_hz[e] = mel_to_hz(mel, o->mel_scale);
    edges[e] = o->mel_is_linear ? edges_hz[e] : mel;
  }
  const double at = o->mel_is_linear ? hz : hz_to_mel(hz, o->mel_scale);
  if (!o->mel_is_linear && k == 0) return 0;
  const double weight = fmax(
      0, fmin((at - edges[0]) / (edges[1] - edges[0]), (edges[2] - at) / (edges[2] - edges[1])));
  return o->mel_has_area ? weight * 2 / (edges_hz[2] - edges_hz[0]) : weight;
}

static double log_of(const mnw_audio_options *o, double value) {
  const double x = fmax(value + o->log_offset, o->log_floor);
  if (o->log == MNW_LOG_LN) return log(x);
  if (o->log == MNW_LOG_LOG10) return log10(x);
  if (o->log == MNW_LOG_DB) return (o->power == 2 ? 10 : 20) * log10(x);
  return value;
}

// One row of features; returns the number of bins.
static int expect_row(double *row, const mnw_audio_options *o, const double *frame) {
  static double bins[MAX_BINS], mel[256];
  spectrum_of(bins, o, frame);
  const int count = (int)o->fft_length / 2 + 1, mel_bins = (int)o->mel_bins;
  if (o->features == MNW_AUDIO_SPECTROGRAM) {
    for (int k = 0; k < count; k++) row[k] = log_of(o, bins[k]);
    return count;
  }
  for (int m = 0; m < mel_bins; m++) {
    double sum = 0;
    for (int k = 0; k < count; k++) sum += bins[k] * mel_weight(o, m, k);
    mel[m] = log_of(o, sum);
  }
  if (o->features == MNW_AUDIO_LOG_MEL) {
    memcpy(row, mel, sizeof *mel * (size_t)mel_bins);
    return mel_bins;
  }
  for (int c = 0; c < (int)o->coefficients; c++) {
    const double scale = sqrt((c == 0 && o->dct_is_ortho ? 1.0 : 2.0) / mel_bins);
    row[c] = 0;
    for (int n = 0; n < mel_bins; n++) {
      row[c] += scale * mel[n] * cos(pi * c * (2 * n + 1) / (2.0 * mel_bins));
    }
  }
  return (int)o->coefficients;
}

static int expect_window(const mnw_audio_options *o, int sample_count) {
  static double frame[4096];
  int bins = 0;
  const int lead =
      o->is_centered ? (int)o->fft_length / 2 - ((int)o->fft_length - (int)o->frame_length) / 2 : 0;
  for (int f = 0; f < (int)o->frames; f++) {
    for (int n = 0; n < (int)o->frame_length; n++) {
      const int at = f * (int)o->frame_step + n - lead;
      frame[n] = at >= 0 && at < sample_count ? sound[at] * window_at(o, n) : 0;
    }
    bins = expect_row(expected + f * bins, o, frame);
  }
  return bins;
}

static void check_against_definition(const mnw_audio_options *o, int sample_count,
                                     double tolerance) {
  const int bins = expect_window(o, sample_count);
  const mnw_tensor_info info = float_tensor((int)o->frames, bins);
  compute(features, &info, o, (size_t)sample_count, 1000);
  for (int i = 0; i < (int)o->frames * bins; i++) {
    const double difference = fabs(features[i] - expected[i]);
    if (!(difference <= tolerance * fmax(1, fabs(expected[i])))) {
      fail_msg("row %d bin %d: %.9g instead of %.9g", i / bins, i % bins, (double)features[i],
               expected[i]);
    }
  }
}

// MLPerf Tiny keyword spotting: tf.signal's MFCC, 30 ms every 20 ms, 40 mel bins, 10 coefficients.
static const mnw_audio_options keywords = {.sample_rate = 16000,
                                           .features = MNW_AUDIO_MFCC,
                                           .frames = 49,
                                           .frame_length = 480,
                                           .frame_step = 320,
                                           .fft_length = 512,
                                           .window = MNW_WINDOW_HANN_PERIODIC,
                                           .mel_bins = 40,
                                           .lower_hz = 20,
                                           .upper_hz = 4000,
                                           .log = MNW_LOG_LN,
                                           .log_offset = 1e-6f,
                                           .coefficients = 10};

// librosa.feature.melspectrogram's defaults at 22050 Hz, in decibels.
static const mnw_audio_options music = {.sample_rate = 22050,
                                        .features = MNW_AUDIO_LOG_MEL,
                                        .frames = 12,
                                        .frame_length = 1024,
                                        .frame_step = 512,
                                        .fft_length = 2048,
                                        .window = MNW_WINDOW_HANN_PERIODIC,
                                        .is_centered = 1,
                                        .power = 2,
                                        .mel_bins = 64,
                                        .mel_scale = MNW_MEL_SLANEY,
                                        .mel_is_linear = 1,
                                        .mel_has_area = 1,
                                        .log = MNW_LOG_DB,
                                        .log_floor = 1e-10f};

static void test_features_follow_their_definitions(void **state) {
  (void)state;
  make_sound(1, 20000, 16000);
  check_against_definition(&keywords, 16000, 2e-5);
  check_against_definition(&music, 6000, 2e-4);
  mnw_audio_options o = keywords;
  o.dct_is_ortho = 1;
  o.coefficients = 40;
  o.frames = 5;
  o.log = MNW_LOG_LOG10;
  o.window = MNW_WINDOW_HAMMING;
  check_against_definition(&o, 4000, 2e-5);
  o.features = MNW_AUDIO_SPECTROGRAM;
  o.log = MNW_LOG_NONE;
  o.window = MNW_WINDOW_HANN;
  check_against_definition(&o, 4000, 1e-4);
  o.frame_length = 100;
  o.frame_step = 250;  // gaps between frames
  o.fft_length = 128;
  o.window = MNW_WINDOW_HAMMING_PERIODIC;
  check_against_definition(&o, 1300, 1e-4);
  for (uint32_t length = 16; length <= 4096; length *= 2) {
    o.fft_length = o.frame_length = length;
    o.frames = 1;
    o.window = MNW_WINDOW_NONE;
    check_against_definition(&o, (int)length, 1e-3);
  }
}

static void test_cuts_change_no_bit(void **state) {
  (void)state;
  static float again[MAX_ELEMENTS];
  static const size_t cuts[] = {1, 7, 128, 441, 5000};
  mnw_audio_options o = keywords;
  const mnw_tensor_info info = float_tensor(49, 10);
  make_sound(2, 2 * 22100, 22050);
  o.source_rate = 22050;
  o.channels = 2;
  compute(features, &info, &o, 22100, 22100);
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    compute(again, &info, &o, 22100, cuts[i]);
    assert_memory_equal(again, features, info.size_bytes);
  }
}

// A tone below both Nyquist frequencies keeps its samples; one above the lower one is gone.
static void test_resampling(void **state) {
  (void)state;
  static const uint32_t rates[][2] = {{44100, 16000}, {48000, 16000}, {8000, 16000},
                                      {16000, 16000}, {11025, 16000}, {44056, 16000},
                                      {16000, 44100}, {96000, 8000}};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    const double from = rates[i][0], to = rates[i][1], lower = fmin(from, to);
    for (int is_high = 0; is_high < 2; is_high++) {
      const double hz = is_high ? lower * 0.54 : lower * 0.37;
      if (is_high && from <= to) continue;
      for (int n = 0; n < MAX_SAMPLES; n++) sound[n] = (float)(0.5 * sin(2 * pi * hz * n / from));
      const mnw_audio_options o = {
          .source_rate = rates[i][0], .sample_rate = rates[i][1], .frames = 4000};
      const mnw_tensor_info info = float_tensor(1, 4000);
      compute(features, &info, &o, MAX_SAMPLES, 999);
      for (int n = 600; n < 3400; n++) {
        const double value = is_high ? 0 : 0.5 * sin(2 * pi * hz * n / to);
        if (fabs(features[n] - value) > 3e-4) {
          fail_msg("%g to %g Hz, tone of %g Hz, sample %d: %g instead of %g", from, to, hz, n,
                   (double)features[n], value);
        }
      }
    }
  }
}

static int count_windows(const mnw_audio_options *o, size_t count, size_t cut) {
  void *memory;
  mnw_audio *audio = open_audio(&memory, o);
  int windows = 0;
  for (size_t at = 0; at < count;) {
    size_t taken;
    const size_t some = count - at < cut ? count - at : cut;
    windows += mnw_audio_push(audio, &taken, sound + at, some);
    at += taken;
  }
  windows += mnw_audio_finish(audio);
  free(memory);
  return windows;
}

static void test_windows_come_every_hop(void **state) {
  (void)state;
  mnw_audio_options o = {.sample_rate = 16000, .frames = 1000, .hop_samples = 250};
  assert_int_equal(count_windows(&o, 10, 10), 1);     // too short: silence behind it
  assert_int_equal(count_windows(&o, 1000, 999), 1);  // exactly one
  assert_int_equal(count_windows(&o, 1124, 7), 1);
  assert_int_equal(count_windows(&o, 1125, 7), 2);  // half a hop is worth a window
  assert_int_equal(count_windows(&o, 2000, 2000), 5);
  o.hop_samples = 0;
  assert_int_equal(count_windows(&o, 2000, 1), 3);
  assert_int_equal(count_windows(&keywords, 16000, 100), 1);
}

static void test_levels_of_the_window(void **state) {
  (void)state;
  mnw_audio_options o = {.sample_rate = 8000, .frames = 256, .normalize = MNW_NORMALIZE_STANDARD};
  const mnw_tensor_info info = float_tensor(256, 1);
  make_sound(3, 256, 8000);
  compute(features, &info, &o, 256, 256);
  double mean = 0, variance = 0, largest = 0;
  for (int i = 0; i < 256; i++) mean += features[i] / 256.0;
  for (int i = 0; i < 256; i++) variance += features[i] * features[i] / 256.0;
  assert_true(fabs(mean) < 1e-6 && fabs(variance - 1) < 1e-4);
  o.normalize = MNW_NORMALIZE_PEAK;
  o.gain = 0.01f;
  compute(features, &info, &o, 256, 256);
  for (int i = 0; i < 256; i++) largest = fmax(largest, fabs(features[i]));
  assert_true(fabs(largest - 1) < 1e-6);
  o = music;
  o.log_range = 30;
  const mnw_tensor_info picture = float_tensor(12, 64);
  make_sound(4, 6000, 22050);
  compute(features, &picture, &o, 6000, 6000);
  float low = features[0], high = features[0];
  for (int i = 1; i < 12 * 64; i++) {
    low = fminf(low, features[i]);
    high = fmaxf(high, features[i]);
  }
  assert_true(fabsf(high - low - 30) < 1e-4f);
}

static void test_quantised_and_transposed(void **state) {
  (void)state;
  static int8_t bytes[490];
  static uint8_t unsigned_bytes[490];
  static float turned[490];
  mnw_audio_options o = keywords;
  mnw_tensor_info info = float_tensor(49, 10);
  make_sound(5, 16000, 16000);
  compute(features, &info, &o, 16000, 160);
  info.dtype = MNW_DTYPE_S8;
  info.scale = 0.58f;
  info.zero_point = 83;
  compute(bytes, &info, &o, 16000, 160);
  info.dtype = MNW_DTYPE_U8;
  compute(unsigned_bytes, &info, &o, 16000, 160);
  info = float_tensor(10, 49);
  o.is_transposed = 1;
  o.scale = 2;
  o.offset = 1;
  compute(turned, &info, &o, 16000, 160);
  for (int i = 0; i < 490; i++) {
    const double steps = rint(features[i] / 0.58f) + 83;
    assert_int_equal(bytes[i], (int)fmin(127, fmax(-128, steps)));
    assert_int_equal(unsigned_bytes[i], (int)fmin(255, fmax(0, steps)));
    assert_true(turned[i % 10 * 49 + i / 10] == features[i] * 2 + 1);
  }
}

static void test_bad_sound_gives_numbers(void **state) {
  (void)state;
  const mnw_tensor_info info = float_tensor(49, 10);
  make_sound(6, 16000, 16000);
  sound[100] = NAN;
  sound[200] = INFINITY;
  sound[300] = -INFINITY;
  sound[400] = 3e38f;
  compute(features, &info, &keywords, 16000, 333);
  for (int i = 0; i < 490; i++) assert_true(isfinite(features[i]));
}

#define REFUSE(change)                                                        \
  do {                                                                        \
    mnw_audio_options o = keywords;                                           \
    change;                                                                   \
    assert_int_equal(mnw_audio_bytes(&o), 0);                                 \
    assert_int_equal(mnw_audio_init(&audio, memory, sizeof memory, &o, NULL), \
                     MNW_STATUS_INVALID_ARGUMENT);                            \
    assert_null(audio);                                                       \
  } while (0)

static void test_refusals(void **state) {
  (void)state;
  static _Alignas(MNW_ALIGNMENT) uint8_t memory[1 << 17];
  mnw_audio *audio;
  REFUSE(o.sample_rate = 0);
  REFUSE(o.source_rate = 768001);
  REFUSE((o.source_rate = 768000, o.sample_rate = 1000));
  REFUSE(o.channels = 33);
  REFUSE(o.features = (mnw_audio_features)4);
  REFUSE(o.frames = 0);
  REFUSE(o.frames = 1u << 31);
  REFUSE(o.fft_length = 500);
  REFUSE(o.fft_length = 8192);
  REFUSE(o.frame_length = 513);
  REFUSE(o.frame_length = 0);
  REFUSE(o.frame_step = 0);
  REFUSE(o.window = (mnw_audio_window)5);
  REFUSE(o.power = 3);
  REFUSE(o.log = (mnw_audio_log)4);
  REFUSE(o.log_offset = 0);
  REFUSE(o.log_offset = -1);
  REFUSE(o.mel_bins = 0);
  REFUSE(o.mel_bins = 257);
  REFUSE(o.mel_scale = (mnw_mel_scale)2);
  REFUSE(o.lower_hz = 4000);
  REFUSE(o.lower_hz = NAN);
  REFUSE(o.upper_hz = 8001);
  REFUSE(o.coefficients = 41);
  REFUSE(o.coefficients = 0);
  REFUSE(o.scale = INFINITY);
  REFUSE(o.normalize = (mnw_audio_normalize)3);
  assert_int_equal(mnw_audio_init(&audio, memory, 1000, &keywords, NULL), MNW_STATUS_OUT_OF_MEMORY);
  assert_int_equal(mnw_audio_init(&audio, memory, sizeof memory, &keywords, NULL), MNW_STATUS_OK);
  mnw_tensor_info info = float_tensor(49, 10);
  assert_int_equal(mnw_audio_write(audio, features, &info, NULL), MNW_STATUS_NOT_READY);
  info.dtype = MNW_DTYPE_S8;
  assert_int_equal(mnw_audio_write(audio, features, &info, NULL), MNW_STATUS_INVALID_ARGUMENT);
  info = float_tensor(49, 11);
  assert_int_equal(mnw_audio_write(audio, features, &info, NULL), MNW_STATUS_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_features_follow_their_definitions),
      cmocka_unit_test(test_cuts_change_no_bit),
      cmocka_unit_test(test_resampling),
      cmocka_unit_test(test_windows_come_every_hop),
      cmocka_unit_test(test_levels_of_the_window),
      cmocka_unit_test(test_quantised_and_transposed),
      cmocka_unit_test(test_bad_sound_gives_numbers),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
