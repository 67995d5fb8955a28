// What the user tells about a model and its inputs: pack's --shape, --dim, --const, --prototxt and
// --weights-in-memory.
#ifndef MINNOW_PACKER_IMPORT_MODEL_OPTIONS_H_
#define MINNOW_PACKER_IMPORT_MODEL_OPTIONS_H_

#include <stdbool.h>
#include <stddef.h>

#include "../pk_error.h"

enum { PK_MAX_BINDINGS = 32 };

// Texts "NAME=VALUES", the caller's. What stands before the last '=' is the name.
typedef struct pk_binding_list {
  const char *texts[PK_MAX_BINDINGS];
  size_t count;
} pk_binding_list;

typedef struct pk_model_options {
  pk_binding_list shapes;     // input=1,64,…: the shape of an input
  pk_binding_list dims;       // batch=1: the size of all dimensions of that name
  pk_binding_list constants;  // input=16000: the input becomes a constant
  bool keeps_int8;            // pk_graph's
  const char *prototxt;       // path of the graph of Deep Compression's weights; NULL: beside them
} pk_model_options;

// Adds `text`, which must stand as long as the list. USAGE where it is no "NAME=VALUES".
bool pk_binding_add(pk_binding_list *list, const char *text, const char *option, pk_error *error);

// The values given for `name`, or NULL.
const char *pk_binding_find(const pk_binding_list *list, const char *name);

// Reads the whole number at *text and moves behind it and one comma. False where there is none, or
// something else than a comma or the end follows.
bool pk_binding_next_int(const char **text, long long *value);
bool pk_binding_next_float(const char **text, double *value);

#endif  // MINNOW_PACKER_IMPORT_MODEL_OPTIONS_H_
