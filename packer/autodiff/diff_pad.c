// PAD in all its modes: what lies outside is a value, or found inside, where its gradient goes.
#include "../../core/ops/pad_source.h"
#include "diff_ops.h"

static const size_t outside = (size_t)-1;

// Which element of the input stands at the output's `index`.
static size_t source_of(const pk_diff_call *call, const int32_t *index) {
  const pk_pad_attributes *pad = &call->op->attributes.pad;
  size_t at = 0;
  for (int axis = 0; axis < call->x_tensor->rank; axis++) {
    const int32_t extent = call->x_tensor->dims[axis];
    const int32_t position = mnw_pad_source(index[axis] - pad->before[axis], extent, pad->mode);
    if (position < 0) return outside;
    at = at * (size_t)extent + (size_t)position;
  }
  return at;
}

bool pk_diff_pad_forward(pk_diff_call *call) {
  const pk_pad_attributes *pad = &call->op->attributes.pad;
  const size_t elements = pk_diff_output_elements(call);
  const pk_tensor *y = call->y_tensor;
  const float scale = y->quantization.count ? pk_tensor_scale(y) : 1.0f;
  const float value = scale * (float)(pad->value - pk_tensor_zero_point(y));
  int32_t index[PK_MAX_RANK] = {0};
  for (size_t i = 0; i < elements; i++) {
    const size_t source = source_of(call, index);
    call->y[i] = source == outside ? value : call->x[source];
    pk_diff_next_index(index, y);
  }
  return true;
}

bool pk_diff_pad_backward(pk_diff_call *call) {
  const size_t elements = pk_diff_output_elements(call);
  int32_t index[PK_MAX_RANK] = {0};
  for (size_t i = 0; call->dx && i < elements; i++) {
    const size_t source = source_of(call, index);
    if (source != outside) call->dx[source] += call->dy[i];
    pk_diff_next_index(index, call->y_tensor);
  }
  return true;
}
