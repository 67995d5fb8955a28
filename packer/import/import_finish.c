#include "import_finish.h"

#include "graph_passes.h"
#include "lower.h"

bool pk_import_finish(pk_lowered_graph *out, pk_graph *graph, const pk_graph_edit *edit,
                      pk_error *error) {
  if (!pk_graph_prepare(graph, edit, error)) return false;
  if (!edit || !edit->taken) return pk_lower(out, graph, error);
  *edit->taken = *graph;
  pk_graph_init(graph, 0);
  return true;
}
