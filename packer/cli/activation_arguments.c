#include "activation_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_common.h"

static const char mixed_with_error[] = "mixed:";

static bool parse_error_limit(pk_compress_options *options, const char *text, pk_error *error) {
  char *end = NULL;
  const double percent = strtod(text, &end);
  options->activations = PK_ACTIVATIONS_MIXED;
  options->mixed_error = percent;
  return (end != text && *end == '\0' && percent > 0.0 && percent <= 100.0) ||
         pk_fail(error, PK_USAGE,
                 "--activations %s%s: a percentage above 0 and up to 100 is needed, as in mixed:3",
                 mixed_with_error, text);
}

bool pk_parse_activations(pk_compress_options *options, const char *text, pk_error *error) {
  const size_t prefix = sizeof mixed_with_error - 1;
  size_t place;
  if (strncmp(text, mixed_with_error, prefix) == 0) {
    return parse_error_limit(options, text + prefix, error);
  }
  if (!pk_parse_name(&place, text, "activations", pk_activation_names, error)) return false;
  options->activations = (pk_activations)place;
  return true;
}

void pk_mixed_print(const pk_mixed_report *mixed) {
  if (mixed->weighted_ops == 0) return;
  printf(
      "  float32  %zu of %zu operators with weights; %.0f %% of the products are int8. Rounded\n"
      "           activations move the outputs by %.2f %% of how far they move, all in int8 %.2f "
      "%%\n",
      mixed->float_ops, mixed->weighted_ops, mixed->int8_products, mixed->error, mixed->int8_error);
}

json_t *pk_mixed_json(const pk_mixed_report *mixed) {
  if (mixed->weighted_ops == 0) return NULL;
  return json_pack("{s:I, s:I, s:f, s:f, s:f, s:f}", "floatOperators", (json_int_t)mixed->float_ops,
                   "operators", (json_int_t)mixed->weighted_ops, "int8Products",
                   mixed->int8_products, "error", mixed->error, "errorInt8", mixed->int8_error,
                   "maxError", mixed->max_error);
}
