// Every operator's gradient against differences to both sides: the loss is a fixed random weighting
// of the output, the constants are moved one element at a time.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../core/ops/op_params.h"
#include "../../packer/autodiff/diff_net.h"
#include "../../packer/autodiff/diff_ops.h"
#include "test_random.h"

enum { MAX_ELEMENTS = 512 };

typedef struct diff_case {
  pk_graph graph;
  uint32_t seed;
  pk_error error;
} diff_case;

// 0 … 1
static float unit(uint32_t *seed) {
  return (float)random_between(seed, 0, 1 << 20) / (float)(1 << 20);
}

static int32_t add_tensor(diff_case *c, const char *name, bool is_constant, int rank,
                          const int32_t *dims) {
  pk_tensor tensor = {.name = name, .dtype = PK_DTYPE_F32, .rank = rank};
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  const size_t elements = (size_t)pk_tensor_elements(&tensor);
  assert_true(elements <= MAX_ELEMENTS);
  if (is_constant) {
    float *values = pk_arena_alloc(&c->graph.arena, elements, sizeof *values, &c->error);
    for (size_t i = 0; i < elements; i++) values[i] = unit(&c->seed) * 2.0f - 1.0f;
    tensor.data = (const uint8_t *)values;
    tensor.data_bytes = elements * sizeof *values;
  }
  const int32_t number = pk_graph_add_tensor(&c->graph, &tensor, &c->error);
  assert_true(number >= 0);
  return number;
}

static void add_op(diff_case *c, pk_op op, const int32_t *inputs, int count, int32_t output) {
  op.name = "tested";
  op.inputs = pk_arena_copy(&c->graph.arena, inputs, (size_t)count, sizeof *inputs, &c->error);
  op.input_count = count;
  op.output = output;
  assert_non_null(pk_graph_add_op(&c->graph, &op, &c->error));
}

static double loss_of(pk_diff_tape *tape, const float *weights, int32_t output, size_t elements) {
  pk_error error = {0};
  double loss = 0.0;
  assert_true(pk_diff_forward(tape, &error));
  const float *y = pk_diff_value(tape, output);
  for (size_t i = 0; i < elements; i++) loss += (double)weights[i] * (double)y[i];
  return loss;
}

// The graph's first tensors are constants; each of those in `mask` is moved.
static void check_gradients(diff_case *c, uint32_t mask, int32_t output, double tolerance) {
  const double step = 1e-2;
  pk_diff_net net;
  pk_diff_tape tape;
  float weights[MAX_ELEMENTS];
  assert_true(pk_diff_net_init(&net, &c->graph, &c->error));
  for (size_t i = 0; i < net.tensor_count; i++) net.wants_grad[i] = true;
  assert_true(pk_diff_tape_init(&tape, &net, &c->error));
  const size_t elements = net.elements[output];
  for (size_t i = 0; i < elements; i++) weights[i] = unit(&c->seed) - 0.5f;
  const double here = loss_of(&tape, weights, output, elements);
  memcpy(pk_diff_grad(&tape, output, &c->error), weights, elements * sizeof *weights);
  assert_true(pk_diff_backward(&tape, &c->error));
  for (size_t t = 0; t < net.tensor_count; t++) {
    if (!(mask >> t & 1)) continue;
    for (size_t i = 0; i < net.elements[t]; i++) {
      float *value = &net.constants[t][i];
      const float kept = *value;
      *value = kept + (float)step;
      const double above = loss_of(&tape, weights, output, elements);
      *value = kept - (float)step;
      const double below = loss_of(&tape, weights, output, elements);
      *value = kept;
      // Beside a kink the gradient is that of one side; elsewhere both sides agree.
      const double right = (above - here) / step, left = (here - below) / step;
      const double slack = tolerance * (1.0 + fabs(right)), got = (double)tape.grads[t][i];
      if (got < fmin(left, right) - slack || got > fmax(left, right) + slack) {
        fail_msg("tensor %zu element %zu: %g and %g by differences, %g by the gradient", t, i, left,
                 right, got);
      }
    }
  }
  pk_diff_tape_deinit(&tape);
  pk_diff_net_deinit(&net);
}

static void start(diff_case *c) {
  memset(c, 0, sizeof *c);
  c->seed = 7;
  pk_graph_init(&c->graph, 1 << 20);
}

static const pk_padding no_padding = {.mode = PK_PADDING_EXPLICIT};

static void test_conv(void **state) {
  (void)state;
  for (int groups = 1; groups <= 2; groups++) {
    diff_case c;
    start(&c);
    const int32_t x = add_tensor(&c, "x", true, 4, (const int32_t[]){1, 5, 4, 4});
    const int32_t w = add_tensor(&c, "w", true, 4, (const int32_t[]){6, 3, 2, 4 / groups});
    const int32_t b = add_tensor(&c, "b", true, 1, (const int32_t[]){6});
    const int32_t y = add_tensor(&c, "y", false, 4, (const int32_t[]){1, 3, 4, 6});
    pk_op op = {.kind = PK_OP_CONV_2D};
    op.attributes.conv =
        (pk_conv_attributes){2, 1, 1, 2, groups, {PK_PADDING_EXPLICIT, 1, 1, 1, 1}};
    add_op(&c, op, (const int32_t[]){x, w, b}, 3, y);
    check_gradients(&c, 7, y, 1e-3);
    pk_graph_deinit(&c.graph);
  }
}

static void test_pointwise(void **state) {
  (void)state;
  diff_case c;
  start(&c);
  const int32_t x = add_tensor(&c, "x", true, 4, (const int32_t[]){1, 2, 3, 5});
  const int32_t w = add_tensor(&c, "w", true, 4, (const int32_t[]){4, 1, 1, 5});
  const int32_t y = add_tensor(&c, "y", false, 4, (const int32_t[]){1, 2, 3, 4});
  pk_op op = {.kind = PK_OP_CONV_2D};
  op.attributes.conv = (pk_conv_attributes){1, 1, 1, 1, 1, no_padding};
  add_op(&c, op, (const int32_t[]){x, w}, 2, y);
  check_gradients(&c, 3, y, 1e-3);
  pk_graph_deinit(&c.graph);
}

static void test_depthwise(void **state) {
  (void)state;
  for (int32_t times = 1; times <= 2; times++) {
    diff_case c;
    start(&c);
    const int32_t x = add_tensor(&c, "x", true, 4, (const int32_t[]){1, 4, 5, 3});
    const int32_t w = add_tensor(&c, "w", true, 4, (const int32_t[]){1, 3, 3, 3 * times});
    const int32_t b = add_tensor(&c, "b", true, 1, (const int32_t[]){3 * times});
    const int32_t y = add_tensor(&c, "y", false, 4, (const int32_t[]){1, 2, 3, 3 * times});
    pk_op op = {.kind = PK_OP_DEPTHWISE_CONV_2D};
    op.attributes.conv = (pk_conv_attributes){2, 2, 1, 1, 1, {PK_PADDING_EXPLICIT, 1, 1, 1, 1}};
    add_op(&c, op, (const int32_t[]){x, w, b}, 3, y);
    check_gradients(&c, 7, y, 1e-3);
    pk_graph_deinit(&c.graph);
  }
}

static void test_dense_with_activation(void **state) {
  (void)state;
  diff_case c;
  start(&c);
  const int32_t x = add_tensor(&c, "x", true, 2, (const int32_t[]){3, 5});
  const int32_t w = add_tensor(&c, "w", true, 2, (const int32_t[]){4, 5});
  const int32_t b = add_tensor(&c, "b", true, 1, (const int32_t[]){4});
  const int32_t y = add_tensor(&c, "y", false, 2, (const int32_t[]){3, 4});
  add_op(&c, (pk_op){.kind = PK_OP_FULLY_CONNECTED, .activation = PK_ACTIVATION_RELU},
         (const int32_t[]){x, w, b}, 3, y);
  check_gradients(&c, 7, y, 2e-2);
  pk_graph_deinit(&c.graph);
}

static void test_binary(void **state) {
  (void)state;
  const int32_t functions[] = {MNW_BINARY_ADD, MNW_BINARY_SUB,   MNW_BINARY_MUL,
                               MNW_BINARY_MIN, MNW_BINARY_PRELU, MNW_BINARY_SQUARED_DIFFERENCE};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    diff_case c;
    start(&c);
    const int32_t a = add_tensor(&c, "a", true, 3, (const int32_t[]){2, 1, 4});
    const int32_t b = add_tensor(&c, "b", true, 2, (const int32_t[]){3, 4});
    const int32_t y = add_tensor(&c, "y", false, 3, (const int32_t[]){2, 3, 4});
    pk_op op = {.kind = PK_OP_BINARY};
    op.attributes.words = (pk_word_attributes){.words = {functions[i]}};
    add_op(&c, op, (const int32_t[]){a, b}, 2, y);
    check_gradients(&c, 3, y, 2e-2);
    pk_graph_deinit(&c.graph);
  }
}

static int32_t float_word(float value) {
  int32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

static void test_unary(void **state) {
  (void)state;
  const int32_t functions[] = {MNW_UNARY_TANH,         MNW_UNARY_SIGMOID,    MNW_UNARY_HARD_SWISH,
                               MNW_UNARY_HARD_SIGMOID, MNW_UNARY_LEAKY_RELU, MNW_UNARY_ELU,
                               MNW_UNARY_SWISH,        MNW_UNARY_SOFTPLUS,   MNW_UNARY_EXP,
                               MNW_UNARY_SQUARE,       MNW_UNARY_NEG};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    diff_case c;
    start(&c);
    const int32_t x = add_tensor(&c, "x", true, 1, (const int32_t[]){40});
    const int32_t y = add_tensor(&c, "y", false, 1, (const int32_t[]){40});
    pk_op op = {.kind = PK_OP_UNARY};
    op.attributes.words =
        (pk_word_attributes){.words = {functions[i], float_word(0.3f), float_word(0.5f)}};
    add_op(&c, op, &x, 1, y);
    check_gradients(&c, 1, y, 5e-3);
    pk_graph_deinit(&c.graph);
  }
}

static void test_softmax(void **state) {
  (void)state;
  diff_case c;
  start(&c);
  const int32_t x = add_tensor(&c, "x", true, 2, (const int32_t[]){3, 5});
  const int32_t y = add_tensor(&c, "y", false, 2, (const int32_t[]){3, 5});
  pk_op op = {.kind = PK_OP_SOFTMAX};
  op.attributes.softmax.beta = 1.5f;
  add_op(&c, op, &x, 1, y);
  check_gradients(&c, 1, y, 1e-3);
  pk_graph_deinit(&c.graph);
}

static void test_pools(void **state) {
  (void)state;
  const pk_op_kind kinds[] = {PK_OP_AVERAGE_POOL_2D, PK_OP_MAX_POOL_2D};
  for (int i = 0; i < 2; i++) {
    diff_case c;
    start(&c);
    const int32_t x = add_tensor(&c, "x", true, 4, (const int32_t[]){1, 5, 5, 2});
    const int32_t y = add_tensor(&c, "y", false, 4, (const int32_t[]){1, 3, 3, 2});
    pk_op op = {.kind = kinds[i]};
    op.attributes.pool = (pk_pool_attributes){3, 3, 2, 2, {PK_PADDING_EXPLICIT, 1, 1, 1, 1}, false};
    add_op(&c, op, &x, 1, y);
    check_gradients(&c, 1, y, 5e-2);
    pk_graph_deinit(&c.graph);
  }
}

static void test_means_and_pad(void **state) {
  (void)state;
  diff_case c;
  start(&c);
  const int32_t x = add_tensor(&c, "x", true, 4, (const int32_t[]){1, 3, 3, 4});
  const int32_t padded = add_tensor(&c, "padded", false, 4, (const int32_t[]){1, 5, 4, 4});
  const int32_t y = add_tensor(&c, "y", false, 2, (const int32_t[]){1, 4});
  pk_op pad = {.kind = PK_OP_PAD};
  pad.attributes.pad = (pk_pad_attributes){.before = {0, 1, 0, 0}, .after = {0, 1, 1, 0}};
  add_op(&c, pad, &x, 1, padded);
  pk_op mean = {.kind = PK_OP_MEAN};
  mean.attributes.mean.axes = 6;
  add_op(&c, mean, &padded, 1, y);
  check_gradients(&c, 1, y, 1e-3);
  pk_graph_deinit(&c.graph);
}

static void test_movement(void **state) {
  (void)state;
  diff_case c;
  start(&c);
  const int32_t a = add_tensor(&c, "a", true, 3, (const int32_t[]){2, 3, 4});
  const int32_t b = add_tensor(&c, "b", true, 3, (const int32_t[]){2, 1, 4});
  const int32_t joined = add_tensor(&c, "joined", false, 3, (const int32_t[]){2, 4, 4});
  const int32_t turned = add_tensor(&c, "turned", false, 3, (const int32_t[]){4, 2, 4});
  const int32_t y = add_tensor(&c, "y", false, 3, (const int32_t[]){2, 2, 2});
  pk_op concat = {.kind = PK_OP_CONCAT};
  concat.attributes.words = (pk_word_attributes){.words = {1}};
  add_op(&c, concat, (const int32_t[]){a, b}, 2, joined);
  pk_op transpose = {.kind = PK_OP_TRANSPOSE};
  transpose.attributes.words = (pk_word_attributes){.words = {2, 0, 1}};
  add_op(&c, transpose, &joined, 1, turned);
  pk_op slice = {.kind = PK_OP_SLICE};
  slice.attributes.words = (pk_word_attributes){.words = {1, 0, 3, 0, 0, 0, 2, 1, -2, 0, 0, 0}};
  add_op(&c, slice, &turned, 1, y);
  check_gradients(&c, 3, y, 1e-3);
  pk_graph_deinit(&c.graph);
}

static void test_resize(void **state) {
  (void)state;
  for (int32_t mode = 0; mode <= 1; mode++) {
    diff_case c;
    start(&c);
    const int32_t x = add_tensor(&c, "x", true, 4, (const int32_t[]){1, 3, 4, 2});
    const int32_t y = add_tensor(&c, "y", false, 4, (const int32_t[]){1, 6, 7, 2});
    pk_op op = {.kind = PK_OP_RESIZE};
    op.attributes.words = (pk_word_attributes){.words = {mode, 0, 0}};
    add_op(&c, op, &x, 1, y);
    check_gradients(&c, 1, y, 1e-3);
    pk_graph_deinit(&c.graph);
  }
}

static void test_refusal(void **state) {
  (void)state;
  diff_case c;
  start(&c);
  const int32_t x = add_tensor(&c, "x", true, 1, (const int32_t[]){4});
  const int32_t y = add_tensor(&c, "y", false, 1, (const int32_t[]){4});
  pk_diff_net net;
  add_op(&c, (pk_op){.kind = PK_OP_CUM_SUM}, &x, 1, y);
  assert_false(pk_diff_net_init(&net, &c.graph, &c.error));
  assert_int_equal(c.error.code, PK_UNSUPPORTED);
  assert_non_null(strstr(c.error.message, "CUM_SUM"));
  pk_graph_deinit(&c.graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conv),          cmocka_unit_test(test_pointwise),
      cmocka_unit_test(test_depthwise),     cmocka_unit_test(test_dense_with_activation),
      cmocka_unit_test(test_binary),        cmocka_unit_test(test_unary),
      cmocka_unit_test(test_softmax),       cmocka_unit_test(test_pools),
      cmocka_unit_test(test_means_and_pad), cmocka_unit_test(test_movement),
      cmocka_unit_test(test_resize),        cmocka_unit_test(test_refusal),
  };
  return cmocka_run_group_tests_name("autodiff", tests, NULL, NULL);
}
