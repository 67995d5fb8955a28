// Which part each example belongs to.
#ifndef MINNOW_PACKER_DATA_SPLIT_H_
#define MINNOW_PACKER_DATA_SPLIT_H_

#include "data_store.h"

typedef enum pk_split_by {
  PK_SPLIT_NUMBER,  // order, and each file name must have a number
  PK_SPLIT_HASH,
  PK_SPLIT_ORDER,
  PK_SPLIT_GROUP
} pk_split_by;

typedef struct pk_split {
  bool is_fixed;  // all examples belong to `part`
  pk_data_part part;
  float validation, test;  // shares; the rest is for training
  pk_split_by by;
  const char *field;  // GROUP: of the JSON lines
} pk_split;

// Reads `part` or `split` of a source; `where` names it in messages. Errors: USAGE.
bool pk_split_read(pk_split *split, const json_t *source, const char *where, pk_error *error);

// Sets the parts of the set's items from `first` on. By order, the last shares of each run are
// validation, then test, rounded to whole examples; by hash or group, an item's hash decides alone,
// so that it stays where it is when others come.
void pk_split_apply(const pk_split *split, pk_data_set *set, size_t first);

// Fails with USAGE, naming it, where a file or row is in two parts.
bool pk_split_check(const pk_data_set *set, pk_error *error);

#endif  // MINNOW_PACKER_DATA_SPLIT_H_
