// Every operator's gradient against differences to both sides, in random shapes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../core/ops/op_params.h"
#include "../../packer/autodiff/diff_net.h"
#include "diff_cases.h"
#include "diff_functions.h"

enum { ROUNDS = 48 };  // at least as many as there are functions of UNARY

typedef struct case_row {
  pk_op_kind kind;
  diff_case_fn *build;
} case_row;

static const case_row rows[] = {
#define PK_DIFF_OP(kind, name) {PK_OP_##kind, diff_case_of_##kind},
#include "../../packer/autodiff/diff_ops.inc"
#undef PK_DIFF_OP
};

static void test_gradients(void **state) {
  const case_row *row = *state;
  size_t checked = 0, kinks = 0;
  for (int32_t round = 0; round < ROUNDS; round++) {
    diff_case c;
    diff_case_start(&c, (uint32_t)(100 * row->kind + round + 1));
    c.round = round;
    const int32_t output = row->build(&c);
    bool has_kind = false;
    for (size_t i = 0; i < c.graph.op_count; i++) {
      has_kind = has_kind || c.graph.ops[i].kind == row->kind;
    }
    assert_true(has_kind);
    diff_case_check(&c, output, 2e-3);
    checked += c.checked;
    kinks += c.kinks;
    diff_case_end(&c);
  }
  assert_true(checked > ROUNDS);
  if (kinks * 10 > checked) fail_msg("%zu of %zu elements stand at kinks", kinks, checked);
}

// What is not in the list of tested functions must be refused, so that the list stays whole.
static void test_every_function_is_listed(void **state) {
  (void)state;
  const pk_op_kind kinds[] = {PK_OP_UNARY, PK_OP_BINARY};
  for (int k = 0; k < 2; k++) {
    const diff_function *functions = k ? diff_binary_functions : diff_unary_functions;
    const size_t count = k ? diff_binary_function_count : diff_unary_function_count;
    assert_in_range(count, 1, ROUNDS);
    for (int32_t function = 0; function < 64; function++) {
      bool is_listed = false;
      diff_case c;
      diff_case_start(&c, 1);
      for (size_t i = 0; i < count; i++) {
        is_listed = is_listed || functions[i].function == function;
      }
      const int32_t a = diff_case_values(&c, "a", 1, (const int32_t[]){3}, 0.5f, 0.9f);
      const int32_t y = diff_case_result(&c, "y", 1, (const int32_t[]){3});
      pk_op op = {.kind = kinds[k]};
      op.attributes.words = (pk_word_attributes){.words = {function}};
      diff_case_op(&c, op, (const int32_t[]){a, a}, k + 1, y);
      pk_diff_net net;
      pk_diff_tape tape;
      assert_true(pk_diff_net_init(&net, &c.graph, &c.error));
      assert_true(pk_diff_tape_init(&tape, &net, &c.error));
      if (pk_diff_forward(&tape, &c.error) != is_listed) {
        fail_msg("function %d of %s is %s", (int)function, pk_op_kind_name(kinds[k]),
                 is_listed ? "listed, but refused" : "differentiated without a test");
      }
      if (!is_listed) assert_int_equal(c.error.code, PK_UNSUPPORTED);
      pk_diff_tape_deinit(&tape);
      pk_diff_net_deinit(&net);
      diff_case_end(&c);
    }
  }
}

// Token numbers are an input; the table is learnt without being asked for.
static void test_embedding(void **state) {
  (void)state;
  const pk_dtype dtypes[] = {PK_DTYPE_S32, PK_DTYPE_S64};
  for (int i = 0; i < 2; i++) {
    const int32_t tokens[] = {2, 0, 2};
    const int64_t long_tokens[] = {2, 0, 2};
    diff_case c;
    diff_case_start(&c, 3);
    const int32_t table = diff_case_values(&c, "table", 2, (const int32_t[]){4, 2}, -1.0f, 1.0f);
    const int32_t x = diff_case_result(&c, "tokens", 1, (const int32_t[]){3});
    const int32_t y = diff_case_result(&c, "y", 2, (const int32_t[]){3, 2});
    c.graph.tensors[x].dtype = dtypes[i];
    c.graph.inputs = pk_arena_copy(&c.graph.arena, &x, 1, sizeof x, &c.error);
    c.graph.input_count = 1;
    diff_case_op(&c, (pk_op){.kind = PK_OP_GATHER}, (const int32_t[]){table, x}, 2, y);
    pk_diff_net net;
    pk_diff_tape tape;
    assert_true(pk_diff_net_init(&net, &c.graph, &c.error));
    assert_true(net.wants_grad[table] && net.wants_grad[y] && !net.wants_grad[x]);
    assert_true(pk_diff_tape_init(&tape, &net, &c.error));
    const void *bytes = i ? (const void *)long_tokens : tokens;
    assert_true(pk_diff_set_input(&tape, 0, bytes, &c.error));
    assert_true(pk_diff_forward(&tape, &c.error));
    assert_memory_equal(pk_diff_value(&tape, y) + 2, net.constants[table], 2 * sizeof(float));
    float *dy = pk_diff_grad(&tape, y, &c.error);
    for (int j = 0; j < 6; j++) dy[j] = (float)(j + 1);
    assert_true(pk_diff_backward(&tape, &c.error));
    const float expected[] = {3, 4, 0, 0, 6, 8, 0, 0};
    assert_memory_equal(tape.grads[table], expected, sizeof expected);
    pk_diff_tape_deinit(&tape);
    pk_diff_net_deinit(&net);
    diff_case_end(&c);
  }
}

// A cell without gradients, and those that have some with lengths.
static void test_recurrent_refusal(void **state) {
  (void)state;
  static const int32_t gate_counts[] = {1, 3, 4};  // by cell: RNN, GRU, LSTM
  for (int32_t cell = 0; cell < 3; cell++) {
    diff_case c;
    diff_case_start(&c, 5);
    const int32_t gates = gate_counts[cell] * 2;
    const int32_t x = diff_case_values(&c, "x", 3, (const int32_t[]){2, 1, 3}, -1.0f, 1.0f);
    const int32_t w = diff_case_values(&c, "w", 3, (const int32_t[]){1, gates, 3}, -1.0f, 1.0f);
    const int32_t r = diff_case_values(&c, "r", 3, (const int32_t[]){1, gates, 2}, -1.0f, 1.0f);
    const int32_t lengths = diff_case_indices(&c, "lengths", 1, (const int32_t[]){1}, 2, 2);
    const int32_t y = diff_case_result(&c, "y", 3, (const int32_t[]){1, 1, 2});
    const int32_t inputs[] = {x, w, r, PK_NO_TENSOR, lengths};
    pk_op op = {.kind = PK_OP_RECURRENT};
    op.attributes.words = (pk_word_attributes){.words = {cell, 0, 1}};
    diff_case_op(&c, op, inputs, cell == 0 ? 3 : 5, y);
    pk_diff_net net;
    pk_diff_tape tape;
    assert_true(pk_diff_net_init(&net, &c.graph, &c.error));
    assert_true(pk_diff_tape_init(&tape, &net, &c.error));
    assert_false(pk_diff_forward(&tape, &c.error));
    assert_int_equal(c.error.code, PK_UNSUPPORTED);
    assert_non_null(strstr(c.error.message, "RECURRENT"));
    pk_diff_tape_deinit(&tape);
    pk_diff_net_deinit(&net);
    diff_case_end(&c);
  }
}

static void test_refusal(void **state) {
  (void)state;
  diff_case c;
  diff_case_start(&c, 1);
  const int32_t x = diff_case_values(&c, "x", 1, (const int32_t[]){4}, -1.0f, 1.0f);
  const int32_t y = diff_case_result(&c, "y", 1, (const int32_t[]){4});
  pk_diff_net net;
  diff_case_op(&c, (pk_op){.kind = PK_OP_CUM_SUM}, &x, 1, y);
  assert_false(pk_diff_net_init(&net, &c.graph, &c.error));
  assert_int_equal(c.error.code, PK_UNSUPPORTED);
  assert_non_null(strstr(c.error.message, "CUM_SUM"));
  diff_case_end(&c);
}

int main(void) {
  enum { ROWS = sizeof rows / sizeof *rows, PLAIN = 4 };
  struct CMUnitTest tests[ROWS + PLAIN] = {
      cmocka_unit_test(test_every_function_is_listed),
      cmocka_unit_test(test_refusal),
      cmocka_unit_test(test_embedding),
      cmocka_unit_test(test_recurrent_refusal),
  };
  for (size_t i = 0; i < ROWS; i++) {
    tests[PLAIN + i] =
        (struct CMUnitTest)cmocka_unit_test_prestate(test_gradients, (void *)(uintptr_t)&rows[i]);
    tests[PLAIN + i].name = pk_op_kind_name(rows[i].kind);
  }
  return cmocka_run_group_tests_name("autodiff", tests, NULL, NULL);
}
