#include "quantized_movement.h"

#include <math.h>

#include "../../core/ops/op_params.h"

uint32_t pk_movement_inputs(const pk_op *op) {
  switch (op->kind) {
    case PK_OP_EXPAND:
    case PK_OP_GATHER:
    case PK_OP_GATHER_ELEMENTS:
    case PK_OP_GATHER_ND:
    case PK_OP_PAD:
    case PK_OP_RESHAPE:
    case PK_OP_SLICE:
    case PK_OP_TRANSPOSE:
      return 1;
    case PK_OP_MAX_POOL_2D:
      return op->activation == PK_ACTIVATION_NONE ? 1 : 0;
    case PK_OP_RESIZE:
      return op->attributes.words.words[MNW_RESIZE_MODE] == 0 ? 1 : 0;
    case PK_OP_CONCAT:
      return UINT32_MAX;
    default:
      return 0;
  }
}

bool pk_movement_quantize(pk_op *op, const pk_tensor *quantized) {
  if (op->kind != PK_OP_PAD || op->attributes.pad.mode != 0) return true;
  const double scale = (double)pk_tensor_scale(quantized), value = op->attributes.pad.value;
  const int32_t low = quantized->dtype == PK_DTYPE_U8 ? 0 : -128;
  const double number = round(value / scale) + pk_tensor_zero_point(quantized);
  if (!(number >= low && number <= low + 255)) return false;
  if ((float)((number - pk_tensor_zero_point(quantized)) * scale) != (float)value) return false;
  op->attributes.pad.value = number;
  return true;
}
