#include "train_bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/pk_random.h"
#include "../../packer/train/class_loss.h"
#include "../../packer/train/fold_norms.h"

static const int32_t labels[TRAIN_BENCH_BATCH] = {0, 1, 2, 1, 0, 2};

static void set_input(train_bench *b, pk_random *random) {
  const size_t elements = b->net.elements[b->graph.inputs[0]];
  pk_error error = {0};
  float *input = calloc(elements + 1, sizeof *input);
  assert_non_null(input);
  for (size_t i = 0; i < elements; i++) input[i] = (float)pk_random_normal(random);
  assert_true(pk_diff_set_input(&b->tape, 0, input, &error));
  free(input);
}

void train_bench_open(train_bench *b, const char *input, const char *layers) {
  char text[2048];
  pk_error error = {0};
  snprintf(text, sizeof text, "{\"input\": %s, \"layers\": [%s]}", input, layers);
  json_t *network = json_loads(text, 0, NULL);
  const pk_network_options options = {
      .network = network, .source = "test", .batch = TRAIN_BENCH_BATCH};
  *b = (train_bench){0};
  pk_graph_init(&b->graph, 16 << 20);
  if (!pk_network_build(&b->graph, &b->notes, &options, &error)) fail_msg("%s", error.message);
  json_decref(network);
  assert_true(pk_parameters_init(&b->parameters, &b->graph, b->notes, &error));
  assert_true(pk_diff_net_init(&b->net, &b->graph, &error));
  assert_true(pk_diff_tape_init(&b->tape, &b->net, &error));
  assert_true(pk_batch_hooks_init(&b->hooks, &b->net, b->notes, &b->parameters, &error));
  b->values = calloc(b->parameters.total, sizeof(float));
  assert_non_null(b->values);
  pk_parameters_start(b->values, &b->parameters, &b->graph, 5);
  pk_random random = {9};
  for (size_t i = 0; i < b->parameters.total; i++) {
    b->values[i] += (float)(0.2 * pk_random_normal(&random));
  }
  b->tape.hooks = &b->hooks.hooks;
  b->hooks.values = b->values;
  set_input(b, &random);
}

void train_bench_close(train_bench *b) {
  pk_batch_hooks_deinit(&b->hooks);
  pk_diff_tape_deinit(&b->tape);
  pk_diff_net_deinit(&b->net);
  pk_parameters_deinit(&b->parameters);
  pk_graph_deinit(&b->graph);
  free(b->values);
}

double train_bench_loss(train_bench *b) {
  enum { CLASSES = TRAIN_BENCH_CLASSES };
  const pk_class_loss loss = {.smoothing = 0.1f, .temperature = 1.0f};
  pk_error error = {0};
  double sum = 0.0;
  pk_constants_raw(&b->net, &b->parameters, b->values);
  if (!pk_diff_forward(&b->tape, &error)) fail_msg("%s", error.message);
  pk_diff_clear_grads(&b->tape);
  const float *logits = pk_diff_value(&b->tape, b->graph.outputs[0]);
  float *gradient = pk_diff_grad(&b->tape, b->graph.outputs[0], &error);
  assert_non_null(gradient);
  for (size_t i = 0; i < TRAIN_BENCH_BATCH; i++) {
    sum += (double)pk_class_loss_row(gradient + i * CLASSES, logits + i * CLASSES, NULL, labels[i],
                                     CLASSES, &loss, 1.0f);
  }
  return sum;
}

double train_bench_gradient(train_bench *b, float *gradient) {
  pk_error error = {0};
  const double loss = train_bench_loss(b);
  memset(b->hooks.gradients, 0, b->parameters.total * sizeof *b->hooks.gradients);
  assert_true(pk_diff_backward(&b->tape, &error));
  for (size_t i = 0; i < b->parameters.count; i++) {
    const pk_parameter *p = &b->parameters.items[i];
    const float *from =
        p->tensor == PK_NO_TENSOR ? b->hooks.gradients + p->offset : b->tape.grads[p->tensor];
    memcpy(gradient + p->offset, from, p->count * sizeof *from);
  }
  return loss;
}

void train_bench_check_gradients(const char *input, const char *layers) {
  const float step = 2e-3f;
  train_bench b;
  train_bench_open(&b, input, layers);
  b.hooks.dropout_seed = 77;
  float *analytic = calloc(b.parameters.total, sizeof *analytic);
  assert_non_null(analytic);
  train_bench_gradient(&b, analytic);
  for (size_t i = 0; i < b.parameters.total; i++) {
    const float here = b.values[i];
    b.values[i] = here + step;
    const double above = train_bench_loss(&b);
    b.values[i] = here - step;
    const double below = train_bench_loss(&b);
    b.values[i] = here;
    const double slope = (above - below) / (2.0 * (double)step);
    if (!(fabs(slope - (double)analytic[i]) <= 2e-3 + 0.03 * fabs(slope))) {
      fail_msg("%s: parameter %zu: %g by differences, %g", layers, i, slope, (double)analytic[i]);
    }
  }
  free(analytic);
  train_bench_close(&b);
}
