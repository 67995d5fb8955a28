// A model file brought into the form that goes into packages.
#ifndef MINNOW_PACKER_MODEL_FILE_H_
#define MINNOW_PACKER_MODEL_FILE_H_

#include "../import/import.h"
#include "../lowered_graph.h"
#include "../pk_error.h"

// A file that ends in .net holds weights by Deep Compression; its graph is the .prototxt that the
// edit's inputs name, or the only one beside it.

// To be released with pk_lowered_graph_free(). Errors: those of import/import.h, and PK_IO.
bool pk_model_read(pk_lowered_graph *graph, const char *path, pk_error *error);

// The same with an edit between the importer's passes and lowering; NULL for none.
bool pk_model_read_edited(pk_lowered_graph *graph, const char *path, const pk_graph_edit *edit,
                          pk_error *error);

#endif  // MINNOW_PACKER_MODEL_FILE_H_
