// What the cells of RECURRENT have in common: sizes, one direction's constants, sums over all
// steps. Rows of what comes from x are in order of time, rows of what comes from the state in order
// of computation.
#ifndef MINNOW_PACKER_DIFF_RECURRENT_H_
#define MINNOW_PACKER_DIFF_RECURRENT_H_

#include "diff_ops.h"

// Inputs behind the biases.
enum {
  PK_RECURRENT_LENGTHS = 4,
  PK_RECURRENT_INITIAL_H,
  PK_RECURRENT_INITIAL_C,
  PK_RECURRENT_PEEPHOLES
};

typedef struct pk_recurrent {
  size_t steps, batch, input, hidden, directions, gates;
  bool has_every_step;  // the output has an axis of time
  // One direction's:
  size_t direction;
  bool is_reverse;
  const float *x, *w, *r, *bias;  // bias NULL: none
} pk_recurrent;

// --- the cells: forward and backward as in diff_ops.h ---

bool pk_diff_gru_forward(pk_diff_call *call, const pk_recurrent *sizes);
bool pk_diff_gru_backward(pk_diff_call *call, const pk_recurrent *sizes);
bool pk_diff_lstm_forward(pk_diff_call *call, const pk_recurrent *sizes);
bool pk_diff_lstm_backward(pk_diff_call *call, const pk_recurrent *sizes);

// --- what they are made of ---

void pk_recurrent_direction(pk_recurrent *net, const pk_diff_call *call, size_t direction);

// When a step is computed.
size_t pk_recurrent_time(const pk_recurrent *net, size_t step);

// Copies the direction's part of the output from states [T + 1][B][H], the first as given: the last
// one alone where the output has no axis of time.
void pk_recurrent_give(const pk_diff_call *call, const pk_recurrent *net, const float *states);

// Adds what the output's gradient says of the state behind `step` to its own, [B][H].
void pk_recurrent_take_gradient(float *grad, const pk_diff_call *call, const pk_recurrent *net,
                                size_t step);

// rows [count][width], each the bias; NULL: 0.
void pk_recurrent_fill_rows(float *rows, const float *bias, size_t count, size_t width);

// x_gates [T * B][gates * H]: what all steps' inputs come to.
void pk_recurrent_project(float *x_gates, const pk_recurrent *net);

// The direction's part [B][H] of an initial state, input PK_RECURRENT_INITIAL_…, zeros where there
// is none; and what the gradient of the state before the first step makes of it.
void pk_recurrent_set_initial(float *state, const pk_recurrent *net, const pk_diff_call *call,
                              int input);
void pk_recurrent_add_initial(const float *grad, const pk_recurrent *net, const pk_diff_call *call,
                              int input);

// The biases of what comes from the state; NULL: none.
const float *pk_recurrent_state_bias(const pk_recurrent *net);

// The gradient of the direction's recurrent weights [gates * H][H]; NULL: not wanted.
float *pk_recurrent_state_weight_grad(const pk_recurrent *net, const pk_diff_call *call);

// What the gradients of all steps' gates, [T * B][gates * H], make of x, its weights and the
// biases.
void pk_recurrent_add_gradients(const pk_recurrent *net, const pk_diff_call *call,
                                const float *x_gates, const float *h_gates);

#endif  // MINNOW_PACKER_DIFF_RECURRENT_H_
