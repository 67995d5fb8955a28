// y[…, i, …] = x[…, indices[…, i, …], …]: an index for each element.
#include <string.h>

#include "axis_common.h"

mnw_status mnw_gather_elements_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1),
                   *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  status = mnw_element_walk_check(context, x, indices, context->node->params[MNW_GATHER_AXIS]);
  if (status == MNW_STATUS_OK) status = mnw_nd_check_same_kind(context, x, y);
  if (status == MNW_STATUS_OK) status = mnw_op_check_same_shape(context, indices, y);
  return status;
}

void mnw_gather_elements_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0);
  const size_t bytes = mnw_dtype_bytes((mnw_dtype)x->dtype);
  const uint8_t *in = mnw_op_input_data(context, 0);
  uint8_t *out = mnw_op_output_data(context, 0);
  mnw_element_walk walk;
  mnw_element_walk_start(&walk, x, mnw_op_input(context, 1), mnw_op_input_data(context, 1),
                         context->node->params[MNW_GATHER_AXIS]);
  do {
    for (ptrdiff_t i = 0; i < walk.it.count; i++, out += bytes) {
      memcpy(out, in + mnw_element_walk_at(&walk, i) * bytes, bytes);
    }
  } while (mnw_nd_next(&walk.it));
}
