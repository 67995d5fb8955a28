// The --activations option of `minnow pack`.
#ifndef MINNOW_PACKER_ACTIVATION_ARGUMENTS_H_
#define MINNOW_PACKER_ACTIVATION_ARGUMENTS_H_

#include <jansson.h>

#include "../compress/compress_model.h"

// int8, float32, mixed or mixed:PERCENT. Errors: USAGE.
bool pk_parse_activations(pk_compress_options *options, const char *text, pk_error *error);

// What stayed float32, for people and for machines; nothing and NULL where nothing was to mix.
void pk_mixed_print(const pk_mixed_report *mixed);
json_t *pk_mixed_json(const pk_mixed_report *mixed);

#endif  // MINNOW_PACKER_ACTIVATION_ARGUMENTS_H_
