#include "tflite_reader.h"

#include <stdio.h>
#include <string.h>

#include "../../core/format/package_format.h"

// Room for the package's limits and for constants that never reach a package. Operators may share
// one list of tensors, so their lists need a limit of their own to bound the work.
enum { MAX_LIST = 4 * MNW_MAX_TENSORS, MAX_OPERATOR_TENSORS = 1024 };

const char *pk_tflite_builtin_name(int builtin) {
  static const char *const names[PK_TFLITE_BUILTIN_COUNT] = {
#define PK_TFLITE_BUILTIN(number, name) [number] = #name,
#include "tflite_builtins.inc"
#undef PK_TFLITE_BUILTIN
  };
  return builtin >= 0 && builtin < PK_TFLITE_BUILTIN_COUNT ? names[builtin] : NULL;
}

static bool check_count(pk_tflite_model *model, pk_fb_vector list, const char *what) {
  if (list.count <= MAX_LIST) return true;
  return pk_fb_fail(&model->file, "the model has %zu %s, more than the %d that are accepted",
                    list.count, what, MAX_LIST);
}

// Tensor numbers of `list` must be below the model's count; -1 (absent) only where `may_miss`.
static bool check_numbers(pk_tflite_model *model, pk_fb_vector list, const char *what,
                          bool may_miss) {
  for (size_t i = 0; i < list.count; i++) {
    const int32_t number = pk_fb_list_s32(list, i);
    if (number == -1 && may_miss) continue;
    if (number < 0 || (size_t)number >= model->tensors.count) {
      return pk_fb_fail(&model->file, "%s tensor number %d is out of range (model has %zu tensors)",
                        what, number, model->tensors.count);
    }
  }
  return true;
}

typedef struct buffer_bytes {
  const uint8_t *data;  // NULL: empty
  size_t size_bytes;
} buffer_bytes;

static bool read_buffer(buffer_bytes *bytes, pk_tflite_model *model, size_t number) {
  pk_flatbuffer *file = &model->file;
  *bytes = (buffer_bytes){NULL, 0};
  const pk_fb_table buffer = pk_fb_list_table(model->buffers, number, "buffer");
  const pk_fb_vector data = pk_fb_list(buffer, PK_TFLITE_BUFFER_DATA, 1, "buffer data");
  const uint64_t offset = pk_fb_u64(buffer, PK_TFLITE_BUFFER_OFFSET, 0, "buffer offset");
  const uint64_t size = pk_fb_u64(buffer, PK_TFLITE_BUFFER_SIZE, 0, "buffer size");
  if (file->failed) return false;
  if (data.count > 0) {
    *bytes = (buffer_bytes){pk_fb_list_bytes(data), data.count};
  } else if (offset > 1) {  // 0 and 1 are what converters write for "not stored outside"
    if (offset > file->size_bytes || size > file->size_bytes - offset) {
      return pk_fb_fail(file,
                        "its %llu bytes at offset %llu lie outside the file of %zu bytes; the file "
                        "was cut off",
                        (unsigned long long)size, (unsigned long long)offset, file->size_bytes);
    }
    if (size > 0) *bytes = (buffer_bytes){file->bytes + offset, (size_t)size};
  }
  return true;
}

// Buffers that no tensor uses are read too: a file that was cut off must not pass because the
// operators happen to stand in front.
static bool check_buffers(pk_tflite_model *model) {
  buffer_bytes bytes;
  if (!check_count(model, model->buffers, "buffers")) return false;
  for (size_t i = 0; i < model->buffers.count; i++) {
    pk_fb_at(&model->file, "buffer %zu", i);
    if (!read_buffer(&bytes, model, i)) return false;
  }
  return true;
}

bool pk_tflite_open(pk_tflite_model *model, const uint8_t *bytes, size_t size_bytes,
                    pk_error *error) {
  memset(model, 0, sizeof *model);
  pk_flatbuffer *file = &model->file;
  pk_fb_init(file, bytes, size_bytes, error);
  if (size_bytes < 8 || memcmp(bytes + 4, "TFL3", 4) != 0) {
    return pk_fb_fail(file, "no TFLite model: the identifier \"TFL3\" is missing");
  }
  const pk_fb_table root = pk_fb_root(file);
  const uint32_t version = pk_fb_u32(root, PK_TFLITE_MODEL_VERSION, 0, "version");
  if (!file->failed && version != PK_TFLITE_SCHEMA_VERSION) {
    file->failed = true;
    return pk_fail(error, PK_UNSUPPORTED,
                   "TFLite schema version %u is not supported, only version %d: convert the model "
                   "with a current TFLite converter",
                   version, PK_TFLITE_SCHEMA_VERSION);
  }
  model->operator_codes = pk_fb_list(root, PK_TFLITE_MODEL_OPERATOR_CODES, 4, "operator_codes");
  model->buffers = pk_fb_list(root, PK_TFLITE_MODEL_BUFFERS, 4, "buffers");
  const pk_fb_vector subgraphs = pk_fb_list(root, PK_TFLITE_MODEL_SUBGRAPHS, 4, "subgraphs");
  if (file->failed) return false;
  if (subgraphs.count == 0) return pk_fb_fail(file, "the model has no subgraph");

  pk_fb_at(file, "subgraph 0");
  const pk_fb_table graph = pk_fb_list_table(subgraphs, 0, "subgraph 0");
  model->tensors = pk_fb_list(graph, PK_TFLITE_SUBGRAPH_TENSORS, 4, "tensors");
  model->operators = pk_fb_list(graph, PK_TFLITE_SUBGRAPH_OPERATORS, 4, "operators");
  model->inputs = pk_fb_list(graph, PK_TFLITE_SUBGRAPH_INPUTS, 4, "inputs");
  model->outputs = pk_fb_list(graph, PK_TFLITE_SUBGRAPH_OUTPUTS, 4, "outputs");
  return !file->failed && check_count(model, model->tensors, "tensors") &&
         check_count(model, model->operators, "operators") &&
         check_count(model, model->inputs, "inputs") &&
         check_count(model, model->outputs, "outputs") &&
         check_numbers(model, model->inputs, "input", false) &&
         check_numbers(model, model->outputs, "output", false) && check_buffers(model);
}

bool pk_tflite_read_tensor(pk_tflite_tensor *tensor, pk_tflite_model *model, size_t index) {
  pk_flatbuffer *file = &model->file;
  memset(tensor, 0, sizeof *tensor);
  pk_fb_at(file, "tensor %zu", index);
  const pk_fb_table table = pk_fb_list_table(model->tensors, index, "tensor");
  tensor->shape = pk_fb_list(table, PK_TFLITE_TENSOR_SHAPE, 4, "shape");
  tensor->type = pk_fb_u8(table, PK_TFLITE_TENSOR_TYPE, 0, "type");
  tensor->name = pk_fb_list(table, PK_TFLITE_TENSOR_NAME, 1, "name");
  tensor->is_variable = pk_fb_u8(table, PK_TFLITE_TENSOR_IS_VARIABLE, 0, "is_variable") != 0;
  tensor->sparsity = pk_fb_child(table, PK_TFLITE_TENSOR_SPARSITY, "sparsity");
  tensor->is_external =
      pk_fb_u32(table, PK_TFLITE_TENSOR_EXTERNAL_BUFFER, 0, "external_buffer") != 0;
  tensor->shape_signature =
      pk_fb_list(table, PK_TFLITE_TENSOR_SHAPE_SIGNATURE, 4, "shape_signature");
  const pk_fb_table quantization =
      pk_fb_child(table, PK_TFLITE_TENSOR_QUANTIZATION, "quantization");
  tensor->scales = pk_fb_list(quantization, PK_TFLITE_QUANTIZATION_SCALE, 4, "scale");
  tensor->zero_points =
      pk_fb_list(quantization, PK_TFLITE_QUANTIZATION_ZERO_POINT, 8, "zero_point");
  tensor->quantized_dimension =
      pk_fb_s32(quantization, PK_TFLITE_QUANTIZATION_DIMENSION, 0, "quantized_dimension");
  tensor->has_unknown_quantization = pk_fb_u8(quantization, PK_TFLITE_QUANTIZATION_DETAILS_TYPE, 0,
                                              "details_type") > PK_TFLITE_DETAILS_CUSTOM;
  const uint32_t number = pk_fb_u32(table, PK_TFLITE_TENSOR_BUFFER, 0, "buffer");
  if (file->failed) return false;
  if (number >= model->buffers.count && number > 0) {
    return pk_fb_fail(file, "buffer number %u is out of range (model has %zu buffers)", number,
                      model->buffers.count);
  }
  buffer_bytes bytes;
  if (!read_buffer(&bytes, model, number)) return false;
  tensor->data = bytes.data;
  tensor->data_bytes = bytes.size_bytes;
  return true;
}

bool pk_tflite_read_operator(pk_tflite_operator *op, pk_tflite_model *model, size_t index) {
  pk_flatbuffer *file = &model->file;
  memset(op, 0, sizeof *op);
  pk_fb_at(file, "operator %zu", index);
  const pk_fb_table table = pk_fb_list_table(model->operators, index, "operator");
  const uint32_t code_index = pk_fb_u32(table, PK_TFLITE_OPERATOR_CODE, 0, "opcode_index");
  if (file->failed) return false;
  if (code_index >= model->operator_codes.count) {
    return pk_fb_fail(file, "opcode_index %u is out of range (model has %zu operator codes)",
                      code_index, model->operator_codes.count);
  }
  const pk_fb_table code = pk_fb_list_table(model->operator_codes, code_index, "operator code");
  const uint8_t old_byte =
      pk_fb_u8(code, PK_TFLITE_CODE_DEPRECATED_BUILTIN, 0, "deprecated_builtin_code");
  const int32_t old_builtin = old_byte < 128 ? old_byte : old_byte - 256;  // the field is signed
  const int32_t new_builtin = pk_fb_s32(code, PK_TFLITE_CODE_BUILTIN, 0, "builtin_code");
  op->builtin = new_builtin > old_builtin ? new_builtin : old_builtin;
  const char *known_name = pk_tflite_builtin_name(op->builtin);
  if (known_name) {
    snprintf(op->builtin_name, sizeof op->builtin_name, "%s", known_name);
  } else {
    snprintf(op->builtin_name, sizeof op->builtin_name, "builtin operator %d", op->builtin);
  }
  op->custom_name = pk_fb_list(code, PK_TFLITE_CODE_CUSTOM, 1, "custom_code");
  pk_fb_at(file, "operator %zu (%s)", index, op->builtin_name);
  op->inputs = pk_fb_list(table, PK_TFLITE_OPERATOR_INPUTS, 4, "inputs");
  op->outputs = pk_fb_list(table, PK_TFLITE_OPERATOR_OUTPUTS, 4, "outputs");
  op->custom_options = pk_fb_list(table, PK_TFLITE_OPERATOR_CUSTOM_OPTIONS, 1, "custom_options");
  op->options_type = pk_fb_u8(table, PK_TFLITE_OPERATOR_OPTIONS_TYPE, 0, "builtin_options_type");
  op->options = pk_fb_child(table, PK_TFLITE_OPERATOR_OPTIONS, "builtin_options");
  if (file->failed) return false;
  if (op->inputs.count > MAX_OPERATOR_TENSORS || op->outputs.count > MAX_OPERATOR_TENSORS) {
    return pk_fb_fail(file, "%zu inputs and %zu outputs, more than the %d that are accepted",
                      op->inputs.count, op->outputs.count, MAX_OPERATOR_TENSORS);
  }
  return check_numbers(model, op->inputs, "input", true) &&
         check_numbers(model, op->outputs, "output", false);
}
