#include "diff_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/autodiff/diff_net.h"
#include "test_random.h"

void diff_case_start(diff_case *c, uint32_t seed) {
  memset(c, 0, sizeof *c);
  c->seed = seed * 2654435761u | 1;
  pk_graph_init(&c->graph, 1 << 20);
}

void diff_case_end(diff_case *c) {
  pk_graph_deinit(&c->graph);
}

int32_t diff_case_draw(diff_case *c, int32_t low, int32_t high) {
  random_next(&c->seed);
  return random_between(&c->seed, low, high);
}

float diff_case_real(diff_case *c, float low, float high) {
  return low + (high - low) * (float)diff_case_draw(c, 0, 1 << 20) / (float)(1 << 20);
}

static int32_t add_tensor(diff_case *c, const char *name, int rank, const int32_t *dims,
                          pk_dtype dtype) {
  pk_tensor tensor = {.name = name, .dtype = dtype, .rank = rank};
  memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
  const int64_t elements = pk_tensor_elements(&tensor);
  assert_in_range(elements, 1, DIFF_CHECK_MAX_ELEMENTS);
  const int32_t number = pk_graph_add_tensor(&c->graph, &tensor, &c->error);
  assert_true(number >= 0);
  return number;
}

// The tensor's memory of 4 bytes for each element.
static void *add_data(diff_case *c, int32_t number, size_t *elements) {
  pk_tensor *tensor = &c->graph.tensors[number];
  *elements = (size_t)pk_tensor_elements(tensor);
  void *data = pk_arena_alloc(&c->graph.arena, *elements, sizeof(float), &c->error);
  assert_non_null(data);
  tensor->data = data;
  tensor->data_bytes = *elements * sizeof(float);
  return data;
}

int32_t diff_case_values(diff_case *c, const char *name, int rank, const int32_t *dims, float low,
                         float high) {
  const int32_t number = add_tensor(c, name, rank, dims, PK_DTYPE_F32);
  size_t elements;
  float *values = add_data(c, number, &elements);
  for (size_t i = 0; i < elements; i++) {
    const float value = diff_case_real(c, low, high);
    values[i] = fabsf(value) < 1e-3f ? 1e-3f : value;
  }
  return number;
}

int32_t diff_case_indices(diff_case *c, const char *name, int rank, const int32_t *dims,
                          int32_t low, int32_t high) {
  const int32_t number = add_tensor(c, name, rank, dims, PK_DTYPE_S32);
  size_t elements;
  int32_t *values = add_data(c, number, &elements);
  for (size_t i = 0; i < elements; i++) values[i] = diff_case_draw(c, low, high);
  return number;
}

int32_t diff_case_result(diff_case *c, const char *name, int rank, const int32_t *dims) {
  return add_tensor(c, name, rank, dims, PK_DTYPE_F32);
}

void diff_case_op(diff_case *c, pk_op op, const int32_t *inputs, int count, int32_t output) {
  op.name = "tested";
  op.inputs = pk_arena_copy(&c->graph.arena, inputs, (size_t)count, sizeof *inputs, &c->error);
  op.input_count = count;
  op.output = output;
  if (pk_op_kind_fuses_activation(op.kind)) {
    op.activation =
        (pk_activation)diff_case_draw(c, PK_ACTIVATION_NONE, PK_ACTIVATION_RELU_N1_TO_1);
  }
  assert_non_null(pk_graph_add_op(&c->graph, &op, &c->error));
}

typedef struct loss_run {
  pk_diff_net net;
  pk_diff_tape tape;
  float weights[DIFF_CHECK_MAX_ELEMENTS];
  int32_t output, round;
} loss_run;

static double loss_of(loss_run *run) {
  pk_error error = {0};
  double loss = 0.0;
  if (!pk_diff_forward(&run->tape, &error)) fail_msg("%s", error.message);
  const float *y = pk_diff_value(&run->tape, run->output);
  for (size_t i = 0; i < run->net.elements[run->output]; i++) {
    loss += (double)run->weights[i] * (double)y[i];
  }
  return loss;
}

// One element of a constant; returns whether it stands at a kink.
static bool check_element(loss_run *run, size_t tensor, size_t i, double here, double tolerance) {
  const double step = 4e-3, got = (double)run->tape.grads[tensor][i];
  float *value = &run->net.constants[tensor][i];
  const float kept = *value, high = kept + (float)step, low = kept - (float)step;
  *value = high;
  const double right = (loss_of(run) - here) / (double)(high - kept);
  *value = low;
  const double left = (here - loss_of(run)) / (double)(kept - low);
  *value = kept;
  const double size = 1.0 + fmax(fabs(left), fabs(right)), slack = tolerance * size;
  if (got < fmin(left, right) - slack || got > fmax(left, right) + slack) {
    fail_msg("round %d, %s, element %zu: %g and %g by differences, %g by the gradient",
             (int)run->round, run->net.graph->tensors[tensor].name, i, left, right, got);
  }
  return fabs(left - right) > 0.05 * size;
}

void diff_case_check(diff_case *c, int32_t output, double tolerance) {
  loss_run *run = calloc(1, sizeof *run);
  assert_non_null(run);
  run->output = output;
  run->round = c->round;
  if (!pk_diff_net_init(&run->net, &c->graph, &c->error)) fail_msg("%s", c->error.message);
  for (size_t i = 0; i < run->net.tensor_count; i++) {
    run->net.wants_grad[i] = c->graph.tensors[i].dtype == PK_DTYPE_F32;
  }
  assert_true(pk_diff_tape_init(&run->tape, &run->net, &c->error));
  const size_t elements = run->net.elements[output];
  for (size_t i = 0; i < elements; i++) run->weights[i] = diff_case_real(c, -0.5f, 0.5f);
  const double here = loss_of(run);
  memcpy(pk_diff_grad(&run->tape, output, &c->error), run->weights, elements * sizeof(float));
  if (!pk_diff_backward(&run->tape, &c->error)) fail_msg("%s", c->error.message);
  for (size_t t = 0; t < run->net.tensor_count; t++) {
    if (!run->net.constants[t]) continue;
    for (size_t i = 0; i < run->net.elements[t]; i++, c->checked++) {
      c->kinks += check_element(run, t, i, here, tolerance);
    }
  }
  pk_diff_tape_deinit(&run->tape);
  pk_diff_net_deinit(&run->net);
  free(run);
}
