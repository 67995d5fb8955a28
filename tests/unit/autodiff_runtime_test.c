// The forward pass of every differentiable operator against the runtime, on the cases whose
// gradients autodiff_test.c holds against differences: what is trained is what runs.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/autodiff/diff_net.h"
#include "../../packer/compress/quality.h"
#include "../../packer/import/graph_check.h"
#include "diff_cases.h"

enum { ROUNDS = 48, SHARD_BYTES = 1 << 20 };

typedef struct case_row {
  pk_op_kind kind;
  diff_case_fn *build;
} case_row;

static const case_row rows[] = {
#define PK_DIFF_OP(kind, name) {PK_OP_##kind, diff_case_of_##kind},
#include "../../packer/autodiff/diff_ops.inc"
#undef PK_DIFF_OP
};

static float *forward_values(diff_case *c, const void *input, int32_t output) {
  pk_diff_net net;
  pk_diff_tape tape;
  assert_true(pk_diff_net_init(&net, &c->graph, &c->error));
  assert_true(pk_diff_tape_init(&tape, &net, &c->error));
  assert_true(pk_diff_set_input(&tape, 0, input, &c->error));
  if (!pk_diff_forward(&tape, &c->error)) fail_msg("%s", c->error.message);
  float *values = malloc(net.elements[output] * sizeof *values);
  assert_non_null(values);
  memcpy(values, pk_diff_value(&tape, output), net.elements[output] * sizeof *values);
  pk_diff_tape_deinit(&tape);
  pk_diff_net_deinit(&net);
  return values;
}

// The operator's first input becomes the graph's.
static void compare(diff_case *c, int32_t output) {
  int32_t input = c->graph.ops[0].inputs[0];
  pk_tensor *x = &c->graph.tensors[input];
  pk_sample item = {.bytes = (uint8_t *)(uintptr_t)x->data, .label = PK_NO_CLASS};
  const pk_sample_set set = {.items = &item, .count = 1, .bytes_each = x->data_bytes};
  pk_answers answers;
  x->data = NULL;
  x->data_bytes = 0;
  c->graph.inputs = &input;
  c->graph.outputs = &output;
  c->graph.input_count = c->graph.output_count = 1;
  if (!pk_graph_check(&c->graph, &c->error) ||
      !pk_answers_make(&answers, &c->graph, &set, SHARD_BYTES, &c->error)) {
    fail_msg("round %d: %s", (int)c->round, c->error.message);
  }
  float *values = forward_values(c, item.bytes, output);
  assert_int_equal(answers.values_each, pk_tensor_elements(&c->graph.tensors[output]));
  for (size_t i = 0; i < answers.values_each; i++) {
    const float expected = answers.values[i];
    if (!(fabsf(values[i] - expected) <= 1e-5f * (1.0f + fabsf(expected)))) {
      fail_msg("round %d, element %zu: %g, but the runtime gives %g", (int)c->round, i,
               (double)values[i], (double)expected);
    }
  }
  free(values);
  pk_answers_free(&answers);
}

static void test_forward(void **state) {
  const case_row *row = *state;
  for (int32_t round = 0; round < ROUNDS; round++) {
    diff_case c;
    diff_case_start(&c, (uint32_t)(100 * row->kind + round + 1));
    c.round = round;
    compare(&c, row->build(&c));
    diff_case_end(&c);
  }
}

int main(void) {
  enum { ROWS = sizeof rows / sizeof *rows };
  struct CMUnitTest tests[ROWS];
  size_t count = 0;
  for (size_t i = 0; i < ROWS; i++) {
    // Two have 8-bit tensors on one side, which the cases have not; passes replace the third.
    if (rows[i].kind == PK_OP_QUANTIZE || rows[i].kind == PK_OP_DEQUANTIZE ||
        rows[i].kind == PK_OP_ACTIVATION) {
      continue;
    }
    tests[count] =
        (struct CMUnitTest)cmocka_unit_test_prestate(test_forward, (void *)(uintptr_t)&rows[i]);
    tests[count++].name = pk_op_kind_name(rows[i].kind);
  }
  return _cmocka_run_group_tests("autodiff against the runtime", tests, count, NULL, NULL);
}
