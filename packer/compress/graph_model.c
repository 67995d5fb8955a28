#include "graph_model.h"

#include "../encode/shard_encode.h"
#include "../encode/tensor_order.h"
#include "../import/lower.h"

bool pk_graph_model_open(pk_graph_model *model, const pk_graph *graph, size_t shard_bytes,
                         const char *source, pk_error *error) {
  pk_lowered_graph lowered = {0};
  pk_shards shards = {0};
  *model = (pk_graph_model){0};
  const bool ok = pk_lower(&lowered, graph, error) && pk_order_tensors(&lowered, error) &&
                  pk_encode_shards(&shards, &lowered, shard_bytes, error) &&
                  pk_core_model_open(&model->core, shards.items, shards.count, mnw_kernels_get(0),
                                     source, error);
  for (size_t i = 0; ok && i < shards.count; i++) model->package_bytes += shards.items[i].size;
  pk_shards_free(&shards);
  pk_lowered_graph_free(&lowered);
  return ok;
}

void pk_graph_model_close(pk_graph_model *model) {
  pk_core_model_close(&model->core);
}
