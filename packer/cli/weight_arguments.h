// The --weights option of `minnow pack`.
#ifndef MINNOW_PACKER_WEIGHT_ARGUMENTS_H_
#define MINNOW_PACKER_WEIGHT_ARGUMENTS_H_

#include <jansson.h>

#include "../compress/plain_weights.h"
#include "../compress/step_choice.h"

// What weights become: without samples a type of number, with samples what these allow.
typedef struct pk_weight_choice {
  bool is_plain;
  pk_plain_weights plain;
  pk_weight_values values;
} pk_weight_choice;  // all zero: steps

// steps, shared or either; float16, int8 or int4. Errors: USAGE.
bool pk_parse_weights(pk_weight_choice *choice, const char *text, pk_error *error);

// Whether the choice goes together with having samples or not. Errors: USAGE.
bool pk_check_weights(const pk_weight_choice *choice, bool has_samples, pk_error *error);

// What was rounded without samples, for people and for machines; nothing and NULL where nothing
// was.
void pk_plain_print(const pk_plain_report *report, pk_plain_weights weights);
json_t *pk_plain_json(const pk_plain_report *report, pk_plain_weights weights);

#endif  // MINNOW_PACKER_WEIGHT_ARGUMENTS_H_
