// The LSTM cell of RECURRENT: gates i, o, f of sigmoids and g of a tanh, each of what comes from x
// and from the state,
//   c' = f c + i g, h' = o tanh(c').
#include <string.h>

#include "../../core/base/float_math_f32.h"
#include "../../core/ops/op_params.h"
#include "diff_gemm.h"
#include "diff_recurrent.h"
#include "diff_wide.h"

enum { GATES = 4, OUTPUT_C = 2 };

typedef struct lstm {
  pk_recurrent common;
  bool gives_cells;  // the output is the last c
  // One direction's:
  float *x_gates;         // [T][B][4H]: sums, then the gates' gradients
  float *h_gates;         // [T][B][4H]: i, o, f, g, then their gradients
  float *states, *cells;  // [T + 1][B][H], the first as given
  float *dh, *dc;         // [B][H]
} lstm;

static bool start(lstm *net, pk_diff_call *call, const pk_recurrent *sizes) {
  const size_t state = sizes->batch * sizes->hidden, all = sizes->steps * state;
  const int32_t *words = call->op->attributes.words.words;
  *net = (lstm){.common = *sizes, .gives_cells = words[MNW_RECURRENT_OUTPUT] == OUTPUT_C};
  float *scratch = pk_diff_scratch(call, (2 * GATES + 2) * all + 4 * state);
  if (!scratch) return false;
  net->x_gates = scratch;
  net->h_gates = net->x_gates + GATES * all;
  net->states = net->h_gates + GATES * all;
  net->cells = net->states + all + state;
  net->dh = net->cells + all + state;
  net->dc = net->dh + state;
  return true;
}

// --- forward ---

// Leaves the gates in hg.
PK_DIFF_WIDE static void run_cell(float *restrict h, float *restrict next_c,
                                  const float *restrict xg, float *restrict hg,
                                  const float *restrict c, size_t n) {
  for (size_t j = 0; j < n; j++) {
    const float i = mnw_sigmoid_f32(xg[j] + hg[j]), o = mnw_sigmoid_f32(xg[n + j] + hg[n + j]);
    const float f = mnw_sigmoid_f32(xg[2 * n + j] + hg[2 * n + j]);
    const float g = mnw_tanh_f32(xg[3 * n + j] + hg[3 * n + j]);
    next_c[j] = f * c[j] + i * g;
    h[j] = o * mnw_tanh_f32(next_c[j]);
    hg[j] = i;
    hg[n + j] = o;
    hg[2 * n + j] = f;
    hg[3 * n + j] = g;
  }
}

static void run_step(const lstm *net, size_t step) {
  const pk_recurrent *common = &net->common;
  const size_t n = common->hidden, b = common->batch, row = GATES * n, state = b * n;
  const float *h = net->states + step * state, *c = net->cells + step * state;
  const float *xg = net->x_gates + pk_recurrent_time(common, step) * b * row;
  float *hg = net->h_gates + step * b * row;
  pk_recurrent_fill_rows(hg, pk_recurrent_state_bias(common), b, row);
  pk_diff_multiply(hg, row, h, n, common->r, b, row, n);
  for (size_t i = 0; i < b; i++) {
    const size_t at = (step + 1) * state + i * n;
    run_cell(net->states + at, net->cells + at, xg + i * row, hg + i * row, c + i * n, n);
  }
}

static void run_direction(lstm *net, const pk_diff_call *call, size_t d) {
  pk_recurrent *common = &net->common;
  pk_recurrent_direction(common, call, d);
  pk_recurrent_set_initial(net->states, common, call, PK_RECURRENT_INITIAL_H);
  pk_recurrent_set_initial(net->cells, common, call, PK_RECURRENT_INITIAL_C);
  pk_recurrent_project(net->x_gates, common);
  for (size_t step = 0; step < common->steps; step++) run_step(net, step);
}

bool pk_diff_lstm_forward(pk_diff_call *call, const pk_recurrent *sizes) {
  lstm net;
  if (!start(&net, call, sizes)) return false;
  for (size_t d = 0; d < sizes->directions; d++) {
    run_direction(&net, call, d);
    pk_recurrent_give(call, &net.common, net.gives_cells ? net.cells : net.states);
  }
  return true;
}

// --- backward ---

// Takes the gradients of the new state and cell, leaves that of the old cell and the gates' own.
PK_DIFF_WIDE static void cell_back(const float *restrict dh, float *restrict dc, float *restrict xg,
                                   float *restrict hg, const float *restrict c,
                                   const float *restrict next_c, size_t n) {
  for (size_t j = 0; j < n; j++) {
    const float i = hg[j], o = hg[n + j], f = hg[2 * n + j], g = hg[3 * n + j];
    const float seen = mnw_tanh_f32(next_c[j]);
    const float through = dc[j] + dh[j] * o * (1.0f - seen * seen);
    dc[j] = through * f;
    xg[j] = hg[j] = through * g * i * (1.0f - i);
    xg[n + j] = hg[n + j] = dh[j] * seen * o * (1.0f - o);
    xg[2 * n + j] = hg[2 * n + j] = through * c[j] * f * (1.0f - f);
    xg[3 * n + j] = hg[3 * n + j] = through * i * (1.0f - g * g);
  }
}

static void step_back(const lstm *net, size_t step) {
  const pk_recurrent *common = &net->common;
  const size_t n = common->hidden, b = common->batch, row = GATES * n, state = b * n;
  float *xg = net->x_gates + pk_recurrent_time(common, step) * b * row;
  float *hg = net->h_gates + step * b * row;
  const float *c = net->cells + step * state;
  for (size_t i = 0; i < b; i++) {
    cell_back(net->dh + i * n, net->dc + i * n, xg + i * row, hg + i * row, c + i * n,
              c + state + i * n, n);
  }
  pk_diff_multiply_back(net->dh, 0.0f, hg, row, common->r, b, row, n);
}

bool pk_diff_lstm_backward(pk_diff_call *call, const pk_recurrent *sizes) {
  lstm net;
  if (!start(&net, call, sizes)) return false;
  const size_t n = sizes->hidden, state = sizes->batch * n;
  for (size_t d = 0; d < sizes->directions; d++) {
    run_direction(&net, call, d);
    memset(net.dh, 0, 2 * state * sizeof *net.dh);  // dh, then dc
    for (size_t step = sizes->steps; step-- > 0;) {
      pk_recurrent_take_gradient(net.gives_cells ? net.dc : net.dh, call, &net.common, step);
      step_back(&net, step);
    }
    float *dr = pk_recurrent_state_weight_grad(&net.common, call);
    if (dr) {
      pk_diff_weight_gradient(dr, net.h_gates, GATES * n, net.states, sizes->steps * sizes->batch,
                              GATES * n, n);
    }
    pk_recurrent_add_gradients(&net.common, call, net.x_gates, net.h_gates);
    pk_recurrent_add_initial(net.dh, &net.common, call, PK_RECURRENT_INITIAL_H);
    pk_recurrent_add_initial(net.dc, &net.common, call, PK_RECURRENT_INITIAL_C);
  }
  return true;
}
