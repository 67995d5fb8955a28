// Slices of x picked by tuples of indices, batch by batch.
#include <string.h>

#include "axis_common.h"

mnw_status mnw_gather_nd_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t batch_dims = context->node->params[MNW_GATHER_ND_BATCH_DIMS];
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1),
                   *y = mnw_op_output(context, 0);
  *scratch_bytes = 0;
  if (batch_dims < 0 || batch_dims >= indices->rank || batch_dims >= x->rank) {
    return mnw_op_refuse(context, "operator %0: %1 batch axes are too many for indices of rank %2",
                         batch_dims, indices->rank);
  }
  const uint32_t batch = (uint32_t)batch_dims;
  status = mnw_tuples_check(context, x, batch, indices);
  if (status == MNW_STATUS_OK) status = mnw_nd_check_same_kind(context, x, y);
  if (status == MNW_STATUS_OK) status = mnw_axis_check_dims(context, x, 0, indices, 0, batch);
  if (status != MNW_STATUS_OK) return status;
  const uint32_t tuples = indices->rank - 1u, used = batch + (uint32_t)indices->dims[tuples];
  if (y->rank != tuples + x->rank - used) {
    return mnw_op_refuse(context, "operator %0: gathers into rank %1 where %2 is needed", y->rank,
                         tuples + x->rank - used);
  }
  status = mnw_axis_check_dims(context, indices, 0, y, 0, tuples);
  if (status != MNW_STATUS_OK) return status;
  return mnw_axis_check_dims(context, x, used, y, tuples, x->rank - used);
}

void mnw_gather_nd_eval(const mnw_op_context *context) {
  const mnw_tensor *x = mnw_op_input(context, 0), *indices = mnw_op_input(context, 1);
  const uint32_t batch_dims = (uint32_t)context->node->params[MNW_GATHER_ND_BATCH_DIMS];
  const uint32_t last = indices->rank - 1u, used = batch_dims + (uint32_t)indices->dims[last];
  const size_t bytes = mnw_dtype_bytes((mnw_dtype)x->dtype);
  const size_t run = mnw_axis_product(x, used, x->rank) * bytes;
  const size_t batches = mnw_axis_product(x, 0, batch_dims);
  const size_t tuples = mnw_axis_product(indices, batch_dims, last);
  const size_t batch_bytes = mnw_axis_product(x, batch_dims, x->rank) * bytes;
  const uint8_t *in = mnw_op_input_data(context, 0);
  const void *index_data = mnw_op_input_data(context, 1);
  uint8_t *out = mnw_op_output_data(context, 0);
  for (size_t b = 0; b < batches; b++, in += batch_bytes) {
    for (size_t t = 0; t < tuples; t++, out += run) {
      const size_t offset = mnw_tuple_offset(x, batch_dims, indices, index_data, b * tuples + t);
      memcpy(out, in + offset * bytes, run);
    }
  }
}
