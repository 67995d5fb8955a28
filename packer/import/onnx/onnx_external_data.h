// Weights that stand in files beside the model.
#ifndef MINNOW_PACKER_IMPORT_ONNX_EXTERNAL_DATA_H_
#define MINNOW_PACKER_IMPORT_ONNX_EXTERNAL_DATA_H_

#include "onnx_reader.h"

// Reads the bytes that `source` refers to from `folder` (NULL: refused). The place must be a plain
// relative path that does not climb out of the folder. `expected_bytes` is what the shape asks for.
// Errors: BAD_MODEL, UNSUPPORTED, IO, OUT_OF_MEMORY.
bool pk_onnx_external_data(const uint8_t **data, size_t *size_bytes, pk_arena *arena,
                           const Onnx__TensorProto *source, const char *name, size_t expected_bytes,
                           const char *folder, pk_error *error);

// Constants in other files share their bytes or stand apart: BAD_MODEL where two of the graph
// overlap in part. Those without a length are left out.
bool pk_onnx_check_overlaps(const Onnx__GraphProto *graph, pk_arena *arena, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_ONNX_EXTERNAL_DATA_H_
