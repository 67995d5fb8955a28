// GATHER: rows of a table by their numbers, which are constants or inputs of the graph.
#include "../../core/base/bytes.h"
#include "../../core/ops/op_params.h"
#include "diff_ops.h"
#include "diff_wide.h"

// As the runtime takes it: negative numbers count from the end, those out of range are clamped.
static size_t index_at(const pk_diff_call *call, size_t i, int64_t extent) {
  const pk_tensor *tensor = pk_op_input(call->graph, call->op, 1);
  int64_t index;
  if (!tensor->data) {
    index = (int64_t)pk_diff_input(call, 1)[i];
  } else if (tensor->dtype == PK_DTYPE_S64) {
    index = (int64_t)mnw_load_u64(tensor->data + 8 * i);
  } else {
    index = (int32_t)mnw_load_u32(tensor->data + 4 * i);
  }
  if (index < 0) index += extent;
  return (size_t)(index < 0 ? 0 : index < extent ? index : extent - 1);
}

PK_DIFF_WIDE static void copy_row(float *restrict y, const float *restrict x, size_t width) {
  for (size_t i = 0; i < width; i++) y[i] = x[i];
}

PK_DIFF_WIDE static void add_row(float *restrict dx, const float *restrict dy, size_t width) {
  for (size_t i = 0; i < width; i++) dx[i] += dy[i];
}

static bool gather(pk_diff_call *call) {
  const int axis = call->op->attributes.words.words[MNW_GATHER_AXIS];
  const int32_t *dims = call->x_tensor->dims;
  const size_t count = pk_diff_input_elements(call, 1), extent = (size_t)dims[axis];
  size_t outer = 1, width = 1;
  for (int i = 0; i < axis; i++) outer *= (size_t)dims[i];
  for (int i = axis + 1; i < call->x_tensor->rank; i++) width *= (size_t)dims[i];
  if (call->dy && !call->dx) return true;
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < count; i++) {
      const size_t at = (o * extent + index_at(call, i, (int64_t)extent)) * width;
      const size_t to = (o * count + i) * width;
      if (call->dy) {
        add_row(call->dx + at, call->dy + to, width);
      } else {
        copy_row(call->y + to, call->x + at, width);
      }
    }
  }
  return true;
}

bool pk_diff_gather_forward(pk_diff_call *call) {
  return gather(call);
}

bool pk_diff_gather_backward(pk_diff_call *call) {
  return gather(call);
}
