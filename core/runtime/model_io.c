// What a caller may ask about a model's inputs, outputs and operators.
#include "model_internal.h"

static void describe(mnw_tensor_info *info, const mnw_tensor *tensor) {
  *info = (mnw_tensor_info){.dtype = (mnw_dtype)tensor->dtype,
                            .rank = tensor->rank,
                            .scale = tensor->scale,
                            .zero_point = tensor->zero_point,
                            .size_bytes = tensor->size_bytes};
  for (uint32_t i = 0; i < tensor->rank; i++) info->dims[i] = tensor->dims[i];
}

static mnw_status info_of(mnw_tensor_info *info, const mnw_model *model, const int32_t *numbers,
                          size_t count, size_t index) {
  if (!model->has_graph) return MNW_STATUS_NOT_READY;
  if (index >= count) return MNW_STATUS_INVALID_ARGUMENT;
  describe(info, &model->graph.tensors[numbers[index]]);
  return MNW_STATUS_OK;
}

size_t mnw_model_input_count(const mnw_model *model) {
  return model->header[MNW_PACKAGE_INPUT_COUNT];
}

size_t mnw_model_output_count(const mnw_model *model) {
  return model->header[MNW_PACKAGE_OUTPUT_COUNT];
}

mnw_status mnw_model_input_info(mnw_tensor_info *info, const mnw_model *model, size_t index) {
  return info_of(info, model, model->graph.inputs, model->graph.input_count, index);
}

mnw_status mnw_model_output_info(mnw_tensor_info *info, const mnw_model *model, size_t index) {
  return info_of(info, model, model->graph.outputs, model->graph.output_count, index);
}

size_t mnw_model_operator_count(const mnw_model *model) {
  return model->has_graph ? model->graph.node_count : 0;
}

// Of one output element where weights are constant, else of the product's inner axis.
static uint64_t products_per_output(const mnw_graph *graph, const mnw_node *node) {
  if (node->input_count < 2 || node->inputs[1] == MNW_NO_TENSOR) return 0;
  const mnw_tensor *x = &graph->tensors[node->inputs[0]], *w = &graph->tensors[node->inputs[1]];
  switch (node->code) {
    case MNW_OP_CONV_2D:
    case MNW_OP_FULLY_CONNECTED: {
      uint64_t products = 1;
      for (uint32_t d = w->rank == 5 ? 2 : 1; d < w->rank; d++) products *= (uint64_t)w->dims[d];
      return products;
    }
    case MNW_OP_DEPTHWISE_CONV_2D:
      return (uint64_t)w->dims[0] * (uint64_t)w->dims[1];
    case MNW_OP_MATMUL:
      return (uint64_t)x->dims[x->rank - 1];
    default:
      return 0;
  }
}

static uint64_t products_of(const mnw_graph *graph, const mnw_node *node) {
  if (node->output_count == 0) return 0;
  return mnw_tensor_elements(&graph->tensors[node->outputs[0]]) * products_per_output(graph, node);
}

mnw_status mnw_model_operator_info(mnw_operator_info *info, const mnw_model *model, size_t index) {
  const mnw_graph *graph = &model->graph;
  if (!model->has_graph) return MNW_STATUS_NOT_READY;
  if (index >= graph->node_count) return MNW_STATUS_INVALID_ARGUMENT;
  const mnw_node *node = &graph->nodes[index];
  *info = (mnw_operator_info){.name = mnw_op_find(node->code)->name};
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i] == MNW_NO_TENSOR) continue;
    const mnw_tensor *tensor = &graph->tensors[node->inputs[i]];
    *(tensor->kind == MNW_KIND_CONSTANT ? &info->constant_bytes : &info->activation_bytes) +=
        tensor->size_bytes;
  }
  for (uint32_t i = 0; i < node->output_count; i++) {
    info->activation_bytes += graph->tensors[node->outputs[i]].size_bytes;
  }
  if (node->output_count == 0) return MNW_STATUS_OK;
  const mnw_tensor *y = &graph->tensors[node->outputs[0]];
  if (!node->runs_with_next) info->multiply_adds = products_of(graph, node);
  if (index > 0 && node[-1].runs_with_next) info->multiply_adds += products_of(graph, node - 1);
  info->rank = y->rank;
  for (uint32_t i = 0; i < y->rank; i++) info->dims[i] = y->dims[i];
  return MNW_STATUS_OK;
}
