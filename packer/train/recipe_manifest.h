// How a recipe's examples become inputs.
#ifndef MINNOW_PACKER_TRAIN_RECIPE_MANIFEST_H_
#define MINNOW_PACKER_TRAIN_RECIPE_MANIFEST_H_

#include "../package/manifest.h"
#include "recipe.h"

// Describes inputs and output of the recipe's network for one example, its front end applied.
// Errors: USAGE (network or front end), OUT_OF_MEMORY.
bool pk_recipe_describe(pk_manifest *manifest, const pk_recipe *recipe, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_RECIPE_MANIFEST_H_
