// RECURRENT with the GRU cell, by backpropagation through time (Werbos 1990), as
// core/ops/recurrent.c computes it: gates z, r, n,
//   z = sigmoid(xz + hz), r = sigmoid(xr + hr), h' = (1 - z) n + z h
//   n = tanh(xn + r hn)                where the reset comes behind the linear step,
//   n = tanh(xn + (r h) Rn + bias)     where it comes before.
// Backward runs every direction forward once more, since nothing of it is kept. Rows of what comes
// from x are in order of time, rows of what comes from the state in order of computation.
#include <string.h>

#include "../../core/base/float_math_f32.h"
#include "../../core/ops/op_params.h"
#include "diff_gemm.h"
#include "diff_ops.h"
#include "diff_wide.h"

enum { INPUT_LENGTHS = 4, GATES = 3, CELL_GRU = 1 };  // lengths: behind the biases

typedef struct gru {
  size_t steps, batch, input, hidden, directions;
  bool is_reverse, has_every_step, is_linear_first;
  // One direction's:
  const float *x, *w, *r, *bias;  // bias NULL: none
  float *x_gates;                 // [T][B][3H]: sums, then z, r, n, then their gradients
  float *h_gates;                 // [T][B][3H]: sums from the state, then their gradients
  float *states;                  // [T + 1][B][H], the first of zeros
  float *reset;                   // [T][B][H]: r h, where the reset comes first
  float *dh, *d_reset;            // [B][H]
} gru;

static bool start(gru *net, pk_diff_call *call) {
  const pk_op *op = call->op;
  const int32_t *words = op->attributes.words.words;
  const pk_tensor *r = pk_op_input(call->graph, op, PK_INPUT_STATE_WEIGHTS);
  bool has_more = words[MNW_RECURRENT_CELL] != CELL_GRU;
  for (int i = INPUT_LENGTHS; i < op->input_count; i++) {
    has_more = has_more || op->inputs[i] != PK_NO_TENSOR;
  }
  if (has_more) {
    return pk_op_fail(op, call->error, PK_UNSUPPORTED,
                      "only GRU without lengths and initial states can be differentiated yet");
  }
  *net = (gru){.steps = (size_t)call->x_tensor->dims[0],
               .batch = (size_t)call->x_tensor->dims[1],
               .input = (size_t)call->x_tensor->dims[2],
               .hidden = (size_t)r->dims[2],
               .directions = (size_t)r->dims[0],
               .has_every_step = words[MNW_RECURRENT_OUTPUT] == 0,
               .is_linear_first = words[MNW_RECURRENT_LINEAR_BEFORE_RESET] != 0,
               .x = call->x};
  const size_t state = net->batch * net->hidden, all = net->steps * state;
  float *scratch = pk_diff_scratch(call, (2 * GATES + 2) * all + 3 * state);
  if (!scratch) return false;
  net->x_gates = scratch;
  net->h_gates = net->x_gates + GATES * all;
  net->reset = net->h_gates + GATES * all;
  net->states = net->reset + all;
  net->dh = net->states + all + state;
  net->d_reset = net->dh + state;
  return true;
}

// Offsets of direction d in w, r and the bias.
static size_t w_at(const gru *net, size_t d) {
  return d * GATES * net->hidden * net->input;
}

static size_t r_at(const gru *net, size_t d) {
  return d * GATES * net->hidden * net->hidden;
}

static size_t bias_at(const gru *net, size_t d) {
  return d * 2 * GATES * net->hidden;
}

static size_t time_of(const gru *net, size_t step) {
  return net->is_reverse ? net->steps - 1 - step : step;
}

static void fill_rows(float *rows, const float *bias, size_t count, size_t width) {
  for (size_t r = 0; r < count; r++) {
    if (bias) {
      memcpy(rows + r * width, bias, width * sizeof *rows);
    } else {
      memset(rows + r * width, 0, width * sizeof *rows);
    }
  }
}

// --- forward ---

PK_DIFF_WIDE static void open_reset(float *restrict reset, const float *restrict xg,
                                    const float *restrict hg, const float *restrict h, size_t n) {
  for (size_t i = 0; i < n; i++) reset[i] = h[i] * mnw_sigmoid_f32(xg[n + i] + hg[n + i]);
}

// Leaves the gates in xg.
PK_DIFF_WIDE static void run_cell(float *restrict next, float *restrict xg,
                                  const float *restrict hg, const float *restrict h, size_t n,
                                  bool is_linear_first) {
  for (size_t i = 0; i < n; i++) {
    const float z = mnw_sigmoid_f32(xg[i] + hg[i]), r = mnw_sigmoid_f32(xg[n + i] + hg[n + i]);
    const float fresh = mnw_tanh_f32(xg[2 * n + i] + (is_linear_first ? r : 1.0f) * hg[2 * n + i]);
    next[i] = (1.0f - z) * fresh + z * h[i];
    xg[i] = z;
    xg[n + i] = r;
    xg[2 * n + i] = fresh;
  }
}

static void run_step(const gru *net, size_t step) {
  const size_t n = net->hidden, b = net->batch, row = GATES * n;
  const size_t first = net->is_linear_first ? GATES : GATES - 1;  // gates from the state as it is
  const float *h = net->states + step * b * n;
  float *hg = net->h_gates + step * b * row, *xg = net->x_gates + time_of(net, step) * b * row;
  float *reset = net->reset + step * b * n, *next = net->states + (step + 1) * b * n;
  fill_rows(hg, net->bias ? net->bias + row : NULL, b, row);
  pk_diff_multiply(hg, row, h, n, net->r, b, first * n, n);
  if (!net->is_linear_first) {
    for (size_t i = 0; i < b; i++) {
      open_reset(reset + i * n, xg + i * row, hg + i * row, h + i * n, n);
    }
    pk_diff_multiply(hg + 2 * n, row, reset, n, net->r + 2 * n * n, b, n, n);
  }
  for (size_t i = 0; i < b; i++) {
    run_cell(next + i * n, xg + i * row, hg + i * row, h + i * n, n, net->is_linear_first);
  }
}

static void run_direction(gru *net, const pk_diff_call *call, size_t d) {
  const size_t rows = net->steps * net->batch, width = GATES * net->hidden;
  const bool has_bias = call->op->input_count > PK_INPUT_RECURRENT_BIAS &&
                        call->op->inputs[PK_INPUT_RECURRENT_BIAS] != PK_NO_TENSOR;
  net->is_reverse = call->op->attributes.words.words[MNW_RECURRENT_DIRECTION] == 1 || d == 1;
  net->w = pk_diff_input(call, PK_INPUT_WEIGHTS) + w_at(net, d);
  net->r = pk_diff_input(call, PK_INPUT_STATE_WEIGHTS) + r_at(net, d);
  net->bias = has_bias ? pk_diff_input(call, PK_INPUT_RECURRENT_BIAS) + bias_at(net, d) : NULL;
  memset(net->states, 0, net->batch * net->hidden * sizeof *net->states);
  fill_rows(net->x_gates, net->bias, rows, width);
  pk_diff_multiply(net->x_gates, width, net->x, net->input, net->w, rows, width, net->input);
  for (size_t step = 0; step < net->steps; step++) run_step(net, step);
}

// Where the state behind `step` stands in the output; only the last one does where it has no axis
// of time.
static size_t output_at(const gru *net, size_t d, size_t step) {
  const size_t state = net->batch * net->hidden;
  return net->has_every_step ? (time_of(net, step) * net->directions + d) * state : d * state;
}

bool pk_diff_recurrent_forward(pk_diff_call *call) {
  gru net;
  if (!start(&net, call)) return false;
  const size_t state = net.batch * net.hidden;
  for (size_t d = 0; d < net.directions; d++) {
    run_direction(&net, call, d);
    for (size_t step = net.has_every_step ? 0 : net.steps - 1; step < net.steps; step++) {
      memcpy(call->y + output_at(&net, d, step), net.states + (step + 1) * state,
             state * sizeof *call->y);
    }
  }
  return true;
}

// --- backward ---

// Takes the gradient of the new state, leaves that of the old one as far as it passes z, and the
// gates' own gradients: those of z and n in both, that of r where the reset comes behind.
PK_DIFF_WIDE static void cell_back(float *restrict dh, float *restrict xg, float *restrict hg,
                                   const float *restrict h, size_t n, bool is_linear_first) {
  for (size_t i = 0; i < n; i++) {
    const float z = xg[i], r = xg[n + i], fresh = xg[2 * n + i];
    const float dz = dh[i] * (h[i] - fresh) * z * (1.0f - z);
    const float dn = dh[i] * (1.0f - z) * (1.0f - fresh * fresh);
    const float dr = dn * hg[2 * n + i] * r * (1.0f - r);
    dh[i] *= z;
    xg[i] = hg[i] = dz;
    xg[2 * n + i] = dn;
    hg[2 * n + i] = is_linear_first ? dn * r : dn;
    if (is_linear_first) xg[n + i] = hg[n + i] = dr;
  }
}

// The reset comes first: xg still holds r.
PK_DIFF_WIDE static void reset_back(float *restrict dh, float *restrict xg, float *restrict hg,
                                    const float *restrict h, const float *restrict d_reset,
                                    size_t n) {
  for (size_t i = 0; i < n; i++) {
    const float r = xg[n + i];
    dh[i] += d_reset[i] * r;
    xg[n + i] = hg[n + i] = d_reset[i] * h[i] * r * (1.0f - r);
  }
}

static void step_back(const gru *net, size_t step) {
  const size_t n = net->hidden, b = net->batch, row = GATES * n;
  const size_t first = net->is_linear_first ? GATES : GATES - 1;
  const float *h = net->states + step * b * n;
  float *hg = net->h_gates + step * b * row, *xg = net->x_gates + time_of(net, step) * b * row;
  for (size_t i = 0; i < b; i++) {
    cell_back(net->dh + i * n, xg + i * row, hg + i * row, h + i * n, n, net->is_linear_first);
  }
  if (!net->is_linear_first) {
    pk_diff_multiply_back(net->d_reset, 0.0f, hg + 2 * n, row, net->r + 2 * n * n, b, n, n);
    for (size_t i = 0; i < b; i++) {
      reset_back(net->dh + i * n, xg + i * row, hg + i * row, h + i * n, net->d_reset + i * n, n);
    }
  }
  pk_diff_multiply_back(net->dh, 1.0f, hg, row, net->r, b, first * n, n);
}

static void add_rows(float *restrict sums, const float *rows, size_t count, size_t width) {
  for (size_t r = 0; r < count; r++) {
    for (size_t i = 0; i < width; i++) sums[i] += rows[r * width + i];
  }
}

// What all steps' gradients make of the direction's inputs.
static void add_gradients(const gru *net, const pk_diff_call *call, size_t d) {
  const size_t n = net->hidden, rows = net->steps * net->batch, row = GATES * n;
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS),
        *dr = pk_diff_input_grad(call, PK_INPUT_STATE_WEIGHTS);
  float *db = net->bias ? pk_diff_input_grad(call, PK_INPUT_RECURRENT_BIAS) : NULL;
  if (call->dx) {
    pk_diff_multiply_back(call->dx, 1.0f, net->x_gates, row, net->w, rows, row, net->input);
  }
  if (dw) {
    pk_diff_weight_gradient(dw + w_at(net, d), net->x_gates, row, net->x, rows, row, net->input);
  }
  if (dr) {
    const float *last = net->is_linear_first ? net->states : net->reset;
    pk_diff_weight_gradient(dr + r_at(net, d), net->h_gates, row, net->states, rows, 2 * n, n);
    pk_diff_weight_gradient(dr + r_at(net, d) + 2 * n * n, net->h_gates + 2 * n, row, last, rows, n,
                            n);
  }
  if (!db) return;
  add_rows(db + bias_at(net, d), net->x_gates, rows, row);
  add_rows(db + bias_at(net, d) + row, net->h_gates, rows, row);
}

bool pk_diff_recurrent_backward(pk_diff_call *call) {
  gru net;
  if (!start(&net, call)) return false;
  const size_t state = net.batch * net.hidden;
  for (size_t d = 0; d < net.directions; d++) {
    run_direction(&net, call, d);
    memset(net.dh, 0, state * sizeof *net.dh);
    for (size_t step = net.steps; step-- > 0;) {
      const bool is_output = net.has_every_step || step == net.steps - 1;
      const float *dy = call->dy + output_at(&net, d, step);
      for (size_t i = 0; is_output && i < state; i++) net.dh[i] += dy[i];
      step_back(&net, step);
    }
    add_gradients(&net, call, d);
  }
  return true;
}
