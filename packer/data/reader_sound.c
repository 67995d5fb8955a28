// Sounds into a front end's window: as they are, centred; or moved, faster or slower, altered.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../package/core_model.h"
#include "data_reader.h"
#include "wav_file.h"

bool pk_reader_open_sound(pk_data_reader *reader, pk_error *error) {
  mnw_audio_options options = reader->inputs->inputs[0].audio;
  mnw_error cause = {0};
  options.source_rate = PK_DATA_RATE;
  options.channels = 1;
  const size_t bytes = mnw_audio_bytes(&options);
  // At the model's rate.
  const size_t own = options.features == MNW_AUDIO_WAVEFORM
                         ? options.frames
                         : (size_t)(options.frames - 1) * options.frame_step + options.frame_length;
  reader->window = (size_t)((double)own * PK_DATA_RATE / (double)options.sample_rate + 0.5);
  reader->memory = bytes ? pk_aligned_alloc(bytes) : NULL;
  reader->samples = malloc((reader->window + 1) * sizeof *reader->samples);
  reader->scratch = malloc((reader->window + 1) * sizeof *reader->scratch);
  if (bytes && reader->memory && reader->samples && reader->scratch) {
    return mnw_audio_init(&reader->audio, reader->memory, bytes, &options, &cause) ==
               MNW_STATUS_OK ||
           pk_core_fail(error, &cause, "the sound front end");
  }
  return bytes ? pk_fail(error, PK_OUT_OF_MEMORY, "no memory to read sounds with")
               : pk_fail(error, PK_USAGE, "the options of the sound front end are not usable");
}

// Where the loudest window of a longer sound begins.
static size_t loudest_start(const float *samples, size_t count, size_t window) {
  double power = 0.0, best;
  size_t start = 0;
  for (size_t i = 0; i < window; i++) power += (double)(samples[i] * samples[i]);
  best = power;
  for (size_t i = window; i < count; i++) {
    power +=
        (double)(samples[i] * samples[i]) - (double)(samples[i - window] * samples[i - window]);
    if (power > best) {
      best = power;
      start = i - window + 1;
    }
  }
  return start;
}

// Copies the window that begins at `start` of the sound; silence outside.
static void place(float *window, size_t window_count, const float *samples, size_t count,
                  ptrdiff_t start) {
  for (size_t i = 0; i < window_count; i++) {
    const ptrdiff_t at = start + (ptrdiff_t)i;
    window[i] = at >= 0 && at < (ptrdiff_t)count ? samples[at] : 0.0f;
  }
}

static void place_plain(pk_data_reader *reader, const float *samples, size_t count) {
  const ptrdiff_t start = count > reader->window
                              ? (ptrdiff_t)loudest_start(samples, count, reader->window)
                              : ((ptrdiff_t)count - (ptrdiff_t)reader->window) / 2;
  place(reader->samples, reader->window, samples, count, start);
}

static bool place_altered(pk_data_reader *reader, const pk_data_item *item, pk_random *random,
                          pk_error *error) {
  const pk_sound_augment *a = &reader->augment.sound;
  const float speed = pk_draw(random, a->speed.low, a->speed.high);
  const ptrdiff_t moved = (ptrdiff_t)(pk_draw(random, -a->shift, a->shift) * (float)PK_DATA_RATE);
  size_t count = item->sample_count;
  float *faster = NULL;
  const float *samples = item->samples;
  if (speed != 1.0f) {
    faster =
        pk_sound_resample(&count, item->samples, item->sample_count, (double)speed, 1.0, error);
    if (!faster) return false;
    samples = faster;
  }
  // Of what is much longer than the window, any part.
  const bool is_long = count > reader->window + reader->window / 4;
  const ptrdiff_t start = is_long ? (ptrdiff_t)pk_random_below(random, count - reader->window)
                                  : ((ptrdiff_t)count - (ptrdiff_t)reader->window) / 2 + moved;
  place(reader->samples, reader->window, samples, count, start);
  free(faster);
  return true;
}

static bool fill_window(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                        pk_random *random, pk_error *error) {
  if (item->kind == PK_ITEM_NOISE) {
    const float level = powf(10.0f, pk_draw(random, -70.0f, -10.0f) / 20.0f);
    pk_sound_make_noise(reader->samples, reader->window, random);
    for (size_t i = 0; i < reader->window; i++) reader->samples[i] *= level;
    return true;
  }
  if (item->kind == PK_ITEM_PIECES) {
    const pk_data_item *a = pk_reader_draw(reader, item->part, random);
    const pk_data_item *b = pk_reader_draw(reader, item->part, random);
    pk_sound_make_pieces(reader->samples, reader->window, a, b, random);
    return true;
  }
  if (seed && reader->alters) return place_altered(reader, item, random, error);
  place_plain(reader, item->samples, item->sample_count);
  return true;
}

static bool write_features(pk_data_reader *reader, void *inputs, pk_error *error) {
  const mnw_tensor_info info = pk_reader_tensor(&reader->inputs->inputs[0]);
  mnw_error cause = {0};
  size_t taken = 0;
  mnw_audio_reset(reader->audio);
  const bool is_due = mnw_audio_push(reader->audio, &taken, reader->samples, reader->window) ||
                      mnw_audio_finish(reader->audio);
  (void)is_due;  // mnw_audio_write() tells where it is not
  return mnw_audio_write(reader->audio, inputs, &info, &cause) == MNW_STATUS_OK ||
         pk_core_fail(error, &cause, "the sound front end");
}

bool pk_reader_fill_sound(pk_data_reader *reader, const pk_data_item *item, uint64_t seed,
                          void *inputs, pk_error *error) {
  const pk_manifest_tensor *input = &reader->inputs->inputs[0];
  const pk_sound_augment *a = &reader->augment.sound;
  pk_random random = pk_random_of(seed, item->seed);
  if (!fill_window(reader, item, seed, &random, error)) return false;
  if (seed && reader->alters) {
    const pk_data_item *other = pk_reader_draw(reader, item->part, &random);
    pk_sound_augment_apply(reader->samples, reader->window, a, other, reader->scratch, &random);
  }
  if (!write_features(reader, inputs, error)) return false;
  if (seed && reader->alters && input->dtype == MNW_DTYPE_F32 && input->audio.frames > 0) {
    const size_t elements = (size_t)pk_manifest_tensor_elements(input);
    pk_sound_mask(inputs, input->audio.frames, elements / input->audio.frames, a, &random);
  }
  return true;
}
