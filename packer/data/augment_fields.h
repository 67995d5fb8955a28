// What "augment" of a recipe allows, read once.
#ifndef MINNOW_PACKER_DATA_AUGMENT_FIELDS_H_
#define MINNOW_PACKER_DATA_AUGMENT_FIELDS_H_

#include <jansson.h>

#include "data_items.h"

typedef struct pk_range_field {
  float low, high;
} pk_range_field;

typedef struct pk_picture_augment {
  float shift;           // share of the side, to each
  pk_range_field scale;  // factors
  float rotate, shear;   // degrees, to each side
  uint32_t mirror;       // 0 or 1
  float brightness, contrast, saturation, gamma;
  float noise;  // deviation, share of the range
  float blur;   // radius, pixels
  float erase_share;
  pk_range_field erase_size;  // shares of the side
} pk_picture_augment;

typedef struct pk_sound_augment {
  float shift;          // seconds, to each side
  pk_range_field gain;  // dB
  float noise_share;
  pk_range_field snr;                                    // dB
  pk_range_field speed;                                  // factors
  float filter, reverb;                                  // shares of sounds that get one
  int32_t time_masks, time, frequency_masks, frequency;  // number and largest width, in rows, bins
} pk_sound_augment;

typedef struct pk_text_augment {
  float dropout, swap, typos;  // shares of words, of words, of letters
} pk_text_augment;

typedef struct pk_augment {
  pk_picture_augment picture;
  pk_sound_augment sound;
  pk_text_augment text;
} pk_augment;

// `json` NULL: nothing is altered. Errors: USAGE, naming the field.
bool pk_augment_read(pk_augment *augment, const json_t *json, pk_data_format format,
                     pk_error *error);

#endif  // MINNOW_PACKER_DATA_AUGMENT_FIELDS_H_
