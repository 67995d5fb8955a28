// Reading the fields of `augment`.
#ifndef MINNOW_PACKER_AUGMENT_FIELDS_H_
#define MINNOW_PACKER_AUGMENT_FIELDS_H_

#include <jansson.h>

#include "../package/manifest_fields.h"
#include "data_random.h"

typedef struct pk_range {
  float low, high;
} pk_range;

static inline double pk_range_draw(const pk_range *range, pk_random *random) {
  return pk_random_between(random, (double)range->low, (double)range->high);
}

static inline double pk_spread_draw(float spread, pk_random *random) {  // -spread … spread
  return pk_random_between(random, -(double)spread, (double)spread);
}

// What all messages about `augment` say.
pk_field_reader pk_augment_reader(pk_error *error);

// Reads [low, high] within minimum … maximum; where the field is missing, the range is left alone.
bool pk_range_read(pk_range *range, const pk_field_reader *r, const json_t *object,
                   const char *where, const char *field, double minimum, double maximum);

#endif  // MINNOW_PACKER_AUGMENT_FIELDS_H_
