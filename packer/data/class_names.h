// From names in files and folders to classes.
#ifndef MINNOW_PACKER_CLASS_NAMES_H_
#define MINNOW_PACKER_CLASS_NAMES_H_

#include "data_store.h"

enum { PK_CLASS_NONE = -1, PK_CLASS_UNKNOWN = -2 };

typedef struct pk_class_names {
  const pk_data_set *set;
  json_t *known;         // name → class number, from `map` and `groups`; owned
  const json_t *ignore;  // names that do not count beside others; NULL: none
  bool takes_labels;     // class names stand for themselves: there are no groups
  bool drops_unknown;    // there is a map, and the names that it lacks do not count
  bool drops_lines;      // `one`: what has no class, or several, is left out
  int32_t rest, empty;   // PK_CLASS_NONE: none
} pk_class_names;

// Reads map, groups, ignore, rest, empty and one of a source. Errors: USAGE, IO, BAD_TEXT (the file
// of the groups), OUT_OF_MEMORY.
bool pk_class_names_read(pk_class_names *names, const pk_data_set *set, const json_t *source,
                         const char *where, pk_error *error);
void pk_class_names_free(pk_class_names *names);

// The class that one name stands for; PK_CLASS_UNKNOWN where nothing tells.
int32_t pk_class_of_name(const pk_class_names *names, const char *name);

// The class of a label, which is a string or a list of strings: `*label`, PK_CLASS_NONE where the
// example is to be left out. `where` names the example. Errors: USAGE (the names do not tell one
// class), BAD_TEXT (`json` is something else).
bool pk_class_of_label(int32_t *label, const pk_class_names *names, const json_t *json,
                       const char *where, pk_error *error);

// "… names the class X, which is none of the labels: a, b, c". Returns false.
bool pk_class_fail(const pk_data_set *set, const char *where, const char *name, pk_error *error);

// The class that the source's field `field` names: PK_CLASS_NONE where it is left out and not
// required.
bool pk_class_field(int32_t *label, const pk_data_set *set, const json_t *source, const char *field,
                    bool is_required, const char *where, pk_error *error);

#endif  // MINNOW_PACKER_CLASS_NAMES_H_
