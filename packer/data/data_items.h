// What a data set holds: examples as their files have them.
#ifndef MINNOW_PACKER_DATA_DATA_ITEMS_H_
#define MINNOW_PACKER_DATA_DATA_ITEMS_H_

#include "../picture/picture_file.h"
#include "data_set.h"

enum { PK_DATA_RATE = 16000 };  // Hz of all sounds in a set

typedef enum pk_data_format { PK_DATA_PICTURES, PK_DATA_SOUNDS, PK_DATA_TEXTS } pk_data_format;

typedef enum pk_item_kind {
  PK_ITEM_STORED,  // a picture, a sound or a text by the set's format
  PK_ITEM_NOISE,   // drawn from the seed
  PK_ITEM_PIECES   // made of stored items of the same part
} pk_item_kind;

typedef struct pk_data_item {
  pk_item_kind kind;
  pk_data_part part;
  int32_t label;
  uint32_t repeats;  // how often it counts
  char *name;
  uint64_t seed;   // of generated items
  uint64_t group;  // what a split keeps together; 0: nothing
  pk_picture picture;
  float *samples;  // at PK_DATA_RATE, -1 … 1
  size_t sample_count;
  char *text;  // UTF-8
  size_t text_bytes;
} pk_data_item;

struct pk_data_set {
  pk_data_format format;
  const char *const *labels;
  size_t label_count;
  pk_data_item *items;
  size_t count, capacity;
  // Item numbers of each part, repeated ones several times; and stored ones, once each.
  uint32_t *parts[PK_DATA_PARTS], *stored[PK_DATA_PARTS];
  size_t part_counts[PK_DATA_PARTS], stored_counts[PK_DATA_PARTS];
};

// Appends an empty item with a copy of the name. NULL: error filled.
pk_data_item *pk_data_add(pk_data_set *set, const char *name, int32_t label, pk_error *error);

// The class of that name, underscores counting as blanks; -1: none.
int32_t pk_data_class(const pk_data_set *set, const char *name);

// Reads one source of the description ("data.sources.3") and splits what it brings.
bool pk_data_read_source(pk_data_set *set, const json_t *source, const char *where,
                         const pk_data_options *options, pk_error *error);

// The parts of items `first` … set->count - 1, by the source's "part" or "split".
bool pk_data_split(pk_data_set *set, size_t first, const json_t *source, const char *where,
                   pk_error *error);

// Fills `set` with the lines of a text source.
bool pk_data_read_texts(pk_data_set *set, const json_t *source, const char *where, const char *path,
                        const char *root, pk_error *error);

// "<where>.<field> must be <expected>; docs/TRAINING.md describes data". False.
bool pk_data_bad(pk_error *error, const char *where, const char *field, const char *expected);

#endif  // MINNOW_PACKER_DATA_DATA_ITEMS_H_
