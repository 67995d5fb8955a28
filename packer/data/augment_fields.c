#include "augment_fields.h"

pk_field_reader pk_augment_reader(pk_error *error) {
  return (pk_field_reader){"augment", "docs/TRAINING.md describes the fields", PK_USAGE, true,
                           error};
}

bool pk_range_read(pk_range *range, const pk_field_reader *r, const json_t *object,
                   const char *where, const char *field, double minimum, double maximum) {
  char expected[128];
  const json_t *json = json_object_get(object, field);
  const json_t *low = json_array_get(json, 0), *high = json_array_get(json, 1);
  if (!json) return true;
  if (json_array_size(json) == 2 && json_is_number(low) && json_is_number(high) &&
      json_number_value(low) >= minimum && json_number_value(low) <= json_number_value(high) &&
      json_number_value(high) <= maximum) {
    *range = (pk_range){(float)json_number_value(low), (float)json_number_value(high)};
    return true;
  }
  snprintf(expected, sizeof expected, "two numbers from %g to %g, the lower first", minimum,
           maximum);
  return pk_field_bad(r, where, field, expected);
}
