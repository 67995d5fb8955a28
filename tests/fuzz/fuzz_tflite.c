// Any bytes as a model file. What is accepted must keep the importer's promises; what is refused
// must say why.
#include "fuzz_target.h"
#include "import/import.h"
#include "import_outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  const bool is_accepted = pk_import_model(&graph, bytes, size_bytes, "fuzz.tflite", &error);
  expect_import_outcome(is_accepted, &graph, &error);
  return 0;
}
