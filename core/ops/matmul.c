// Matrix products of float32 batches. b is brought into the order of packed weights in scratch, the
// same kernel as for fully connected layers does the rest; a batch of b that serves several batches
// of a in a row is packed once.
#include <string.h>

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../kernels/packed_layout.h"
#include "axis_common.h"
#include "tile_pack.h"

typedef struct matmul_shape {
  size_t m, k, n;
  bool transposes_a, transposes_b;
} matmul_shape;

// Scratch: the packed matrix of b, zeros as its bias, and a transposed matrix of a.
typedef struct matmul_scratch {
  size_t bias, a, total;  // in floats
} matmul_scratch;

static matmul_shape read_shape(const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *a = mnw_op_input(context, 0), *b = mnw_op_input(context, 1);
  matmul_shape shape = {.transposes_a = params[MNW_MATMUL_TRANSPOSE_A] != 0,
                        .transposes_b = params[MNW_MATMUL_TRANSPOSE_B] != 0};
  shape.m = (size_t)a->dims[a->rank - (shape.transposes_a ? 1 : 2)];
  shape.k = (size_t)a->dims[a->rank - (shape.transposes_a ? 2 : 1)];
  shape.n = (size_t)b->dims[b->rank - (shape.transposes_b ? 2 : 1)];
  return shape;
}

static bool lay_out_scratch(matmul_scratch *scratch, const matmul_shape *shape) {
  const size_t padded = mnw_round_up(shape->n, MNW_TILE_CHANNELS);
  size_t a = 0, bytes;
  return mnw_checked_mul(&scratch->bias, padded, shape->k) &&
         mnw_checked_add(&scratch->a, scratch->bias, padded) &&
         (!shape->transposes_a || mnw_checked_mul(&a, shape->m, shape->k)) &&
         mnw_checked_add(&scratch->total, scratch->a, a) &&
         mnw_checked_mul(&bytes, scratch->total, sizeof(float));
}

// The batch axes alone, so that the iteration helpers can stretch them.
static mnw_tensor batches_of(const mnw_tensor *tensor) {
  mnw_tensor batches = *tensor;
  batches.rank = (uint8_t)(tensor->rank - 2);
  return batches;
}

static mnw_status check_shapes(const mnw_op_context *context) {
  const mnw_tensor *a = mnw_op_input(context, 0), *b = mnw_op_input(context, 1),
                   *y = mnw_op_output(context, 0);
  if (a->rank < 2 || b->rank < 2 || y->rank < 2) {
    return mnw_op_refuse(context, "operator %0 multiplies matrices, these have ranks %1 and %2",
                         a->rank, b->rank);
  }
  const matmul_shape shape = read_shape(context);
  const int32_t b_k = b->dims[b->rank - (shape.transposes_b ? 1 : 2)];
  if (shape.k != (size_t)b_k) {
    return mnw_op_refuse(context, "operator %0 multiplies rows of %1 with columns of %2",
                         (int64_t)shape.k, b_k);
  }
  if ((size_t)y->dims[y->rank - 2] != shape.m || (size_t)y->dims[y->rank - 1] != shape.n) {
    return mnw_op_refuse(context, "operator %0 has a product of %1 rows and %2 columns",
                         (int64_t)shape.m, (int64_t)shape.n);
  }
  const mnw_tensor a_batches = batches_of(a), b_batches = batches_of(b), y_batches = batches_of(y);
  const mnw_status status = mnw_nd_check_broadcast(context, &a_batches, &y_batches);
  return status == MNW_STATUS_OK ? mnw_nd_check_broadcast(context, &b_batches, &y_batches) : status;
}

mnw_status mnw_matmul_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = mnw_nd_check_operands(context, 2, 2);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *tensors[] = {mnw_op_input(context, 0), mnw_op_input(context, 1),
                                 mnw_op_output(context, 0)};
  for (size_t i = 0; i < 3 && status == MNW_STATUS_OK; i++) {
    status = mnw_op_check_dtype(context, tensors[i], MNW_DTYPE_F32);
  }
  if (status == MNW_STATUS_OK) status = check_shapes(context);
  if (status != MNW_STATUS_OK) return status;
  const matmul_shape shape = read_shape(context);
  matmul_scratch scratch;
  if (!lay_out_scratch(&scratch, &shape)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0 multiplies with a matrix of %1 x %2, which is too large",
                    context->node_number, (int64_t)shape.k, (int64_t)shape.n);
  }
  *scratch_bytes = scratch.total * sizeof(float);
  return MNW_STATUS_OK;
}

static void transpose(float *out, const float *in, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) out[c * rows + r] = in[r * columns + c];
  }
}

void mnw_matmul_eval(const mnw_op_context *context) {
  const mnw_tensor *a = mnw_op_input(context, 0), *b = mnw_op_input(context, 1);
  const mnw_tensor a_batches = batches_of(a), b_batches = batches_of(b),
                   y_batches = batches_of(mnw_op_output(context, 0));
  const matmul_shape shape = read_shape(context);
  const float *a_data = mnw_op_input_data(context, 0), *b_data = mnw_op_input_data(context, 1);
  float *y = mnw_op_output_data(context, 0), *packed = context->scratch;
  const float infinity = mnw_float_from_bits(0x7f800000);
  const float *packed_from = NULL, *a_from = NULL;
  matmul_scratch scratch;
  mnw_nd_iter it;
  if (!lay_out_scratch(&scratch, &shape)) return;
  memset(packed + scratch.bias, 0, (scratch.a - scratch.bias) * sizeof(float));
  mnw_nd_init(&it, &y_batches, 3);
  mnw_nd_broadcast(&it, 1, &a_batches);
  mnw_nd_broadcast(&it, 2, &b_batches);
  mnw_nd_start(&it);
  do {
    for (ptrdiff_t i = 0; i < it.count; i++, y += shape.m * shape.n) {
      const float *rows = a_data + (size_t)(it.offset[1] + i * it.step[1]) * shape.m * shape.k;
      const float *matrix = b_data + (size_t)(it.offset[2] + i * it.step[2]) * shape.k * shape.n;
      if (matrix != packed_from) {
        mnw_tile_pack_f32(packed, matrix, shape.n, shape.k, shape.transposes_b ? shape.k : 1,
                          shape.transposes_b ? 1 : shape.n);
      }
      packed_from = matrix;
      if (shape.transposes_a) {
        if (rows != a_from) transpose(packed + scratch.a, rows, shape.k, shape.m);
        a_from = rows;
        rows = packed + scratch.a;
      }
      context->kernels->gemm_f32(y, shape.n, rows, shape.k, packed, shape.m, shape.k, shape.n,
                                 packed + scratch.bias, -infinity, infinity);
    }
  } while (mnw_nd_next(&it));
}
