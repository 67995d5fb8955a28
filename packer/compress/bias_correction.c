#include "bias_correction.h"

#include <stdlib.h>
#include <string.h>

#include "layer_statistics.h"
#include "worker_pair.h"

static float *bias_constant(const pk_diff_net *net, const pk_layer *layer) {
  const pk_op *op = &net->graph->ops[layer->op];
  const bool has_bias =
      op->input_count > PK_INPUT_BIAS && op->inputs[PK_INPUT_BIAS] != PK_NO_TENSOR;
  return has_bias ? net->constants[op->inputs[PK_INPUT_BIAS]] : NULL;
}

// weights * mean of output o, weights as the net has them now.
static double mean_product(const pk_diff_net *net, const pk_layer *layer, const double *mean,
                           size_t o) {
  const float *weights = net->constants[layer->weights_tensor];
  double sum = 0.0;
  mean += o / layer->rows * layer->k;
  for (size_t j = 0; j < layer->k; j++) {
    sum += (double)weights[pk_layer_index(layer, o, j)] * mean[j];
  }
  return sum;
}

bool pk_mean_outputs(float **means, const pk_layer_list *layers, const pk_diff_net *net,
                     pk_error *error) {
  for (size_t i = 0; i < layers->count; i++) {
    const pk_layer *layer = &layers->items[i];
    const size_t outputs = pk_layer_outputs(layer), width = layer->groups * layer->k;
    const float *bias = bias_constant(net, layer);
    double *mean = malloc((width + 1) * sizeof *mean);
    means[i] = malloc((outputs + 1) * sizeof **means);
    if (!mean || !means[i]) {
      free(mean);
      return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for means");
    }
    for (size_t j = 0; j < width; j++) mean[j] = (double)layer->mean[j];
    for (size_t o = 0; o < outputs; o++) {
      const double at_zero = bias ? (double)bias[o] : 0.0;
      means[i][o] = (float)(mean_product(net, layer, mean, o) + at_zero);
    }
    free(mean);
  }
  return true;
}

typedef struct correction {
  pk_diff_net *net;
  const pk_sample_set *set;
  pk_diff_tape *tapes;    // by sample
  size_t op;              // at work
  const pk_layer *layer;  // NULL: not a layer
  double *sums[PK_WORKERS];
  size_t positions;  // of one sample
} correction;

static bool sum_inputs(void *user, size_t worker, pk_error *error) {
  correction *c = user;
  (void)error;
  memset(c->sums[worker], 0, c->layer->groups * c->layer->k * sizeof(double));
  for (size_t i = worker; i < c->set->count; i += PK_WORKERS) {
    pk_layer_add_column_sums(c->sums[worker], c->layer, &c->tapes[i]);
  }
  return true;
}

static bool run_op(void *user, size_t worker, pk_error *error) {
  correction *c = user;
  for (size_t i = worker; i < c->set->count; i += PK_WORKERS) {
    if (!pk_diff_forward_op(&c->tapes[i], c->op, error)) return false;
    pk_diff_release_behind(&c->tapes[i], c->op);
    // Scratch is large and needed only while an operator runs.
    free(c->tapes[i].scratch);
    c->tapes[i].scratch = NULL;
    c->tapes[i].scratch_elements = 0;
  }
  return true;
}

// Adds up what the layer reads on all tapes and sets its biases.
static bool correct_from_sums(correction *c, float *biases, const float *means, pk_error *error) {
  const pk_layer *layer = c->layer;
  const double positions = (double)pk_layer_positions(layer, c->net->graph) * (double)c->set->count;
  float *bias = bias_constant(c->net, layer);
  double *sums = c->sums[0];
  if (!pk_workers_run(sum_inputs, c, error)) return false;
  for (size_t j = 0; j < layer->groups * layer->k; j++) {
    sums[j] = (sums[j] + c->sums[1][j]) / positions;
  }
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    biases[o] = (float)((double)means[o] - mean_product(c->net, layer, sums, o));
    if (bias) bias[o] = biases[o];
  }
  return true;
}

static bool correct_layer(correction *c, float *biases, const float *means, pk_error *error) {
  const size_t width = c->layer->groups * c->layer->k;
  double *both = malloc((PK_WORKERS * width + 1) * sizeof *both);
  if (!both) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for means");
  for (size_t w = 0; w < PK_WORKERS; w++) c->sums[w] = both + w * width;
  const bool ok = correct_from_sums(c, biases, means, error);
  free(both);
  return ok;
}

bool pk_correct_biases(float **biases, pk_diff_net *net, const pk_layer_list *layers, float **means,
                       const pk_sample_set *set, pk_progress_fn *progress, void *progress_user,
                       pk_error *error) {
  correction c = {.net = net, .set = set};
  c.tapes = calloc(set->count, sizeof *c.tapes);
  bool ok = c.tapes || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu samples", set->count);
  for (size_t i = 0; ok && i < set->count; i++) {
    ok = pk_diff_tape_init(&c.tapes[i], net, error) &&
         pk_sample_to_tape(&c.tapes[i], set->items[i].bytes, error);
  }
  size_t next = 0;
  for (c.op = 0; ok && c.op < net->graph->op_count; c.op++) {
    c.layer = next < layers->count && layers->items[next].op == c.op ? &layers->items[next] : NULL;
    ok = (!c.layer || correct_layer(&c, biases[next], means[next], error)) &&
         pk_workers_run(run_op, &c, error);
    if (c.layer) next++;
    if (ok && progress)
      progress(progress_user, "correcting biases", c.op + 1, net->graph->op_count);
  }
  for (size_t i = 0; c.tapes && i < set->count; i++) {
    if (c.tapes[i].net) pk_diff_tape_deinit(&c.tapes[i]);
  }
  free(c.tapes);
  return ok;
}

size_t pk_correction_bytes(const pk_diff_net *net, size_t samples) {
  const pk_graph *graph = net->graph;
  size_t most = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    size_t elements = 0;
    for (size_t t = 0; t < net->tensor_count; t++) {
      bool is_written = false;
      for (size_t j = 0; j <= i && !is_written; j++) {
        is_written = graph->ops[j].output == (int32_t)t;
      }
      if (is_written && net->last_use[t] >= (int32_t)i) elements += net->elements[t];
    }
    most = elements > most ? elements : most;
  }
  return most * sizeof(float) * samples;
}
