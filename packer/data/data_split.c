#include "data_split.h"

#include <math.h>
#include <stdlib.h>

#include "../package/manifest_fields.h"

static const char *const by_names[] = {"number", "hash", "order", "group", NULL};

typedef struct split_fields {
  float validation, test;
  uint32_t by, part;
} split_fields;

static const pk_field_rule split_rules[] = {
    {"validation", PK_FIELD_NUMBER, false, offsetof(split_fields, validation), 0, 1, NULL},
    {"test", PK_FIELD_NUMBER, false, offsetof(split_fields, test), 0, 1, NULL},
    {"by", PK_FIELD_NAME, true, offsetof(split_fields, by), 0, 0, by_names},
};
static const pk_field_rule part_rule = {
    "part", PK_FIELD_NAME, true, offsetof(split_fields, part), 0, 0, pk_data_part_names};
static const char *const other_fields[] = {"field", NULL};

bool pk_split_read(pk_split *split, const json_t *source, const char *where, pk_error *error) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, error};
  const pk_field_reader lax = {"data", PK_DATA_REMEDY, PK_USAGE, false, error};
  const json_t *json = json_object_get(source, "split");
  split_fields fields = {0};
  char inner[64];
  *split = (pk_split){.is_fixed = !json};
  if (!json == !json_object_get(source, "part")) {
    return pk_field_bad(&r, where, "", "told its `part`, or how to `split` it, and not both");
  }
  if (!json) {
    if (!pk_field_read_rules(&fields, &part_rule, 1, NULL, &lax, source, where)) return false;
    split->part = (pk_data_part)fields.part;
    return true;
  }
  snprintf(inner, sizeof inner, "%s.split", where);
  if (!pk_field_read_rules(&fields, split_rules, 3, other_fields, &r, json, inner)) return false;
  split->by = (pk_split_by)fields.by;
  split->validation = fields.validation;
  split->test = fields.test;
  split->field = json_string_value(json_object_get(json, "field"));
  if (fields.validation + fields.test > 1.0f) {
    return pk_field_bad(&r, inner, "validation", "at most 1 together with test");
  }
  if ((split->by == PK_SPLIT_GROUP) != (split->field != NULL)) {
    return pk_field_bad(&r, inner, "field",
                        "the name of a JSON field where `by` is group, else left out");
  }
  return true;
}

static pk_data_part part_of_hash(const pk_split *split, uint64_t hash) {
  const double place = (double)(hash >> 11) * 0x1p-53;
  if (place < (double)split->test) return PK_DATA_TEST;
  return place < (double)split->test + (double)split->validation ? PK_DATA_VALIDATION
                                                                 : PK_DATA_TRAIN;
}

// Items first … end - 1 are one run.
static void split_run(const pk_split *split, pk_data_item *items, size_t count) {
  const size_t test = (size_t)lround((double)split->test * (double)count);
  const size_t wanted = (size_t)lround((double)split->validation * (double)count);
  const size_t validation = wanted < count - test ? wanted : count - test;
  for (size_t i = 0; i < count; i++) {
    items[i].part = i >= count - test                ? PK_DATA_TEST
                    : i >= count - test - validation ? PK_DATA_VALIDATION
                                                     : PK_DATA_TRAIN;
  }
}

void pk_split_apply(const pk_split *split, pk_data_set *set, size_t first) {
  const bool is_by_hash = split->by == PK_SPLIT_HASH || split->by == PK_SPLIT_GROUP;
  for (size_t i = first; i < set->item_count;) {
    size_t end = i + 1;
    while (end < set->item_count && set->items[end].run == set->items[i].run) end++;
    if (!split->is_fixed && !is_by_hash) split_run(split, set->items + i, end - i);
    for (; i < end; i++) {
      if (split->is_fixed) set->items[i].part = split->part;
      if (!split->is_fixed && is_by_hash) {
        set->items[i].part = part_of_hash(split, set->items[i].group);
      }
    }
  }
}

static int compare_identities(const void *a, const void *b) {
  const pk_data_item *left = *(const pk_data_item *const *)a;
  const pk_data_item *right = *(const pk_data_item *const *)b;
  if (left->identity != right->identity) return left->identity < right->identity ? -1 : 1;
  return (left->part > right->part) - (left->part < right->part);
}

bool pk_split_check(const pk_data_set *set, pk_error *error) {
  const pk_data_item **sorted = malloc((set->item_count + 1) * sizeof(const pk_data_item *));
  size_t count = 0;
  bool ok = true;
  if (!sorted) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to compare the parts");
  for (size_t i = 0; i < set->item_count; i++) {
    if (set->items[i].origin == PK_DATA_FROM_FILE) sorted[count++] = &set->items[i];
  }
  qsort(sorted, count, sizeof(const pk_data_item *), compare_identities);
  for (size_t i = 1; ok && i < count; i++) {
    if (sorted[i]->identity != sorted[i - 1]->identity || sorted[i]->part == sorted[i - 1]->part) {
      continue;
    }
    ok = pk_fail(error, PK_USAGE,
                 "data: %s is in the part %s and in %s; judging needs examples that training never "
                 "saw, so give it to one of them",
                 sorted[i]->name, pk_data_part_names[sorted[i - 1]->part],
                 pk_data_part_names[sorted[i]->part]);
  }
  free(sorted);
  return ok;
}
