// Pools, means and sums.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_ops.h"
#include "diff_wide.h"

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

PK_DIFF_INLINE void add_shares(float *restrict to, const float *restrict from, float share,
                               size_t count) {
  for (size_t i = 0; i < count; i++) to[i] += share * from[i];
}

PK_DIFF_INLINE size_t pixel_offset(const pk_diff_call *call, size_t n, ptrdiff_t row,
                                   ptrdiff_t column) {
  const int32_t *dims = call->x_tensor->dims;
  return ((n * (size_t)dims[1] + (size_t)row) * (size_t)dims[2] + (size_t)column) * (size_t)dims[3];
}

PK_DIFF_WIDE static void average_taps(pk_diff_call *call, const pool_taps *taps, size_t n,
                                      size_t out) {
  const size_t channels = (size_t)call->y_tensor->dims[3];
  const float share = taps->count ? 1.0f / (float)taps->count : 0.0f;
  const float *dy = call->dy ? call->dy + out : NULL;
  float *y = call->y + out;
  for (size_t c = 0; !dy && c < channels; c++) y[c] = 0.0f;
  for (ptrdiff_t row = taps->top; row < taps->bottom; row++) {
    for (ptrdiff_t column = taps->left; column < taps->right; column++) {
      const size_t at = pixel_offset(call, n, row, column);
      if (!dy) add_shares(y, call->x + at, share, channels);
      if (dy && call->dx) add_shares(call->dx + at, dy, share, channels);
    }
  }
}

PK_DIFF_INLINE void keep_larger(float *restrict most, const float *restrict x, size_t channels,
                                bool is_first) {
  for (size_t c = 0; c < channels; c++) most[c] = is_first || x[c] > most[c] ? x[c] : most[c];
}

// A channel whose maximum x holds passes on what is left of its gradient, which is all or nothing.
PK_DIFF_INLINE void pass_to_maximum(float *restrict dx, float *restrict left,
                                    const float *restrict x, const float *restrict most,
                                    size_t channels) {
  for (size_t c = 0; c < channels; c++) {
    const float share = x[c] == most[c] ? left[c] : 0.0f;
    dx[c] += share;
    left[c] -= share;
  }
}

// The scratch of a backward pass: maxima (y may be rounded since), and gradients not yet passed on.
PK_DIFF_WIDE static void max_taps(pk_diff_call *call, const pool_taps *taps, size_t n, size_t out) {
  const size_t channels = (size_t)call->y_tensor->dims[3];
  float *most = call->dy ? call->tape->scratch : call->y + out, *left = most + channels;
  if (taps->count == 0) {
    for (size_t c = 0; c < channels; c++) most[c] = -INFINITY;
  }
  for (ptrdiff_t row = taps->top; row < taps->bottom; row++) {
    for (ptrdiff_t column = taps->left; column < taps->right; column++) {
      keep_larger(most, call->x + pixel_offset(call, n, row, column), channels,
                  row == taps->top && column == taps->left);
    }
  }
  if (!call->dy) return;
  for (size_t c = 0; c < channels; c++) left[c] = call->dy[out + c];
  for (ptrdiff_t row = taps->top; row < taps->bottom; row++) {
    for (ptrdiff_t column = taps->left; column < taps->right; column++) {
      const size_t at = pixel_offset(call, n, row, column);
      pass_to_maximum(call->dx + at, left, call->x + at, most, channels);
    }
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
  if (!call->dx) return true;
  if (!pk_diff_scratch(call, 2 * (size_t)call->y_tensor->dims[3])) return false;
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

// x as [outer][reduced][inner], where the reduced axes stand next to each other.
typedef struct reduced_block {
  size_t outer, reduced, inner;
  bool is_one;
} reduced_block;

static reduced_block block_of(const pk_tensor *x, uint32_t axes) {
  reduced_block b = {1, 1, 1, true};
  bool is_behind = false;
  for (int i = 0; i < x->rank; i++) {
    const bool is_reduced = axes >> i & 1;
    if (is_reduced && is_behind && b.inner > 1) b.is_one = false;
    is_behind = is_behind || is_reduced;
    *(is_reduced ? &b.reduced : is_behind ? &b.inner : &b.outer) *= (size_t)x->dims[i];
  }
  return b;
}

PK_DIFF_WIDE static void walk_block(const pk_diff_call *call, const reduced_block *b, float share) {
  for (size_t o = 0; o < b->outer; o++) {
    for (size_t r = 0; r < b->reduced; r++) {
      const size_t at = (o * b->reduced + r) * b->inner;
      if (call->dy) {
        add_shares(call->dx + at, call->dy + o * b->inner, share, b->inner);
      } else {
        add_shares(call->y + o * b->inner, call->x + at, share, b->inner);
      }
    }
  }
}

static bool walk_reduced(pk_diff_call *call, uint32_t axes, bool is_mean) {
  int32_t index[PK_MAX_RANK] = {0};
  const size_t elements = pk_diff_input_elements(call, 0), outputs = pk_diff_output_elements(call);
  const float share = is_mean ? (float)outputs / (float)elements : 1.0f;
  const reduced_block block = block_of(call->x_tensor, axes);
  if (call->dy && !call->dx) return true;
  if (!call->dy) memset(call->y, 0, outputs * sizeof *call->y);
  if (block.is_one) {
    walk_block(call, &block, share);
    return true;
  }
  for (size_t i = 0; i < elements; i++) {
    const size_t at = reduced_offset(call->x_tensor, index, axes);
    if (call->dy) {
      call->dx[i] += share * call->dy[at];
    } else {
      call->y[at] += share * call->x[i];
    }
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
