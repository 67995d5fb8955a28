// Windows of convolutions and pools: kernel, strides, dilations and padding along each spatial
// axis.
#ifndef MINNOW_PACKER_IMPORT_ONNX_WINDOW_H_
#define MINNOW_PACKER_IMPORT_ONNX_WINDOW_H_

#include "onnx_build.h"

enum { PK_ONNX_MAX_SPATIAL = 3 };

typedef struct pk_onnx_window {
  int axes;  // spatial axes, 1 to 3
  int32_t kernel[PK_ONNX_MAX_SPATIAL], stride[PK_ONNX_MAX_SPATIAL], dilation[PK_ONNX_MAX_SPATIAL];
  int32_t before[PK_ONNX_MAX_SPATIAL], after[PK_ONNX_MAX_SPATIAL];  // padding
  int32_t input[PK_ONNX_MAX_SPATIAL], output[PK_ONNX_MAX_SPATIAL];  // extents
} pk_onnx_window;

// From the node's attributes for an input N,C,spatial…; `kernel` is the weights' where there are
// some. Leaves `output` open.
bool pk_onnx_window_attributes(pk_onnx *o, pk_onnx_window *window, const pk_tensor *in,
                               const int32_t *kernel);
// Resolves auto_pad and fills `output`; ceil_mode rounds up.
bool pk_onnx_window_output(pk_onnx *o, pk_onnx_window *window, bool ceil_mode);

#endif  // MINNOW_PACKER_IMPORT_ONNX_WINDOW_H_
