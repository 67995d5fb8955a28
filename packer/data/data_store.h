// What a data set holds, for the files of this folder.
//
//   data_set.c      opens: data_sources.c for each source, then the parts
//   data_sources.c  a source of the description: which files, which classes
//     class_names.c   class names, maps and groups
//     text_lines.c    texts of one file
//     data_split.c    which part each example belongs to
//     data_load.c     pictures and sounds of folders
//   data_reader.c   examples to input tensors: picture_reader.c, sound_reader.c, text_reader.c
#ifndef MINNOW_PACKER_DATA_STORE_H_
#define MINNOW_PACKER_DATA_STORE_H_

#include "data_set.h"

typedef enum pk_data_kind { PK_DATA_PICTURES, PK_DATA_SOUNDS, PK_DATA_TEXTS } pk_data_kind;

typedef enum pk_data_origin {
  PK_DATA_FROM_FILE,
  PK_DATA_NOISE,  // made by the reader
  PK_DATA_PIECES  // cut by the reader from other examples of the part
} pk_data_origin;

typedef struct pk_data_item {
  int32_t label;
  pk_data_part part;
  pk_data_origin origin;
  uint32_t run;                      // items that a split by order takes together
  uint32_t repeat;                   // how often the example counts
  uint64_t identity;                 // hash of what must not be in two parts: the file, or its row
  uint64_t group;                    // hash that a split by hash or group decides by
  char *name;                        // for people; of a file the path from the root. Owned
  void *content;                     // RGBA or grey bytes, float32 samples, UTF-8; owned
  uint32_t width, height, channels;  // pictures; channels 1 or 4
  size_t count;                      // samples, or bytes of text
  uint32_t rate;                     // Hz
  uint64_t number;                   // of a generated example
  uint32_t pool;                     // of PIECES
} pk_data_item;

// Items of one part that pieces are cut from.
typedef struct pk_data_pool {
  bool *classes;                   // label_count
  uint32_t *items[PK_DATA_PARTS];  // item numbers
  size_t counts[PK_DATA_PARTS];
} pk_data_pool;

struct pk_data_set {
  pk_data_kind kind;
  char *root;
  char **labels;  // label_count
  size_t label_count;
  pk_data_item *items;
  size_t item_count, item_capacity;
  uint32_t run_count;
  uint32_t *parts[PK_DATA_PARTS];  // item numbers, an item `repeat` times
  size_t counts[PK_DATA_PARTS];
  pk_data_pool *pools;
  size_t pool_count;
};

// A new item, all zero but repeat 1; NULL when out of memory. Stands until the next call.
pk_data_item *pk_data_add(pk_data_set *set, pk_error *error);
void pk_data_item_free(pk_data_item *item);

const pk_data_item *pk_data_find(const pk_data_set *set, pk_data_part part, size_t index);

// Fills `pool` with the items from files whose class is in pool->classes.
bool pk_data_pool_fill(pk_data_pool *pool, const pk_data_set *set, pk_error *error);
void pk_data_pool_free(pk_data_pool *pool);

// Class of `name` ("_" counts as a blank, capitals as small letters), or -1.
int32_t pk_label_find(const pk_data_set *set, const char *name);

// Adds the items of source `number` of the description.
bool pk_source_read(pk_data_set *set, const json_t *source, size_t number, pk_error *error);

// A path of the description, which starts from the set's root unless it is absolute; to be freed.
// NULL: out of memory, error filled.
char *pk_data_path(const pk_data_set *set, const char *path, pk_error *error);

// What all messages about the description end with.
#define PK_DATA_REMEDY "docs/TRAINING.md describes the fields"

#endif  // MINNOW_PACKER_DATA_STORE_H_
