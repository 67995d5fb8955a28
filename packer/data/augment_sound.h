// How sounds are altered at random.
#ifndef MINNOW_PACKER_AUGMENT_SOUND_H_
#define MINNOW_PACKER_AUGMENT_SOUND_H_

#include "augment_fields.h"
#include "data_store.h"
#include "generate_sound.h"

typedef struct pk_sound_augment {
  float shift;                  // seconds
  float filter, reverb, edges;  // shares of the examples
  float noise_share;
  pk_range gain, snr;  // dB
  pk_range speed;      // 2: twice as fast, and an octave higher
  int32_t clip_class;  // class whose clips are mixed in, -1: none
  uint32_t time_masks, time, frequency_masks, frequency;  // SpecAugment: rows, bins
} pk_sound_augment;

// Reads `augment` of sounds; NULL: nothing is altered. Errors: USAGE.
bool pk_sound_augment_read(pk_sound_augment *augment, const pk_data_set *set, const json_t *json,
                           pk_error *error);

// One draw of what happens before the sound is cut to its window.
typedef struct pk_sound_change {
  double shift;        // seconds; above 0: later
  double speed, gain;  // gain: a factor
  bool is_mirrored;    // the clip stands between mirrors, not in silence
} pk_sound_change;

pk_sound_change pk_sound_change_draw(const pk_sound_augment *augment, pk_random *random);

// A cheap microphone: a random high-pass, low-pass and tilt, of the first order.
void pk_sound_filter(float *samples, size_t count, uint32_t rate, pk_random *random);

// A small room: four combs of random lengths (M. R. Schroeder, "Natural sounding artificial
// reverberation", 1962), mixed in.
void pk_sound_reverb(float *samples, size_t count, uint32_t rate, pk_random *random);

// Adds `noise` so that the sound is `snr_db` louder; a silent sound counts as -60 dB.
void pk_sound_mix(float *samples, const float *noise, size_t count, double snr_db);

void pk_sound_gain(float *samples, size_t count, double factor);  // limits to -1 … 1

// Sets random runs of rows and of bins to the mean of the whole (D. S. Park et al., "SpecAugment",
// Interspeech 2019). `tensor` has `frames` x `bins` elements, or bins x frames where is_transposed,
// of float32 or bytes.
void pk_features_mask(void *tensor, mnw_dtype dtype, uint32_t frames, uint32_t bins,
                      bool is_transposed, const pk_sound_augment *augment, pk_random *random);

#endif  // MINNOW_PACKER_AUGMENT_SOUND_H_
