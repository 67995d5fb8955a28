// Examples to train and judge with: pictures, sounds and texts with their classes, described by
// JSON, split into three parts.
//
// A set holds what the files hold (decoded pictures, samples, texts); a reader turns examples into
// the bytes of an input tensor, with the same front ends as the runtime uses, after altering them
// at random where that is asked for. What comes out depends on the example and the seed only, never
// on order, threads or time.
#ifndef MINNOW_PACKER_DATA_SET_H_
#define MINNOW_PACKER_DATA_SET_H_

#include <jansson.h>

#include "../package/manifest.h"
#include "../pk_error.h"

typedef enum pk_data_part { PK_DATA_TRAIN, PK_DATA_VALIDATION, PK_DATA_TEST } pk_data_part;
enum { PK_DATA_PARTS = 3 };

extern const char *const pk_data_part_names[];  // by part; ends with NULL

typedef struct pk_data_set pk_data_set;

typedef struct pk_data_options {
  const json_t *description;  // docs/TRAINING.md, "data"
  const char *root;           // folder that its paths start from
  const char *const *labels;  // class names in class order
  size_t label_count;
} pk_data_options;

// Reads all files. Errors: USAGE (a field of the description, named), IO, BAD_IMAGE, BAD_SOUND,
// BAD_TEXT, each naming the file; OUT_OF_MEMORY. Nothing of `options` is kept.
bool pk_data_set_open(pk_data_set **set, const pk_data_options *options, pk_error *error);
void pk_data_set_close(pk_data_set *set);  // NULL: nothing happens

typedef struct pk_data_example {
  int32_t label;     // class, always in 0 … label_count - 1
  const char *name;  // of the file, or "file:line"; the set's
} pk_data_example;

size_t pk_data_set_count(const pk_data_set *set, pk_data_part part);
pk_data_example pk_data_set_example(const pk_data_set *set, pk_data_part part, size_t index);

// One thread's way to read; any number of readers share a set.
typedef struct pk_data_reader pk_data_reader;

// `inputs` as in the model's manifest; set and inputs must stand as long as the reader. `augment`
// (docs/TRAINING.md, "Augment"; NULL: none) tells how examples are altered; it is read here and not
// kept. Errors: USAGE (a field, a front end that does not fit the kind of data, a tokenizer with a
// vocabulary), OUT_OF_MEMORY.
bool pk_data_reader_open(pk_data_reader **reader, const pk_data_set *set, const pk_manifest *inputs,
                         const json_t *augment, pk_error *error);
void pk_data_reader_close(pk_data_reader *reader);

// Writes the bytes of all input tensors behind each other, row-major, in their dtypes (as one run
// takes them). `seed` 0: the example as it is; else altered by what `augment` allows, the same for
// equal seeds, and others for other examples. Generated examples (noise, cut clips) are drawn from
// their own number and the seed, so that only seed 0 gives the same ones again each time. `inputs`
// may have any alignment.
bool pk_data_reader_fill(pk_data_reader *reader, pk_data_part part, size_t index, uint64_t seed,
                         void *inputs, pk_error *error);

#endif  // MINNOW_PACKER_DATA_SET_H_
