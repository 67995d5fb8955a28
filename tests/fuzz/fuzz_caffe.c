// Any bytes as a Caffe network: the graph's text up to a zero byte, then the weights. What is
// accepted must keep the importer's promises; what is refused must say why.
#include <string.h>

#include "fuzz_target.h"
#include "import/import.h"
#include "import_outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  const uint8_t *zero = size_bytes ? memchr(bytes, 0, size_bytes) : NULL;
  const size_t text_bytes = zero ? (size_t)(zero - bytes) : size_bytes;
  const size_t rest = zero ? size_bytes - text_bytes - 1 : 0;
  const pk_caffe_files files = {.weights = zero ? zero + 1 : bytes,
                                .weights_bytes = rest,
                                .weights_name = "fuzz.net",
                                .prototxt = bytes,
                                .prototxt_bytes = text_bytes,
                                .prototxt_name = "fuzz.prototxt"};
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  const bool is_accepted = pk_import_caffe(&graph, &files, NULL, &error);
  expect_import_outcome(is_accepted, &graph, &error);
  return 0;
}
