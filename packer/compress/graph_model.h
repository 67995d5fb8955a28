// A source graph in the runtime: lowered, encoded and loaded as its package would be.
#ifndef MINNOW_PACKER_GRAPH_MODEL_H_
#define MINNOW_PACKER_GRAPH_MODEL_H_

#include "../import/source_graph.h"
#include "../package/core_model.h"

typedef struct pk_graph_model {
  pk_core_model core;
  size_t package_bytes;  // of all shards, plain
} pk_graph_model;        // all zero: closed

// `source` names the graph in errors. With the runtime's fastest kernels.
bool pk_graph_model_open(pk_graph_model *model, const pk_graph *graph, size_t shard_bytes,
                         const char *source, pk_error *error);
void pk_graph_model_close(pk_graph_model *model);

#endif  // MINNOW_PACKER_GRAPH_MODEL_H_
