#include "data_set.h"

#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../package/manifest_fields.h"
#include "data_split.h"
#include "data_store.h"

static const char *const kind_names[] = {"pictures", "sounds", "texts", NULL};
const char *const pk_data_part_names[] = {"train", "validation", "test", NULL};

typedef struct set_fields {
  uint32_t kind;
} set_fields;

static const pk_field_rule set_rules[] = {
    {"format", PK_FIELD_NAME, true, offsetof(set_fields, kind), 0, 0, kind_names},
};
static const char *const other_fields[] = {"sources", NULL};

pk_data_item *pk_data_add(pk_data_set *set, pk_error *error) {
  if (set->item_count == set->item_capacity) {
    const size_t capacity = set->item_capacity ? 2 * set->item_capacity : 256;
    pk_data_item *items =
        capacity > UINT32_MAX ? NULL : realloc(set->items, capacity * sizeof *items);
    if (!items) {
      pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu examples", capacity);
      return NULL;
    }
    set->items = items;
    set->item_capacity = capacity;
  }
  pk_data_item *item = &set->items[set->item_count++];
  *item = (pk_data_item){.repeat = 1};
  return item;
}

void pk_data_item_free(pk_data_item *item) {
  free(item->name);
  free(item->content);
  *item = (pk_data_item){0};
}

static char to_label_letter(char letter) {
  if (letter == '_') return ' ';
  return (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
}

int32_t pk_label_find(const pk_data_set *set, const char *name) {
  for (size_t i = 0; i < set->label_count; i++) {
    const char *label = set->labels[i];
    size_t at = 0;
    while (label[at] && to_label_letter(label[at]) == to_label_letter(name[at])) at++;
    if (!label[at] && !name[at]) return (int32_t)i;
  }
  return -1;
}

bool pk_data_pool_fill(pk_data_pool *pool, const pk_data_set *set, pk_error *error) {
  for (int part = 0; part < PK_DATA_PARTS; part++) {
    pool->items[part] = malloc((set->item_count + 1) * sizeof *pool->items[part]);
    if (!pool->items[part]) {
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the examples' numbers");
    }
  }
  for (size_t i = 0; i < set->item_count; i++) {
    const pk_data_item *item = &set->items[i];
    if (item->origin != PK_DATA_FROM_FILE || !pool->classes[item->label]) continue;
    pool->items[item->part][pool->counts[item->part]++] = (uint32_t)i;
  }
  return true;
}

void pk_data_pool_free(pk_data_pool *pool) {
  for (int part = 0; part < PK_DATA_PARTS; part++) free(pool->items[part]);
  free(pool->classes);
  *pool = (pk_data_pool){0};
}

static bool fill_pools(pk_data_set *set, pk_error *error) {
  for (size_t i = 0; i < set->pool_count; i++) {
    if (!pk_data_pool_fill(&set->pools[i], set, error)) return false;
  }
  for (size_t i = 0; i < set->item_count; i++) {
    const pk_data_item *item = &set->items[i];
    if (item->origin != PK_DATA_PIECES || set->pools[item->pool].counts[item->part] > 0) continue;
    return pk_fail(
        error, PK_USAGE,
        "data: %s: the part %s has no files of the classes that its pieces are cut from; "
        "give it some, or cut pieces for other parts only",
        item->name, pk_data_part_names[item->part]);
  }
  return true;
}

// How often an item stands in its part: judging counts everything once.
static uint32_t times_of(const pk_data_item *item) {
  return item->part == PK_DATA_TRAIN ? item->repeat : 1;
}

static bool number_parts(pk_data_set *set, pk_error *error) {
  size_t counts[PK_DATA_PARTS] = {0};
  for (size_t i = 0; i < set->item_count; i++)
    counts[set->items[i].part] += times_of(&set->items[i]);
  for (int part = 0; part < PK_DATA_PARTS; part++) {
    set->parts[part] = malloc((counts[part] + 1) * sizeof *set->parts[part]);
    if (!set->parts[part]) {
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu examples", counts[part]);
    }
  }
  for (size_t i = 0; i < set->item_count; i++) {
    const pk_data_item *item = &set->items[i];
    for (uint32_t r = 0; r < times_of(item); r++) {
      set->parts[item->part][set->counts[item->part]++] = (uint32_t)i;
    }
  }
  return true;
}

static bool copy_options(pk_data_set *set, const pk_data_options *options, pk_error *error) {
  set->root = strdup(options->root);
  set->labels = calloc(options->label_count + 1, sizeof *set->labels);
  bool ok = set->root && set->labels;
  for (; ok && set->label_count < options->label_count; set->label_count++) {
    set->labels[set->label_count] = strdup(options->labels[set->label_count]);
    if (!set->labels[set->label_count]) ok = false;
  }
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the class names");
}

static bool read_sources(pk_data_set *set, const json_t *description, pk_error *error) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, error};
  set_fields fields = {0};
  if (!pk_field_read_rules(&fields, set_rules, 1, other_fields, &r, description, "")) return false;
  const json_t *sources = json_object_get(description, "sources");
  if (json_array_size(sources) == 0) {
    return pk_field_bad(&r, "", "sources", "a list of at least one source");
  }
  set->kind = (pk_data_kind)fields.kind;
  for (size_t i = 0; i < json_array_size(sources); i++) {
    if (!pk_source_read(set, json_array_get(sources, i), i, error)) return false;
  }
  return true;
}

bool pk_data_set_open(pk_data_set **set, const pk_data_options *options, pk_error *error) {
  *set = calloc(1, sizeof **set);
  if (!*set) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a data set");
  const bool ok = copy_options(*set, options, error) &&
                  read_sources(*set, options->description, error) && pk_split_check(*set, error) &&
                  fill_pools(*set, error) && number_parts(*set, error);
  if (!ok) {
    pk_data_set_close(*set);
    *set = NULL;
  }
  return ok;
}

void pk_data_set_close(pk_data_set *set) {
  if (!set) return;
  for (size_t i = 0; i < set->item_count; i++) pk_data_item_free(&set->items[i]);
  for (size_t i = 0; i < set->pool_count; i++) pk_data_pool_free(&set->pools[i]);
  for (size_t i = 0; i < set->label_count; i++) free(set->labels[i]);
  for (int part = 0; part < PK_DATA_PARTS; part++) free(set->parts[part]);
  free(set->pools);
  free(set->labels);
  free(set->root);
  free(set->items);
  free(set);
}

size_t pk_data_set_count(const pk_data_set *set, pk_data_part part) {
  return set->counts[part];
}

const pk_data_item *pk_data_find(const pk_data_set *set, pk_data_part part, size_t index) {
  return &set->items[set->parts[part][index]];
}

pk_data_example pk_data_set_example(const pk_data_set *set, pk_data_part part, size_t index) {
  const pk_data_item *item = pk_data_find(set, part, index);
  return (pk_data_example){item->label, item->name};
}

char *pk_data_path(const pk_data_set *set, const char *path, pk_error *error) {
  if (*path != '/') return pk_path_join(set->root, path, error);
  char *copy = strdup(path);
  if (!copy) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a path");
  return copy;
}
