// RECURRENT by backpropagation through time (Werbos 1990), as core/ops/recurrent.c computes it.
// Backward runs every direction forward once more, since nothing of it is kept.
#include "diff_recurrent.h"

#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_gemm.h"

enum { CELL_GRU = 1, CELL_LSTM = 2 };

static bool has_input(const pk_diff_call *call, int index) {
  return index < call->op->input_count && call->op->inputs[index] != PK_NO_TENSOR;
}

static bool start(pk_recurrent *net, const pk_diff_call *call) {
  const pk_op *op = call->op;
  const int32_t *words = op->attributes.words.words;
  const int32_t cell = words[MNW_RECURRENT_CELL];
  const pk_tensor *r = pk_op_input(call->graph, op, PK_INPUT_STATE_WEIGHTS);
  if ((cell != CELL_GRU && cell != CELL_LSTM) || has_input(call, PK_RECURRENT_LENGTHS) ||
      has_input(call, PK_RECURRENT_PEEPHOLES)) {
    return pk_op_fail(op, call->error, PK_UNSUPPORTED,
                      "only GRU and LSTM without lengths and peepholes can be differentiated yet");
  }
  *net = (pk_recurrent){.steps = (size_t)call->x_tensor->dims[0],
                        .batch = (size_t)call->x_tensor->dims[1],
                        .input = (size_t)call->x_tensor->dims[2],
                        .hidden = (size_t)r->dims[2],
                        .directions = (size_t)r->dims[0],
                        .gates = cell == CELL_LSTM ? 4 : 3,
                        .has_every_step = words[MNW_RECURRENT_OUTPUT] == 0,
                        .x = call->x};
  return true;
}

static bool is_lstm(const pk_diff_call *call) {
  return call->op->attributes.words.words[MNW_RECURRENT_CELL] == CELL_LSTM;
}

bool pk_diff_recurrent_forward(pk_diff_call *call) {
  pk_recurrent net;
  return start(&net, call) &&
         (is_lstm(call) ? pk_diff_lstm_forward(call, &net) : pk_diff_gru_forward(call, &net));
}

bool pk_diff_recurrent_backward(pk_diff_call *call) {
  pk_recurrent net;
  return start(&net, call) &&
         (is_lstm(call) ? pk_diff_lstm_backward(call, &net) : pk_diff_gru_backward(call, &net));
}

// --- one direction ---

static size_t gate_width(const pk_recurrent *net) {
  return net->gates * net->hidden;
}

void pk_recurrent_direction(pk_recurrent *net, const pk_diff_call *call, size_t direction) {
  const size_t width = gate_width(net);
  const bool has_bias = has_input(call, PK_INPUT_RECURRENT_BIAS);
  net->direction = direction;
  net->is_reverse =
      call->op->attributes.words.words[MNW_RECURRENT_DIRECTION] == 1 || direction == 1;
  net->w = pk_diff_input(call, PK_INPUT_WEIGHTS) + direction * width * net->input;
  net->r = pk_diff_input(call, PK_INPUT_STATE_WEIGHTS) + direction * width * net->hidden;
  net->bias =
      has_bias ? pk_diff_input(call, PK_INPUT_RECURRENT_BIAS) + direction * 2 * width : NULL;
}

size_t pk_recurrent_time(const pk_recurrent *net, size_t step) {
  return net->is_reverse ? net->steps - 1 - step : step;
}

// Where the state behind `step` stands in the output, if it does.
static size_t output_at(const pk_recurrent *net, size_t step) {
  const size_t state = net->batch * net->hidden, d = net->direction;
  return net->has_every_step ? (pk_recurrent_time(net, step) * net->directions + d) * state
                             : d * state;
}

static bool is_output(const pk_recurrent *net, size_t step) {
  return net->has_every_step || step == net->steps - 1;
}

void pk_recurrent_give(const pk_diff_call *call, const pk_recurrent *net, const float *states) {
  const size_t state = net->batch * net->hidden;
  for (size_t step = 0; step < net->steps; step++) {
    if (!is_output(net, step)) continue;
    memcpy(call->y + output_at(net, step), states + (step + 1) * state, state * sizeof *call->y);
  }
}

void pk_recurrent_take_gradient(float *grad, const pk_diff_call *call, const pk_recurrent *net,
                                size_t step) {
  const size_t state = net->batch * net->hidden;
  if (!is_output(net, step)) return;
  const float *dy = call->dy + output_at(net, step);
  for (size_t i = 0; i < state; i++) grad[i] += dy[i];
}

void pk_recurrent_fill_rows(float *rows, const float *bias, size_t count, size_t width) {
  for (size_t r = 0; r < count; r++) {
    if (bias) {
      memcpy(rows + r * width, bias, width * sizeof *rows);
    } else {
      memset(rows + r * width, 0, width * sizeof *rows);
    }
  }
}

void pk_recurrent_project(float *x_gates, const pk_recurrent *net) {
  const size_t rows = net->steps * net->batch, width = gate_width(net);
  pk_recurrent_fill_rows(x_gates, net->bias, rows, width);
  pk_diff_multiply(x_gates, width, net->x, net->input, net->w, rows, width, net->input);
}

const float *pk_recurrent_state_bias(const pk_recurrent *net) {
  return net->bias ? net->bias + gate_width(net) : NULL;
}

void pk_recurrent_set_initial(float *state, const pk_recurrent *net, const pk_diff_call *call,
                              int input) {
  const size_t count = net->batch * net->hidden;
  if (has_input(call, input)) {
    memcpy(state, pk_diff_input(call, input) + net->direction * count, count * sizeof *state);
  } else {
    memset(state, 0, count * sizeof *state);
  }
}

// --- gradients ---

static void add_rows(float *restrict sums, const float *rows, size_t count, size_t width) {
  for (size_t r = 0; r < count; r++) {
    for (size_t i = 0; i < width; i++) sums[i] += rows[r * width + i];
  }
}

float *pk_recurrent_state_weight_grad(const pk_recurrent *net, const pk_diff_call *call) {
  float *dr = pk_diff_input_grad(call, PK_INPUT_STATE_WEIGHTS);
  return dr ? dr + net->direction * gate_width(net) * net->hidden : NULL;
}

void pk_recurrent_add_gradients(const pk_recurrent *net, const pk_diff_call *call,
                                const float *x_gates, const float *h_gates) {
  const size_t rows = net->steps * net->batch, width = gate_width(net), d = net->direction;
  float *dw = pk_diff_input_grad(call, PK_INPUT_WEIGHTS);
  float *db = net->bias ? pk_diff_input_grad(call, PK_INPUT_RECURRENT_BIAS) : NULL;
  if (call->dx) {
    pk_diff_multiply_back(call->dx, 1.0f, x_gates, width, net->w, rows, width, net->input);
  }
  if (dw) {
    pk_diff_weight_gradient(dw + d * width * net->input, x_gates, width, net->x, rows, width,
                            net->input);
  }
  if (!db) return;
  add_rows(db + d * 2 * width, x_gates, rows, width);
  add_rows(db + (d * 2 + 1) * width, h_gates, rows, width);
}

void pk_recurrent_add_initial(const float *grad, const pk_recurrent *net, const pk_diff_call *call,
                              int input) {
  const size_t count = net->batch * net->hidden;
  float *sum = has_input(call, input) ? pk_diff_input_grad(call, input) : NULL;
  for (size_t i = 0; sum && i < count; i++) sum[net->direction * count + i] += grad[i];
}
