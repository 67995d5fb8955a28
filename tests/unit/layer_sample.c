#include "layer_sample.h"

#include <stdlib.h>

#include "../../packer/compress/error_feedback.h"
#include "test_random.h"

enum { SAMPLES = 200 };

static double unit(uint32_t *seed) {
  return (double)random_between(seed, -(1 << 20), 1 << 20) / (double)(1 << 20);
}

pk_layer layer_sample(uint32_t seed) {
  const size_t elements = (size_t)LAYER_ROWS * LAYER_K, squares = (size_t)LAYER_K * LAYER_K;
  pk_layer layer = {.groups = 1, .rows = LAYER_ROWS, .k = LAYER_K};
  layer.weights = calloc(elements, sizeof(float));
  layer.mean = calloc(LAYER_K, sizeof(float));
  layer.covariance = calloc(squares, sizeof(float));
  layer.sensitivity = calloc(LAYER_ROWS, sizeof(float));
  for (size_t i = 0; i < elements; i++) layer.weights[i] = (float)unit(&seed);
  for (size_t o = 0; o < LAYER_ROWS; o++) layer.sensitivity[o] = 0.5f + (float)o;
  for (size_t s = 0; s < SAMPLES; s++) {
    double x[LAYER_K];
    const double common = unit(&seed);
    for (size_t j = 0; j < LAYER_K; j++) x[j] = 2.0 * common + unit(&seed);
    for (size_t i = 0; i < squares; i++) {
      layer.covariance[i] += (float)(x[i / LAYER_K] * x[i % LAYER_K] / (double)SAMPLES);
    }
  }
  return layer;
}

void layer_sample_free(pk_layer *layer) {
  free(layer->weights);
  free(layer->mean);
  free(layer->covariance);
  free(layer->sensitivity);
  free(layer->is_pruned);
}

double layer_sample_form(const pk_layer *layer, const double *error) {
  double form = 0.0;
  for (size_t i = 0; i < (size_t)LAYER_K * LAYER_K; i++) {
    form += error[i / LAYER_K] * error[i % LAYER_K] * (double)layer->covariance[i];
  }
  return form;
}

double layer_sample_cost(const pk_layer *layer, const int8_t *levels, float step) {
  double cost = 0.0;
  for (size_t o = 0; o < LAYER_ROWS; o++) {
    double error[LAYER_K];
    const float scale = pk_output_step(layer, o, step);
    for (size_t j = 0; j < LAYER_K; j++) {
      const size_t at = o * LAYER_K + j;
      error[j] = (double)(scale * (float)levels[at] - layer->weights[at]);
    }
    cost += (double)layer->sensitivity[o] * layer_sample_form(layer, error);
  }
  return cost;
}
