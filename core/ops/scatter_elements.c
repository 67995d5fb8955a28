// y = data, then y[…, indices[…, i, …], …] takes updates[…, i, …], in the order of the updates.
#include <string.h>

#include "scatter_common.h"

mnw_status mnw_scatter_elements_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  mnw_status status = mnw_scatter_check(context, params[MNW_SCATTER_ELEMENTS_FUNCTION]);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1);
  *scratch_bytes = 0;
  status = mnw_element_walk_check(context, x, indices, params[MNW_SCATTER_ELEMENTS_AXIS]);
  if (status != MNW_STATUS_OK) return status;
  return mnw_op_check_same_shape(context, indices, mnw_op_input(context, 2));
}

void mnw_scatter_elements_eval(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, 0);
  const void *updates = mnw_op_input_data(context, 2);
  void *out = mnw_op_output_data(context, 0);
  mnw_element_walk walk;
  size_t from = 0;
  memcpy(out, mnw_op_input_data(context, 0), x->size_bytes);
  mnw_element_walk_start(&walk, x, mnw_op_input(context, 1), mnw_op_input_data(context, 1),
                         params[MNW_SCATTER_ELEMENTS_AXIS]);
  do {
    for (ptrdiff_t i = 0; i < walk.it.count; i++, from++) {
      mnw_scatter_combine((mnw_dtype)x->dtype, params[MNW_SCATTER_ELEMENTS_FUNCTION], out,
                          mnw_element_walk_at(&walk, i), updates, from, 1);
    }
  } while (mnw_nd_next(&walk.it));
}
