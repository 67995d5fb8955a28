#include <string.h>

#include "../base/error.h"
#include "../ops/conv_depthwise.h"
#include "model_internal.h"

// How often each tensor is read, by operators and by the caller.
static const uint32_t *count_reads(mnw_model *model) {
  const mnw_graph *graph = &model->graph;
  uint32_t *const reads = model->plan_order;  // whose turn comes later
  memset(reads, 0, graph->tensor_count * sizeof *reads);
  for (uint32_t n = 0; n < graph->node_count; n++) {
    const mnw_node *node = &graph->nodes[n];
    for (uint32_t i = 0; i < node->input_count; i++) {
      if (node->inputs[i] != MNW_NO_TENSOR) reads[node->inputs[i]]++;
    }
  }
  for (uint32_t i = 0; i < graph->output_count; i++) reads[graph->outputs[i]]++;
  return reads;
}

// Operators that run together with the one before them; their scratch then is for both.
static void pair_nodes(mnw_model *model) {
  const mnw_graph *graph = &model->graph;
  const uint32_t *reads = count_reads(model);
  for (uint32_t n = 0; n < graph->node_count; n++) {
    mnw_node *node = &graph->nodes[n];
    size_t scratch_bytes;
    node->runs_with_next = false;
    if (node->input_count == 0 || node->inputs[0] == MNW_NO_TENSOR || reads[node->inputs[0]] != 1 ||
        !mnw_conv_depthwise_prepare(graph, n, &scratch_bytes)) {
      continue;
    }
    node->scratch_bytes = (uint32_t)scratch_bytes;
    node[-1].runs_with_next = true;
  }
}

static void extend(mnw_plan_item *item, uint32_t step) {
  if (item->first > step) item->first = step;
  if (item->last < step) item->last = step;
}

// Steps are node numbers; graph inputs live from step 0, graph outputs to one step past the last
// node.
static void find_lifetimes(mnw_model *model) {
  const mnw_graph *graph = &model->graph;
  mnw_plan_item *plan = model->plan;
  for (uint32_t i = 0; i < graph->input_count; i++) {
    extend(&plan[model->roots[graph->inputs[i]]], 0);
  }
  for (uint32_t n = 0; n < graph->node_count; n++) {
    const mnw_node *node = &graph->nodes[n];
    const uint32_t runs_at = node->runs_with_next ? n + 1 : n;
    for (uint32_t i = 0; i < node->input_count; i++) {
      if (node->inputs[i] != MNW_NO_TENSOR) extend(&plan[model->roots[node->inputs[i]]], runs_at);
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
      extend(&plan[model->roots[node->outputs[i]]], n);
    }
    mnw_plan_item *scratch = &plan[graph->tensor_count + n];
    *scratch = (mnw_plan_item){node->runs_with_next ? 0 : node->scratch_bytes, n, n, 0};
  }
  for (uint32_t i = 0; i < graph->output_count; i++) {
    extend(&plan[model->roots[graph->outputs[i]]], graph->node_count);
  }
}

mnw_status mnw_model_plan_memory(mnw_model *model, mnw_error *error) {
  const mnw_graph *graph = &model->graph;
  for (uint32_t t = 0; t < graph->tensor_count; t++) model->roots[t] = t;
  for (uint32_t n = 0; n < graph->node_count; n++) {
    const mnw_node *node = &graph->nodes[n];
    if (node->code == MNW_OP_RESHAPE)
      model->roots[node->outputs[0]] = model->roots[node->inputs[0]];
  }
  for (uint32_t t = 0; t < graph->tensor_count; t++) {
    const mnw_tensor *tensor = &graph->tensors[t];
    const bool is_planned = tensor->kind == MNW_KIND_ACTIVATION && model->roots[t] == t;
    model->plan[t] = (mnw_plan_item){is_planned ? tensor->size_bytes : 0, UINT32_MAX, 0, 0};
  }
  pair_nodes(model);
  for (uint32_t n = 0; n < graph->node_count; n++) {
    if (graph->nodes[n].runs_with_next) model->plan[graph->nodes[n].outputs[0]].size_bytes = 0;
  }
  find_lifetimes(model);
  model->activation_bytes =
      mnw_plan_memory(model->plan, graph->tensor_count + graph->node_count, model->plan_order);
  if (model->activation_bytes == SIZE_MAX) {
    return mnw_fail(error, MNW_STATUS_LIMIT_EXCEEDED, "activations need more than 4 GB", 0, 0, 0);
  }
  return MNW_STATUS_OK;
}
