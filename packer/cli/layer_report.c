#include "layer_report.h"

#include <stdlib.h>
#include <string.h>

#include "../encode/graph_encode.h"
#include "../encode/huffman_encode.h"
#include "core/base/bytes.h"
#include "core/runtime/model_internal.h"

// Adds the bytes of a shard's blocks to their tensors; a table's bytes go to the block that follows
// it. The runtime has accepted the shard, so its chunks are sound.
static void count_shard(uint64_t *coded_bytes, size_t tensor_count, const pk_bytes *shard) {
  size_t table_bytes = 0;
  for (size_t at = MNW_SHARD_HEADER_BYTES; at + MNW_CHUNK_HEADER_BYTES < shard->size;) {
    const uint8_t *chunk = shard->data + at;
    const uint32_t type = mnw_load_u32(chunk);
    const size_t bytes = MNW_CHUNK_HEADER_BYTES + (size_t)mnw_load_u32(chunk + 4);
    if (type == MNW_CHUNK_HUFFMAN_TABLE) {
      table_bytes += bytes;
    } else if (type == MNW_CHUNK_BLOCK) {
      const uint32_t tensor = mnw_load_u32(chunk + MNW_CHUNK_HEADER_BYTES);
      if (tensor < tensor_count) coded_bytes[tensor] += table_bytes + bytes;
      table_bytes = 0;
    }
    at += bytes;
  }
}

static void add_constant(pk_layer *layer, const mnw_tensor *tensor, uint64_t coded_bytes) {
  uint64_t counts[PK_HUFFMAN_SYMBOLS];
  layer->constant_bytes += tensor->size_bytes;
  layer->coded_bytes += coded_bytes;
  if (tensor->layout == MNW_LAYOUT_ROW_MAJOR) return;
  pk_huffman_count(counts, tensor->data, tensor->size_bytes);
  layer->weights += mnw_tensor_elements(tensor);
  layer->weight_coded_bytes += coded_bytes;
  layer->weight_entropy_bits += pk_entropy_bits(counts) * tensor->size_bytes;
}

pk_layer *pk_layer_report(size_t *count, const pk_core_model *core, const pk_bytes *shards,
                          size_t shard_count, const pk_lowered_graph *source, pk_error *error) {
  const mnw_graph *graph = &core->model->graph;
  uint64_t *coded_bytes = calloc(graph->tensor_count, sizeof *coded_bytes);
  bool *is_counted = calloc(graph->tensor_count, sizeof *is_counted);
  pk_layer *layers = calloc((size_t)graph->node_count + 1, sizeof *layers);
  *count = graph->node_count;
  if (!coded_bytes || !is_counted || !layers) {
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a table of %u layers", graph->node_count);
    free(layers);
    layers = NULL;
  }
  for (size_t i = 0; layers && i < shard_count; i++) {
    count_shard(coded_bytes, graph->tensor_count, &shards[i]);
  }
  for (uint32_t n = 0; layers && n < graph->node_count; n++) {
    const mnw_node *node = &graph->nodes[n];
    pk_layer *layer = &layers[n];
    layer->op = pk_op_name(node->code);
    layer->name = source ? source->ops[n].name : NULL;
    if (node->output_count > 0) {
      const mnw_tensor *output = &graph->tensors[node->outputs[0]];
      layer->rank = output->rank;
      memcpy(layer->dims, output->dims, sizeof layer->dims);
    }
    for (uint32_t i = 0; i < node->input_count; i++) {
      const int32_t t = node->inputs[i];
      if (t == MNW_NO_TENSOR || graph->tensors[t].kind != MNW_KIND_CONSTANT || is_counted[t]) {
        continue;
      }
      is_counted[t] = true;
      add_constant(layer, &graph->tensors[t], coded_bytes[t]);
    }
  }
  free(coded_bytes);
  free(is_counted);
  return layers;
}
