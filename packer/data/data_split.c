// Which part each example belongs to.
#include <stdlib.h>
#include <string.h>

#include "../pk_random.h"
#include "data_items.h"

typedef struct split_shares {
  double validation, test;
} split_shares;

static pk_data_part part_at(double place, const split_shares *shares) {
  return place < shares->test                        ? PK_DATA_TEST
         : place < shares->test + shares->validation ? PK_DATA_VALIDATION
                                                     : PK_DATA_TRAIN;
}

static uint64_t hash_of(const char *text) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, 64 bits
  for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
  return pk_random_mix(hash);
}

static void split_by_hash(pk_data_set *set, size_t first, const split_shares *shares,
                          bool by_group) {
  for (size_t i = first; i < set->count; i++) {
    pk_data_item *item = &set->items[i];
    const char *slash = strrchr(item->name, '/');
    const uint64_t hash = by_group && item->group ? pk_random_mix(item->group)
                                                  : hash_of(slash ? slash + 1 : item->name);
    item->part = part_at((double)(hash >> 11) * 0x1p-53, shares);
  }
}

// The last ones of each class, in the order in which they came.
static void split_by_order(pk_data_set *set, size_t first, const split_shares *shares) {
  for (size_t label = 0; label < set->label_count; label++) {
    size_t count = 0, seen = 0;
    for (size_t i = first; i < set->count; i++) {
      count += set->items[i].label == (int32_t)label;
    }
    for (size_t i = first; i < set->count; i++) {
      if (set->items[i].label != (int32_t)label) continue;
      const double from_end = (double)(count - 1 - seen++) / (double)count;
      set->items[i].part = part_at(from_end, shares);
    }
  }
}

static bool read_share(double *share, const json_t *split, const char *field, const char *where,
                       pk_error *error) {
  const json_t *value = json_object_get(split, field);
  *share = json_number_value(value);
  return !value || (json_is_number(value) && *share >= 0.0 && *share < 1.0) ||
         pk_data_bad(error, where, field, "a share from 0 to below 1");
}

static bool read_part(pk_data_set *set, size_t first, const char *part, const char *where,
                      pk_error *error) {
  static const char *const names[] = {"train", "validation", "test"};
  for (int p = 0; p < PK_DATA_PARTS; p++) {
    if (strcmp(part, names[p]) != 0) continue;
    for (size_t i = first; i < set->count; i++) set->items[i].part = (pk_data_part)p;
    return true;
  }
  return pk_data_bad(error, where, "part", "train, validation or test");
}

bool pk_data_split(pk_data_set *set, size_t first, const json_t *source, const char *where,
                   pk_error *error) {
  const json_t *split = json_object_get(source, "split");
  const char *part = json_string_value(json_object_get(source, "part"));
  const char *by = json_string_value(json_object_get(split, "by"));
  split_shares shares;
  if (part) return read_part(set, first, part, where, error);
  if (!by) return pk_data_bad(error, where, "split.by", "order, number, hash or group");
  if (!read_share(&shares.validation, split, "validation", where, error) ||
      !read_share(&shares.test, split, "test", where, error)) {
    return false;
  }
  if (shares.validation + shares.test >= 1.0) {
    return pk_data_bad(error, where, "split", "shares that leave something to train with");
  }
  if (strcmp(by, "order") == 0 || strcmp(by, "number") == 0) {
    split_by_order(set, first, &shares);
  } else if (strcmp(by, "hash") == 0 || strcmp(by, "group") == 0) {
    split_by_hash(set, first, &shares, strcmp(by, "group") == 0);
  } else {
    return pk_data_bad(error, where, "split.by", "order, number, hash or group");
  }
  return true;
}
