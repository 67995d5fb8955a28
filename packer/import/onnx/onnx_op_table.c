#include <string.h>

#include "onnx_build.h"

static const pk_onnx_op_row rows[] = {
#define PK_ONNX_OP(name, function, parameter, wraps) \
  {name, pk_onnx_op_##function, parameter, wraps},
#include "onnx_ops.inc"
#undef PK_ONNX_OP
};

const pk_onnx_op_row *pk_onnx_find_op(const char *name) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].name, name) == 0) return &rows[i];
  }
  return NULL;
}

const pk_onnx_op_row *pk_onnx_this_op(const pk_onnx *o) {
  return o->call ? o->call->row : o->row;
}
