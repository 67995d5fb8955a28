#include "search_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "candidate_trial.h"

enum { MAX_CANDIDATES = 10000, TOURNAMENT = 3, MAX_DRAWS = 1000 };
static const double excess_price = 50.0;  // points for a limit that is exceeded twofold

typedef struct search_fields {
  size_t candidates, population, epochs;
  uint64_t seed;
} search_fields;

static double number_of(const json_t *search, const char *field, double default_value) {
  const json_t *value = json_object_get(search, field);
  return json_is_number(value) ? json_number_value(value) : default_value;
}

static bool read_fields(search_fields *fields, pk_search_result *result,
                        const pk_search_options *options, pk_error *error) {
  const json_t *search = json_object_get(result->recipe, "search");
  const double candidates = number_of(search, "candidates", 40.0);
  const double population = number_of(search, "population", 10.0);
  const double epochs = number_of(search, "epochs", 10.0);
  result->byte_limit = number_of(search, "bytes", 0.0);
  result->millisecond_limit = number_of(search, "milliseconds", 0.0);
  if (!(candidates >= 1 && candidates <= MAX_CANDIDATES && population >= 2 &&
        population <= MAX_CANDIDATES && epochs >= 1 && epochs <= 100000)) {
    return pk_fail(error, PK_USAGE,
                   "%s: search needs 1 to %d candidates, a population of 2 or more, and epochs of "
                   "1 or more",
                   result->space.source, MAX_CANDIDATES);
  }
  *fields =
      (search_fields){options->candidates ? options->candidates : (size_t)candidates,
                      (size_t)population, (size_t)epochs, (uint64_t)number_of(search, "seed", 1.0)};
  return true;
}

// --- the journal ---

static json_t *trial_json(const pk_search_space *space, const pk_search_trial *trial) {
  json_t *genes = json_array();
  for (size_t i = 0; i < space->count; i++) {
    json_array_append_new(genes, json_integer(trial->candidate.choices[i]));
  }
  return json_pack("{s:o, s:f, s:f, s:I}", "genes", genes, "accuracy", trial->accuracy,
                   "milliseconds", trial->milliseconds, "bytes", (json_int_t)trial->bytes);
}

static bool append_journal(const pk_search_result *result, const pk_search_trial *trial,
                           const char *file, pk_error *error) {
  json_t *json = trial_json(&result->space, trial);
  char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
  FILE *out = text ? fopen(file, "a") : NULL;
  const bool ok = out && fprintf(out, "%s\n", text) > 0;
  const bool closed = !out || fclose(out) == 0;
  json_decref(json);
  free(text);
  return (ok && closed) || pk_fail(error, PK_IO, "%s: cannot be written", file);
}

static bool read_trial(pk_search_trial *trial, const pk_search_space *space, const char *line) {
  json_t *json = json_loads(line, 0, NULL);
  const json_t *genes = json_object_get(json, "genes");
  bool ok = json_array_size(genes) == space->count;
  for (size_t i = 0; ok && i < space->count; i++) {
    const json_int_t choice = json_integer_value(json_array_get(genes, i));
    const json_t *values = json_object_get(json_array_get(space->genes, i), "values");
    ok = choice >= 0 && choice < (json_int_t)json_array_size(values);
    trial->candidate.choices[i] = (uint8_t)choice;
  }
  trial->accuracy = number_of(json, "accuracy", 0.0);
  trial->milliseconds = number_of(json, "milliseconds", 0.0);
  trial->bytes = (uint64_t)number_of(json, "bytes", 0.0);
  json_decref(json);
  return ok;
}

// --- scores ---

static double score_of(const pk_search_result *result, const pk_search_trial *trial) {
  double score = trial->accuracy;
  if (result->byte_limit > 0.0 && (double)trial->bytes > result->byte_limit) {
    score -= excess_price * ((double)trial->bytes / result->byte_limit - 1.0);
  }
  if (result->millisecond_limit > 0.0 && trial->milliseconds > result->millisecond_limit) {
    score -= excess_price * (trial->milliseconds / result->millisecond_limit - 1.0);
  }
  return score;
}

static void add_trial(pk_search_result *result, const pk_search_trial *trial) {
  pk_search_trial *added = &result->trials[result->count];
  *added = *trial;
  added->score = score_of(result, trial);
  if (added->score > result->trials[result->best].score) result->best = result->count;
  result->count++;
}

static bool is_better(const pk_search_trial *a, const pk_search_trial *b) {
  return a->accuracy >= b->accuracy && a->bytes <= b->bytes && a->milliseconds <= b->milliseconds &&
         (a->accuracy > b->accuracy || a->bytes < b->bytes || a->milliseconds < b->milliseconds);
}

static void mark_front(pk_search_result *result) {
  for (size_t i = 0; i < result->count; i++) {
    bool beaten = false;
    for (size_t j = 0; j < result->count; j++) {
      beaten = beaten || is_better(&result->trials[j], &result->trials[i]);
    }
    result->trials[i].is_on_front = !beaten;
  }
}

// A line that was cut off by an interruption ends the reading: its candidate is tried again.
static void read_journal(pk_search_result *result, const char *file) {
  char line[4096];
  FILE *in = fopen(file, "r");
  while (in && result->count < MAX_CANDIDATES && fgets(line, sizeof line, in)) {
    pk_search_trial trial = {0};
    if (!read_trial(&trial, &result->space, line)) break;
    add_trial(result, &trial);
  }
  if (in) fclose(in);
}

// --- evolution ---

static const pk_candidate *win_tournament(const pk_search_result *result, size_t population,
                                          pk_random *random) {
  const size_t living = result->count < population ? result->count : population;
  const pk_search_trial *best = NULL;
  for (int i = 0; i < TOURNAMENT; i++) {
    const size_t drawn = result->count - living + pk_random_below(random, living);
    if (!best || result->trials[drawn].score > best->score) best = &result->trials[drawn];
  }
  return &best->candidate;
}

static bool is_known(const pk_search_result *result, const pk_candidate *candidate) {
  for (size_t i = 0; i < result->count; i++) {
    if (pk_candidate_equal(&result->space, &result->trials[i].candidate, candidate)) return true;
  }
  return false;
}

// False: nothing new is found any more.
static bool next_candidate(pk_candidate *candidate, const pk_search_result *result,
                           const search_fields *fields) {
  pk_random random = pk_random_of(fields->seed, result->count);
  *candidate = pk_search_space_original(&result->space, result->recipe);
  for (int i = 0; i < MAX_DRAWS && is_known(result, candidate); i++) {
    if (result->count < fields->population / 2 + 1) {
      for (size_t g = 0; g < result->space.count; g++) {
        const json_t *gene = json_array_get(result->space.genes, g);
        const size_t values = json_array_size(json_object_get(gene, "values"));
        candidate->choices[g] = (uint8_t)pk_random_below(&random, values);
      }
    } else {
      *candidate =
          pk_search_space_cross(&result->space, win_tournament(result, fields->population, &random),
                                win_tournament(result, fields->population, &random), &random);
    }
  }
  return !is_known(result, candidate);
}

static bool try_candidate(pk_search_result *result, const pk_candidate *candidate,
                          const search_fields *fields, const pk_search_options *options,
                          pk_error *error) {
  pk_search_trial trial = {.candidate = *candidate};
  json_t *json = pk_search_space_apply(&result->space, result->recipe, candidate, error);
  char *work = pk_path_join(options->folder, ".searching", error);
  bool ok = json && work;
  if (ok) {
    json_object_set_new(json_object_get(json, "training"), "epochs",
                        json_integer((json_int_t)fields->epochs));
    ok = pk_candidate_try(&trial, json, work, options, error) &&
         append_journal(result, &trial, options->journal_file, error);
  }
  if (ok) add_trial(result, &trial);
  free(work);
  json_decref(json);
  return ok;
}

static bool read_recipe(pk_search_result *result, search_fields *fields, const char *source,
                        const pk_search_options *options, pk_error *error) {
  json_error_t cause;
  result->recipe = json_load_file(source, JSON_REJECT_DUPLICATES, &cause);
  return (result->recipe || pk_fail(error, PK_USAGE, "%s: %s", source, cause.text)) &&
         pk_search_space_read(&result->space, result->recipe, source, error) &&
         read_fields(fields, result, options, error);
}

static bool evolve(pk_search_result *result, const search_fields *fields,
                   const pk_search_options *options, pk_error *error) {
  pk_search_trial *trials = calloc(MAX_CANDIDATES + 1, sizeof *trials);
  if (!trials) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the search");
  result->trials = trials;
  read_journal(result, options->journal_file);
  while (result->count < fields->candidates) {
    pk_candidate candidate;
    if (!next_candidate(&candidate, result, fields)) break;
    if (!try_candidate(result, &candidate, fields, options, error)) return false;
  }
  mark_front(result);
  return true;
}

bool pk_search_run(pk_search_result *result, const pk_search_options *options, pk_error *error) {
  search_fields fields = {0};
  char *source = pk_path_join(options->folder, "model.json", error);
  *result = (pk_search_result){0};
  if (!source) return false;
  const bool ok = read_recipe(result, &fields, source, options, error) &&
                  evolve(result, &fields, options, error);
  result->space.source = NULL;
  free(source);
  if (!ok) pk_search_result_free(result);
  return ok;
}

void pk_search_result_free(pk_search_result *result) {
  json_decref(result->recipe);
  free(result->trials);
  *result = (pk_search_result){0};
}

bool pk_search_write_best(const pk_search_result *result, const char *file, pk_error *error) {
  json_t *best = pk_search_space_apply(&result->space, result->recipe,
                                       &result->trials[result->best].candidate, error);
  if (best) json_object_del(best, "search");
  char *text = best ? json_dumps(best, JSON_INDENT(2)) : NULL;
  bool ok = text != NULL;
  if (best && !text) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the best recipe");
  ok = ok && pk_file_write(file, text, strlen(text), error);
  free(text);
  json_decref(best);
  return ok;
}
