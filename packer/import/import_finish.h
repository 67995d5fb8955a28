// The end of every import.
#ifndef MINNOW_PACKER_IMPORT_IMPORT_FINISH_H_
#define MINNOW_PACKER_IMPORT_IMPORT_FINISH_H_

#include "import.h"
#include "source_graph.h"

// Prepares the graph (pk_graph_prepare()), then lowers it into `out`, or moves it to edit->taken.
bool pk_import_finish(pk_lowered_graph *out, pk_graph *graph, const pk_graph_edit *edit,
                      pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_IMPORT_FINISH_H_
