// Examples altered at random, and examples made up.
#ifndef MINNOW_PACKER_DATA_AUGMENT_H_
#define MINNOW_PACKER_DATA_AUGMENT_H_

#include "../pk_random.h"
#include "augment_fields.h"

// Uniform in low … high.
static inline float pk_draw(pk_random *random, float low, float high) {
  return low + (high - low) * (float)pk_random_unit(random);
}
static inline bool pk_draw_share(pk_random *random, float share) {
  return pk_random_unit(random) < (double)share;
}

// --- pictures: RGBA ---

// `out` has room for the source's extents. One affine warp (bilinear; beyond the edge the edge goes
// on), colour, blur, noise, erasing.
void pk_picture_augment_apply(pk_picture *out, const pk_picture *source,
                              const pk_picture_augment *augment, pk_random *random);
// A picture of `out`'s extents with no object in it: noise, gradients, blobs, stripes.
void pk_picture_make_noise(pk_picture *out, pk_random *random);
// Of `out`'s extents: a small part of the source enlarged, or its tiles in another order.
void pk_picture_make_pieces(pk_picture *out, const pk_picture *source, pk_random *random);

// --- sounds: samples at PK_DATA_RATE ---

// `count` samples of noise, its root mean square 1: white, pink, brown, hum or modulated.
void pk_sound_make_noise(float *samples, size_t count, pk_random *random);
// Sounds that are no word: halves, backwards, one's beginning with another's end, pieces in another
// order. `out` has `count` samples.
void pk_sound_make_pieces(float *out, size_t count, const pk_data_item *a, const pk_data_item *b,
                          pk_random *random);
// Filter, reverberation, noise and gain over a window. `other` (NULL: none) is a sound to mix in;
// `scratch` has `count` samples.
void pk_sound_augment_apply(float *samples, size_t count, const pk_sound_augment *augment,
                            const pk_data_item *other, float *scratch, pk_random *random);
// SpecAugment (Park et al. 2019): rows and bins of the features become their mean.
void pk_sound_mask(float *features, size_t rows, size_t bins, const pk_sound_augment *augment,
                   pk_random *random);

// --- texts: UTF-8 ---

// Writes at most `capacity` bytes and returns their number: words (characters, in scripts without
// blanks) dropped and swapped, letters mistyped. At least one word stays.
size_t pk_text_augment_apply(char *out, size_t capacity, const char *text, size_t text_bytes,
                             const pk_text_augment *augment, pk_random *random);

#endif  // MINNOW_PACKER_DATA_AUGMENT_H_
