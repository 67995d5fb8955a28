#include "coded_weights.h"

#include <stdlib.h>
#include <string.h>

#include "step_choice.h"
#include "weight_rewrite.h"

bool pk_coded_weights_init(pk_coded_weights *weights, const pk_layer_list *layers,
                           pk_error *error) {
  const size_t count = layers->count;
  *weights = (pk_coded_weights){.layers = layers,
                                .grids = calloc(count + 1, sizeof *weights->grids),
                                .levels = calloc(count + 1, sizeof *weights->levels),
                                .biases = calloc(count + 1, sizeof *weights->biases)};
  bool ok = weights->grids && weights->levels && weights->biases;
  for (size_t i = 0; ok && i < count; i++) {
    weights->levels[i] = calloc(pk_layer_elements(&layers->items[i]) + 1, 1);
    weights->biases[i] = calloc(pk_layer_outputs(&layers->items[i]) + 1, sizeof **weights->biases);
    ok = weights->levels[i] && weights->biases[i];
  }
  if (!ok) pk_coded_weights_deinit(weights);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the compressed weights");
}

void pk_coded_weights_deinit(pk_coded_weights *weights) {
  for (size_t i = 0; weights->layers && i < weights->layers->count; i++) {
    if (weights->levels) free(weights->levels[i]);
    if (weights->biases) free(weights->biases[i]);
  }
  free(weights->grids);
  free(weights->levels);
  free(weights->biases);
  *weights = (pk_coded_weights){0};
}

void pk_coded_weights_copy(pk_coded_weights *to, const pk_coded_weights *from) {
  for (size_t i = 0; i < to->layers->count; i++) {
    const pk_layer *layer = &to->layers->items[i];
    to->grids[i] = from->grids[i];
    memcpy(to->levels[i], from->levels[i], pk_layer_elements(layer));
    memcpy(to->biases[i], from->biases[i], pk_layer_outputs(layer) * sizeof **to->biases);
  }
}

double pk_coded_weights_bits(const pk_coded_weights *weights) {
  double bits = 0.0;
  for (size_t i = 0; i < weights->layers->count; i++) {
    bits += pk_level_bits(weights->levels[i], pk_layer_elements(&weights->layers->items[i]),
                          weights->grids[i].has_trellis);
  }
  return bits;
}

bool pk_coded_weights_to_graph(pk_graph *graph, const pk_coded_weights *weights, pk_error *error) {
  for (size_t i = 0; i < weights->layers->count; i++) {
    if (!pk_rewrite_layer(graph, &weights->layers->items[i], weights->levels[i],
                          weights->grids[i].step, weights->biases[i], error)) {
      return false;
    }
  }
  return true;
}

void pk_coded_weights_to_net(pk_diff_net *net, const pk_coded_weights *weights) {
  for (size_t i = 0; i < weights->layers->count; i++) {
    const pk_layer *layer = &weights->layers->items[i];
    const int32_t bias = net->graph->ops[layer->op].inputs[PK_INPUT_BIAS];
    pk_simulate_levels(net, layer, weights->levels[i], weights->grids[i].step);
    memcpy(net->constants[bias], weights->biases[i],
           pk_layer_outputs(layer) * sizeof **weights->biases);
  }
}
