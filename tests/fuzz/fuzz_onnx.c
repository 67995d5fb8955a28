// Any bytes as an ONNX model. What is accepted must keep the importer's promises; what is refused
// must say why.
#include "fuzz_target.h"
#include "import/onnx/onnx_import.h"
#include "import_outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  pk_lowered_graph graph;
  pk_onnx_options options = {.folder = NULL};  // nothing beside the model is read
  pk_error error = {.code = PK_OK};
  const bool is_accepted = pk_import_onnx(&graph, bytes, size_bytes, "fuzz.onnx", &options, &error);
  expect_import_outcome(is_accepted, &graph, &error);
  return 0;
}
