// RNN, GRU and LSTM as ONNX defines them, one output each. All inputs are multiplied with their
// weights at once, then every step adds the state times the recurrent weights and applies the cell.
// Weights are packed into scratch gate by gate, so that a gate's outputs start at a tile.
#include <string.h>

#include "../base/bytes.h"
#include "../base/checked.h"
#include "../base/float_math_f32.h"
#include "../kernels/packed_layout.h"
#include "axis_common.h"
#include "tile_pack.h"

enum { INPUT_X, INPUT_W, INPUT_R, INPUT_BIAS, INPUT_LENGTHS, INPUT_H, INPUT_C, INPUT_PEEPHOLES };
enum { INPUTS = 8, CELL_RNN = 0, CELL_GRU = 1, CELL_LSTM = 2, OUTPUT_Y = 0, OUTPUT_C = 2 };

typedef struct recurrent {
  int32_t cell, direction, output;
  size_t steps, batch, input, hidden, padded, gates, directions;
  // Scratch, in floats.
  size_t w, r, w_bias, r_bias, x_gates, r_gates, h, c, reset_h, total;
} recurrent;

static const mnw_tensor *input_or_null(const mnw_op_context *context, uint32_t index) {
  return index < context->node->input_count ? mnw_op_input(context, index) : NULL;
}

static const float *data_or_null(const mnw_op_context *context, uint32_t index) {
  return input_or_null(context, index) ? mnw_op_input_data(context, index) : NULL;
}

static bool take(recurrent *net, size_t *offset, size_t a, size_t b, size_t c) {
  size_t count, bytes;
  *offset = net->total;
  return mnw_checked_mul(&count, a, b) && mnw_checked_mul(&count, count, c) &&
         mnw_checked_add(&net->total, net->total, count) &&
         mnw_checked_mul(&bytes, net->total, sizeof(float));
}

// Sizes and scratch from inputs whose ranks are checked; false when they are too large.
static bool read_sizes(recurrent *net, const mnw_op_context *context) {
  const int32_t *params = context->node->params;
  const mnw_tensor *x = mnw_op_input(context, INPUT_X), *r = mnw_op_input(context, INPUT_R);
  memset(net, 0, sizeof *net);
  net->cell = params[MNW_RECURRENT_CELL];
  net->direction = params[MNW_RECURRENT_DIRECTION];
  net->output = params[MNW_RECURRENT_OUTPUT];
  net->steps = (size_t)x->dims[0];
  net->batch = (size_t)x->dims[1];
  net->input = (size_t)x->dims[2];
  net->hidden = (size_t)r->dims[2];
  net->padded = mnw_round_up(net->hidden, MNW_TILE_CHANNELS);
  net->gates = net->cell == CELL_LSTM ? 4 : net->cell == CELL_GRU ? 3 : 1;
  net->directions = net->direction == 2 ? 2 : 1;
  return take(net, &net->w, net->gates, net->padded, net->input) &&
         take(net, &net->r, net->gates, net->padded, net->hidden) &&
         take(net, &net->w_bias, net->gates, net->padded, 1) &&
         take(net, &net->r_bias, net->gates, net->padded, 1) &&
         take(net, &net->x_gates, net->steps * net->batch, net->gates, net->hidden) &&
         take(net, &net->r_gates, net->batch, net->gates, net->hidden) &&
         take(net, &net->h, net->batch, net->hidden, 1) &&
         take(net, &net->c, net->batch, net->hidden, 1) &&
         take(net, &net->reset_h, net->batch, net->hidden, 1);
}

// A float32 tensor of `rank` dimensions; may be absent where is_optional.
static mnw_status check_shape(const mnw_op_context *context, const mnw_tensor *tensor,
                              bool is_optional, uint32_t rank, size_t a, size_t b, size_t c,
                              size_t d) {
  const size_t dims[] = {a, b, c, d};
  if (!tensor && is_optional) return MNW_STATUS_OK;
  if (!tensor || tensor->dtype != MNW_DTYPE_F32 || tensor->layout != MNW_LAYOUT_ROW_MAJOR ||
      tensor->rank != rank) {
    return mnw_op_refuse(context, "operator %0: a recurrent net needs a float32 tensor of rank %1",
                         rank, 0);
  }
  for (uint32_t i = 0; i < rank; i++) {
    if ((size_t)tensor->dims[i] != dims[i]) {
      return mnw_op_refuse(context, "operator %0: a dimension of a recurrent net is %1, not %2",
                           tensor->dims[i], (int64_t)dims[i]);
    }
  }
  return MNW_STATUS_OK;
}

static mnw_status check_params(const mnw_op_context *context) {
  const mnw_node *node = context->node;
  const int32_t *params = node->params;
  const int32_t cell = params[MNW_RECURRENT_CELL], output = params[MNW_RECURRENT_OUTPUT];
  if (node->input_count < 3 || node->input_count > INPUTS || node->output_count != 1) {
    return mnw_op_refuse(context, "operator %0: a recurrent net with %1 inputs and %2 outputs",
                         node->input_count, node->output_count);
  }
  if (cell < CELL_RNN || cell > CELL_LSTM || params[MNW_RECURRENT_DIRECTION] < 0 ||
      params[MNW_RECURRENT_DIRECTION] > 2) {
    return mnw_op_refuse(context, "operator %0: recurrent cell %1 or direction %2 is unknown", cell,
                         params[MNW_RECURRENT_DIRECTION]);
  }
  if (output < OUTPUT_Y || output > (cell == CELL_LSTM ? OUTPUT_C : OUTPUT_C - 1)) {
    return mnw_op_refuse(context, "operator %0: recurrent cell %1 has no output %2", cell, output);
  }
  return MNW_STATUS_OK;
}

static mnw_status check_tensors(const mnw_op_context *context, const recurrent *net) {
  const size_t d = net->directions, b = net->batch, h = net->hidden, rows = net->gates * h;
  const mnw_tensor *y = mnw_op_output(context, 0);
  const mnw_tensor *lengths = input_or_null(context, INPUT_LENGTHS);
  const mnw_tensor *c = input_or_null(context, INPUT_C);
  const mnw_tensor *peepholes = input_or_null(context, INPUT_PEEPHOLES);
  mnw_status status =
      check_shape(context, mnw_op_input(context, INPUT_W), false, 3, d, rows, net->input, 0);
  if (status == MNW_STATUS_OK) {
    status = check_shape(context, mnw_op_input(context, INPUT_R), false, 3, d, rows, h, 0);
  }
  if (status == MNW_STATUS_OK) {
    status = check_shape(context, input_or_null(context, INPUT_BIAS), true, 2, d, 2 * rows, 0, 0);
  }
  if (status == MNW_STATUS_OK) {
    status = check_shape(context, input_or_null(context, INPUT_H), true, 3, d, b, h, 0);
  }
  if (status == MNW_STATUS_OK) status = check_shape(context, c, true, 3, d, b, h, 0);
  if (status == MNW_STATUS_OK) status = check_shape(context, peepholes, true, 2, d, 3 * h, 0, 0);
  if (status == MNW_STATUS_OK) {
    status = net->output == OUTPUT_Y ? check_shape(context, y, false, 4, net->steps, d, b, h)
                                     : check_shape(context, y, false, 3, d, b, h, 0);
  }
  if (status == MNW_STATUS_OK && lengths) {
    status = mnw_axis_check_indices(context, lengths);
    if (status == MNW_STATUS_OK &&
        (lengths->layout != MNW_LAYOUT_ROW_MAJOR || mnw_tensor_elements(lengths) != b)) {
      return mnw_op_refuse(context, "operator %0 needs %1 sequence lengths", (int64_t)b, 0);
    }
  }
  if (status == MNW_STATUS_OK && net->cell != CELL_LSTM && (c || peepholes)) {
    return mnw_op_refuse(context, "operator %0: only LSTM has a cell state and peepholes", 0, 0);
  }
  return status;
}

mnw_status mnw_recurrent_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  mnw_status status = check_params(context);
  if (status != MNW_STATUS_OK) return status;
  for (uint32_t i = INPUT_X; i <= INPUT_R; i++) {
    const mnw_tensor *tensor = mnw_op_input(context, i);
    if (!tensor || tensor->rank != 3 || tensor->dtype != MNW_DTYPE_F32 ||
        tensor->layout != MNW_LAYOUT_ROW_MAJOR) {
      return mnw_op_refuse(context, "operator %0 needs its input %1 as float32 of rank 3", i, 0);
    }
  }
  recurrent net;
  if (!read_sizes(&net, context)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: a recurrent net of %1 steps and %2 units is too large",
                    context->node_number, (int64_t)net.steps, (int64_t)net.hidden);
  }
  *scratch_bytes = net.total * sizeof(float);
  return check_tensors(context, &net);
}

// Packs a direction's weights and biases, and sets its initial states.
static void start_direction(const mnw_op_context *context, const recurrent *net, size_t d) {
  const size_t h = net->hidden, rows = net->gates * h, state = net->batch * h;
  const float *w = (const float *)mnw_op_input_data(context, INPUT_W) + d * rows * net->input;
  const float *r = (const float *)mnw_op_input_data(context, INPUT_R) + d * rows * h;
  const float *bias = data_or_null(context, INPUT_BIAS);
  const float *initial_h = data_or_null(context, INPUT_H);
  const float *initial_c = data_or_null(context, INPUT_C);
  float *scratch = context->scratch;
  memset(scratch + net->w_bias, 0, (net->x_gates - net->w_bias) * sizeof(float));
  for (size_t g = 0; g < net->gates; g++) {
    const size_t at = g * net->padded;
    mnw_tile_pack_f32(scratch + net->w + at * net->input, w + g * h * net->input, h, net->input,
                      net->input, 1);
    mnw_tile_pack_f32(scratch + net->r + at * h, r + g * h * h, h, h, h, 1);
    if (!bias) continue;
    const float *from = bias + 2 * d * rows + g * h;
    memcpy(scratch + net->w_bias + at, from, h * sizeof(float));
    memcpy(scratch + net->r_bias + at, from + rows, h * sizeof(float));
  }
  memset(scratch + net->h, 0, 2 * state * sizeof(float));  // h, then c
  if (initial_h) memcpy(scratch + net->h, initial_h + d * state, state * sizeof(float));
  if (initial_c) memcpy(scratch + net->c, initial_c + d * state, state * sizeof(float));
}

// out[row][gate] = bias + weights * x[row], for gates first … last - 1.
static void project(const mnw_op_context *context, const recurrent *net, float *out, const float *x,
                    size_t rows, bool is_state, size_t first, size_t last) {
  const float infinity = mnw_float_from_bits(0x7f800000);
  const float *scratch = context->scratch;
  const float *weights = scratch + (is_state ? net->r : net->w);
  const float *bias = scratch + (is_state ? net->r_bias : net->w_bias);
  const size_t k = is_state ? net->hidden : net->input;
  for (size_t g = first; g < last; g++) {
    context->kernels->gemm_f32(out + g * net->hidden, net->gates * net->hidden, x, k,
                               weights + g * net->padded * k, rows, k, net->hidden,
                               bias + g * net->padded, -infinity, infinity);
  }
}

// The cells take the sums of a row by gate: xg from the input, rg from the state.
static void lstm_row(const recurrent *net, float *h, float *c, const float *xg, const float *rg,
                     const float *peepholes) {
  const size_t n = net->hidden;
  for (size_t i = 0; i < n; i++) {
    float in = xg[i] + rg[i], out = xg[n + i] + rg[n + i], forget = xg[2 * n + i] + rg[2 * n + i];
    if (peepholes) {
      in += peepholes[i] * c[i];
      forget += peepholes[2 * n + i] * c[i];
    }
    const float fresh = mnw_tanh_f32(xg[3 * n + i] + rg[3 * n + i]);
    c[i] = mnw_sigmoid_f32(forget) * c[i] + mnw_sigmoid_f32(in) * fresh;
    if (peepholes) out += peepholes[n + i] * c[i];
    h[i] = mnw_sigmoid_f32(out) * mnw_tanh_f32(c[i]);
  }
}

static void gru_row(const recurrent *net, float *h, const float *xg, const float *rg,
                    bool is_linear_first) {
  const size_t n = net->hidden;
  for (size_t i = 0; i < n; i++) {
    const float z = mnw_sigmoid_f32(xg[i] + rg[i]);
    const float reset = is_linear_first ? mnw_sigmoid_f32(xg[n + i] + rg[n + i]) : 1.0f;
    const float fresh = mnw_tanh_f32(xg[2 * n + i] + reset * rg[2 * n + i]);
    h[i] = (1.0f - z) * fresh + z * h[i];
  }
}

static void rnn_row(const recurrent *net, float *h, const float *xg, const float *rg,
                    bool is_relu) {
  for (size_t i = 0; i < net->hidden; i++) {
    const float sum = xg[i] + rg[i];
    h[i] = is_relu ? (sum < 0.0f ? 0.0f : sum) : mnw_tanh_f32(sum);
  }
}

// What the recurrent weights make of the states. A GRU that resets before the linear step needs
// its reset gate first.
static void project_states(const mnw_op_context *context, const recurrent *net, const float *xg) {
  float *scratch = context->scratch, *rg = scratch + net->r_gates,
        *reset_h = scratch + net->reset_h;
  const float *h = scratch + net->h;
  const size_t n = net->hidden, row = net->gates * n;
  const bool resets_first =
      net->cell == CELL_GRU && !context->node->params[MNW_RECURRENT_LINEAR_BEFORE_RESET];
  project(context, net, rg, h, net->batch, true, 0, resets_first ? 2 : net->gates);
  if (!resets_first) return;
  for (size_t b = 0; b < net->batch; b++) {
    for (size_t i = 0; i < n; i++) {
      const size_t gate = b * row + n + i;
      reset_h[b * n + i] = h[b * n + i] * mnw_sigmoid_f32(xg[gate] + rg[gate]);
    }
  }
  project(context, net, rg, reset_h, net->batch, true, 2, 3);
}

static void run_step(const mnw_op_context *context, const recurrent *net, size_t d, size_t t) {
  const int32_t *params = context->node->params;
  const mnw_tensor *lengths = input_or_null(context, INPUT_LENGTHS);
  const float *peepholes = data_or_null(context, INPUT_PEEPHOLES);
  const size_t n = net->hidden, row = net->gates * n;
  float *scratch = context->scratch, *y = mnw_op_output_data(context, 0);
  const float *xg = scratch + net->x_gates + t * net->batch * row;
  project_states(context, net, xg);
  for (size_t b = 0; b < net->batch; b++, xg += row) {
    float *h = scratch + net->h + b * n, *c = scratch + net->c + b * n;
    const float *rg = scratch + net->r_gates + b * row;
    if (lengths && mnw_load_integer((mnw_dtype)lengths->dtype,
                                    mnw_op_input_data(context, INPUT_LENGTHS), b) <= (int64_t)t) {
      continue;
    }
    if (net->cell == CELL_LSTM) {
      lstm_row(net, h, c, xg, rg, peepholes ? peepholes + d * 3 * n : NULL);
    } else if (net->cell == CELL_GRU) {
      gru_row(net, h, xg, rg, params[MNW_RECURRENT_LINEAR_BEFORE_RESET] != 0);
    } else {
      rnn_row(net, h, xg, rg, params[MNW_RECURRENT_RELU] != 0);
    }
    if (net->output == OUTPUT_Y) {
      memcpy(y + ((t * net->directions + d) * net->batch + b) * n, h, n * sizeof(float));
    }
  }
}

void mnw_recurrent_eval(const mnw_op_context *context) {
  recurrent net;
  if (!read_sizes(&net, context)) return;
  float *scratch = context->scratch, *y = mnw_op_output_data(context, 0);
  const size_t state = net.batch * net.hidden;
  memset(y, 0, mnw_op_output(context, 0)->size_bytes);  // steps behind a sequence's end
  for (size_t d = 0; d < net.directions; d++) {
    const bool is_reverse = net.direction == 1 || d == 1;
    start_direction(context, &net, d);
    project(context, &net, scratch + net.x_gates, mnw_op_input_data(context, INPUT_X),
            net.steps * net.batch, false, 0, net.gates);
    for (size_t i = 0; i < net.steps; i++) {
      run_step(context, &net, d, is_reverse ? net.steps - 1 - i : i);
    }
    if (net.output == OUTPUT_Y) continue;
    memcpy(y + d * state, scratch + (net.output == OUTPUT_C ? net.c : net.h),
           state * sizeof(float));
  }
}
