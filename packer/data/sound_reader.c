// A clip → its window, at the clip's own rate, altered → the runtime's front end for that rate.
#include "sound_reader.h"

#include <stdlib.h>

#include "../package/core_model.h"
#include "augment_sound.h"

enum {
  MAX_RATES = 8,
  LOOK_AHEAD = 64  // samples behind a window, for the resampler's taps
};

typedef struct rate_front {
  uint32_t rate;
  size_t window;  // samples of this rate that fill the tensor
  mnw_audio *audio;
  void *memory;
} rate_front;

struct pk_sound_reader {
  const pk_data_set *set;
  const pk_manifest_tensor *input;
  mnw_tensor_info info;
  uint32_t bins;
  pk_sound_augment augment;
  pk_data_pool clips;  // mixed in
  rate_front fronts[MAX_RATES];
  size_t front_count;
  float *window, *first, *second;  // the longest window and LOOK_AHEAD each
};

// Samples at the model's rate until the first window is due.
static size_t model_window(const mnw_audio_options *o) {
  if (o->features == MNW_AUDIO_WAVEFORM) return o->frames;
  const size_t whole = (size_t)(o->frames - 1) * o->frame_step + o->frame_length;
  return o->is_centered ? whole - o->frame_length / 2 : whole;
}

static bool add_front(pk_sound_reader *r, uint32_t rate, const char *name, pk_error *error) {
  mnw_error core_error = {0};
  mnw_audio_options options = r->input->audio;
  for (size_t i = 0; i < r->front_count; i++) {
    if (r->fronts[i].rate == rate) return true;
  }
  if (r->front_count == MAX_RATES) {
    return pk_fail(error, PK_USAGE, "%s: clips of more than %d rates; convert them to one", name,
                   MAX_RATES);
  }
  rate_front *front = &r->fronts[r->front_count++];
  front->rate = options.source_rate = rate;
  options.channels = 1;
  front->window =
      (model_window(&options) * (uint64_t)rate + options.sample_rate - 1) / options.sample_rate;
  const size_t bytes = mnw_audio_bytes(&options);
  front->memory = pk_aligned_alloc(bytes + 1);
  if (!front->memory) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for sound", name);
  if (mnw_audio_init(&front->audio, front->memory, bytes, &options, &core_error) == MNW_STATUS_OK) {
    return true;
  }
  return pk_core_fail(error, &core_error, name);
}

static bool open_fronts(pk_sound_reader *r, pk_error *error) {
  size_t longest = 0;
  if (!add_front(r, r->input->audio.sample_rate, "generated sound", error)) return false;
  for (size_t i = 0; i < r->set->item_count; i++) {
    const pk_data_item *item = &r->set->items[i];
    if (item->rate > 0 && !add_front(r, item->rate, item->name, error)) return false;
  }
  for (size_t i = 0; i < r->front_count; i++) {
    if (r->fronts[i].window > longest) longest = r->fronts[i].window;
  }
  r->window = malloc((longest + LOOK_AHEAD) * sizeof(float));
  r->first = malloc((longest + LOOK_AHEAD) * sizeof(float));
  r->second = malloc((longest + LOOK_AHEAD) * sizeof(float));
  return (r->window && r->first && r->second) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory for windows of %zu samples", longest);
}

static void describe_tensor(pk_sound_reader *r) {
  r->info = pk_manifest_tensor_info(r->input);
  r->bins = (uint32_t)(pk_manifest_tensor_elements(r->input) / r->input->audio.frames);
}

static bool open_clips(pk_sound_reader *r, pk_error *error) {
  if (r->augment.clip_class < 0) return true;
  r->clips.classes = calloc(r->set->label_count, sizeof *r->clips.classes);
  if (!r->clips.classes) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for clips");
  r->clips.classes[r->augment.clip_class] = true;
  return pk_data_pool_fill(&r->clips, r->set, error);
}

bool pk_sound_reader_open(pk_sound_reader **reader, const pk_data_set *set,
                          const pk_manifest_tensor *input, const json_t *augment, pk_error *error) {
  pk_sound_reader *r = *reader = calloc(1, sizeof *r);
  if (!r) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read sounds");
  r->set = set;
  r->input = input;
  describe_tensor(r);
  if (!pk_sound_augment_read(&r->augment, set, augment, error)) return false;
  if (input->audio.features == MNW_AUDIO_WAVEFORM &&
      r->augment.time_masks + r->augment.frequency_masks > 0) {
    return pk_fail(error, PK_USAGE,
                   "augment: spec masks features, and the model takes the waveform; leave it out");
  }
  return open_fronts(r, error) && open_clips(r, error);
}

void pk_sound_reader_close(pk_sound_reader *reader) {
  if (!reader) return;
  for (size_t i = 0; i < reader->front_count; i++) free(reader->fronts[i].memory);
  pk_data_pool_free(&reader->clips);
  free(reader->window);
  free(reader->first);
  free(reader->second);
  free(reader);
}

static const rate_front *find_front(const pk_sound_reader *r, uint32_t rate) {
  size_t i = 0;
  while (i + 1 < r->front_count && r->fronts[i].rate != rate) i++;
  return &r->fronts[i];
}

// The window of a file's clip at the rate of `front`, moved and sped up by `change`.
static void read_file(float *out, const pk_data_item *item, const rate_front *front,
                      const pk_sound_change *change) {
  const pk_clip clip = {item->content, item->count, item->rate, change->is_mirrored};
  const double step = change->speed * item->rate / front->rate;
  const size_t span = (size_t)((double)front->window * item->rate / front->rate + 0.5);
  const double usual = pk_clip_window(&clip, span);
  const double centred = usual + 0.5 * ((double)span - (double)front->window * step);
  const double start = step == 1.0 ? usual : centred;
  pk_clip_read(out, front->window + LOOK_AHEAD, &clip, start - change->shift * item->rate, step);
}

static const pk_data_item *draw_from(const pk_data_pool *pool, const pk_data_set *set,
                                     pk_data_part part, pk_random *random) {
  return &set->items[pool->items[part][pk_random_below(random, pool->counts[part])]];
}

static const rate_front *read_pieces(pk_sound_reader *r, const pk_data_item *item,
                                     const pk_sound_change *change, pk_random *made) {
  const pk_data_pool *pool = &r->set->pools[item->pool];
  const pk_data_item *first = draw_from(pool, r->set, item->part, made);
  const pk_data_item *second = draw_from(pool, r->set, item->part, made);
  const rate_front *front = find_front(r, first->rate);
  read_file(r->first, first, front, change);
  read_file(r->second, second, front, change);
  pk_sound_cut(r->window, r->first, r->second, front->window + LOOK_AHEAD, front->rate, made);
  return front;
}

// Fills r->window.
static const rate_front *read_window(pk_sound_reader *r, const pk_data_item *item,
                                     const pk_sound_change *change, pk_random *made) {
  if (item->origin == PK_DATA_PIECES) return read_pieces(r, item, change, made);
  if (item->origin == PK_DATA_NOISE) {
    pk_sound_generate(r->window, r->fronts[0].window + LOOK_AHEAD, r->fronts[0].rate, made);
    return &r->fronts[0];
  }
  const rate_front *front = find_front(r, item->rate);
  read_file(r->window, item, front, change);
  return front;
}

static void mix_noise(pk_sound_reader *r, const rate_front *front, pk_data_part part,
                      pk_random *random) {
  static const pk_sound_change as_it_is = {.speed = 1.0, .gain = 1.0};
  const double snr = pk_range_draw(&r->augment.snr, random);
  const size_t count = front->window + LOOK_AHEAD;
  const bool has_clips = r->augment.clip_class >= 0 && r->clips.counts[part] > 0;
  if (has_clips && pk_random_chance(random, 0.5)) {
    read_file(r->first, draw_from(&r->clips, r->set, part, random), front, &as_it_is);
  } else {
    const pk_noise_kind kind = (pk_noise_kind)pk_random_below(random, PK_STEADY_NOISES);
    pk_noise_make(r->first, count, front->rate, kind, random);
  }
  pk_sound_mix(r->window, r->first, count, snr);
}

static void alter(pk_sound_reader *r, const rate_front *front, const pk_sound_change *change,
                  pk_data_part part, pk_random *random) {
  const size_t count = front->window + LOOK_AHEAD;
  const pk_sound_augment *augment = &r->augment;
  if (pk_random_chance(random, (double)augment->reverb)) {
    pk_sound_reverb(r->window, count, front->rate, random);
  }
  if (pk_random_chance(random, (double)augment->noise_share)) mix_noise(r, front, part, random);
  if (pk_random_chance(random, (double)augment->filter)) {
    pk_sound_filter(r->window, count, front->rate, random);
  }
  pk_sound_gain(r->window, count, change->gain);
}

bool pk_sound_reader_fill(pk_sound_reader *reader, const pk_data_item *item, pk_random *made,
                          pk_random *altered, void *tensor, pk_error *error) {
  pk_sound_change change = {.speed = 1.0, .gain = 1.0};
  mnw_error core_error = {0};
  size_t taken = 0;
  if (altered) change = pk_sound_change_draw(&reader->augment, altered);
  const rate_front *front = read_window(reader, item, &change, made);
  if (altered) alter(reader, front, &change, item->part, altered);
  mnw_audio_reset(front->audio);
  if (!mnw_audio_push(front->audio, &taken, reader->window, front->window + LOOK_AHEAD)) {
    mnw_audio_finish(front->audio);
  }
  if (mnw_audio_write(front->audio, tensor, &reader->info, &core_error) != MNW_STATUS_OK) {
    return pk_core_fail(error, &core_error, item->name);
  }
  if (altered) {
    pk_features_mask(tensor, reader->input->dtype, reader->input->audio.frames, reader->bins,
                     reader->input->audio.is_transposed != 0, &reader->augment, altered);
  }
  return true;
}
