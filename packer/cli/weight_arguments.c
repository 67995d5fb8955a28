#include "weight_arguments.h"

#include <stdio.h>

#include "cli_common.h"

enum { VALUES = PK_WEIGHTS_EITHER + 1, PLAIN = PK_PLAIN_INT4 + 1 };

bool pk_parse_weights(pk_weight_choice *choice, const char *text, pk_error *error) {
  const char *names[VALUES + PLAIN + 1] = {NULL};  // those with samples first
  size_t place;
  for (size_t i = 0; i < VALUES; i++) names[i] = pk_weight_value_names[i];
  for (size_t i = 0; i < PLAIN; i++) names[VALUES + i] = pk_plain_weight_names[i];
  if (!pk_parse_name(&place, text, "weights", names, error)) return false;
  *choice = (pk_weight_choice){.is_plain = place >= VALUES};
  if (choice->is_plain) {
    choice->plain = (pk_plain_weights)(place - VALUES);
  } else {
    choice->values = (pk_weight_values)place;
  }
  return true;
}

bool pk_check_weights(const pk_weight_choice *choice, bool has_samples, pk_error *error) {
  if (choice->is_plain && has_samples) {
    return pk_fail(error, PK_USAGE,
                   "--weights %s rounds without samples, and --calibrate chooses by them: leave "
                   "--calibrate out, or give steps, shared or either (with --activations float32 "
                   "activations stay as they are)",
                   pk_plain_weight_names[choice->plain]);
  }
  return has_samples || choice->is_plain || choice->values == PK_WEIGHTS_STEPS ||
         pk_fail(error, PK_USAGE,
                 "--weights %s needs samples to measure with: give a folder of them with "
                 "--calibrate, or --weights float16, int8 or int4",
                 pk_weight_value_names[choice->values]);
}

void pk_plain_print(const pk_plain_report *report, pk_plain_weights weights) {
  if (report->constants == 0) return;
  printf("  weights  %zu in %zu constants rounded to %s, without samples\n", report->numbers,
         report->constants, pk_plain_weight_names[weights]);
}

json_t *pk_plain_json(const pk_plain_report *report, pk_plain_weights weights) {
  if (report->constants == 0) return NULL;
  return json_pack("{s:s, s:I, s:I}", "type", pk_plain_weight_names[weights], "constants",
                   (json_int_t)report->constants, "weights", (json_int_t)report->numbers);
}
