// model.json of a folder: what a model is, what it learns from, and how (docs/TRAINING.md).
#ifndef MINNOW_PACKER_TRAIN_RECIPE_H_
#define MINNOW_PACKER_TRAIN_RECIPE_H_

#include <jansson.h>

#include "../encode/byte_buffer.h"
#include "../package/manifest_fields.h"
#include "gradual_prune.h"
#include "optimizer.h"

typedef struct pk_training {
  int32_t epochs, batch, seed, validate_every;  // epochs between two looks at the validation part
  int32_t optimizer;                            // pk_optimizer_kind
  float rate, final_rate, momentum, beta2, weight_decay, clip, average;
  float warmup;  // epochs
  float label_smoothing;
} pk_training;

typedef struct pk_recipe {
  json_t *json;                       // the whole
  char *folder, *source;              // of model.json, and its path
  const char *name;                   // the recipe's
  char *data_root;                    // folder that the data's paths start from
  char *labels_file, *frontend_file;  // paths
  pk_bytes labels_text;
  char **labels;
  size_t label_count;
  // Finer classes that the network learns, whose scores it sums to the labels' ("groups" of the
  // network); none: the labels themselves. `fine_data` describes the same examples with them.
  char **fine_labels;
  size_t fine_count;
  json_t *fine_data;
  pk_training training;
  pk_gradual_prune prune;           // of weights
  pk_channel_prune prune_channels;  // share 0: no channels go
} pk_recipe;                        // all zero: empty

// For fields of the recipe, with errors that name its file.
pk_field_reader pk_recipe_reader(const pk_recipe *recipe, pk_error *error);

// Reads FOLDER/model.json and the class names it points to. `data_root` NULL: the recipe's own.
// Errors: IO, USAGE (a field, named with what it must be), OUT_OF_MEMORY.
bool pk_recipe_read(pk_recipe *recipe, const char *folder, const char *data_root, pk_error *error);
// The same from a model.json in memory, which is copied.
bool pk_recipe_take(pk_recipe *recipe, const json_t *json, const char *folder,
                    const char *data_root, pk_error *error);
void pk_recipe_free(pk_recipe *recipe);

#endif  // MINNOW_PACKER_TRAIN_RECIPE_H_
