// What must hold after an import of any bytes, accepted or refused.
#ifndef MINNOW_TESTS_IMPORT_OUTCOME_H_
#define MINNOW_TESTS_IMPORT_OUTCOME_H_

#include <stdio.h>
#include <stdlib.h>

#include "../unit/import_invariants.h"

// Aborts where a promise is broken; frees the graph.
static inline void expect_import_outcome(bool is_accepted, pk_lowered_graph *graph,
                                         const pk_error *error) {
  if (is_accepted) {
    const char *broken = import_broken_invariant(graph);
    if (broken) {
      fprintf(stderr, "accepted, but %s\n", broken);
      abort();
    }
  } else if (error->code == PK_OK || error->message[0] == '\0' || graph->tensors) {
    fprintf(stderr, "refused without an error, or with a graph\n");
    abort();
  }
  pk_lowered_graph_free(graph);
}

#endif  // MINNOW_TESTS_IMPORT_OUTCOME_H_
