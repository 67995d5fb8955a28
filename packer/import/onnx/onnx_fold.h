// Constant folding: one operator, lowered and computed by the runtime itself.
#ifndef MINNOW_PACKER_IMPORT_ONNX_FOLD_H_
#define MINNOW_PACKER_IMPORT_ONNX_FOLD_H_

#include "../source_graph.h"

// Evaluates `op`, all of whose inputs are constants of the graph, and makes its output a constant.
// False with `error` filled where lowering or the runtime refuse the operator.
bool pk_onnx_fold(pk_graph *graph, const pk_op *op, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_ONNX_FOLD_H_
