// Nothing to do: the memory planner lets the output share the input's bytes.
#include "op.h"

mnw_status mnw_reshape_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const mnw_status status = mnw_op_check_arity(context, 1, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  if (x->kind != MNW_KIND_ACTIVATION || x->dtype != y->dtype || x->size_bytes != y->size_bytes) {
    return mnw_op_refuse(
        context, "operator %0: reshape from %1 to %2 bytes, or between dtypes, or of a constant",
        x->size_bytes, y->size_bytes);
  }
  *scratch_bytes = 0;
  return MNW_STATUS_OK;
}

void mnw_reshape_eval(const mnw_op_context *context) {
  (void)context;
}
