// MATMUL: products of matrices whose batches broadcast.
#include <cblas.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_ops.h"

// c[m][n] += a * b after the transpositions; rows lie lda, ldb, n floats apart.
static void add_product(float *c, const float *a, bool turns_a, const float *b, bool turns_b,
                        size_t m, size_t n, size_t k, size_t lda, size_t ldb) {
  cblas_sgemm(CblasRowMajor, turns_a ? CblasTrans : CblasNoTrans,
              turns_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1.0f, a, (int)lda, b,
              (int)ldb, 1.0f, c, (int)n);
}

typedef struct matmul {
  size_t m, n, k;
  bool turns_a, turns_b;
  const float *a, *b;
  float *da, *db;  // NULL: not wanted, or forward
} matmul;

static void forward_batch(const matmul *p, float *y, size_t at_a, size_t at_b) {
  memset(y, 0, p->m * p->n * sizeof *y);
  add_product(y, p->a + at_a, p->turns_a, p->b + at_b, p->turns_b, p->m, p->n, p->k,
              p->turns_a ? p->m : p->k, p->turns_b ? p->k : p->n);
}

static void backward_batch(const matmul *p, const float *dy, size_t at_a, size_t at_b) {
  const float *a = p->a + at_a, *b = p->b + at_b;
  const size_t a_row = p->turns_a ? p->m : p->k, b_row = p->turns_b ? p->k : p->n;
  if (p->da && !p->turns_a) {
    add_product(p->da + at_a, dy, false, b, !p->turns_b, p->m, p->k, p->n, p->n, b_row);
  } else if (p->da) {
    add_product(p->da + at_a, b, p->turns_b, dy, true, p->k, p->m, p->n, b_row, p->n);
  }
  if (p->db && !p->turns_b) {
    add_product(p->db + at_b, a, !p->turns_a, dy, false, p->k, p->n, p->m, a_row, p->n);
  } else if (p->db) {
    add_product(p->db + at_b, dy, true, a, p->turns_a, p->n, p->k, p->m, p->n, a_row);
  }
}

// The batch axes alone.
static pk_tensor batches_of(const pk_tensor *tensor) {
  pk_tensor batches = *tensor;
  batches.rank = tensor->rank - 2;
  return batches;
}

static bool walk_batches(pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  const pk_tensor *y = call->y_tensor, *a = call->x_tensor,
                  *b = pk_op_input(call->graph, call->op, 1);
  const pk_tensor y_batches = batches_of(y), a_batches = batches_of(a), b_batches = batches_of(b);
  matmul p = {.m = (size_t)y->dims[y->rank - 2],
              .n = (size_t)y->dims[y->rank - 1],
              .turns_a = words[MNW_MATMUL_TRANSPOSE_A] != 0,
              .turns_b = words[MNW_MATMUL_TRANSPOSE_B] != 0,
              .a = call->x,
              .b = pk_diff_input(call, 1),
              .da = call->dx,
              .db = call->dy ? pk_diff_input_grad(call, 1) : NULL};
  size_t a_strides[PK_MAX_RANK], b_strides[PK_MAX_RANK];
  int32_t index[PK_MAX_RANK] = {0};
  p.k = (size_t)a->dims[a->rank - (p.turns_a ? 2 : 1)];
  const size_t elements = pk_diff_output_elements(call);
  const bool is_one_b = pk_diff_input_elements(call, 1) == p.k * p.n;
  if (is_one_b && !p.turns_a && pk_diff_input_elements(call, 0) * p.n == elements * p.k) {
    p.m = elements / p.n;  // all batches of a are rows of one matrix
  }
  pk_diff_broadcast_strides(a_strides, &a_batches, &y_batches);
  pk_diff_broadcast_strides(b_strides, &b_batches, &y_batches);
  for (size_t at = 0; at < elements; at += p.m * p.n) {
    size_t at_a = 0, at_b = 0;
    for (int axis = 0; axis < y_batches.rank; axis++) {
      at_a += (size_t)index[axis] * a_strides[axis] * p.m * p.k;
      at_b += (size_t)index[axis] * b_strides[axis] * p.k * p.n;
    }
    if (call->dy) {
      backward_batch(&p, call->dy + at, at_a, at_b);
    } else {
      forward_batch(&p, call->y + at, at_a, at_b);
    }
    pk_diff_next_index(index, &y_batches);
  }
  return true;
}

bool pk_diff_matmul_forward(pk_diff_call *call) {
  return walk_batches(call);
}

bool pk_diff_matmul_backward(pk_diff_call *call) {
  return walk_batches(call);
}
