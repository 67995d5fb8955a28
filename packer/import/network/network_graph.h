// From a network written down as JSON (docs/TRAINING.md, "Network") to a source graph in float32:
// what `minnow train` trains and what a trained file (trained_model.h) carries with it.
#ifndef MINNOW_PACKER_IMPORT_NETWORK_NETWORK_GRAPH_H_
#define MINNOW_PACKER_IMPORT_NETWORK_NETWORK_GRAPH_H_

#include <jansson.h>

#include "../source_graph.h"

// What training does to an operator's result in front of its activation, and what the graph as it
// is used no longer shows.
typedef struct pk_network_note {
  bool has_norm;      // batch normalisation over the last axis
  float dropout;      // share of values that become 0; behind the normalisation
  int32_t bias_only;  // so many last outputs have weights that stay 0
  float bias_lead;    // what their biases get once they are trained
} pk_network_note;

// Behind a layer's name, in the name of its weights.
#define PK_NETWORK_WEIGHTS_SUFFIX ".weights"

typedef struct pk_network_options {
  const json_t *network;  // {"input": [...], "layers": [...]}
  const char *source;     // names the file in messages
  int32_t batch;          // first dimension of every activation
} pk_network_options;

// Fills an empty graph (pk_graph_init) with constants of zeros, in the same order for every batch.
// Weights are called "<layer>.weights" and "<layer>.bias"; <layer> is its "name" or its place, as
// "3" or "4.0"; "channels" of the network, {<layer>: width}, says how wide convolutions and dense
// layers are instead of their own numbers. `notes` (by operator; NULL: not wanted) are the arena's.
// Errors: USAGE (a field, named with what it must be), OUT_OF_MEMORY, BAD_MODEL (the arena's
// limit).
bool pk_network_build(pk_graph *graph, const pk_network_note **notes,
                      const pk_network_options *options, pk_error *error);

// The result of a layer of such a graph, by its name or place; PK_NO_TENSOR: there is no such
// layer.
int32_t pk_network_layer_output(const pk_graph *graph, const char *layer);

// Behind the last layer: a softmax, and where the network has "groups" (lists of the last layer's
// outputs, one for each class) the sum of each class's scores. Makes class scores of logits.
bool pk_network_add_scores(pk_graph *graph, const pk_network_options *options, pk_error *error);

// The class of each output of the last layer, from "groups"; `outputs` entries. Without groups each
// output is its own class. Returns the number of classes; 0: error filled (USAGE).
size_t pk_network_read_groups(int32_t *class_of, size_t outputs, const pk_network_options *options,
                              pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_NETWORK_NETWORK_GRAPH_H_
