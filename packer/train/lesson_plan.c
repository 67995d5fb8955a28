#include "lesson_plan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"

static const pk_field_rule rules[] = {
    {"temperature", PK_FIELD_NUMBER, false, offsetof(pk_lesson_plan, temperature), 0.1, 100, NULL},
    {"share", PK_FIELD_NUMBER, false, offsetof(pk_lesson_plan, share), 0.001, 1, NULL},
    {"featureWeight", PK_FIELD_NUMBER, false, offsetof(pk_lesson_plan, feature_weight), 0.001,
     10000, NULL}};

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the teachers' paths");
}

static bool take_files(pk_lesson_plan *plan, const char *const *files, size_t count,
                       pk_error *error) {
  plan->files = calloc(count + 1, sizeof *plan->files);
  for (size_t i = 0; plan->files && i < count; i++) {
    plan->files[i] = strdup(files[i]);
    if (!plan->files[i]) break;
    plan->count++;
  }
  return plan->count == count || no_memory(error);
}

// The recipe's own teachers, whose paths start from its folder.
static bool take_own(pk_lesson_plan *plan, const json_t *teachers, const pk_recipe *recipe,
                     const pk_field_reader *reader) {
  const size_t count = json_array_size(teachers);
  if (teachers && !json_is_array(teachers)) {
    return pk_field_bad(reader, "distill", "teachers", "a list of files");
  }
  plan->files = calloc(count + 1, sizeof *plan->files);
  if (!plan->files) return no_memory(reader->error);
  for (size_t i = 0; i < count; i++) {
    const char *name = json_string_value(json_array_get(teachers, i));
    if (!name || !*name) return pk_field_bad(reader, "distill", "teachers", "a list of files");
    plan->files[i] =
        *name == '/' ? strdup(name) : pk_path_join(recipe->folder, name, reader->error);
    if (!plan->files[i]) return no_memory(reader->error);
    plan->count++;
  }
  return true;
}

bool pk_lesson_plan_read(pk_lesson_plan *plan, const pk_recipe *recipe, const char *const *files,
                         size_t count, pk_error *error) {
  static const char *const also_known[] = {"teachers", "features", NULL};
  const pk_field_reader reader = pk_recipe_reader(recipe, error);
  const json_t *distill = json_object_get(recipe->json, "distill");
  *plan = (pk_lesson_plan){.temperature = 3.0f,
                           .share = 0.7f,
                           .features = json_object_get(distill, "features"),
                           .feature_weight = 0.1f};
  bool ok = !distill || pk_field_read_rules(plan, rules, sizeof rules / sizeof *rules, also_known,
                                            &reader, distill, "distill");
  ok = ok && (count > 0 ? take_files(plan, files, count, error)
                        : take_own(plan, json_object_get(distill, "teachers"), recipe, &reader));
  if (ok && plan->count == 0) {
    ok =
        pk_fail(error, PK_USAGE, "no teacher: name one with --teacher or in distill.teachers of %s",
                recipe->source);
  }
  if (!ok) pk_lesson_plan_free(plan);
  return ok;
}

void pk_lesson_plan_free(pk_lesson_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) free(plan->files[i]);
  free(plan->files);
  *plan = (pk_lesson_plan){0};
}
