// The GRU cell of RECURRENT: gates z, r, n,
//   z = sigmoid(xz + hz), r = sigmoid(xr + hr), h' = (1 - z) n + z h
//   n = tanh(xn + r hn)                where the reset comes behind the linear step,
//   n = tanh(xn + (r h) Rn + bias)     where it comes before.
#include <string.h>

#include "../../core/base/float_math_f32.h"
#include "../../core/ops/op_params.h"
#include "diff_gemm.h"
#include "diff_recurrent.h"
#include "diff_wide.h"

enum { GATES = 3 };

typedef struct gru {
  pk_recurrent common;
  bool is_linear_first;
  // One direction's:
  float *x_gates;       // [T][B][3H]: sums, then z, r, n, then their gradients
  float *h_gates;       // [T][B][3H]: sums from the state, then their gradients
  float *states;        // [T + 1][B][H], the first as given
  float *reset;         // [T][B][H]: r h, where the reset comes first
  float *dh, *d_reset;  // [B][H]
} gru;

static bool start(gru *net, pk_diff_call *call, const pk_recurrent *sizes) {
  const size_t state = sizes->batch * sizes->hidden, all = sizes->steps * state;
  const int32_t *words = call->op->attributes.words.words;
  *net = (gru){.common = *sizes, .is_linear_first = words[MNW_RECURRENT_LINEAR_BEFORE_RESET] != 0};
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
  const pk_recurrent *common = &net->common;
  const size_t n = common->hidden, b = common->batch, row = GATES * n;
  const size_t first = net->is_linear_first ? GATES : GATES - 1;  // gates from the state as it is
  const float *h = net->states + step * b * n;
  float *hg = net->h_gates + step * b * row,
        *xg = net->x_gates + pk_recurrent_time(common, step) * b * row;
  float *reset = net->reset + step * b * n, *next = net->states + (step + 1) * b * n;
  pk_recurrent_fill_rows(hg, pk_recurrent_state_bias(common), b, row);
  pk_diff_multiply(hg, row, h, n, common->r, b, first * n, n);
  if (!net->is_linear_first) {
    for (size_t i = 0; i < b; i++) {
      open_reset(reset + i * n, xg + i * row, hg + i * row, h + i * n, n);
    }
    pk_diff_multiply(hg + 2 * n, row, reset, n, common->r + 2 * n * n, b, n, n);
  }
  for (size_t i = 0; i < b; i++) {
    run_cell(next + i * n, xg + i * row, hg + i * row, h + i * n, n, net->is_linear_first);
  }
}

static void run_direction(gru *net, const pk_diff_call *call, size_t d) {
  pk_recurrent *common = &net->common;
  pk_recurrent_direction(common, call, d);
  pk_recurrent_set_initial(net->states, common, call, PK_RECURRENT_INITIAL_H);
  pk_recurrent_project(net->x_gates, common);
  for (size_t step = 0; step < common->steps; step++) run_step(net, step);
}

bool pk_diff_gru_forward(pk_diff_call *call, const pk_recurrent *sizes) {
  gru net;
  if (!start(&net, call, sizes)) return false;
  for (size_t d = 0; d < sizes->directions; d++) {
    run_direction(&net, call, d);
    pk_recurrent_give(call, &net.common, net.states);
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
  const pk_recurrent *common = &net->common;
  const size_t n = common->hidden, b = common->batch, row = GATES * n;
  const size_t first = net->is_linear_first ? GATES : GATES - 1;
  const float *h = net->states + step * b * n;
  float *hg = net->h_gates + step * b * row,
        *xg = net->x_gates + pk_recurrent_time(common, step) * b * row;
  for (size_t i = 0; i < b; i++) {
    cell_back(net->dh + i * n, xg + i * row, hg + i * row, h + i * n, n, net->is_linear_first);
  }
  if (!net->is_linear_first) {
    pk_diff_multiply_back(net->d_reset, 0.0f, hg + 2 * n, row, common->r + 2 * n * n, b, n, n);
    for (size_t i = 0; i < b; i++) {
      reset_back(net->dh + i * n, xg + i * row, hg + i * row, h + i * n, net->d_reset + i * n, n);
    }
  }
  pk_diff_multiply_back(net->dh, 1.0f, hg, row, common->r, b, first * n, n);
}

static void add_state_weights(const gru *net, const pk_diff_call *call) {
  const pk_recurrent *common = &net->common;
  const size_t n = common->hidden, rows = common->steps * common->batch, row = GATES * n;
  const float *last = net->is_linear_first ? net->states : net->reset;
  float *dr = pk_recurrent_state_weight_grad(common, call);
  if (!dr) return;
  pk_diff_weight_gradient(dr, net->h_gates, row, net->states, rows, 2 * n, n);
  pk_diff_weight_gradient(dr + 2 * n * n, net->h_gates + 2 * n, row, last, rows, n, n);
}

bool pk_diff_gru_backward(pk_diff_call *call, const pk_recurrent *sizes) {
  gru net;
  if (!start(&net, call, sizes)) return false;
  const size_t state = sizes->batch * sizes->hidden;
  for (size_t d = 0; d < sizes->directions; d++) {
    run_direction(&net, call, d);
    memset(net.dh, 0, state * sizeof *net.dh);
    for (size_t step = sizes->steps; step-- > 0;) {
      pk_recurrent_take_gradient(net.dh, call, &net.common, step);
      step_back(&net, step);
    }
    add_state_weights(&net, call);
    pk_recurrent_add_gradients(&net.common, call, net.x_gates, net.h_gates);
    pk_recurrent_add_initial(net.dh, &net.common, call, PK_RECURRENT_INITIAL_H);
  }
  return true;
}
