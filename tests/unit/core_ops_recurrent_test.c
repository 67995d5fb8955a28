// RNN, GRU and LSTM against ONNX's equations, a unit at a time in double.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_VALUES = 30000, MAX_HIDDEN = 24, MAX_BATCH = 4, RNN = 0, GRU = 1, LSTM = 2 };

static float values[8][MAX_VALUES], got[MAX_VALUES];
static double expected[MAX_VALUES];
static int32_t lengths[MAX_BATCH];

typedef struct net_case {
  int32_t cell, direction, output, linear_before_reset, relu;
  int32_t steps, batch, input, hidden, gates, directions;
  bool has_bias, has_lengths, has_h, has_c, has_peepholes;
} net_case;

static double sigmoid(double x) {
  return 1.0 / (1.0 + exp(-x));
}

// Gate sums of one unit: weights row `gate * hidden + unit` times the vector, plus the bias.
static double gate_sum(const net_case *net, int32_t d, int32_t gate, int32_t unit, bool is_state,
                       const double *vector) {
  const int32_t width = is_state ? net->hidden : net->input;
  const int32_t rows = net->gates * net->hidden, row = gate * net->hidden + unit;
  const float *weights = values[is_state ? 2 : 1] + (d * rows + row) * width;
  double sum = net->has_bias ? (double)values[3][2 * d * rows + (is_state ? rows : 0) + row] : 0.0;
  for (int32_t i = 0; i < width; i++) sum += (double)weights[i] * vector[i];
  return sum;
}

static void step(const net_case *net, int32_t d, const double *x, double *h, double *c) {
  double next[MAX_HIDDEN], reset_h[MAX_HIDDEN];
  const float *peepholes = values[7] + d * 3 * net->hidden;
  const int32_t n = net->hidden;
#define SUM(gate) (gate_sum(net, d, gate, u, false, x) + gate_sum(net, d, gate, u, true, h))
#define PEEP(gate) (net->has_peepholes ? (double)peepholes[(gate)*n + u] * c[u] : 0.0)
  for (int32_t u = 0; u < n && net->cell == GRU; u++) reset_h[u] = sigmoid(SUM(1)) * h[u];
  for (int32_t u = 0; u < n; u++) {
    if (net->cell == RNN) {
      next[u] = net->relu ? fmax(SUM(0), 0.0) : tanh(SUM(0));
    } else if (net->cell == GRU) {
      const double z = sigmoid(SUM(0)), r = sigmoid(SUM(1));
      const double state = net->linear_before_reset ? r * gate_sum(net, d, 2, u, true, h)
                                                    : gate_sum(net, d, 2, u, true, reset_h);
      next[u] = (1.0 - z) * tanh(gate_sum(net, d, 2, u, false, x) + state) + z * h[u];
    } else {
      const double in = sigmoid(SUM(0) + PEEP(0)), forget = sigmoid(SUM(2) + PEEP(2));
      c[u] = forget * c[u] + in * tanh(SUM(3));
      next[u] = sigmoid(SUM(1) + PEEP(1)) * tanh(c[u]);
    }
  }
  memcpy(h, next, (size_t)n * sizeof *h);
}

static void naive_run(const net_case *net) {
  const int32_t n = net->hidden;
  for (int32_t d = 0; d < net->directions; d++) {
    for (int32_t b = 0; b < net->batch; b++) {
      double h[MAX_HIDDEN] = {0}, c[MAX_HIDDEN] = {0}, x[MAX_HIDDEN];
      const int32_t state = (d * net->batch + b) * n;
      for (int32_t u = 0; u < n; u++) {
        if (net->has_h) h[u] = (double)values[5][state + u];
        if (net->has_c) c[u] = (double)values[6][state + u];
      }
      const int32_t all = net->steps;
      const int32_t length = net->has_lengths && lengths[b] < all ? lengths[b] : all;
      for (int32_t i = 0; i < length; i++) {
        const int32_t t = net->direction == 1 || d == 1 ? length - 1 - i : i;
        for (int32_t k = 0; k < net->input; k++) {
          x[k] = (double)values[0][(t * net->batch + b) * net->input + k];
        }
        step(net, d, x, h, c);
        for (int32_t u = 0; u < n && net->output == 0; u++) {
          expected[((t * net->directions + d) * net->batch + b) * n + u] = h[u];
        }
      }
      for (int32_t u = 0; u < n && net->output != 0; u++) {
        expected[state + u] = net->output == 2 ? c[u] : h[u];
      }
    }
  }
}

static net_case random_net(uint32_t *seed) {
  net_case net = {.cell = random_between(seed, 0, 2),
                  .direction = random_between(seed, 0, 2),
                  .linear_before_reset = random_between(seed, 0, 1),
                  .relu = random_between(seed, 0, 1),
                  .steps = random_between(seed, 1, 6),
                  .batch = random_between(seed, 1, MAX_BATCH),
                  .input = random_between(seed, 1, 11),
                  .hidden = random_between(seed, 1, MAX_HIDDEN),
                  .has_bias = random_between(seed, 0, 2) > 0,
                  .has_lengths = random_between(seed, 0, 1),
                  .has_h = random_between(seed, 0, 1)};
  net.gates = net.cell == LSTM ? 4 : net.cell == GRU ? 3 : 1;
  net.directions = net.direction == 2 ? 2 : 1;
  net.output = random_between(seed, 0, net.cell == LSTM ? 2 : 1);
  net.has_c = net.cell == LSTM && random_between(seed, 0, 1);
  net.has_peepholes = net.cell == LSTM && random_between(seed, 0, 1);
  return net;
}

static op_tensor tensor(uint32_t rank, int32_t a, int32_t b, int32_t c, const void *data) {
  return (op_tensor){.dtype = MNW_DTYPE_F32, .rank = rank, .dims = {a, b, c}, .data = data};
}

static op_case case_of(const net_case *net) {
  const int32_t d = net->directions, b = net->batch, h = net->hidden, rows = net->gates * h;
  op_case test = {
      .code = MNW_OP_RECURRENT,
      .param_count = 5,
      .input_count = net->cell == LSTM ? 8 : 6,
      .params = {net->cell, net->direction, net->output, net->linear_before_reset, net->relu}};
  test.inputs[0] = tensor(3, net->steps, b, net->input, values[0]);
  test.inputs[1] = tensor(3, d, rows, net->input, values[1]);
  test.inputs[2] = tensor(3, d, rows, h, values[2]);
  test.inputs[3] = tensor(2, d, 2 * rows, 0, net->has_bias ? values[3] : NULL);
  test.inputs[4] = tensor(1, b, 0, 0, net->has_lengths ? lengths : NULL);
  test.inputs[4].dtype = MNW_DTYPE_S32;
  test.inputs[5] = tensor(3, d, b, h, net->has_h ? values[5] : NULL);
  test.inputs[6] = tensor(3, d, b, h, net->has_c ? values[6] : NULL);
  test.inputs[7] = tensor(2, d, 3 * h, 0, net->has_peepholes ? values[7] : NULL);
  test.inputs[1].is_constant = test.inputs[2].is_constant = true;
  test.output = tensor(3, d, b, h, NULL);
  if (net->output == 0) {
    test.output = (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 4, .dims = {net->steps, d, b, h}};
  }
  return test;
}

static void test_random_nets(void **state) {
  uint32_t seed = 29;
  (void)state;
  for (int round = 0; round < 200; round++) {
    const net_case net = random_net(&seed);
    const op_case test = case_of(&net);
    for (int k = 0; k < 8; k++) {
      for (size_t i = 0; i < MAX_VALUES; i++) {
        values[k][i] = (float)random_between(&seed, -1000, 1000) / 1500.0f;
      }
    }
    for (int b = 0; b < MAX_BATCH; b++) lengths[b] = random_between(&seed, 0, 7);
    memset(expected, 0, sizeof expected);
    naive_run(&net);
    for (size_t set = 0; op_case_run(&test, set, got); set++) {
      for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
        if (!(fabs((double)got[i] - expected[i]) <= 2e-5 + 1e-4 * fabs(expected[i]))) {
          fail_msg(
              "round %d (cell %d, direction %d, output %d), set %zu, element %zu: %.9g, "
              "expected %.9g",
              round, net.cell, net.direction, net.output, set, i, (double)got[i], expected[i]);
        }
      }
    }
  }
}

static void expect_refused(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_INVALID_GRAPH);
}

static void test_hostile_nets(void **state) {
  (void)state;
  const net_case net = {.cell = LSTM,
                        .direction = 2,
                        .steps = 3,
                        .batch = 2,
                        .input = 5,
                        .hidden = 4,
                        .gates = 4,
                        .directions = 2,
                        .has_bias = true,
                        .has_lengths = true,
                        .has_h = true,
                        .has_c = true,
                        .has_peepholes = true};
  const op_case good = case_of(&net);
  mnw_error error;
  assert_int_equal(op_case_load(&good, &error), MNW_STATUS_OK);
  static const int32_t bad_params[][2] = {{0, 3}, {0, -1}, {0, 1},  {1, 3}, {1, -1},
                                          {1, 0}, {2, 3},  {2, -1}, {2, 1}};
  for (size_t i = 0; i < sizeof bad_params / sizeof bad_params[0]; i++) {
    op_case test = good;
    test.params[bad_params[i][0]] = bad_params[i][1];
    expect_refused(&test);
  }
  for (uint32_t input = 0; input < 8; input++) {
    for (uint32_t axis = 0; axis < good.inputs[input].rank; axis++) {
      if (input == 0 && axis == 0) continue;  // its length shows in the output only
      op_case test = good;
      test.inputs[input].dims[axis]++;
      expect_refused(&test);
    }
    op_case test = good;
    test.inputs[input].rank--;
    expect_refused(&test);
    test = good;
    test.inputs[input].dtype = input == 4 ? MNW_DTYPE_F32 : MNW_DTYPE_S32;
    expect_refused(&test);
    if (input > 2) continue;
    test = good;
    test.inputs[input].data = NULL;
    expect_refused(&test);
  }
  for (uint32_t axis = 0; axis < 4; axis++) {
    op_case test = good;
    test.output.dims[axis]++;
    expect_refused(&test);
  }
  // Lengths are clamped, whatever they are.
  lengths[0] = INT32_MIN;
  lengths[1] = INT32_MAX;
  assert_true(op_case_run(&good, 0, got));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_nets),
                                     cmocka_unit_test(test_hostile_nets)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
