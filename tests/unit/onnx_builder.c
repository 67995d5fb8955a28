#include "onnx_builder.h"

#include <stdlib.h>
#include <string.h>

static void *take(size_t count, size_t size_bytes) {
  void *memory = calloc(count ? count : 1, size_bytes);
  if (!memory) abort();
  return memory;
}

static char *copy(const char *text, size_t length) {
  char *result = take(length + 1, 1);
  memcpy(result, text, length);
  return result;
}

#define NEW(type, init)                       \
  static type *new_##type(void) {             \
    const type empty = init;                  \
    type *message = take(1, sizeof *message); \
    *message = empty;                         \
    return message;                           \
  }
NEW(Onnx__ModelProto, ONNX__MODEL_PROTO__INIT)
NEW(Onnx__GraphProto, ONNX__GRAPH_PROTO__INIT)
NEW(Onnx__OperatorSetIdProto, ONNX__OPERATOR_SET_ID_PROTO__INIT)
NEW(Onnx__NodeProto, ONNX__NODE_PROTO__INIT)
NEW(Onnx__AttributeProto, ONNX__ATTRIBUTE_PROTO__INIT)
NEW(Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT)
NEW(Onnx__StringStringEntryProto, ONNX__STRING_STRING_ENTRY_PROTO__INIT)
NEW(Onnx__ValueInfoProto, ONNX__VALUE_INFO_PROTO__INIT)
NEW(Onnx__TypeProto, ONNX__TYPE_PROTO__INIT)
NEW(Onnx__TypeProto__Tensor, ONNX__TYPE_PROTO__TENSOR__INIT)
NEW(Onnx__TensorShapeProto, ONNX__TENSOR_SHAPE_PROTO__INIT)
NEW(Onnx__TensorShapeProto__Dimension, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT)
#undef NEW

void onnx_builder_init(onnx_builder *b) {
  Onnx__ModelProto *model = b->model = new_Onnx__ModelProto();
  model->has_ir_version = 1;
  model->ir_version = 8;
  model->producer_name = copy("test", 4);
  model->opset_import = take(1, sizeof *model->opset_import);
  model->opset_import[model->n_opset_import++] = new_Onnx__OperatorSetIdProto();
  model->opset_import[0]->has_version = 1;
  model->opset_import[0]->version = 17;
  Onnx__GraphProto *graph = model->graph = new_Onnx__GraphProto();
  graph->node = take(ONNX_BUILDER_MOST, sizeof *graph->node);
  graph->initializer = take(ONNX_BUILDER_MOST, sizeof *graph->initializer);
  graph->input = take(ONNX_BUILDER_MOST, sizeof *graph->input);
  graph->output = take(ONNX_BUILDER_MOST, sizeof *graph->output);
}

void onnx_builder_input(onnx_builder *b, const char *name, int type, const int64_t *dims,
                        size_t rank) {
  Onnx__ValueInfoProto *info = new_Onnx__ValueInfoProto();
  Onnx__TensorShapeProto *shape = new_Onnx__TensorShapeProto();
  shape->dim = take(rank, sizeof *shape->dim);
  for (size_t i = 0; i < rank; i++) {
    Onnx__TensorShapeProto__Dimension *dim = new_Onnx__TensorShapeProto__Dimension();
    dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    dim->dim_value = dims[i];
    shape->dim[shape->n_dim++] = dim;
  }
  info->name = copy(name, strlen(name));
  info->type = new_Onnx__TypeProto();
  info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  info->type->tensor_type = new_Onnx__TypeProto__Tensor();
  info->type->tensor_type->has_elem_type = 1;
  info->type->tensor_type->elem_type = type;
  info->type->tensor_type->shape = shape;
  b->model->graph->input[b->model->graph->n_input++] = info;
}

void onnx_builder_output(onnx_builder *b, const char *name) {
  Onnx__ValueInfoProto *info = new_Onnx__ValueInfoProto();
  info->name = copy(name, strlen(name));
  b->model->graph->output[b->model->graph->n_output++] = info;
}

static Onnx__TensorProto *add_tensor(onnx_builder *b, const char *name, int type,
                                     const int64_t *dims, size_t rank) {
  Onnx__TensorProto *tensor = new_Onnx__TensorProto();
  tensor->name = copy(name, strlen(name));
  tensor->has_data_type = 1;
  tensor->data_type = type;
  tensor->dims = take(rank, sizeof *tensor->dims);
  memcpy(tensor->dims, dims, rank * sizeof *dims);
  tensor->n_dims = rank;
  b->model->graph->initializer[b->model->graph->n_initializer++] = tensor;
  return tensor;
}

void onnx_builder_ints(onnx_builder *b, const char *name, const int64_t *values, size_t count) {
  const int64_t dims[1] = {(int64_t)count};
  Onnx__TensorProto *tensor = add_tensor(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, dims, 1);
  tensor->int64_data = take(count, sizeof *values);
  memcpy(tensor->int64_data, values, count * sizeof *values);
  tensor->n_int64_data = count;
}

static void add_entry(Onnx__TensorProto *tensor, const char *key, const char *value) {
  Onnx__StringStringEntryProto *entry = new_Onnx__StringStringEntryProto();
  entry->key = copy(key, strlen(key));
  entry->value = copy(value, strlen(value));
  tensor->external_data[tensor->n_external_data++] = entry;
}

void onnx_builder_external(onnx_builder *b, const char *name, const int64_t *dims, size_t rank,
                           const char *location, const char *offset, const char *length) {
  Onnx__TensorProto *tensor = add_tensor(b, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, dims, rank);
  tensor->has_data_location = 1;
  tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  tensor->external_data = take(3, sizeof *tensor->external_data);
  add_entry(tensor, "location", location);
  add_entry(tensor, "offset", offset);
  add_entry(tensor, "length", length);
}

static char **split(const char *names, size_t *count) {
  char **list = take(ONNX_BUILDER_MOST, sizeof *list);
  for (*count = 0;; names++) {
    const size_t length = strcspn(names, ",");
    list[(*count)++] = copy(names, length);
    names += length;
    if (*names == '\0') return list;
  }
}

void onnx_builder_node(onnx_builder *b, const char *type, const char *inputs, const char *outputs) {
  Onnx__NodeProto *node = new_Onnx__NodeProto();
  node->op_type = copy(type, strlen(type));
  node->input = split(inputs, &node->n_input);
  node->output = split(outputs, &node->n_output);
  b->model->graph->node[b->model->graph->n_node++] = node;
}

void onnx_builder_branch(onnx_builder *b, const char *attribute, onnx_builder *branch) {
  Onnx__NodeProto *node = b->model->graph->node[b->model->graph->n_node - 1];
  if (!node->attribute) node->attribute = take(ONNX_BUILDER_MOST, sizeof *node->attribute);
  Onnx__AttributeProto *added = new_Onnx__AttributeProto();
  added->name = copy(attribute, strlen(attribute));
  added->has_type = 1;
  added->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
  added->g = branch->model->graph;
  node->attribute[node->n_attribute++] = added;
  branch->model->graph = NULL;
  onnx__model_proto__free_unpacked(branch->model, NULL);
  branch->model = NULL;
}

void onnx_builder_open_dim(onnx_builder *b, size_t axis, const char *symbol) {
  Onnx__GraphProto *graph = b->model->graph;
  Onnx__TensorShapeProto__Dimension *dim =
      graph->input[graph->n_input - 1]->type->tensor_type->shape->dim[axis];
  dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
  dim->dim_param = copy(symbol, strlen(symbol));
}

uint8_t *onnx_builder_bytes(onnx_builder *b, size_t *size_bytes) {
  uint8_t *bytes = take(onnx__model_proto__get_packed_size(b->model), 1);
  *size_bytes = onnx__model_proto__pack(b->model, bytes);
  onnx__model_proto__free_unpacked(b->model, NULL);
  b->model = NULL;
  return bytes;
}
