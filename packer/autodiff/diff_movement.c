// Operators that move values: TRANSPOSE, CONCAT, SLICE, and RESIZE, which also mixes them.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_ops.h"

static void row_major_strides(size_t strides[PK_MAX_RANK], const pk_tensor *tensor) {
  size_t step = 1;
  for (int i = tensor->rank - 1; i >= 0; i--) {
    strides[i] = step;
    step *= (size_t)tensor->dims[i];
  }
}

// Element i of y is the element of x at `start` + sum of index * strides.
static bool walk_gathered(pk_diff_call *call, ptrdiff_t start, const ptrdiff_t *strides) {
  int32_t index[PK_MAX_RANK] = {0};
  const size_t elements = pk_diff_output_elements(call);
  for (size_t i = 0; i < elements; i++) {
    ptrdiff_t at = start;
    for (int axis = 0; axis < call->y_tensor->rank; axis++) at += index[axis] * strides[axis];
    if (!call->dy) call->y[i] = call->x[at];
    if (call->dy && call->dx) call->dx[at] += call->dy[i];
    pk_diff_next_index(index, call->y_tensor);
  }
  return true;
}

static bool transpose(pk_diff_call *call) {
  const int32_t *perm = call->op->attributes.words.words + MNW_TRANSPOSE_PERM;
  size_t x_strides[PK_MAX_RANK];
  ptrdiff_t strides[PK_MAX_RANK] = {0};
  row_major_strides(x_strides, call->x_tensor);
  for (int i = 0; i < call->y_tensor->rank; i++) strides[i] = (ptrdiff_t)x_strides[perm[i]];
  return walk_gathered(call, 0, strides);
}

bool pk_diff_transpose_forward(pk_diff_call *call) {
  return transpose(call);
}

bool pk_diff_transpose_backward(pk_diff_call *call) {
  return transpose(call);
}

static bool slice(pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  size_t x_strides[PK_MAX_RANK];
  ptrdiff_t strides[PK_MAX_RANK] = {0}, start = 0;
  row_major_strides(x_strides, call->x_tensor);
  for (int i = 0; i < call->x_tensor->rank; i++) {
    start += (ptrdiff_t)x_strides[i] * words[MNW_SLICE_START + i];
    strides[i] = (ptrdiff_t)x_strides[i] * words[MNW_SLICE_STEP + i];
  }
  return walk_gathered(call, start, strides);
}

bool pk_diff_slice_forward(pk_diff_call *call) {
  return slice(call);
}

bool pk_diff_slice_backward(pk_diff_call *call) {
  return slice(call);
}

static bool concat(pk_diff_call *call) {
  const int axis = call->op->attributes.words.words[MNW_CONCAT_AXIS];
  const pk_tensor *y = call->y_tensor;
  size_t outer = 1, inner = 1, at = 0;
  for (int i = 0; i < axis; i++) outer *= (size_t)y->dims[i];
  for (int i = axis; i < y->rank; i++) inner *= (size_t)y->dims[i];
  for (int i = 0; i < call->op->input_count; i++) {
    const size_t run = pk_diff_input_elements(call, i) / outer;
    const float *x = pk_diff_input(call, i);
    float *dx = call->dy ? pk_diff_input_grad(call, i) : NULL;
    for (size_t r = 0; r < outer; r++) {
      if (!call->dy) memcpy(call->y + r * inner + at, x + r * run, run * sizeof *x);
      for (size_t j = 0; dx && j < run; j++) dx[r * run + j] += call->dy[r * inner + at + j];
    }
    at += run;
  }
  return true;
}

bool pk_diff_concat_forward(pk_diff_call *call) {
  return concat(call);
}

bool pk_diff_concat_backward(pk_diff_call *call) {
  return concat(call);
}

// --- RESIZE: nearest and linear, as a sum of two source rows and columns ---

typedef struct resize_taps {
  size_t low, high;
  float share;  // of `high`
} resize_taps;

static resize_taps taps_of(const int32_t *words, size_t at, size_t in, size_t out) {
  const float scale = (float)in / (float)out, position = (float)at;
  float source;
  switch (words[MNW_RESIZE_COORDINATES]) {
    case 1:
      source = position * scale;
      break;
    case 2:
      source = out > 1 ? position * (float)(in - 1) / (float)(out - 1) : 0.0f;
      break;
    case 3:
      source = out > 1 ? (position + 0.5f) * scale - 0.5f : 0.0f;
      break;
    default:
      source = (position + 0.5f) * scale - 0.5f;
  }
  if (words[MNW_RESIZE_MODE] == 0) {
    const int32_t rule = words[MNW_RESIZE_NEAREST];
    source = rule == 2   ? floorf(source)
             : rule == 3 ? ceilf(source)
             : rule == 1 ? floorf(source + 0.5f)
                         : ceilf(source - 0.5f);
  }
  source = fminf(fmaxf(source, 0.0f), (float)(in - 1));
  const size_t low = (size_t)source;
  return (resize_taps){low, low + 1 < in ? low + 1 : low, source - (float)low};
}

static bool resize(pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  const int32_t *in = call->x_tensor->dims, *out = call->y_tensor->dims;
  const size_t channels = (size_t)in[3], in_h = (size_t)in[1], in_w = (size_t)in[2];
  const size_t out_h = (size_t)out[1], out_w = (size_t)out[2];
  size_t at = 0;
  if (words[MNW_RESIZE_MODE] > 1 || words[MNW_RESIZE_COORDINATES] > 3) {
    return pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                      "only nearest and linear resizing can be differentiated yet");
  }
  for (size_t p = 0; p < (size_t)out[0] * out_h * out_w; p++, at += channels) {
    const size_t n = p / (out_h * out_w);
    const resize_taps rows = taps_of(words, p / out_w % out_h, in_h, out_h);
    const resize_taps columns = taps_of(words, p % out_w, in_w, out_w);
    const size_t corner_rows[2] = {rows.low, rows.high};
    const size_t corner_columns[2] = {columns.low, columns.high};
    for (size_t c = 0; !call->dy && c < channels; c++) call->y[at + c] = 0.0f;
    for (int corner = 0; corner < 4; corner++) {
      const float share = (corner >> 1 ? rows.share : 1.0f - rows.share) *
                          (corner & 1 ? columns.share : 1.0f - columns.share);
      const size_t source =
          ((n * in_h + corner_rows[corner >> 1]) * in_w + corner_columns[corner & 1]) * channels;
      for (size_t c = 0; !call->dy && c < channels; c++) {
        call->y[at + c] += share * call->x[source + c];
      }
      for (size_t c = 0; call->dy && call->dx && c < channels; c++) {
        call->dx[source + c] += share * call->dy[at + c];
      }
    }
  }
  return true;
}

bool pk_diff_resize_forward(pk_diff_call *call) {
  return resize(call);
}

bool pk_diff_resize_backward(pk_diff_call *call) {
  return resize(call);
}
