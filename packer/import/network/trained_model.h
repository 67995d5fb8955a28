// A network as `minnow train` leaves it: safetensors with the weights, and the description of the
// network that they belong to among its texts.
#ifndef MINNOW_PACKER_IMPORT_NETWORK_TRAINED_MODEL_H_
#define MINNOW_PACKER_IMPORT_NETWORK_TRAINED_MODEL_H_

#include "network_graph.h"
#include "safetensors.h"

#define PK_TRAINED_NETWORK "minnow.network"  // the text: JSON as network_graph.h reads it
#define PK_TRAINED_LABELS "minnow.labels"    // the text: class names, one a line

typedef struct pk_trained_options {
  int32_t batch;
  bool has_scores;  // class scores (pk_network_add_scores()) instead of logits
} pk_trained_options;

// Fills an empty graph with the network and its weights. Errors: BAD_MODEL, OUT_OF_MEMORY.
bool pk_trained_to_graph(pk_graph *graph, const uint8_t *bytes, size_t size_bytes,
                         const pk_trained_options *options, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_NETWORK_TRAINED_MODEL_H_
