#include "refine_folder.h"

static const float learning_rate = 0.01f, temperature = 2.0f;
enum { BATCH = 32 };

// Which pictures judge depends on their names alone.
static json_t *describe_data(const char *folder) {
  return json_pack("{s:s, s:[{s:s, s:s, s:{s:s, s:f, s:f}}]}", "format", "pictures", "sources",
                   "folder", folder, "class", "any", "split", "by", "hash", "validation", 0.2,
                   "test", 0.0);
}

static json_t *describe_augment(void) {
  return json_pack("{s:f, s:[f,f], s:b, s:f, s:f, s:f, s:f}", "shift", 0.1, "scale", 1.0, 1.5,
                   "mirror", 1, "contrast", 0.2, "saturation", 0.2, "brightness", 0.1, "gamma",
                   0.1);
}

static bool refine_with_pictures(pk_refine_options *options, const char *folder,
                                 const pk_refine_subject *subject, pk_refinement *told,
                                 pk_error *error) {
  static const char *const labels[] = {"any"};
  json_t *description = describe_data(folder), *augment = describe_augment();
  const pk_data_options data = {
      .description = description, .root = ".", .labels = labels, .label_count = 1};
  pk_data_set *set = NULL;
  bool ok =
      (description && augment) || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to describe samples");
  ok = ok && pk_data_set_open(&set, &data, error);
  if (ok) {
    options->data = set;
    options->augment = augment;
    ok = pk_refine(options, subject, told, error);
  }
  pk_data_set_close(set);
  json_decref(description);
  json_decref(augment);
  return ok;
}

bool pk_refine_from_folder(void *user, const pk_refine_subject *subject, pk_refinement *told,
                           pk_error *error) {
  const pk_folder_refinement *refinement = user;
  pk_refine_options options = {.steps = refinement->steps,
                               .batch = BATCH,
                               .rate = learning_rate,
                               .temperature = temperature,
                               .seed = refinement->seed,
                               .progress = refinement->progress};
  const bool is_picture = subject->inputs->input_count == 1 && subject->inputs->inputs[0].is_image;
  return is_picture ? refine_with_pictures(&options, refinement->folder, subject, told, error)
                    : pk_refine(&options, subject, told, error);
}
