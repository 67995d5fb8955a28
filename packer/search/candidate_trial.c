#include "candidate_trial.h"

#include <stdlib.h>

#include "../package/core_model.h"
#include "../package/session_timing.h"
#include "../train/pack_trained.h"
#include "../train/train_run.h"

enum { WARM_UP_RUNS = 5, RUNS = 41 };

static bool time_package(double *milliseconds, const pk_package *package, pk_error *error) {
  pk_core_model core = {0};
  void *memory = NULL;
  const mnw_kernels *kernels = pk_kernels_find(NULL, error);
  if (!kernels || !pk_core_model_open(&core, package->shards.items, package->shards.count, kernels,
                                      "the candidate", error)) {
    return false;
  }
  mnw_session *session = pk_core_session_open(&memory, &core, "the candidate", error);
  double times[RUNS];
  const bool ok = session && pk_session_time(times, RUNS, WARM_UP_RUNS, session, core.model, NULL,
                                             "the candidate", error);
  if (ok) *milliseconds = times[RUNS / 2];
  free(memory);
  pk_core_model_close(&core);
  return ok;
}

// The session is large and must not move.
static bool train_and_pack(pk_packed_model *packed, const pk_recipe *recipe,
                           const pk_train_options *options, pk_error *error) {
  static pk_train_session session;
  const pk_lesson_plan plan = {0};
  pk_train_result result = {0};
  const bool ok = pk_train_session_init(&session, recipe, &plan, error) &&
                  pk_train_run(&result, &session, options, error) &&
                  pk_pack_trained(packed, result.file, recipe, session.data, PK_DATA_VALIDATION,
                                  options->progress, error);
  pk_train_result_free(&result);
  pk_train_session_deinit(&session);
  return ok;
}

bool pk_candidate_try(pk_search_trial *trial, const json_t *json, const char *work_folder,
                      const pk_search_options *options, pk_error *error) {
  pk_recipe recipe = {0};
  pk_packed_model packed = {0};
  const pk_train_options train = {
      .work_folder = work_folder, .restarts = true, .progress = options->progress};
  bool ok = pk_recipe_take(&recipe, json, options->folder, options->data_root, error) &&
            train_and_pack(&packed, &recipe, &train, error) &&
            time_package(&trial->milliseconds, &packed.package, error);
  if (ok && packed.test_count == 0) {
    ok = pk_fail(error, PK_USAGE, "%s: a search needs a validation part to judge with",
                 recipe.source);
  }
  if (ok) {
    trial->accuracy = packed.accuracy;
    trial->bytes = pk_manifest_shard_totals(&packed.package.manifest).br;
  }
  pk_packed_model_free(&packed);
  pk_recipe_free(&recipe);
  return ok;
}
