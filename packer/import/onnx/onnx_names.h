// The names of an ONNX graph's values.
#ifndef MINNOW_PACKER_IMPORT_ONNX_NAMES_H_
#define MINNOW_PACKER_IMPORT_ONNX_NAMES_H_

#include "../import_text.h"
#include "onnx_import.h"

// Makes room for `count` names; once, before the others.
bool pk_onnx_names_init(pk_onnx *o, size_t count);
pk_onnx_name *pk_onnx_names_find(pk_onnx *o, const char *name);  // NULL: not there
// BAD_MODEL where the name is there already: every value has one writer.
bool pk_onnx_names_add(pk_onnx *o, const char *name, pk_value value);

// Takes back all names after the first `count`: those of a branch.
void pk_onnx_names_release(pk_onnx *o, size_t count);

// At most PK_NAME_MAX_BYTES bytes and a NUL, fit for terminals and JSON.
void pk_onnx_clean_name(char *clean, const char *name);

#endif  // MINNOW_PACKER_IMPORT_ONNX_NAMES_H_
