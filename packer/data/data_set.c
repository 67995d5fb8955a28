#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_items.h"

enum { MAX_ITEMS = 10 * 1000 * 1000, MAX_WHERE = 64 };

bool pk_data_bad(pk_error *error, const char *where, const char *field, const char *expected) {
  return pk_fail(error, PK_USAGE, "%s%s%s must be %s; docs/TRAINING.md describes data", where,
                 *field ? "." : "", field, expected);
}

pk_data_item *pk_data_add(pk_data_set *set, const char *name, int32_t label, pk_error *error) {
  if (set->count == set->capacity) {
    const size_t capacity = set->capacity ? 2 * set->capacity : 256;
    pk_data_item *items =
        capacity <= MAX_ITEMS ? realloc(set->items, capacity * sizeof *items) : NULL;
    if (items) set->items = items;
    if (items) set->capacity = capacity;
  }
  char *copy = strdup(name);
  if (set->count == set->capacity || !copy) {
    free(copy);
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu examples", set->count + 1);
    return NULL;
  }
  pk_data_item *item = &set->items[set->count++];
  *item = (pk_data_item){.label = label, .repeats = 1, .name = copy, .seed = set->count};
  return item;
}

int32_t pk_data_class(const pk_data_set *set, const char *name) {
  for (size_t i = 0; i < set->label_count; i++) {
    const char *label = set->labels[i], *p = name;
    while (*label && (*label == *p || (*label == ' ' && *p == '_'))) label++, p++;
    if (!*label && !*p) return (int32_t)i;
  }
  return -1;
}

static bool read_format(pk_data_set *set, const json_t *description, pk_error *error) {
  static const char *const formats[] = {"pictures", "sounds", "texts"};
  const char *format = json_string_value(json_object_get(description, "format"));
  for (int i = 0; format && i < 3; i++) {
    if (strcmp(format, formats[i]) != 0) continue;
    set->format = (pk_data_format)i;
    return true;
  }
  return pk_data_bad(error, "data", "format", "pictures, sounds or texts");
}

static bool list_parts(pk_data_set *set, pk_error *error) {
  size_t counts[PK_DATA_PARTS] = {0};
  for (size_t i = 0; i < set->count; i++) counts[set->items[i].part] += set->items[i].repeats;
  for (size_t p = 0; p < PK_DATA_PARTS; p++) {
    set->parts[p] = malloc((counts[p] + 1) * sizeof **set->parts);
    set->stored[p] = malloc((counts[p] + 1) * sizeof **set->stored);
    if (!set->parts[p] || !set->stored[p]) {
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu examples", set->count);
    }
  }
  for (size_t i = 0; i < set->count; i++) {
    const pk_data_item *item = &set->items[i];
    const pk_data_part p = item->part;
    if (item->kind == PK_ITEM_STORED) set->stored[p][set->stored_counts[p]++] = (uint32_t)i;
    for (uint32_t r = 0; r < item->repeats; r++) {
      set->parts[p][set->part_counts[p]++] = (uint32_t)i;
    }
  }
  return true;
}

// Generated examples are made of stored ones of their part.
static bool check_pieces(const pk_data_set *set, pk_error *error) {
  for (size_t i = 0; i < set->count; i++) {
    const pk_data_item *item = &set->items[i];
    if (item->kind != PK_ITEM_PIECES || set->stored_counts[item->part] > 1) continue;
    return pk_fail(error, PK_USAGE,
                   "%s: there is nothing in its part to take pieces from; give the part other "
                   "examples, or the generated ones another split",
                   item->name);
  }
  return true;
}

bool pk_data_set_open(pk_data_set **set, const pk_data_options *options, pk_error *error) {
  const json_t *sources = json_object_get(options->description, "sources");
  pk_data_set *s = calloc(1, sizeof *s);
  *set = NULL;
  if (!s) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a data set");
  s->labels = options->labels;
  s->label_count = options->label_count;
  bool ok = read_format(s, options->description, error);
  if (ok && json_array_size(sources) == 0) {
    ok = pk_data_bad(error, "data", "sources", "a list of at least one source");
  }
  for (size_t i = 0; ok && i < json_array_size(sources); i++) {
    char where[MAX_WHERE];
    snprintf(where, sizeof where, "data.sources.%zu", i);
    ok = pk_data_read_source(s, json_array_get(sources, i), where, options, error);
  }
  ok = ok && list_parts(s, error) && check_pieces(s, error);
  if (!ok) pk_data_set_close(s);
  if (ok) *set = s;
  return ok;
}

void pk_data_set_close(pk_data_set *set) {
  if (!set) return;
  for (size_t i = 0; i < set->count; i++) {
    pk_data_item *item = &set->items[i];
    pk_picture_free(&item->picture);
    free(item->samples);
    free(item->text);
    free(item->name);
  }
  for (size_t p = 0; p < PK_DATA_PARTS; p++) {
    free(set->parts[p]);
    free(set->stored[p]);
  }
  free(set->items);
  free(set);
}

size_t pk_data_set_count(const pk_data_set *set, pk_data_part part) {
  return set->part_counts[part];
}

pk_data_example pk_data_set_example(const pk_data_set *set, pk_data_part part, size_t index) {
  const pk_data_item *item = &set->items[set->parts[part][index]];
  return (pk_data_example){item->label, item->name};
}
