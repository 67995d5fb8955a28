#include "augment_sound.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const double tau = 6.28318530717958647692;
static const double silence_level = 0.001;

#define NUMBER(name, member, maximum) \
  { name, PK_FIELD_NUMBER, false, offsetof(pk_sound_augment, member), 0, maximum, NULL }
#define COUNT(name, member, maximum) \
  { name, PK_FIELD_INTEGER, false, offsetof(pk_sound_augment, member), 0, maximum, NULL }
static const pk_field_rule rules[] = {
    NUMBER("shift", shift, 60),
    NUMBER("filter", filter, 1),
    NUMBER("reverb", reverb, 1),
    NUMBER("edges", edges, 1),
};
static const pk_field_rule noise_rules[] = {NUMBER("share", noise_share, 1)};
static const pk_field_rule spec_rules[] = {
    COUNT("timeMasks", time_masks, 100),
    COUNT("time", time, 10000),
    COUNT("frequencyMasks", frequency_masks, 100),
    COUNT("frequency", frequency, 10000),
};
#undef NUMBER
#undef COUNT
static const char *const other_fields[] = {"gain", "noise", "speed", "spec", NULL};
static const char *const noise_others[] = {"snr", "clips", NULL};

static bool read_noise(pk_sound_augment *augment, const pk_data_set *set, const pk_field_reader *r,
                       const json_t *noise) {
  const json_t *clips = json_object_get(noise, "clips");
  if (!noise) return true;
  if (!pk_field_read_rules(augment, noise_rules, 1, noise_others, r, noise, "noise") ||
      !pk_range_read(&augment->snr, r, noise, "noise", "snr", -20, 100)) {
    return false;
  }
  if (!clips) return true;
  augment->clip_class = json_is_string(clips) ? pk_label_find(set, json_string_value(clips)) : -1;
  return augment->clip_class >= 0 ||
         pk_field_bad(r, "noise", "clips", "one of the labels, whose clips are mixed in");
}

bool pk_sound_augment_read(pk_sound_augment *augment, const pk_data_set *set, const json_t *json,
                           pk_error *error) {
  const pk_field_reader r = pk_augment_reader(error);
  const json_t *spec = json_object_get(json, "spec");
  *augment = (pk_sound_augment){.snr = {5.0f, 25.0f}, .speed = {1.0f, 1.0f}, .clip_class = -1};
  if (!json) return true;
  return pk_field_read_rules(augment, rules, sizeof rules / sizeof *rules, other_fields, &r, json,
                             "") &&
         pk_range_read(&augment->gain, &r, json, "", "gain", -60, 60) &&
         pk_range_read(&augment->speed, &r, json, "", "speed", 0.5, 2) &&
         read_noise(augment, set, &r, json_object_get(json, "noise")) &&
         (!spec || pk_field_read_rules(augment, spec_rules, sizeof spec_rules / sizeof *spec_rules,
                                       NULL, &r, spec, "spec"));
}

pk_sound_change pk_sound_change_draw(const pk_sound_augment *augment, pk_random *random) {
  pk_sound_change change;
  change.shift = pk_spread_draw(augment->shift, random);
  change.speed = pk_range_draw(&augment->speed, random);
  change.gain = pow(10.0, pk_range_draw(&augment->gain, random) / 20.0);
  change.is_mirrored = pk_random_chance(random, (double)augment->edges);
  return change;
}

void pk_sound_filter(float *samples, size_t count, uint32_t rate, pk_random *random) {
  const double top = 0.5 * rate;
  const double low = exp(pk_random_between(random, log(20.0), log(400.0)));
  const double high = exp(pk_random_between(random, log(fmin(2500.0, 0.3 * top)), log(top)));
  const float low_share = (float)(1.0 - exp(-tau * low / rate));
  const float high_share = (float)(1.0 - exp(-tau * high / rate));
  const float tilt = (float)pk_random_between(random, -0.5, 0.5);
  float base = 0.0f, smooth = 0.0f, before = 0.0f;
  for (size_t i = 0; i < count; i++) {
    base += low_share * (samples[i] - base);
    smooth += high_share * (samples[i] - base - smooth);
    samples[i] = smooth - tilt * before;
    before = smooth;
  }
}

enum { COMBS = 4, MAX_DELAY = 4096 };

static size_t draw_delay(double low, double high, uint32_t rate, pk_random *random) {
  const double delay = pk_random_between(random, low, high) * rate;
  return delay < 1.0 ? 1 : delay > MAX_DELAY ? MAX_DELAY : (size_t)delay;
}

void pk_sound_reverb(float *samples, size_t count, uint32_t rate, pk_random *random) {
  size_t delays[COMBS];
  float lines[COMBS][MAX_DELAY];
  size_t at[COMBS] = {0};
  const float feedback = (float)pk_random_between(random, 0.4, 0.85);
  const float wet = (float)pk_random_between(random, 0.1, 0.5) / COMBS;
  for (int c = 0; c < COMBS; c++) {
    delays[c] = draw_delay(0.012, 0.05, rate, random);
    memset(lines[c], 0, delays[c] * sizeof(float));
  }
  for (size_t i = 0; i < count; i++) {
    float sum = 0.0f;
    for (int c = 0; c < COMBS; c++) {
      const float echo = feedback * lines[c][at[c]];
      lines[c][at[c]] = samples[i] + echo;
      at[c] = at[c] + 1 == delays[c] ? 0 : at[c] + 1;
      sum += echo;
    }
    samples[i] += wet * sum;
  }
}

void pk_sound_mix(float *samples, const float *noise, size_t count, double snr_db) {
  const double level = fmax(pk_sound_level(samples, count), silence_level);
  const double noise_level = pk_sound_level(noise, count);
  if (noise_level <= 0.0) return;
  const float factor = (float)(level / noise_level * pow(10.0, -snr_db / 20.0));
  for (size_t i = 0; i < count; i++) samples[i] += factor * noise[i];
}

void pk_sound_gain(float *samples, size_t count, double factor) {
  const float gain = (float)factor;
  for (size_t i = 0; i < count; i++) samples[i] = fminf(fmaxf(samples[i] * gain, -1.0f), 1.0f);
}

// --- features ---

typedef struct feature_map {
  void *tensor;
  mnw_dtype dtype;
  size_t frame_stride, bin_stride;
  double mean;
} feature_map;

static double element(const feature_map *map, size_t index) {
  if (map->dtype == MNW_DTYPE_F32) return (double)((const float *)map->tensor)[index];
  if (map->dtype == MNW_DTYPE_S8) return ((const int8_t *)map->tensor)[index];
  return ((const uint8_t *)map->tensor)[index];
}

static void set_mean(const feature_map *map, size_t index) {
  if (map->dtype == MNW_DTYPE_F32) {
    ((float *)map->tensor)[index] = (float)map->mean;
  } else {
    ((uint8_t *)map->tensor)[index] = (uint8_t)lrint(map->mean);
  }
}

// Masks `masks` runs of at most `longest` of the `count` lines along `stride`.
static void mask_lines(const feature_map *map, uint32_t masks, uint32_t longest, size_t count,
                       size_t stride, size_t other_count, size_t other_stride, pk_random *random) {
  for (uint32_t m = 0; m < masks; m++) {
    const size_t wanted = pk_random_below(random, (size_t)longest + 1);
    const size_t length = wanted < count ? wanted : count;
    const size_t first = pk_random_below(random, count - length + 1);
    for (size_t i = first; i < first + length; i++) {
      for (size_t k = 0; k < other_count; k++) set_mean(map, i * stride + k * other_stride);
    }
  }
}

void pk_features_mask(void *tensor, mnw_dtype dtype, uint32_t frames, uint32_t bins,
                      bool is_transposed, const pk_sound_augment *augment, pk_random *random) {
  feature_map map = {tensor, dtype, is_transposed ? 1 : bins, is_transposed ? frames : 1, 0.0};
  const size_t count = (size_t)frames * bins;
  if (augment->time_masks + augment->frequency_masks == 0) return;
  for (size_t i = 0; i < count; i++) map.mean += element(&map, i);
  map.mean /= (double)count;
  mask_lines(&map, augment->time_masks, augment->time, frames, map.frame_stride, bins,
             map.bin_stride, random);
  mask_lines(&map, augment->frequency_masks, augment->frequency, bins, map.bin_stride, frames,
             map.frame_stride, random);
}
