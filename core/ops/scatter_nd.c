// y = data, then the slices of y that tuples of indices pick take the slices of updates, in order.
#include <string.h>

#include "scatter_common.h"

mnw_status mnw_scatter_nd_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_scatter_check(context, context->node->params[MNW_SCATTER_ND_FUNCTION]);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1),
                   *updates = mnw_op_input(context, 2);
  *scratch_bytes = 0;
  status = mnw_tuples_check(context, x, 0, indices);
  if (status != MNW_STATUS_OK) return status;
  const uint32_t tuples = indices->rank - 1u, used = (uint32_t)indices->dims[tuples];
  if (updates->rank != tuples + x->rank - used) {
    return mnw_op_refuse(context, "operator %0: updates of rank %1 where %2 is needed",
                         updates->rank, tuples + x->rank - used);
  }
  status = mnw_axis_check_dims(context, indices, 0, updates, 0, tuples);
  if (status != MNW_STATUS_OK) return status;
  return mnw_axis_check_dims(context, x, used, updates, tuples, x->rank - used);
}

void mnw_scatter_nd_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1);
  const uint32_t last = indices->rank - 1u;
  const size_t run = mnw_axis_product(x, (uint32_t)indices->dims[last], x->rank);
  const size_t tuples = mnw_axis_product(indices, 0, last);
  const void *index_data = mnw_op_input_data(context, 1);
  void *out = mnw_op_output_data(context, 0);
  memcpy(out, mnw_op_input_data(context, 0), x->size_bytes);
  for (size_t t = 0; t < tuples; t++) {
    mnw_scatter_combine((mnw_dtype)x->dtype, context->node->params[MNW_SCATTER_ND_FUNCTION], out,
                        mnw_tuple_offset(x, 0, indices, index_data, t),
                        mnw_op_input_data(context, 2), t * run, run);
  }
}
