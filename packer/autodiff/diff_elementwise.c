// Operators element by element: BINARY with broadcasting, UNARY, and those that only pass on.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_ops.h"

bool pk_diff_identity_forward(pk_diff_call *call) {
  memcpy(call->y, call->x, pk_diff_output_elements(call) * sizeof *call->y);
  return true;
}

bool pk_diff_identity_backward(pk_diff_call *call) {
  const size_t elements = pk_diff_output_elements(call);
  for (size_t i = 0; call->dx && i < elements; i++) call->dx[i] += call->dy[i];
  return true;
}

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

typedef struct binary_value {
  float y, da, db;
} binary_value;

static bool binary_at(binary_value *out, int32_t function, float a, float b) {
  switch (function) {
    case MNW_BINARY_ADD:
      *out = (binary_value){a + b, 1.0f, 1.0f};
      return true;
    case MNW_BINARY_SUB:
      *out = (binary_value){a - b, 1.0f, -1.0f};
      return true;
    case MNW_BINARY_MUL:
      *out = (binary_value){a * b, b, a};
      return true;
    case MNW_BINARY_DIV:
      *out = (binary_value){a / b, 1.0f / b, -a / (b * b)};
      return true;
    case MNW_BINARY_MIN:
      *out = (binary_value){a < b ? a : b, a < b, !(a < b)};
      return true;
    case MNW_BINARY_MAX:
      *out = (binary_value){a > b ? a : b, a > b, !(a > b)};
      return true;
    case MNW_BINARY_PRELU:
      *out = a >= 0.0f ? (binary_value){a, 1.0f, 0.0f} : (binary_value){a * b, b, a};
      return true;
    case MNW_BINARY_SQUARED_DIFFERENCE:
      *out = (binary_value){(a - b) * (a - b), 2.0f * (a - b), -2.0f * (a - b)};
      return true;
    default:
      return false;
  }
}

// Walks y with both inputs stretched to it; dy NULL: forward.
static bool walk_binary(pk_diff_call *call, int32_t function) {
  size_t a_strides[PK_MAX_RANK], b_strides[PK_MAX_RANK];
  int32_t index[PK_MAX_RANK] = {0};
  const float *b = pk_diff_input(call, 1);
  float *db = call->dy ? pk_diff_input_grad(call, 1) : NULL;
  const size_t elements = pk_diff_output_elements(call);
  binary_value value;
  if (!b || !call->x || !binary_at(&value, function, 1.0f, 1.0f)) {
    return pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                      "its function %d cannot be differentiated yet", (int)function);
  }
  pk_diff_broadcast_strides(a_strides, call->x_tensor, call->y_tensor);
  pk_diff_broadcast_strides(b_strides, pk_op_input(call->graph, call->op, 1), call->y_tensor);
  for (size_t i = 0; i < elements; i++) {
    size_t at_a = 0, at_b = 0;
    for (int axis = 0; axis < call->y_tensor->rank; axis++) {
      at_a += (size_t)index[axis] * a_strides[axis];
      at_b += (size_t)index[axis] * b_strides[axis];
    }
    binary_at(&value, function, call->x[at_a], b[at_b]);
    if (!call->dy) call->y[i] = value.y;
    if (call->dy && call->dx) call->dx[at_a] += call->dy[i] * value.da;
    if (db) db[at_b] += call->dy[i] * value.db;
    pk_diff_next_index(index, call->y_tensor);
  }
  return true;
}

bool pk_diff_binary_forward(pk_diff_call *call) {
  return walk_binary(call, call->op->attributes.words.words[MNW_BINARY_FUNCTION]);
}

bool pk_diff_binary_backward(pk_diff_call *call) {
  return walk_binary(call, call->op->attributes.words.words[MNW_BINARY_FUNCTION]);
}

bool pk_diff_add_forward(pk_diff_call *call) {
  const size_t elements = pk_diff_output_elements(call);
  const float *b = pk_diff_input(call, 1);
  if (pk_diff_input_elements(call, 0) != elements || pk_diff_input_elements(call, 1) != elements) {
    return walk_binary(call, MNW_BINARY_ADD);
  }
  for (size_t i = 0; i < elements; i++) call->y[i] = call->x[i] + b[i];
  return true;
}

bool pk_diff_add_backward(pk_diff_call *call) {
  const size_t elements = pk_diff_output_elements(call);
  float *db = pk_diff_input_grad(call, 1);
  if (pk_diff_input_elements(call, 0) != elements || pk_diff_input_elements(call, 1) != elements) {
    return walk_binary(call, MNW_BINARY_ADD);
  }
  for (size_t i = 0; call->dx && i < elements; i++) call->dx[i] += call->dy[i];
  for (size_t i = 0; db && i < elements; i++) db[i] += call->dy[i];
  return true;
}

// --- UNARY ---

typedef struct unary_value {
  float y, dx;
} unary_value;

static float word_float(int32_t word) {
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

static unary_value sigmoid_at(float x) {
  const float y = 1.0f / (1.0f + expf(-x));
  return (unary_value){y, y * (1.0f - y)};
}

static unary_value hard_sigmoid_at(float x, float alpha, float beta) {
  const float y = alpha * x + beta;
  if (y <= 0.0f) return (unary_value){0.0f, 0.0f};
  if (y >= 1.0f) return (unary_value){1.0f, 0.0f};
  return (unary_value){y, alpha};
}

static bool unary_at(unary_value *out, int32_t function, float x, float alpha, float beta) {
  unary_value inner;
  switch (function) {
    case MNW_UNARY_ABS:
      *out = (unary_value){fabsf(x), x < 0.0f ? -1.0f : 1.0f};
      return true;
    case MNW_UNARY_NEG:
      *out = (unary_value){-x, -1.0f};
      return true;
    case MNW_UNARY_SQRT:
      *out = (unary_value){sqrtf(x), 0.5f / sqrtf(x)};
      return true;
    case MNW_UNARY_RSQRT:
      *out = (unary_value){1.0f / sqrtf(x), -0.5f / (x * sqrtf(x))};
      return true;
    case MNW_UNARY_SQUARE:
      *out = (unary_value){x * x, 2.0f * x};
      return true;
    case MNW_UNARY_RECIPROCAL:
      *out = (unary_value){1.0f / x, -1.0f / (x * x)};
      return true;
    case MNW_UNARY_EXP:
      *out = (unary_value){expf(x), expf(x)};
      return true;
    case MNW_UNARY_LOG:
      *out = (unary_value){logf(x), 1.0f / x};
      return true;
    case MNW_UNARY_TANH:
      *out = (unary_value){tanhf(x), 1.0f - tanhf(x) * tanhf(x)};
      return true;
    case MNW_UNARY_SIGMOID:
      *out = sigmoid_at(x);
      return true;
    case MNW_UNARY_CLIP:
      *out = x <= alpha  ? (unary_value){alpha, 0.0f}
             : x >= beta ? (unary_value){beta, 0.0f}
                         : (unary_value){x, 1.0f};
      return true;
    case MNW_UNARY_LEAKY_RELU:
      *out = x >= 0.0f ? (unary_value){x, 1.0f} : (unary_value){alpha * x, alpha};
      return true;
    case MNW_UNARY_ELU:
      *out = x >= 0.0f ? (unary_value){x, 1.0f} : (unary_value){alpha * expm1f(x), alpha * expf(x)};
      return true;
    case MNW_UNARY_HARD_SIGMOID:
      *out = hard_sigmoid_at(x, alpha, beta);
      return true;
    case MNW_UNARY_HARD_SWISH:
      inner = hard_sigmoid_at(x, 1.0f / 6.0f, 0.5f);
      *out = (unary_value){x * inner.y, inner.y + x * inner.dx};
      return true;
    case MNW_UNARY_SWISH:
      inner = sigmoid_at(alpha * x);
      *out = (unary_value){x * inner.y, inner.y + alpha * x * inner.dx};
      return true;
    case MNW_UNARY_SOFTPLUS:
      *out = (unary_value){log1pf(expf(-fabsf(x))) + fmaxf(x, 0.0f), sigmoid_at(x).y};
      return true;
    default:
      return false;
  }
}

static bool walk_unary(pk_diff_call *call) {
  const int32_t *words = call->op->attributes.words.words;
  const int32_t function = words[MNW_UNARY_FUNCTION];
  const float alpha = word_float(words[MNW_UNARY_ALPHA]), beta = word_float(words[MNW_UNARY_BETA]);
  const size_t elements = pk_diff_output_elements(call);
  unary_value value;
  if (!unary_at(&value, function, 1.0f, alpha, beta)) {
    return pk_op_fail(call->op, call->error, PK_UNSUPPORTED,
                      "its function %d cannot be differentiated yet", (int)function);
  }
  for (size_t i = 0; i < elements; i++) {
    unary_at(&value, function, call->x[i], alpha, beta);
    if (!call->dy) call->y[i] = value.y;
    if (call->dy && call->dx) call->dx[i] += call->dy[i] * value.dx;
  }
  return true;
}

bool pk_diff_unary_forward(pk_diff_call *call) {
  return walk_unary(call);
}

bool pk_diff_unary_backward(pk_diff_call *call) {
  return walk_unary(call);
}

// --- SOFTMAX along the last axis ---

bool pk_diff_softmax_forward(pk_diff_call *call) {
  const size_t width = (size_t)call->x_tensor->dims[call->x_tensor->rank - 1];
  const size_t rows = pk_diff_output_elements(call) / width;
  const float beta = call->op->attributes.softmax.beta;
  for (size_t r = 0; r < rows; r++) {
    const float *x = call->x + r * width;
    float *y = call->y + r * width, most = x[0], sum = 0.0f;
    for (size_t i = 1; i < width; i++) most = fmaxf(most, x[i]);
    for (size_t i = 0; i < width; i++) sum += y[i] = expf(beta * (x[i] - most));
    for (size_t i = 0; i < width; i++) y[i] /= sum;
  }
  return true;
}

bool pk_diff_softmax_backward(pk_diff_call *call) {
  const size_t width = (size_t)call->x_tensor->dims[call->x_tensor->rank - 1];
  const size_t rows = pk_diff_output_elements(call) / width;
  const float beta = call->op->attributes.softmax.beta;
  for (size_t r = 0; call->dx && r < rows; r++) {
    const float *y = call->y + r * width, *dy = call->dy + r * width;
    float *dx = call->dx + r * width, mean = 0.0f;
    for (size_t i = 0; i < width; i++) mean += y[i] * dy[i];
    for (size_t i = 0; i < width; i++) dx[i] += beta * y[i] * (dy[i] - mean);
  }
  return true;
}
