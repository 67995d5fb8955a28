#include "scatter_common.h"

#include <string.h>

mnw_status mnw_scatter_check(const mnw_op_context *context, int32_t function) {
  mnw_status status = mnw_nd_check_operands(context, 3, 3);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *updates = mnw_op_input(context, 2),
                   *y = mnw_op_output(context, 0);
  status = mnw_op_check_same_shape(context, x, y);
  if (status == MNW_STATUS_OK) status = mnw_nd_check_same_kind(context, x, y);
  if (status == MNW_STATUS_OK) status = mnw_nd_check_same_kind(context, x, updates);
  if (status == MNW_STATUS_OK) status = mnw_axis_check_indices(context, mnw_op_input(context, 1));
  if (status != MNW_STATUS_OK) return status;
  const bool is_known = function == 0 || function == MNW_BINARY_ADD || function == MNW_BINARY_MUL ||
                        function == MNW_BINARY_MIN || function == MNW_BINARY_MAX;
  if (!is_known || (function != 0 && x->dtype == MNW_DTYPE_BOOL)) {
    return mnw_op_refuse(context, "operator %0 cannot scatter dtype %1 with function %2", x->dtype,
                         function);
  }
  return MNW_STATUS_OK;
}

static float combine_float(int32_t function, float a, float b) {
  switch (function) {
    case MNW_BINARY_ADD:
      return a + b;
    case MNW_BINARY_MUL:
      return a * b;
    case MNW_BINARY_MIN:
      return b < a || b != b ? b : a;
    default:
      return b > a || b != b ? b : a;
  }
}

static int64_t combine_integer(int32_t function, int64_t a, int64_t b) {
  switch (function) {
    case MNW_BINARY_ADD:
      return (int64_t)((uint64_t)a + (uint64_t)b);
    case MNW_BINARY_MUL:
      return (int64_t)((uint64_t)a * (uint64_t)b);
    case MNW_BINARY_MIN:
      return b < a ? b : a;
    default:
      return b > a ? b : a;
  }
}

void mnw_scatter_combine(mnw_dtype dtype, int32_t function, void *data, size_t at,
                         const void *updates, size_t from, size_t count) {
  if (function == 0) {
    const size_t bytes = mnw_dtype_bytes(dtype);
    memcpy((uint8_t *)data + at * bytes, (const uint8_t *)updates + from * bytes, count * bytes);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    if (dtype == MNW_DTYPE_F32) {
      float *value = (float *)data + at + i;
      *value = combine_float(function, *value, ((const float *)updates)[from + i]);
    } else {
      mnw_store_integer(dtype, data, at + i,
                        combine_integer(function, mnw_load_integer(dtype, data, at + i),
                                        mnw_load_integer(dtype, updates, from + i)));
    }
  }
}
