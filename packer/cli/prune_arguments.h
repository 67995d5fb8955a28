// The --prune options of `minnow pack`.
#ifndef MINNOW_PACKER_PRUNE_ARGUMENTS_H_
#define MINNOW_PACKER_PRUNE_ARGUMENTS_H_

#include <jansson.h>

#include "../compress/compress_model.h"

// Takes the value of option `--name`, one of prune, prune-by, prune-block and prune-channels.
bool pk_parse_prune(pk_prune_options *options, const char *name, const char *text, pk_error *error);

// Whether the options go together and there are samples where they are needed.
bool pk_prune_check(const pk_prune_options *options, bool has_samples, pk_error *error);

// What came of it, for people and for machines; nothing and NULL where nothing was asked for.
void pk_prune_print(const pk_compress_report *report);
json_t *pk_prune_json(const pk_compress_report *report);

#endif  // MINNOW_PACKER_PRUNE_ARGUMENTS_H_
