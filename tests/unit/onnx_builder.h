// Builds small ONNX models for tests.
#ifndef MINNOW_TESTS_ONNX_BUILDER_H_
#define MINNOW_TESTS_ONNX_BUILDER_H_

#include <onnx/onnx.pb-c.h>
#include <stddef.h>
#include <stdint.h>

enum { ONNX_BUILDER_MOST = 32 };

typedef struct onnx_builder {
  Onnx__ModelProto *model;
} onnx_builder;

void onnx_builder_init(onnx_builder *b);  // opset 17
void onnx_builder_input(onnx_builder *b, const char *name, int type, const int64_t *dims,
                        size_t rank);
void onnx_builder_output(onnx_builder *b, const char *name);
void onnx_builder_ints(onnx_builder *b, const char *name, const int64_t *values, size_t count);
// Float weights in another file.
void onnx_builder_external(onnx_builder *b, const char *name, const int64_t *dims, size_t rank,
                           const char *location, const char *offset, const char *length);
// `inputs` and `outputs` are names with commas between them.
void onnx_builder_node(onnx_builder *b, const char *type, const char *inputs, const char *outputs);
// Of the last node: a graph, which the builder `branch` is emptied for.
void onnx_builder_branch(onnx_builder *b, const char *attribute, onnx_builder *branch);
// Leaves dimension `axis` of the last input open; "": without a name.
void onnx_builder_open_dim(onnx_builder *b, size_t axis, const char *symbol);
// The file's bytes, to be freed; the builder is empty afterwards.
uint8_t *onnx_builder_bytes(onnx_builder *b, size_t *size_bytes);

#endif  // MINNOW_TESTS_ONNX_BUILDER_H_
