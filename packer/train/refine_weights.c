#include "refine_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/kernels/packed_layout.h"
#include "../compress/trellis_round.h"
#include "../compress/weight_rewrite.h"

static const float step_rate = 0.01f;   // of the steps' logarithms, beside the weights' own
static const float kept_share = 0.45f;  // of a step that a weight may start away from its level

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to refine the weights");
}

static int32_t bias_tensor(const pk_refine_subject *subject, const pk_layer *layer) {
  return subject->net->graph->ops[layer->op].inputs[PK_INPUT_BIAS];
}

static void set_steps(pk_refined_layer *r, const pk_layer *layer, float step) {
  double sum = 0.0;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    r->steps[o] = pk_output_step(layer, o, step);
    sum += (double)r->steps[o];
  }
  r->bias_scale = (float)(sum / (double)pk_layer_outputs(layer));
}

static bool allocate_layer(pk_refined_layer *r, const pk_layer *layer) {
  const size_t outputs = pk_layer_outputs(layer) + 1;
  r->bias_momentum = calloc(outputs, sizeof(float));
  r->bias_squares = calloc(outputs, sizeof(float));
  r->steps = calloc(outputs, sizeof(float));
  return r->bias_momentum && r->bias_squares && r->steps;
}

// Starts where the levels are, as near to the original weights as the rounding allows.
static bool start_weights(pk_refined_layer *r, const pk_layer *layer, const int8_t *levels,
                          const pk_grid *grid) {
  const size_t elements = pk_layer_elements(layer) + 1;
  const float kept = grid->has_trellis ? 0.0f : kept_share;
  r->weights = calloc(elements, sizeof(float));
  r->momentum = calloc(elements, sizeof(float));
  r->squares = calloc(elements, sizeof(float));
  if (!r->weights || !r->momentum || !r->squares) return false;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float value = r->steps[o] * (float)levels[at], limit = kept * r->steps[o];
      r->weights[at] = value + fmaxf(fminf(layer->weights[at] - value, limit), -limit);
    }
  }
  return true;
}

static bool start_layer(pk_refined_layer *r, const pk_layer *layer, const int8_t *levels,
                        const pk_grid *grid) {
  set_steps(r, layer, grid->step);
  return grid->shared.count > 0 ? pk_refined_sharing_init(&r->sharing, layer, levels, &grid->shared)
                                : start_weights(r, layer, levels, grid);
}

bool pk_refined_weights_init(pk_refined_weights *weights, const pk_refine_subject *subject,
                             pk_error *error) {
  *weights = (pk_refined_weights){.subject = subject};
  const pk_layer_list *layers = subject->weights->layers;
  weights->layers = calloc(layers->count + 1, sizeof *weights->layers);
  bool ok = weights->layers != NULL;
  for (size_t i = 0; ok && i < layers->count; i++) {
    const pk_layer *layer = &layers->items[i];
    pk_refined_layer *r = &weights->layers[i];
    ok = allocate_layer(r, layer) &&
         start_layer(r, layer, subject->weights->levels[i], &subject->weights->grids[i]);
  }
  if (!ok) pk_refined_weights_deinit(weights);
  return ok || no_memory(error);
}

void pk_refined_weights_deinit(pk_refined_weights *weights) {
  for (size_t i = 0; weights->layers && i < weights->subject->weights->layers->count; i++) {
    pk_refined_layer *r = &weights->layers[i];
    pk_refined_sharing_deinit(&r->sharing);
    free(r->weights);
    free(r->momentum);
    free(r->squares);
    free(r->bias_momentum);
    free(r->bias_squares);
    free(r->steps);
  }
  free(weights->layers);
  *weights = (pk_refined_weights){0};
}

static void round_nearest(int8_t *levels, const pk_refined_layer *r, const pk_layer *layer,
                          const pk_grid *grid) {
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float level =
          pk_layer_is_pruned(layer, at) ? 0.0f : pk_grid_level(grid, r->weights[at] / r->steps[o]);
      levels[at] = (int8_t)level;
    }
  }
}

// Each product's weights are a path along the outputs.
static bool round_trellis(int8_t *levels, const pk_refined_layer *r, const pk_layer *layer) {
  const size_t rows = layer->rows;
  float *memory = malloc((2 * rows + 1) * sizeof *memory);
  uint8_t *bytes = malloc(rows * (1 + PK_TRELLIS_STATES) + 1);
  const bool ok = memory && bytes;
  for (size_t j = 0; ok && j < layer->k; j++) {
    int8_t *column = (int8_t *)bytes;
    for (size_t o = 0; o < rows; o++) {
      memory[o] = r->weights[o * layer->k + j] / r->steps[o];
      memory[rows + o] = r->steps[o] * r->steps[o];
    }
    pk_trellis_round(column, memory, memory + rows, rows, PK_LEVEL_MAX,
                     rows % MNW_TILE_CHANNELS != 0, bytes + rows);
    for (size_t o = 0; o < rows; o++) levels[o * layer->k + j] = column[o];
  }
  free(memory);
  free(bytes);
  return ok;
}

bool pk_refined_weights_round(pk_refined_weights *weights, pk_error *error) {
  const pk_refine_subject *subject = weights->subject;
  const pk_coded_weights *coded = subject->weights;
  for (size_t i = 0; i < coded->layers->count; i++) {
    const pk_layer *layer = &coded->layers->items[i];
    const pk_refined_layer *r = &weights->layers[i];
    pk_grid *grid = &coded->grids[i];
    if (grid->shared.count > 0) {
      pk_refined_sharing_round(&r->sharing, coded->levels[i], grid, layer);
    } else if (!grid->has_trellis) {
      round_nearest(coded->levels[i], r, layer, grid);
    } else if (!round_trellis(coded->levels[i], r, layer)) {
      return no_memory(error);
    }
  }
  pk_coded_weights_to_net(subject->net, coded);
  return true;
}

static void step_weights(pk_refined_layer *r, const pk_layer *layer, const float *gradient,
                         const pk_descent *d) {
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    const float limit = r->steps[o] * (float)PK_LEVEL_MAX;
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float moved =
          d->rate * r->steps[o] *
          pk_descend(d, &r->momentum[at], &r->squares[at], gradient[pk_layer_index(layer, o, j)]);
      r->weights[at] = fmaxf(fminf(r->weights[at] - moved, limit), -limit);
    }
  }
}

static void step_biases(pk_refined_layer *r, float *biases, size_t count, const float *gradient,
                        const pk_descent *d) {
  for (size_t o = 0; o < count; o++) {
    biases[o] -= d->rate * r->bias_scale *
                 pk_descend(d, &r->bias_momentum[o], &r->bias_squares[o], gradient[o]);
  }
}

// A weight's change by the logarithm of its step is what the rounding made of it less itself, or
// the rounded value where the grid ends (LSQ, equation 3).
static void step_grid(pk_refined_layer *r, pk_grid *grid, const pk_layer *layer,
                      const int8_t *levels, const float *gradient, const pk_descent *d) {
  double sum = 0.0;
  for (size_t o = 0; o < pk_layer_outputs(layer); o++) {
    for (size_t j = 0; j < layer->k; j++) {
      const size_t at = o * layer->k + j;
      const float value = r->steps[o] * (float)levels[at];
      const bool is_last = levels[at] == PK_LEVEL_MAX || levels[at] == -PK_LEVEL_MAX;
      const float change = is_last ? value : value - r->weights[at];
      sum += (double)(gradient[pk_layer_index(layer, o, j)] * change);
    }
  }
  const float moved = pk_descend(d, &r->step_momentum, &r->step_square, (float)sum);
  grid->step *= expf(-d->rate * step_rate * moved);
  set_steps(r, layer, grid->step);
}

void pk_refined_weights_step(pk_refined_weights *weights, float *const *gradients, float rate) {
  const pk_refine_subject *subject = weights->subject;
  const pk_coded_weights *coded = subject->weights;
  const pk_descent d = pk_descent_at(++weights->count, rate);
  for (size_t i = 0; i < coded->layers->count; i++) {
    const pk_layer *layer = &coded->layers->items[i];
    pk_refined_layer *r = &weights->layers[i];
    const float *by_weight = gradients[layer->weights_tensor];
    const float *by_bias = gradients[bias_tensor(subject, layer)];
    if (by_bias) step_biases(r, coded->biases[i], pk_layer_outputs(layer), by_bias, &d);
    if (by_weight && coded->grids[i].shared.count > 0) {
      pk_refined_sharing_step(&r->sharing, layer, by_weight, r->steps, &d);
    } else if (by_weight) {
      step_grid(r, &coded->grids[i], layer, coded->levels[i], by_weight, &d);
      step_weights(r, layer, by_weight, &d);
    }
  }
}
