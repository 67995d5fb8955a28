// LSTM of int8 values with an int16 cell, in TFLite's fixed point. Gates have 12 fractional bits
// before their function and 15 behind it. The state starts at zero in every run.
#include <string.h>

#include "../base/fixed_math.h"
#include "fixed_point_ops.h"

enum { INPUT_X, INPUT_WEIGHTS, INPUT_RECURRENT, INPUT_BIAS, INPUT_FACTORS, INPUTS };
enum { GATE_INPUT, GATE_FORGET, GATE_CELL, GATE_OUTPUT, GATES, FACTORS = 2 * GATES + 1 };

typedef struct lstm_sizes {
  size_t batches, steps, input, hidden;
  bool is_time_major;
} lstm_sizes;

static lstm_sizes read_sizes(const mnw_op_context *context) {
  const bool is_time_major = context->node->params[MNW_FIXED_LSTM_TIME_MAJOR] != 0;
  const int32_t *x = mnw_op_input(context, INPUT_X)->dims;
  return (lstm_sizes){.batches = (size_t)x[is_time_major ? 1 : 0],
                      .steps = (size_t)x[is_time_major ? 0 : 1],
                      .input = (size_t)x[2],
                      .hidden = (size_t)mnw_op_output(context, 0)->dims[2],
                      .is_time_major = is_time_major};
}

static mnw_status check_constants(const mnw_op_context *context, const lstm_sizes *sizes) {
  const size_t elements[INPUTS] = {[INPUT_WEIGHTS] = GATES * sizes->hidden * sizes->input,
                                   [INPUT_RECURRENT] = GATES * sizes->hidden * sizes->hidden,
                                   [INPUT_BIAS] = 2 * GATES * sizes->hidden,
                                   [INPUT_FACTORS] = 2 * FACTORS};
  mnw_status status = MNW_STATUS_OK;
  for (uint32_t i = INPUT_WEIGHTS; i < INPUTS && status == MNW_STATUS_OK; i++) {
    const mnw_dtype dtype = i < INPUT_BIAS ? MNW_DTYPE_S8 : MNW_DTYPE_S32;
    status = mnw_op_check_constant(context, i, dtype, MNW_LAYOUT_ROW_MAJOR, elements[i]);
  }
  return status;
}

mnw_status mnw_fixed_lstm_prepare(const mnw_op_context *context, size_t *scratch_bytes) {
  const int32_t *params = context->node->params;
  mnw_status status = mnw_op_check_arity(context, INPUTS, 1);
  if (status != MNW_STATUS_OK) return status;
  const mnw_tensor *x = mnw_op_input(context, INPUT_X), *y = mnw_op_output(context, 0);
  status = mnw_op_check_s8(context, x);
  if (status == MNW_STATUS_OK) status = mnw_op_check_s8(context, y);
  if (status != MNW_STATUS_OK) return status;
  if (x->rank != 3 || y->rank != 3 || x->dims[0] != y->dims[0] || x->dims[1] != y->dims[1] ||
      y->dims[2] > 1 << 16 || x->dims[2] > 1 << 16) {
    return mnw_op_refuse(context,
                         "operator %0 needs sequences of rank 3 and equal length, these have ranks "
                         "%1 and %2",
                         x->rank, y->rank);
  }
  if (params[MNW_FIXED_LSTM_CELL_BITS] < 0 || params[MNW_FIXED_LSTM_CELL_BITS] > 6 ||
      params[MNW_FIXED_LSTM_CELL_CLIP] < 0 || params[MNW_FIXED_LSTM_CELL_CLIP] > INT16_MAX) {
    return mnw_op_refuse(context, "operator %0: %1 integer bits of the cell or clip %2 are wrong",
                         params[MNW_FIXED_LSTM_CELL_BITS], params[MNW_FIXED_LSTM_CELL_CLIP]);
  }
  const lstm_sizes sizes = read_sizes(context);
  *scratch_bytes = sizes.hidden * ((GATES + 1) * sizeof(int16_t) + 1);
  return check_constants(context, &sizes);
}

static mnw_fixed_factor factor_at(const mnw_op_context *context, size_t index) {
  const int32_t *factors = mnw_op_input_data(context, INPUT_FACTORS);
  const mnw_fixed_factor factor = mnw_fixed_factor_at(factors + 2 * index);
  return mnw_fixed_is_valid(factor) ? factor : (mnw_fixed_factor){0, 0};
}

// Adds rows of weights times `values` to the gates of 12 fractional bits.
static void add_products(int16_t *gates, const mnw_op_context *context, const int8_t *values,
                         size_t count, size_t rows, bool is_recurrent) {
  const int8_t *w = mnw_op_input_data(context, is_recurrent ? INPUT_RECURRENT : INPUT_WEIGHTS);
  const uint32_t *bias = mnw_op_input_data(context, INPUT_BIAS);
  if (is_recurrent) bias += GATES * rows;
  for (size_t gate = 0; gate < GATES; gate++) {
    const mnw_fixed_factor factor = factor_at(context, gate + (is_recurrent ? GATES : 0));
    for (size_t row = 0; row < rows; row++, w += count) {
      uint32_t sum = bias[gate * rows + row];
      for (size_t i = 0; i < count; i++) sum += (uint32_t)(w[i] * values[i]);
      int16_t *out = &gates[gate * rows + row];
      *out = (int16_t)mnw_fixed_clamp((int64_t)*out + mnw_fixed_scale((int32_t)sum, factor),
                                      INT16_MIN, INT16_MAX);
    }
  }
}

// a / 2^bits, halves away from zero.
static int32_t divide_by_power(int32_t a, uint32_t bits) {
  const int32_t mask = (int32_t)(((int64_t)1 << bits) - 1);
  return (a >> bits) + ((a & mask) > (mask >> 1) + (a < 0));
}

static void step(const mnw_op_context *context, size_t hidden, const int16_t *gates, int16_t *cell,
                 int8_t *h) {
  const int32_t *params = context->node->params;
  const int32_t clip = params[MNW_FIXED_LSTM_CELL_CLIP], bits = params[MNW_FIXED_LSTM_CELL_BITS];
  const mnw_fixed_factor factor = factor_at(context, FACTORS - 1);
  const int32_t zero_point = mnw_op_output(context, 0)->zero_point;
  for (size_t i = 0; i < hidden; i++) {
    const int32_t input = mnw_fixed_sigmoid(gates[GATE_INPUT * hidden + i]);
    const int32_t forget = mnw_fixed_sigmoid(gates[GATE_FORGET * hidden + i]);
    const int32_t update = mnw_fixed_tanh(gates[GATE_CELL * hidden + i], 3);
    const int32_t output = mnw_fixed_sigmoid(gates[GATE_OUTPUT * hidden + i]);
    const int32_t kept = divide_by_power(forget * cell[i], 15);
    const int32_t added = divide_by_power(input * update, (uint32_t)(15 + bits));
    int32_t next = mnw_fixed_clamp((int64_t)kept + added, INT16_MIN, INT16_MAX);
    if (clip > 0) next = mnw_fixed_clamp(next, -clip, clip);
    cell[i] = (int16_t)next;
    const int32_t product = output * mnw_fixed_tanh(cell[i], bits);
    h[i] =
        (int8_t)mnw_fixed_clamp((int64_t)mnw_fixed_scale(product, factor) + zero_point, -128, 127);
  }
}

void mnw_fixed_lstm_eval(const mnw_op_context *context) {
  const lstm_sizes sizes = read_sizes(context);
  const int8_t *x = mnw_op_input_data(context, INPUT_X);
  int8_t *y = mnw_op_output_data(context, 0);
  int16_t *gates = context->scratch, *cell = gates + GATES * sizes.hidden;
  int8_t *h = (int8_t *)(cell + sizes.hidden);
  for (size_t b = 0; b < sizes.batches; b++) {
    memset(cell, 0, sizes.hidden * sizeof *cell);
    memset(h, mnw_op_output(context, 0)->zero_point, sizes.hidden);
    for (size_t t = 0; t < sizes.steps; t++) {
      const size_t row = sizes.is_time_major ? t * sizes.batches + b : b * sizes.steps + t;
      memset(gates, 0, GATES * sizes.hidden * sizeof *gates);
      add_products(gates, context, x + row * sizes.input, sizes.input, sizes.hidden, false);
      add_products(gates, context, h, sizes.hidden, sizes.hidden, true);
      step(context, sizes.hidden, gates, cell, h);
      memcpy(y + row * sizes.hidden, h, sizes.hidden);
    }
  }
}
