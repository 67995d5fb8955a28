#include "augment_fields.h"

#include <stddef.h>

#include "../package/manifest_fields.h"

#define PICTURE(field) offsetof(pk_picture_augment, field)
static const pk_field_rule picture_rules[] = {
    {"shift", PK_FIELD_NUMBER, false, PICTURE(shift), 0, 1, NULL},
    {"rotate", PK_FIELD_NUMBER, false, PICTURE(rotate), 0, 180, NULL},
    {"shear", PK_FIELD_NUMBER, false, PICTURE(shear), 0, 60, NULL},
    {"mirror", PK_FIELD_BOOLEAN, false, PICTURE(mirror), 0, 0, NULL},
    {"brightness", PK_FIELD_NUMBER, false, PICTURE(brightness), 0, 1, NULL},
    {"contrast", PK_FIELD_NUMBER, false, PICTURE(contrast), 0, 0.95, NULL},
    {"saturation", PK_FIELD_NUMBER, false, PICTURE(saturation), 0, 1, NULL},
    {"gamma", PK_FIELD_NUMBER, false, PICTURE(gamma), 0, 2, NULL},
    {"noise", PK_FIELD_NUMBER, false, PICTURE(noise), 0, 1, NULL},
    {"blur", PK_FIELD_NUMBER, false, PICTURE(blur), 0, 16, NULL}};

#define SOUND(field) offsetof(pk_sound_augment, field)
static const pk_field_rule sound_rules[] = {
    {"shift", PK_FIELD_NUMBER, false, SOUND(shift), 0, 10, NULL},
    {"filter", PK_FIELD_NUMBER, false, SOUND(filter), 0, 1, NULL},
    {"reverb", PK_FIELD_NUMBER, false, SOUND(reverb), 0, 1, NULL}};

static const pk_field_rule spec_rules[] = {
    {"timeMasks", PK_FIELD_INTEGER, false, SOUND(time_masks), 0, 16, NULL},
    {"time", PK_FIELD_INTEGER, false, SOUND(time), 0, 10000, NULL},
    {"frequencyMasks", PK_FIELD_INTEGER, false, SOUND(frequency_masks), 0, 16, NULL},
    {"frequency", PK_FIELD_INTEGER, false, SOUND(frequency), 0, 10000, NULL}};

#define TEXT(field) offsetof(pk_text_augment, field)
static const pk_field_rule text_rules[] = {
    {"dropout", PK_FIELD_NUMBER, false, TEXT(dropout), 0, 0.9, NULL},
    {"swap", PK_FIELD_NUMBER, false, TEXT(swap), 0, 0.9, NULL},
    {"typos", PK_FIELD_NUMBER, false, TEXT(typos), 0, 0.9, NULL}};

#define COUNT(rules) (sizeof(rules) / sizeof *(rules))

static bool read_range(pk_range_field *range, const pk_field_reader *r, const json_t *object,
                       const char *where, const char *field, double minimum, double maximum) {
  const json_t *value = json_object_get(object, field);
  if (!value) return true;
  const double low = json_number_value(json_array_get(value, 0));
  const double high = json_number_value(json_array_get(value, 1));
  if (json_array_size(value) != 2 || !(low >= minimum && high <= maximum && low <= high)) {
    char expected[96];
    snprintf(expected, sizeof expected, "[lowest, highest] within %g and %g", minimum, maximum);
    return pk_field_bad(r, where, field, expected);
  }
  *range = (pk_range_field){(float)low, (float)high};
  return true;
}

static bool read_share(float *share, const pk_field_reader *r, const json_t *object,
                       const char *where) {
  const json_t *value = json_object_get(object, "share");
  *share = value ? (float)json_number_value(value) : 1.0f;
  return (*share >= 0.0f && *share <= 1.0f) || pk_field_bad(r, where, "share", "0 to 1");
}

static bool read_picture(pk_picture_augment *picture, const pk_field_reader *r,
                         const json_t *json) {
  static const char *const also[] = {"scale", "erase", NULL};
  const json_t *erase = json_object_get(json, "erase");
  return pk_field_read_rules(picture, picture_rules, COUNT(picture_rules), also, r, json,
                             "augment") &&
         read_range(&picture->scale, r, json, "augment", "scale", 0.1, 10.0) &&
         (!erase ||
          (read_share(&picture->erase_share, r, erase, "augment.erase") &&
           read_range(&picture->erase_size, r, erase, "augment.erase", "size", 0.0, 1.0)));
}

static bool read_sound(pk_sound_augment *sound, const pk_field_reader *r, const json_t *json) {
  static const char *const also[] = {"gain", "noise", "speed", "spec", NULL};
  const json_t *noise = json_object_get(json, "noise"), *spec = json_object_get(json, "spec");
  return pk_field_read_rules(sound, sound_rules, COUNT(sound_rules), also, r, json, "augment") &&
         read_range(&sound->gain, r, json, "augment", "gain", -60.0, 60.0) &&
         read_range(&sound->speed, r, json, "augment", "speed", 0.25, 4.0) &&
         (!noise || (read_share(&sound->noise_share, r, noise, "augment.noise") &&
                     read_range(&sound->snr, r, noise, "augment.noise", "snr", -20.0, 80.0))) &&
         (!spec ||
          pk_field_read_rules(sound, spec_rules, COUNT(spec_rules), NULL, r, spec, "augment.spec"));
}

bool pk_augment_read(pk_augment *augment, const json_t *json, pk_data_format format,
                     pk_error *error) {
  const pk_field_reader reader = {"recipe", "docs/TRAINING.md describes augmentation", PK_USAGE,
                                  true, error};
  *augment = (pk_augment){.picture = {.scale = {1.0f, 1.0f}, .erase_size = {0.1f, 0.3f}},
                          .sound = {.speed = {1.0f, 1.0f}, .snr = {10.0f, 30.0f}}};
  if (!json) return true;
  switch (format) {
    case PK_DATA_PICTURES:
      return read_picture(&augment->picture, &reader, json);
    case PK_DATA_SOUNDS:
      return read_sound(&augment->sound, &reader, json);
    default:
      return pk_field_read_rules(&augment->text, text_rules, COUNT(text_rules), NULL, &reader, json,
                                 "augment");
  }
}
