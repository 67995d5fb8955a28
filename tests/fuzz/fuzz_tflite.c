// Any bytes as a model file. What is accepted must keep the importer's promises; what is refused
// must say why.
#include <stdio.h>
#include <stdlib.h>

#include "../unit/import_invariants.h"
#include "fuzz_target.h"
#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  if (pk_import_model(&graph, bytes, size_bytes, "fuzz.tflite", &error)) {
    const char *broken = import_broken_invariant(&graph);
    if (broken) {
      fprintf(stderr, "accepted, but %s\n", broken);
      abort();
    }
  } else if (error.code == PK_OK || error.message[0] == '\0' || graph.tensors) {
    fprintf(stderr, "refused without an error, or with a graph\n");
    abort();
  }
  pk_lowered_graph_free(&graph);
  return 0;
}
