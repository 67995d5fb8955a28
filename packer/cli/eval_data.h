// The examples that `minnow eval` judges on: a folder, a file of texts, or a description.
#ifndef MINNOW_PACKER_EVAL_DATA_H_
#define MINNOW_PACKER_EVAL_DATA_H_

#include "../data/data_set.h"
#include "../package/package_load.h"
#include "../train/recipe.h"

typedef struct pk_eval_data {
  pk_data_set *set;
  pk_data_part part;
  json_t *description, *file;  // of the data; what the description's file holds
  pk_recipe recipe;            // of a model.json
  char *root;
  char *title;  // "docs/digits, test part": for people
  const char **labels;
  size_t label_count;
  char *label_text;  // that the labels point into
  pk_bytes texts;    // the file of texts that was read last
  char *texts_path;
} pk_eval_data;  // all zero: closed

typedef struct pk_eval_data_options {
  const char *data;         // as given with --data
  const char *labels_file;  // one name a line; NULL: those of the description or the package
  const char *part;         // "train", "validation" or "test"; NULL: test
  const char *root;         // folder that paths of a description start from; NULL: its own
  size_t classes;           // that the package gives scores of
} pk_eval_data_options;

// `data` is a folder with one sub-folder a class, a .jsonl file with "text" and "label" in each
// line, the model.json that `minnow train` takes, or another .json file: a description, or an
// object with one as "data" and perhaps a list "labels". Paths in a description start from its
// "root", which starts from the file's folder. Errors: USAGE (labels that are missing, or not as
// many as scores), IO, and those of the data set and the recipe.
bool pk_eval_data_open(pk_eval_data *data, const pk_eval_data_options *options,
                       const pk_loaded_package *package, pk_error *error);
void pk_eval_data_close(pk_eval_data *data);

// Appends the text of example `index`, for names of the form "file.jsonl:line". `user` is the
// pk_eval_data. False: it is no text, or cannot be read.
bool pk_eval_data_text(void *user, size_t index, pk_bytes *text);

#endif  // MINNOW_PACKER_EVAL_DATA_H_
