// What a caller may ask about a model's inputs and outputs.
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
