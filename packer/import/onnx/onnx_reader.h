// Untrusted bytes to ONNX protobuf messages. protobuf-c does the decoding; this adds what it lacks:
// a limit on nesting (its decoder recurses) and on memory (a message of two bytes may cost
// hundreds).
#ifndef MINNOW_PACKER_IMPORT_ONNX_READER_H_
#define MINNOW_PACKER_IMPORT_ONNX_READER_H_

#include <onnx/onnx.pb-c.h>

#include "../import_arena.h"

// NULL with `error` filled (BAD_MODEL, OUT_OF_MEMORY) where the bytes are no such message. The
// message lives in the arena and needs no freeing.
Onnx__ModelProto *pk_onnx_read_model(pk_arena *arena, const uint8_t *bytes, size_t size_bytes,
                                     pk_error *error);
Onnx__TensorProto *pk_onnx_read_tensor(pk_arena *arena, const uint8_t *bytes, size_t size_bytes,
                                       pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_ONNX_READER_H_
