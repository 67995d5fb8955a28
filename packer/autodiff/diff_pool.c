// Pools, means, sums and padding.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_ops.h"

// The taps of output pixel (y, x) that lie inside the picture.
typedef struct pool_taps {
  ptrdiff_t top, bottom, left, right;
  size_t count;
} pool_taps;

static pool_taps taps_at(const pk_diff_call *call, size_t y, size_t x) {
  const pk_pool_attributes *pool = &call->op->attributes.pool;
  const ptrdiff_t height = call->x_tensor->dims[1], width = call->x_tensor->dims[2];
  pool_taps taps = {.top = (ptrdiff_t)y * pool->stride_h - pool->padding.top,
                    .left = (ptrdiff_t)x * pool->stride_w - pool->padding.left};
  taps.bottom = taps.top + pool->filter_h < height ? taps.top + pool->filter_h : height;
  taps.right = taps.left + pool->filter_w < width ? taps.left + pool->filter_w : width;
  if (taps.top < 0) taps.top = 0;
  if (taps.left < 0) taps.left = 0;
  taps.count = taps.bottom > taps.top && taps.right > taps.left
                   ? (size_t)(taps.bottom - taps.top) * (size_t)(taps.right - taps.left)
                   : 0;
  return taps;
}

typedef void pool_fn(pk_diff_call *call, const pool_taps *taps, size_t picture, size_t out);

static bool walk_windows(pk_diff_call *call, pool_fn *visit) {
  const int32_t *dims = call->y_tensor->dims;
  const size_t channels = (size_t)dims[3];
  size_t out = 0;
  for (size_t n = 0; n < (size_t)dims[0]; n++) {
    for (size_t y = 0; y < (size_t)dims[1]; y++) {
      for (size_t x = 0; x < (size_t)dims[2]; x++, out += channels) {
        const pool_taps taps = taps_at(call, y, x);
        visit(call, &taps, n, out);
      }
    }
  }
  return true;
}

static size_t pixel_offset(const pk_diff_call *call, size_t n, ptrdiff_t row, ptrdiff_t column) {
  const int32_t *dims = call->x_tensor->dims;
  return ((n * (size_t)dims[1] + (size_t)row) * (size_t)dims[2] + (size_t)column) * (size_t)dims[3];
}

static void average_taps(pk_diff_call *call, const pool_taps *taps, size_t n, size_t out) {
  const size_t channels = (size_t)call->y_tensor->dims[3];
  const float share = taps->count ? 1.0f / (float)taps->count : 0.0f;
  if (!call->dy) memset(call->y + out, 0, channels * sizeof *call->y);
  for (ptrdiff_t row = taps->top; row < taps->bottom; row++) {
    for (ptrdiff_t column = taps->left; column < taps->right; column++) {
      const size_t at = pixel_offset(call, n, row, column);
      for (size_t c = 0; !call->dy && c < channels; c++) {
        call->y[out + c] += share * call->x[at + c];
      }
      for (size_t c = 0; call->dy && call->dx && c < channels; c++) {
        call->dx[at + c] += share * call->dy[out + c];
      }
    }
  }
}

// Backward, the first tap that holds the maximum takes the gradient.
static void max_taps(pk_diff_call *call, const pool_taps *taps, size_t n, size_t out) {
  const size_t channels = (size_t)call->y_tensor->dims[3];
  for (size_t c = 0; c < channels; c++) {
    float most = -INFINITY;
    size_t best = SIZE_MAX;
    for (ptrdiff_t row = taps->top; row < taps->bottom; row++) {
      for (ptrdiff_t column = taps->left; column < taps->right; column++) {
        const size_t at = pixel_offset(call, n, row, column) + c;
        if (best != SIZE_MAX && !(call->x[at] > most)) continue;
        most = call->x[at];
        best = at;
      }
    }
    if (!call->dy) call->y[out + c] = most;
    if (call->dy && call->dx && best != SIZE_MAX) call->dx[best] += call->dy[out + c];
  }
}

bool pk_diff_average_pool_forward(pk_diff_call *call) {
  return walk_windows(call, average_taps);
}

bool pk_diff_average_pool_backward(pk_diff_call *call) {
  return walk_windows(call, average_taps);
}

bool pk_diff_max_pool_forward(pk_diff_call *call) {
  return walk_windows(call, max_taps);
}

bool pk_diff_max_pool_backward(pk_diff_call *call) {
  return walk_windows(call, max_taps);
}

// --- sums and means over axes ---

// Where element `index` of x goes in the output.
static size_t reduced_offset(const pk_tensor *x, const int32_t *index, uint32_t axes) {
  size_t offset = 0;
  for (int i = 0; i < x->rank; i++) {
    if (axes >> i & 1) continue;
    offset = offset * (size_t)x->dims[i] + (size_t)index[i];
  }
  return offset;
}

static bool walk_reduced(pk_diff_call *call, uint32_t axes, bool is_mean) {
  int32_t index[PK_MAX_RANK] = {0};
  const size_t elements = pk_diff_input_elements(call, 0), outputs = pk_diff_output_elements(call);
  const float share = is_mean ? (float)outputs / (float)elements : 1.0f;
  if (!call->dy) memset(call->y, 0, outputs * sizeof *call->y);
  for (size_t i = 0; i < elements; i++) {
    const size_t at = reduced_offset(call->x_tensor, index, axes);
    if (!call->dy) call->y[at] += share * call->x[i];
    if (call->dy && call->dx) call->dx[i] += share * call->dy[at];
    pk_diff_next_index(index, call->x_tensor);
  }
  return true;
}

bool pk_diff_mean_forward(pk_diff_call *call) {
  return walk_reduced(call, call->op->attributes.mean.axes, true);
}

bool pk_diff_mean_backward(pk_diff_call *call) {
  return walk_reduced(call, call->op->attributes.mean.axes, true);
}

static bool reduce(pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  const int32_t function = words[MNW_REDUCE_FUNCTION];
  if (function != MNW_REDUCE_SUM && function != MNW_REDUCE_MEAN) {
    return pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                      "only sums and means can be differentiated yet, not function %d",
                      (int)function);
  }
  return walk_reduced(call, (uint32_t)words[MNW_REDUCE_AXES], function == MNW_REDUCE_MEAN);
}

bool pk_diff_reduce_forward(pk_diff_call *call) {
  return reduce(call);
}

bool pk_diff_reduce_backward(pk_diff_call *call) {
  return reduce(call);
}

// --- PAD with a constant ---

static bool walk_padded(pk_diff_call *call) {
  const pk_pad_attributes *pad = &call->op->attributes.pad;
  int32_t index[PK_MAX_RANK] = {0};
  const size_t elements = pk_diff_input_elements(call, 0);
  for (size_t i = 0; i < elements; i++) {
    size_t at = 0;
    for (int axis = 0; axis < call->x_tensor->rank; axis++) {
      at = at * (size_t)call->y_tensor->dims[axis] + (size_t)(index[axis] + pad->before[axis]);
    }
    if (!call->dy) call->y[at] = call->x[i];
    if (call->dy && call->dx) call->dx[i] += call->dy[at];
    pk_diff_next_index(index, call->x_tensor);
  }
  return true;
}

bool pk_diff_pad_forward(pk_diff_call *call) {
  const pk_pad_attributes *pad = &call->op->attributes.pad;
  const size_t elements = pk_diff_output_elements(call);
  const pk_tensor *y = call->y_tensor;
  const float scale = y->quantization.count ? pk_tensor_scale(y) : 1.0f;
  const float value = scale * (float)(pad->value - pk_tensor_zero_point(y));
  if (pad->mode != 0) {
    return pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                      "only padding with a constant can be differentiated yet");
  }
  for (size_t i = 0; i < elements; i++) call->y[i] = value;
  return walk_padded(call);
}

bool pk_diff_pad_backward(pk_diff_call *call) {
  return walk_padded(call);
}
