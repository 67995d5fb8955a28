// ADD and BINARY with broadcasting: runs along the last axes, over which each input either walks
// in step with the output or stands still.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_ops.h"
#include "diff_wide.h"

enum { RUN = 256 };

void pk_diff_broadcast_strides(size_t strides[PK_MAX_RANK], const pk_tensor *in,
                               const pk_tensor *out) {
  size_t step = 1;
  memset(strides, 0, PK_MAX_RANK * sizeof *strides);
  for (int i = in->rank - 1; i >= 0; i--) {
    const int axis = i + out->rank - in->rank;
    if (axis < 0) break;
    strides[axis] = in->dims[i] == 1 ? 0 : step;
    step *= (size_t)in->dims[i];
  }
}

bool pk_diff_next_index(int32_t index[PK_MAX_RANK], const pk_tensor *tensor) {
  for (int i = tensor->rank - 1; i >= 0; i--) {
    if (++index[i] < tensor->dims[i]) return true;
    index[i] = 0;
  }
  return false;
}

// At most RUN elements. Inputs that stand still are written out before.
typedef struct binary_run {
  float *restrict y;                 // forward
  float *restrict da, *restrict db;  // backward: what each element of a and b gets
  const float *restrict dy;          // NULL: forward
  const float *restrict a, *restrict b;
  size_t elements;
} binary_run;

#define FUNCTION(code, value, slope_a, slope_b)  \
  case code:                                     \
    if (r->dy) {                                 \
      for (size_t i = 0; i < r->elements; i++) { \
        const float a = r->a[i], b = r->b[i];    \
        (void)a, (void)b;                        \
        r->da[i] = r->dy[i] * (slope_a);         \
        r->db[i] = r->dy[i] * (slope_b);         \
      }                                          \
    } else {                                     \
      for (size_t i = 0; i < r->elements; i++) { \
        const float a = r->a[i], b = r->b[i];    \
        r->y[i] = (value);                       \
      }                                          \
    }                                            \
    return true;

PK_DIFF_WIDE static bool run_function(const binary_run *r, int32_t function) {
  switch (function) {
    FUNCTION(MNW_BINARY_ADD, a + b, 1.0f, 1.0f)
    FUNCTION(MNW_BINARY_SUB, a - b, 1.0f, -1.0f)
    FUNCTION(MNW_BINARY_MUL, a * b, b, a)
    FUNCTION(MNW_BINARY_DIV, a / b, 1.0f / b, -a / (b * b))
    FUNCTION(MNW_BINARY_MIN, a < b ? a : b, a < b ? 1.0f : 0.0f, a < b ? 0.0f : 1.0f)
    FUNCTION(MNW_BINARY_MAX, a > b ? a : b, a > b ? 1.0f : 0.0f, a > b ? 0.0f : 1.0f)
    FUNCTION(MNW_BINARY_PRELU, a >= 0.0f ? a : a * b, a >= 0.0f ? 1.0f : b, a >= 0.0f ? 0.0f : a)
    FUNCTION(MNW_BINARY_SQUARED_DIFFERENCE, (a - b) * (a - b), 2.0f * (a - b), -2.0f * (a - b))
    FUNCTION(MNW_BINARY_POW, powf(a, b), b * powf(a, b - 1.0f),
             a > 0.0f ? powf(a, b) * logf(a) : 0.0f)
    default:
      return false;
  }
}

// Adds a run's gradients to an input that walks with them, or their sum to one that stands still.
PK_DIFF_WIDE static void add_gradients(float *restrict to, const float *restrict run,
                                       size_t elements, bool walks) {
  if (walks) {
    for (size_t i = 0; i < elements; i++) to[i] += run[i];
    return;
  }
  pk_diff_lanes sums = {0.0f};
  float sum = 0.0f;
  size_t i = 0;
  for (; i + PK_DIFF_LANES <= elements; i += PK_DIFF_LANES) {
    sums += PK_DIFF_CONST_LANES_AT(run + i);
  }
  for (; i < elements; i++) sum += run[i];
  for (i = 0; i < PK_DIFF_LANES; i++) sum += sums[i];
  *to += sum;
}

// One input of the operator in the walk.
typedef struct operand {
  const float *values;
  float *grad;  // NULL: none wanted
  size_t strides[PK_MAX_RANK];
  bool walks;  // along the run
} operand;

static operand operand_of(const pk_diff_call *call, int index) {
  operand o = {.values = pk_diff_input(call, index),
               .grad = call->dy ? pk_diff_input_grad(call, index) : NULL};
  pk_diff_broadcast_strides(o.strides, pk_op_input(call->graph, call->op, index), call->y_tensor);
  return o;
}

// The first of the last axes over which both operands keep going in the same way.
static int first_run_axis(operand *a, operand *b, const pk_tensor *y) {
  size_t run = 1;
  int axis = y->rank;
  for (; axis > 0; axis--) {
    const size_t extent = (size_t)y->dims[axis - 1];
    if (extent == 1) continue;
    const bool a_walks = a->strides[axis - 1] != 0, b_walks = b->strides[axis - 1] != 0;
    if (run == 1) {
      a->walks = a_walks;
      b->walks = b_walks;
    } else if (a_walks != a->walks || b_walks != b->walks) {
      break;
    }
    run *= extent;
  }
  return axis;
}

static const float *written_out(float *buffer, const operand *o, size_t at, size_t elements) {
  if (o->walks) return o->values + at;
  for (size_t i = 0; i < elements; i++) buffer[i] = o->values[at];
  return buffer;
}

static bool run_at(const pk_diff_call *call, int32_t function, const operand *a, const operand *b,
                   size_t at_a, size_t at_b, size_t at, size_t elements) {
  float a_values[RUN], b_values[RUN], da[RUN], db[RUN];
  const binary_run run = {.y = call->dy ? NULL : call->y + at,
                          .da = da,
                          .db = db,
                          .dy = call->dy ? call->dy + at : NULL,
                          .a = written_out(a_values, a, at_a, elements),
                          .b = written_out(b_values, b, at_b, elements),
                          .elements = elements};
  if (!run_function(&run, function)) return false;
  if (a->grad) add_gradients(a->grad + at_a, da, elements, a->walks);
  if (b->grad) add_gradients(b->grad + at_b, db, elements, b->walks);
  return true;
}

static bool walk_binary(pk_diff_call *call, int32_t function) {
  operand a = operand_of(call, 0), b = operand_of(call, 1);
  pk_tensor outer = *call->y_tensor;
  int32_t index[PK_MAX_RANK] = {0};
  const size_t elements = pk_diff_output_elements(call);
  outer.rank = first_run_axis(&a, &b, call->y_tensor);
  size_t run = elements, done = 0;
  for (int i = 0; i < outer.rank; i++) run /= (size_t)outer.dims[i];
  bool ok = a.values && b.values;
  while (ok && done < elements) {
    size_t at_a = 0, at_b = 0;
    for (int axis = 0; axis < outer.rank; axis++) {
      at_a += (size_t)index[axis] * a.strides[axis];
      at_b += (size_t)index[axis] * b.strides[axis];
    }
    for (size_t i = 0; ok && i < run; i += RUN) {
      ok = run_at(call, function, &a, &b, at_a + (a.walks ? i : 0), at_b + (b.walks ? i : 0),
                  done + i, run - i < RUN ? run - i : RUN);
    }
    done += run;
    pk_diff_next_index(index, &outer);
  }
  return ok || pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                          "its function %d cannot be differentiated yet", (int)function);
}

bool pk_diff_binary_forward(pk_diff_call *call) {
  return walk_binary(call, call->op->attributes.words.words[MNW_BINARY_FUNCTION]);
}

bool pk_diff_binary_backward(pk_diff_call *call) {
  return walk_binary(call, call->op->attributes.words.words[MNW_BINARY_FUNCTION]);
}

bool pk_diff_add_forward(pk_diff_call *call) {
  return walk_binary(call, MNW_BINARY_ADD);
}

bool pk_diff_add_backward(pk_diff_call *call) {
  return walk_binary(call, MNW_BINARY_ADD);
}
