#include "package_check.h"

#include <string.h>

#include "../package/core_model.h"
#include "core/runtime/model_internal.h"

static bool compare_constants(const pk_core_model *core, const pk_lowered_graph *graph,
                              pk_error *error) {
  const mnw_graph *read = &core->model->graph;
  if (read->tensor_count != graph->tensor_count || read->node_count != graph->op_count) {
    return pk_fail(error, PK_BAD_PACKAGE,
                   "%s: the packed graph reads back with %u tensors and %u operators instead of "
                   "%zu and %zu; please report this defect of the packer",
                   graph->source_file, read->tensor_count, read->node_count, graph->tensor_count,
                   graph->op_count);
  }
  for (size_t i = 0; i < graph->tensor_count; i++) {
    const pk_lowered_tensor *tensor = &graph->tensors[i];
    const mnw_tensor *decoded = &read->tensors[i];
    const bool is_same = tensor->data == NULL
                             ? decoded->kind == MNW_KIND_ACTIVATION
                             : decoded->size_bytes == tensor->data_bytes && decoded->data &&
                                   !memcmp(decoded->data, tensor->data, tensor->data_bytes);
    if (!is_same) {
      return pk_fail(error, PK_BAD_PACKAGE,
                     "%s: tensor %zu (%s) does not decode to what was encoded; please report this "
                     "defect of the packer",
                     graph->source_file, i, tensor->name ? tensor->name : "");
    }
  }
  return true;
}

bool pk_package_check(pk_manifest *manifest, const pk_shards *shards, const pk_lowered_graph *graph,
                      pk_error *error) {
  pk_core_model core;
  if (!pk_core_model_open(&core, shards->items, shards->count, mnw_kernels_get(0),
                          graph->source_file, error)) {
    return false;
  }
  const bool ok = compare_constants(&core, graph, error);
  manifest->weight_bytes = core.info.weight_bytes;
  manifest->activation_bytes = core.plan.activation_bytes;
  manifest->staging_bytes = shards->max_chunk_bytes;
  pk_core_model_close(&core);
  return ok;
}
