// Between the files that walk over an ONNX graph.
#ifndef MINNOW_PACKER_IMPORT_ONNX_GRAPH_H_
#define MINNOW_PACKER_IMPORT_ONNX_GRAPH_H_

#include "onnx_build.h"

// A copy of `name` that is fit for messages. NULL: error filled.
const char *pk_onnx_copy_name(pk_onnx *o, const char *name);

// Adds a constant (with data) or an input of the graph under its ONNX name.
bool pk_onnx_add_named(pk_onnx *o, const char *name, const pk_tensor *tensor, int type);
bool pk_onnx_add_initializer(pk_onnx *o, const char *name, const Onnx__TensorProto *source);

// All inputs of the graph that are no initializers, with the shapes and values that the caller
// gives (pk_onnx_options).
bool pk_onnx_add_inputs(pk_onnx *o, const Onnx__GraphProto *graph);

// The nodes in their order.
bool pk_onnx_import_nodes(pk_onnx *o, const Onnx__GraphProto *graph);

#endif  // MINNOW_PACKER_IMPORT_ONNX_GRAPH_H_
