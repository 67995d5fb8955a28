#include "layer_statistics.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "worker_pair.h"

enum { MAX_POSITIONS = 256, RANGE_SAMPLES = 8 };

// Sums over one worker's samples.
typedef struct layer_sums {
  double *columns;                // [groups * k]
  double *used_columns;           // [groups * k]: at the positions that count in products
  float *products;                // [groups][k][k], upper triangles
  double *squares, *mixed;        // [outputs * k]: of weight gradients, and times the bias gradient
  double *bias_squares, *column;  // [outputs]; bias gradient of this sample
  size_t positions, used_positions;
} layer_sums;

typedef struct statistics {
  const pk_diff_net *net;
  const pk_layer_list *layers;
  const pk_sample_set *set;
  const pk_statistics_options *options;
  pk_loss loss;
  layer_sums *sums[PK_WORKERS];
} statistics;

bool pk_sample_to_tape(pk_diff_tape *tape, const uint8_t *bytes, pk_error *error) {
  const pk_graph *graph = tape->net->graph;
  for (size_t i = 0; i < graph->input_count; i++) {
    const pk_tensor *tensor = &graph->tensors[graph->inputs[i]];
    if (!pk_diff_set_input(tape, i, bytes, error)) return false;
    bytes += (size_t)pk_tensor_elements(tensor) * (size_t)pk_dtype_bits(tensor->dtype) / 8;
  }
  return true;
}

bool pk_sample_run(pk_diff_tape *tape, const uint8_t *bytes, pk_error *error) {
  return pk_sample_to_tape(tape, bytes, error) && pk_diff_forward(tape, error);
}

static bool init_sums(layer_sums *sums, const pk_layer *layer, pk_error *error) {
  const size_t outputs = pk_layer_outputs(layer), k = layer->k;
  sums->columns = calloc(layer->groups * k, sizeof *sums->columns);
  sums->used_columns = calloc(layer->groups * k, sizeof *sums->used_columns);
  sums->products = calloc(layer->groups * k * k, sizeof *sums->products);
  sums->squares = calloc(outputs * k, sizeof *sums->squares);
  sums->mixed = calloc(outputs * k, sizeof *sums->mixed);
  sums->bias_squares = calloc(outputs, sizeof *sums->bias_squares);
  sums->column = calloc(outputs, sizeof *sums->column);
  return (sums->columns && sums->used_columns && sums->products && sums->squares && sums->mixed &&
          sums->bias_squares && sums->column) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the statistics of the layers");
}

static void free_sums(layer_sums *sums) {
  free(sums->columns);
  free(sums->used_columns);
  free(sums->products);
  free(sums->squares);
  free(sums->mixed);
  free(sums->bias_squares);
  free(sums->column);
}

static bool add_inputs(layer_sums *sums, const pk_layer *layer, const pk_diff_tape *tape,
                       size_t sample, pk_error *error) {
  const size_t positions = pk_layer_positions(layer, tape->net->graph);
  const size_t width = layer->groups * layer->k, k = layer->k;
  const size_t step = (positions + MAX_POSITIONS - 1) / MAX_POSITIONS;
  float *columns = malloc((positions / step + 1) * width * sizeof *columns);
  if (!columns) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a layer's inputs");
  const size_t count = pk_layer_columns(columns, layer, tape, sample % step, step);
  for (size_t g = 0; g < layer->groups; g++) {
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)k, (int)count, 1.0f, columns + g * k,
                (int)width, 1.0f, sums->products + g * k * k, (int)k);
  }
  for (size_t i = 0; i < count * width; i++) sums->used_columns[i % width] += (double)columns[i];
  free(columns);
  pk_layer_add_column_sums(sums->columns, layer, tape);
  sums->positions += positions;
  sums->used_positions += count;
  return true;
}

static void add_gradients(layer_sums *sums, const pk_layer *layer, const pk_diff_tape *tape) {
  const pk_op *op = &tape->net->graph->ops[layer->op];
  const float *dy = tape->grads[op->output], *dw = tape->grads[layer->weights_tensor];
  const size_t outputs = pk_layer_outputs(layer), k = layer->k;
  const size_t positions = pk_layer_positions(layer, tape->net->graph);
  if (!dy || !dw) return;
  memset(sums->column, 0, outputs * sizeof *sums->column);
  for (size_t p = 0; p < positions; p++) {
    for (size_t o = 0; o < outputs; o++) sums->column[o] += (double)dy[p * outputs + o];
  }
  for (size_t o = 0; o < outputs; o++) {
    sums->bias_squares[o] += sums->column[o] * sums->column[o];
    for (size_t j = 0; j < k; j++) {
      const double gradient = (double)dw[pk_layer_index(layer, o, j)];
      sums->squares[o * k + j] += gradient * gradient;
      sums->mixed[o * k + j] += gradient * sums->column[o];
    }
  }
}

static bool add_sample(statistics *s, pk_diff_tape *tape, size_t worker, size_t sample,
                       pk_error *error) {
  const bool ok = pk_sample_run(tape, s->set->items[sample].bytes, error) &&
                  pk_loss_seed(&s->loss, tape, s->options->seed + sample, error) &&
                  pk_diff_backward(tape, error);
  if (!ok) return false;
  for (size_t i = 0; i < s->layers->count; i++) {
    const pk_layer *layer = &s->layers->items[i];
    if (!add_inputs(&s->sums[worker][i], layer, tape, sample, error)) return false;
    add_gradients(&s->sums[worker][i], layer, tape);
  }
  return true;
}

static bool run_worker(void *user, size_t worker, pk_error *error) {
  statistics *s = user;
  pk_diff_tape tape;
  bool ok = pk_diff_tape_init(&tape, s->net, error);
  for (size_t i = worker; ok && i < s->set->count; i += PK_WORKERS) {
    ok = add_sample(s, &tape, worker, i, error);
    if (ok && worker == 0 && s->options->progress) {
      s->options->progress(s->options->progress_user, "measuring sensitivity", i + 1,
                           s->set->count);
    }
  }
  pk_diff_tape_deinit(&tape);
  return ok;
}

static bool see_ranges(statistics *s, pk_error *error) {
  pk_diff_tape tape;
  bool ok = pk_diff_tape_init(&tape, s->net, error);
  for (size_t i = 0; ok && i < s->set->count && i < RANGE_SAMPLES; i++) {
    ok = pk_sample_run(&tape, s->set->items[i].bytes, error);
    if (ok) pk_loss_see_range(&s->loss, &tape);
  }
  pk_diff_tape_deinit(&tape);
  return ok;
}

// --- from sums to statistics ---

// Few samples make a covariance look lower in rank than it is; what lies beside the diagonal is
// taken the less for real the fewer there are (after Ledoit and Wolf, "A well-conditioned estimator
// for large-dimensional covariance matrices", 2004, with a plain rule for the share). Neighbouring
// positions of a picture hardly count as samples of their own: 16 of a picture do.
static double shrinkage(const pk_layer *layer, size_t samples, size_t positions) {
  const double of_one = fmin((double)positions / (double)samples, 16.0);
  const double independent = of_one * (double)samples, k = (double)layer->k;
  return k / (k + independent);
}

static void finish_inputs(pk_layer *layer, const layer_sums *sums[PK_WORKERS], size_t samples) {
  const size_t k = layer->k;
  const double positions = (double)(sums[0]->positions + sums[1]->positions);
  const double used = (double)(sums[0]->used_positions + sums[1]->used_positions);
  const double share = shrinkage(layer, samples, sums[0]->used_positions + sums[1]->used_positions);
  for (size_t i = 0; i < layer->groups * k; i++) {
    layer->mean[i] = (float)((sums[0]->columns[i] + sums[1]->columns[i]) / positions);
  }
  for (size_t g = 0; g < layer->groups; g++) {
    const double *used_0 = sums[0]->used_columns + g * k, *used_1 = sums[1]->used_columns + g * k;
    for (size_t i = 0; i < k; i++) {
      for (size_t j = i; j < k; j++) {
        const size_t at = (g * k + i) * k + j;
        const double product =
            ((double)sums[0]->products[at] + (double)sums[1]->products[at]) / used;
        const double value =
            product - (used_0[i] + used_1[i]) / used * ((used_0[j] + used_1[j]) / used);
        const float kept = (float)(i == j ? fmax(value, 0.0) : (1.0 - share) * value);
        layer->covariance[at] = layer->covariance[(g * k + j) * k + i] = kept;
      }
    }
  }
}

// The Fisher diagonal about the mean, summed over a row, by the trace of the covariance.
static void finish_sensitivity(pk_layer *layer, const layer_sums *sums[PK_WORKERS],
                               size_t samples) {
  const size_t k = layer->k, outputs = pk_layer_outputs(layer);
  double total = 0.0;
  for (size_t o = 0; o < outputs; o++) {
    const size_t g = o / layer->rows;
    const float *mean = layer->mean + g * k;
    const double variance = pk_layer_variance(layer, g);
    const double bias = sums[0]->bias_squares[o] + sums[1]->bias_squares[o];
    double fisher = 0.0;
    for (size_t j = 0; j < k; j++) {
      const size_t at = o * k + j;
      const double m = (double)mean[j], mixed = sums[0]->mixed[at] + sums[1]->mixed[at];
      fisher += sums[0]->squares[at] + sums[1]->squares[at] - 2.0 * m * mixed + m * m * bias;
    }
    const double value = variance > 0.0 ? fmax(fisher, 0.0) / (variance * (double)samples) : 0.0;
    layer->sensitivity[o] = (float)value;
    total += value;
  }
  // No channel is taken for entirely without effect because a few samples did not show one.
  const float least = (float)(1e-3 * total / (double)outputs);
  for (size_t o = 0; o < outputs; o++) {
    layer->sensitivity[o] = fmaxf(layer->sensitivity[o], least);
  }
}

bool pk_layer_statistics(pk_layer_list *layers, const pk_diff_net *net, const pk_sample_set *set,
                         const pk_statistics_options *options, pk_error *error) {
  statistics s = {.net = net, .layers = layers, .set = set, .options = options};
  bool ok = pk_loss_init(&s.loss, net->graph, error);
  for (size_t w = 0; ok && w < PK_WORKERS; w++) {
    layer_sums *sums = calloc(layers->count + 1, sizeof *sums);
    s.sums[w] = sums;
    if (!sums) {
      ok = pk_fail(error, PK_OUT_OF_MEMORY, "no memory for statistics");
      break;
    }
    for (size_t i = 0; ok && i < layers->count; i++) {
      ok = init_sums(&sums[i], &layers->items[i], error);
    }
  }
  ok = ok && see_ranges(&s, error) && pk_workers_run(run_worker, &s, error);
  for (size_t i = 0; ok && i < layers->count; i++) {
    const layer_sums *both[PK_WORKERS] = {&s.sums[0][i], &s.sums[1][i]};
    finish_inputs(&layers->items[i], both, set->count);
    finish_sensitivity(&layers->items[i], both, set->count);
  }
  for (size_t w = 0; w < PK_WORKERS; w++) {
    for (size_t i = 0; s.sums[w] && i < layers->count; i++) free_sums(&s.sums[w][i]);
    free(s.sums[w]);
  }
  pk_loss_deinit(&s.loss);
  return ok;
}
