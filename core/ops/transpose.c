// Axes in another order. Where the innermost axis moves (NHWC to NCHW, matrices), elements are
// copied in square tiles, whose rows on both sides stay in the cache.
#include <string.h>

#include "nd_iter.h"

enum { TILE = 16 };

mnw_status mnw_transpose_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *perm = context->node->params + MNW_TRANSPOSE_PERM;
  mnw_status status = mnw_nd_check_operands(context, 1, 1);
  *scratch_bytes = 0;
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  status = mnw_nd_check_same_kind(context, x, y);
  if (status != MNW_STATUS_OK) return status;
  uint32_t seen = 0;
  for (uint32_t i = 0; i < x->rank && x->rank == y->rank; i++) {
    if (perm[i] < 0 || perm[i] >= x->rank || (seen >> perm[i] & 1) != 0 ||
        x->dims[perm[i]] != y->dims[i]) {
      return mnw_op_refuse(context, "operator %0: output axis %1 cannot be input axis %2", i,
                           perm[i]);
    }
    seen |= 1u << perm[i];
  }
  if (x->rank != y->rank) {
    return mnw_op_refuse(context, "operator %0 transposes from rank %1 to %2", x->rank, y->rank);
  }
  return MNW_STATUS_OK;
}

typedef struct plane {
  ptrdiff_t rows, columns;          // columns are adjacent in the output, rows in the input
  ptrdiff_t out_stride, in_stride;  // between rows, between columns
} plane;

static void copy_plane(uint8_t *out, const uint8_t *in, const plane *p, ptrdiff_t bytes) {
  for (ptrdiff_t row = 0; row < p->rows; row += TILE) {
    const ptrdiff_t row_end = row + TILE < p->rows ? row + TILE : p->rows;
    for (ptrdiff_t column = 0; column < p->columns; column += TILE) {
      const ptrdiff_t column_end = column + TILE < p->columns ? column + TILE : p->columns;
      for (ptrdiff_t r = row; r < row_end; r++) {
        uint8_t *to = out + r * p->out_stride * bytes;
        const uint8_t *from = in + r * bytes;
        for (ptrdiff_t c = column; c < column_end; c++) {
          if (bytes == 4) {
            memcpy(to + c * 4, from + c * p->in_stride * 4, 4);
          } else if (bytes == 1) {
            to[c] = from[c * p->in_stride];
          } else if (bytes == 2) {
            memcpy(to + c * 2, from + c * p->in_stride * 2, 2);
          } else {
            memcpy(to + c * 8, from + c * p->in_stride * 8, 8);
          }
        }
      }
    }
  }
}

void mnw_transpose_eval(const mnw_op_context *context) {
  const int32_t *perm = context->node->params + MNW_TRANSPOSE_PERM;
  const mnw_tensor *x = mnw_op_input(context, 0), *y = mnw_op_output(context, 0);
  const uint8_t *in = mnw_op_input_data(context, 0);
  uint8_t *out = mnw_op_output_data(context, 0);
  const size_t bytes = mnw_dtype_bytes((mnw_dtype)y->dtype);
  ptrdiff_t strides[MNW_MAX_RANK];
  mnw_nd_iter it;
  mnw_nd_init(&it, y, 2);
  mnw_nd_dense_strides(strides, x);
  for (uint32_t i = 0; i < y->rank; i++) it.strides[1][i] = strides[perm[i]];
  mnw_nd_start(&it);
  const uint32_t inner = it.rank > 0 ? it.rank - 1 : 0;
  uint32_t adjacent = 0;  // the axis that is innermost in the input
  while (adjacent < inner && it.strides[1][adjacent] != 1) adjacent++;
  if (adjacent == inner) {
    mnw_nd_copy(&it, out, in, bytes);
    return;
  }
  const plane p = {.rows = it.dims[adjacent],
                   .columns = it.dims[inner],
                   .out_stride = it.strides[0][adjacent],
                   .in_stride = it.strides[1][inner]};
  it.dims[adjacent] = it.dims[inner] = 1;
  mnw_nd_start(&it);
  // What is left are runs of planes.
  do {
    for (ptrdiff_t i = 0; i < it.count; i++) {
      copy_plane(out + (it.offset[0] + i * it.step[0]) * (ptrdiff_t)bytes,
                 in + (it.offset[1] + i * it.step[1]) * (ptrdiff_t)bytes, &p, (ptrdiff_t)bytes);
    }
  } while (mnw_nd_next(&it));
}
