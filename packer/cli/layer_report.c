#include "layer_report.h"

#include <stdlib.h>
#include <string.h>

#include "../encode/graph_encode.h"
#include "../encode/huffman_encode.h"
#include "core/base/bytes.h"
#include "core/format/levels.h"
#include "core/runtime/model_internal.h"

// What the shards say of a constant.
typedef struct coded_constant {
  uint64_t bytes;   // of its blocks, and of what stands before them for them
  bool has_levels;  // it is coded by levels of the steps before it
  bool is_counted;  // in a layer
} coded_constant;

// Adds the bytes of a shard's blocks to their tensors; those of tables and codebooks go to the
// block that follows them. The runtime has accepted the shard, so its chunks are sound.
static void count_shard(coded_constant *constants, size_t tensor_count, const pk_bytes *shard) {
  size_t table_bytes = 0;
  for (size_t at = MNW_SHARD_HEADER_BYTES; at + MNW_CHUNK_HEADER_BYTES < shard->size;) {
    const uint8_t *chunk = shard->data + at;
    const uint32_t type = mnw_load_u32(chunk);
    const size_t bytes = MNW_CHUNK_HEADER_BYTES + (size_t)mnw_load_u32(chunk + 4);
    if (type == MNW_CHUNK_BLOCK) {
      const uint32_t tensor = mnw_load_u32(chunk + MNW_CHUNK_HEADER_BYTES);
      const uint32_t coding = mnw_load_u32(chunk + MNW_CHUNK_HEADER_BYTES + 12);
      if (tensor < tensor_count) {
        constants[tensor].bytes += table_bytes + bytes;
        constants[tensor].has_levels = (coding & MNW_CODING_LEVELS) != 0;
      }
      table_bytes = 0;
    } else if (type > MNW_CHUNK_GRAPH) {
      table_bytes += bytes;
    }
    at += bytes;
  }
}

// Of levels that were made real.
static bool count_levels(uint64_t *counts, const mnw_tensor *tensor) {
  mnw_tensor copy = *tensor;
  copy.data = pk_aligned_alloc(tensor->size_bytes);
  if (!copy.data) return false;
  memcpy(copy.data, tensor->data, tensor->size_bytes);
  mnw_levels_collapse(&copy, tensor - 1);
  const mnw_tensor levels = mnw_levels_of(&copy);
  pk_huffman_count(counts, levels.data, levels.size_bytes);
  free(copy.data);
  return true;
}

// The constant and, of levels, the steps before it.
static bool add_constant(pk_layer *layer, const mnw_tensor *tensor, coded_constant *coded) {
  uint64_t counts[PK_HUFFMAN_SYMBOLS];
  size_t symbols = tensor->size_bytes;
  layer->constant_bytes += tensor->size_bytes;
  layer->coded_bytes += coded->bytes;
  coded->is_counted = true;
  if (coded->has_levels) {
    layer->constant_bytes += tensor[-1].size_bytes;
    layer->coded_bytes += coded[-1].bytes;
    symbols = mnw_tensor_elements(tensor);
    if (!count_levels(counts, tensor)) return false;
  } else if (tensor->layout == MNW_LAYOUT_ROW_MAJOR) {
    return true;
  } else {
    pk_huffman_count(counts, tensor->data, symbols);
  }
  layer->weights += mnw_tensor_elements(tensor);
  layer->weight_coded_bytes += coded->bytes;
  layer->weight_entropy_bits += pk_entropy_bits(counts) * (double)symbols;
  return true;
}

static bool add_constants(pk_layer *layer, const mnw_graph *graph, const mnw_node *node,
                          coded_constant *constants) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    const int32_t t = node->inputs[i];
    if (t == MNW_NO_TENSOR || graph->tensors[t].kind != MNW_KIND_CONSTANT ||
        constants[t].is_counted) {
      continue;
    }
    if (!add_constant(layer, &graph->tensors[t], &constants[t])) return false;
  }
  return true;
}

pk_layer *pk_layer_report(size_t *count, const pk_core_model *core, const pk_bytes *shards,
                          size_t shard_count, const pk_lowered_graph *source, pk_error *error) {
  const mnw_graph *graph = &core->model->graph;
  coded_constant *constants = calloc(graph->tensor_count, sizeof *constants);
  pk_layer *layers = calloc((size_t)graph->node_count + 1, sizeof *layers);
  bool ok = constants && layers;
  *count = graph->node_count;
  for (size_t i = 0; ok && i < shard_count; i++) {
    count_shard(constants, graph->tensor_count, &shards[i]);
  }
  for (uint32_t n = 0; ok && n < graph->node_count; n++) {
    const mnw_node *node = &graph->nodes[n];
    pk_layer *layer = &layers[n];
    layer->op = pk_op_name(node->code);
    layer->name = source ? source->ops[n].name : NULL;
    if (node->output_count > 0) {
      const mnw_tensor *output = &graph->tensors[node->outputs[0]];
      layer->rank = output->rank;
      memcpy(layer->dims, output->dims, sizeof layer->dims);
    }
    ok = add_constants(layer, graph, node, constants);
  }
  free(constants);
  if (ok) return layers;
  free(layers);
  pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a table of %u layers", graph->node_count);
  return NULL;
}
