// "distill" of a recipe: whom a student learns from, and what of the loss is theirs.
#ifndef MINNOW_PACKER_TRAIN_LESSON_PLAN_H_
#define MINNOW_PACKER_TRAIN_LESSON_PLAN_H_

#include "recipe.h"

typedef struct pk_lesson_plan {
  char **files;              // paths of importable models (teacher.h), owned
  size_t count;              // 0: labels alone
  float temperature, share;  // see pk_class_loss
  const json_t *features;  // layers that look where a teacher's do (feature_match.h); the recipe's
  float feature_weight;    // of their loss
} pk_lesson_plan;          // all zero: labels alone

// The recipe's plan with `files` [count] as the teachers, or its own teachers where `count` is 0.
// Errors: USAGE (a field, no teacher at all), OUT_OF_MEMORY. The recipe must stand as long.
bool pk_lesson_plan_read(pk_lesson_plan *plan, const pk_recipe *recipe, const char *const *files,
                         size_t count, pk_error *error);
void pk_lesson_plan_free(pk_lesson_plan *plan);

#endif  // MINNOW_PACKER_TRAIN_LESSON_PLAN_H_
