#include "search_space.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 64, MAX_PATH = 256 };

// What stands at a path; `last` (MAX_PATH bytes) takes its last part, *holder what holds it.
static json_t *find(json_t *root, const char *path, json_t **holder, char *last) {
  json_t *at = root;
  *holder = NULL;
  while (at && *path) {
    const size_t length = strcspn(path, ".");
    if (length == 0 || length >= MAX_PATH) return NULL;
    memcpy(last, path, length);
    last[length] = '\0';
    *holder = at;
    at =
        json_is_array(at) ? json_array_get(at, strtoul(last, NULL, 10)) : json_object_get(at, last);
    path += length;
    if (*path == '.') path++;
  }
  return at;
}

static const json_t *values_of(const pk_search_space *space, size_t gene) {
  return json_object_get(json_array_get(space->genes, gene), "values");
}

static const char *place_of(const pk_search_space *space, size_t gene) {
  const char *place = json_string_value(json_object_get(json_array_get(space->genes, gene), "at"));
  return place ? place : "";
}

bool pk_search_space_read(pk_search_space *space, const json_t *recipe, const char *source,
                          pk_error *error) {
  char last[MAX_PATH];
  json_t *holder;
  *space = (pk_search_space){.source = source};
  space->genes = json_object_get(json_object_get(recipe, "search"), "genes");
  space->count = json_array_size(space->genes);
  if (space->count == 0 || space->count > PK_MAX_GENES) {
    return pk_fail(error, PK_USAGE, "%s: search.genes must be a list of 1 to %d genes", source,
                   PK_MAX_GENES);
  }
  for (size_t i = 0; i < space->count; i++) {
    const size_t values = json_array_size(values_of(space, i));
    if (!find((json_t *)recipe, place_of(space, i), &holder, last) || !holder) {
      return pk_fail(error, PK_USAGE,
                     "%s: search.genes.%zu.at is \"%s\", which the recipe does not have", source, i,
                     place_of(space, i));
    }
    if (values < 2 || values > MAX_VALUES) {
      return pk_fail(error, PK_USAGE, "%s: search.genes.%zu.values must be 2 to %d values", source,
                     i, MAX_VALUES);
    }
  }
  return true;
}

json_t *pk_search_space_apply(const pk_search_space *space, const json_t *recipe,
                              const pk_candidate *candidate, pk_error *error) {
  char last[MAX_PATH];
  json_t *holder, *copy = json_deep_copy(recipe);
  for (size_t i = 0; copy && i < space->count; i++) {
    json_t *value = json_array_get(values_of(space, i), candidate->choices[i]);
    find(copy, place_of(space, i), &holder, last);
    if (json_is_array(holder)) {
      json_array_set(holder, strtoul(last, NULL, 10), value);
    } else {
      json_object_set(holder, last, value);
    }
  }
  if (!copy) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a candidate");
  return copy;
}

static double distance(const json_t *a, const json_t *b) {
  if (json_equal((json_t *)a, (json_t *)b)) return 0.0;
  if (!json_is_number(a) || !json_is_number(b)) return 1e300;
  const double off = json_number_value(a) - json_number_value(b);
  return off < 0.0 ? -off : off;
}

pk_candidate pk_search_space_original(const pk_search_space *space, const json_t *recipe) {
  pk_candidate original = {{0}};
  char last[MAX_PATH];
  json_t *holder;
  for (size_t i = 0; i < space->count; i++) {
    const json_t *here = find((json_t *)recipe, place_of(space, i), &holder, last);
    const json_t *values = values_of(space, i);
    for (size_t v = 1; v < json_array_size(values); v++) {
      const json_t *best = json_array_get(values, original.choices[i]);
      if (distance(json_array_get(values, v), here) < distance(best, here)) {
        original.choices[i] = (uint8_t)v;
      }
    }
  }
  return original;
}

pk_candidate pk_search_space_cross(const pk_search_space *space, const pk_candidate *a,
                                   const pk_candidate *b, pk_random *random) {
  pk_candidate child = {{0}};
  const size_t changed = pk_random_below(random, space->count);
  for (size_t i = 0; i < space->count; i++) {
    const size_t values = json_array_size(values_of(space, i));
    const bool mutates = i == changed || pk_random_below(random, space->count) == 0;
    child.choices[i] = pk_random_below(random, 2) ? a->choices[i] : b->choices[i];
    if (mutates) {
      // Any value but the one it has.
      const size_t other = pk_random_below(random, values - 1);
      child.choices[i] = (uint8_t)(other >= child.choices[i] ? other + 1 : other);
    }
  }
  return child;
}

bool pk_candidate_equal(const pk_search_space *space, const pk_candidate *a,
                        const pk_candidate *b) {
  return memcmp(a->choices, b->choices, space->count) == 0;
}
