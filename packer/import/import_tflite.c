#include "import_tflite.h"

#include <stdio.h>
#include <string.h>

#include "import_text.h"
#include "tflite_ops.h"
#include "tflite_sparsity.h"

// Numbers of the schema's tensor types. Types that are left out become OTHER.
static pk_dtype dtype_of(int type) {
  static const uint8_t dtypes[] = {
      [0] = PK_DTYPE_F32,   [1] = PK_DTYPE_F16,    [2] = PK_DTYPE_S32,    [3] = PK_DTYPE_U8,
      [4] = PK_DTYPE_S64,   [5] = PK_DTYPE_OTHER,  [6] = PK_DTYPE_BOOL,   [7] = PK_DTYPE_S16,
      [8] = PK_DTYPE_OTHER, [9] = PK_DTYPE_S8,     [10] = PK_DTYPE_F64,   [11] = PK_DTYPE_OTHER,
      [12] = PK_DTYPE_U64,  [13] = PK_DTYPE_OTHER, [14] = PK_DTYPE_OTHER, [15] = PK_DTYPE_U32,
      [16] = PK_DTYPE_U16,  [17] = PK_DTYPE_S4,    [18] = PK_DTYPE_BF16,
  };
  return type < (int)sizeof dtypes ? (pk_dtype)dtypes[type] : PK_DTYPE_OTHER;
}

static const char *import_name(pk_tflite_import *import, pk_fb_vector bytes) {
  char name[PK_NAME_MAX_BYTES + 1];
  const size_t length = pk_text_clean(name, pk_fb_list_bytes(bytes), bytes.count);
  return pk_arena_copy(&import->graph->arena, name, length + 1, 1, import->error);
}

// A batch that was left open when the model was converted (-1 in the signature) becomes 1; other
// open dimensions stay below 1 and are refused where an operator uses the tensor.
static bool import_shape(pk_tflite_import *import, const pk_tflite_tensor *source,
                         pk_tensor *tensor) {
  if (source->shape.count > PK_MAX_RANK) {
    return pk_fb_fail(&import->model.file, "\"%s\" has %zu dimensions, more than %d", tensor->name,
                      source->shape.count, PK_MAX_RANK);
  }
  tensor->rank = (int)source->shape.count;
  for (int i = 0; i < tensor->rank; i++) {
    tensor->dims[i] = pk_fb_list_s32(source->shape, (size_t)i);
  }
  const bool open_batch = pk_fb_list_s32(source->shape_signature, 0) == -1 ||
                          (tensor->rank > 0 && tensor->dims[0] == -1);
  if (open_batch && tensor->rank > 0 && tensor->dims[0] < 1) tensor->dims[0] = 1;
  return true;
}

static bool import_quantization(pk_tflite_import *import, const pk_tflite_tensor *source,
                                pk_tensor *tensor) {
  const size_t count = source->scales.count;
  if (count == 0) return true;
  const size_t zero_point_count = source->zero_points.count;
  if (zero_point_count > 1 && zero_point_count != count) {
    return pk_fb_fail(&import->model.file, "\"%s\" has %zu scales but %zu zero points",
                      tensor->name, count, zero_point_count);
  }
  float *scales = pk_arena_alloc(&import->graph->arena, count, sizeof *scales, import->error);
  int32_t *zero_points =
      pk_arena_alloc(&import->graph->arena, count, sizeof *zero_points, import->error);
  if (!scales || !zero_points) return false;
  for (size_t i = 0; i < count; i++) {
    scales[i] = pk_fb_list_f32(source->scales, i);
    const int64_t zero_point = pk_fb_list_s64(source->zero_points, zero_point_count == 1 ? 0 : i);
    if (zero_point < INT32_MIN || zero_point > INT32_MAX) {
      return pk_fb_fail(&import->model.file, "\"%s\" has the zero point %lld, which is no int32",
                        tensor->name, (long long)zero_point);
    }
    zero_points[i] = (int32_t)zero_point;
  }
  tensor->quantization = (pk_quantization){.count = count,
                                           .scales = scales,
                                           .zero_points = zero_points,
                                           .axis = source->quantized_dimension};
  return true;
}

// int4 constants, two a byte, the first in the low bits, as int8: what they mean stays the same.
static bool unpack_int4(pk_tflite_import *import, pk_tensor *tensor) {
  const int64_t elements = pk_tensor_elements(tensor);
  if (elements < 0 || tensor->data_bytes != (size_t)(elements + 1) / 2) {
    return pk_fb_fail(&import->model.file, "\"%s\" of shape %s has %zu bytes of int4 numbers",
                      tensor->name, pk_tensor_shape_text(tensor).text, tensor->data_bytes);
  }
  int8_t *data = pk_arena_alloc(&import->graph->arena, (size_t)elements, 1, import->error);
  if (!data) return false;
  for (size_t i = 0; i < (size_t)elements; i++) {
    const int bits = tensor->data[i / 2] >> (i % 2 * 4) & 15;
    data[i] = (int8_t)((bits ^ 8) - 8);
  }
  tensor->dtype = PK_DTYPE_S8;
  tensor->data = (const uint8_t *)data;
  tensor->data_bytes = (size_t)elements;
  return true;
}

static bool import_data(pk_tflite_import *import, const pk_tflite_tensor *source,
                        pk_tensor *tensor) {
  const bool is_sparse = source->sparsity.buffer != NULL;
  if (is_sparse && pk_dtype_bits(tensor->dtype) >= 8) {
    return pk_tflite_densify(tensor, source->sparsity, &import->graph->arena);
  }
  return is_sparse || !tensor->data || tensor->dtype != PK_DTYPE_S4 || unpack_int4(import, tensor);
}

static bool import_tensor(pk_tflite_import *import, size_t index) {
  pk_tflite_tensor source;
  pk_tensor tensor = {0};
  if (!pk_tflite_read_tensor(&source, &import->model, index)) return false;
  tensor.name = import_name(import, source.name);
  if (!tensor.name) return false;
  tensor.dtype = dtype_of(source.type);
  tensor.data = source.data;
  tensor.data_bytes = source.data_bytes;
  if (!import_shape(import, &source, &tensor) || !import_quantization(import, &source, &tensor) ||
      !import_data(import, &source, &tensor)) {
    return false;
  }
  const bool is_packed = pk_dtype_bits(tensor.dtype) < 8;
  const char *missing = source.is_external                    ? "weights in another file"
                        : source.sparsity.buffer && is_packed ? "sparse tensors of less than a byte"
                        : source.has_unknown_quantization ? "blockwise or multi-axis quantisation"
                                                          : NULL;
  if (missing) pk_report_add(import->report, missing, "tensor", index, tensor.name);
  import->is_variable[index] = source.is_variable;
  return pk_graph_add_tensor(import->graph, &tensor, import->error) >= 0;
}

static bool copy_numbers(pk_tflite_import *import, int32_t **numbers, pk_fb_vector list) {
  *numbers = pk_arena_alloc(&import->graph->arena, list.count, sizeof **numbers, import->error);
  if (!*numbers) return false;
  for (size_t i = 0; i < list.count; i++) (*numbers)[i] = pk_fb_list_s32(list, i);
  return true;
}

static bool import_graph_ends(pk_tflite_import *import) {
  pk_graph *graph = import->graph;
  const pk_tflite_model *model = &import->model;
  graph->input_count = model->inputs.count;
  graph->output_count = model->outputs.count;
  if (!copy_numbers(import, &graph->inputs, model->inputs) ||
      !copy_numbers(import, &graph->outputs, model->outputs)) {
    return false;
  }
  // What is fed in is no constant, whatever the file has in its place.
  for (size_t i = 0; i < graph->input_count; i++) graph->tensors[graph->inputs[i]].data = NULL;
  return true;
}

static void report_builtin(pk_tflite_import *import, const pk_tflite_operator *source, size_t index,
                           const char *name) {
  char what[PK_NAME_MAX_BYTES + 24];
  snprintf(what, sizeof what, "%s", source->builtin_name);
  if (source->builtin == PK_TFLITE_CUSTOM) {
    char custom[PK_NAME_MAX_BYTES + 1];
    pk_text_clean(custom, pk_fb_list_bytes(source->custom_name), source->custom_name.count);
    snprintf(what, sizeof what, "custom operator \"%s\"", custom);
  }
  pk_report_add(import->report, what, "operator", index, name);
}

static bool gives_several(int builtin) {
  return builtin == PK_TFLITE_SPLIT || builtin == PK_TFLITE_SPLIT_V ||
         builtin == PK_TFLITE_UNPACK || builtin == PK_TFLITE_TOPK_V2;
}

// State is kept between runs by nobody; an LSTM's starts at zero each time, so its importer takes
// it.
static void report_variables(pk_tflite_import *import, const pk_op *op) {
  for (int i = 0; i < op->input_count; i++) {
    const int32_t number = op->inputs[i];
    if (number < 0 || (size_t)number >= import->model.tensors.count || !import->is_variable[number])
      continue;
    pk_report_add(import->report, "variable tensors (state kept between runs)", "tensor",
                  (size_t)number, import->graph->tensors[number].name);
  }
}

// An operator has no name of its own in TFLite; it goes by the tensor that it computes.
static bool import_operator(pk_tflite_import *import, size_t index) {
  pk_tflite_operator source;
  pk_graph *graph = import->graph;
  if (!pk_tflite_read_operator(&source, &import->model, index)) return false;
  const int32_t output = source.outputs.count ? pk_fb_list_s32(source.outputs, 0) : PK_NO_TENSOR;
  const char *name = output == PK_NO_TENSOR ? "" : graph->tensors[output].name;
  pk_tflite_op_importer *importer = pk_tflite_find_importer(&source);
  if (!importer) {
    report_builtin(import, &source, index, name);
    return true;
  }
  if (source.outputs.count != 1 && !gives_several(source.builtin) &&
      importer != pk_tflite_import_detection) {
    return pk_fb_fail(&import->model.file, "it has %zu outputs instead of one",
                      source.outputs.count);
  }
  pk_op op = {.name = name,
              .source_index = (int32_t)index,
              .input_count = (int)source.inputs.count,
              .output = output};
  if (!copy_numbers(import, &op.inputs, source.inputs)) return false;
  if (importer != pk_tflite_import_lstm) report_variables(import, &op);
  pk_tflite_op_importer *fixed = pk_tflite_find_fixed_importer(graph, &source, &op);
  if (fixed) importer = fixed;
  if (!importer(import, &source, &op) || import->model.file.failed) return false;
  return op.is_removed || pk_graph_add_op(graph, &op, import->error) != NULL;
}

bool pk_tflite_to_graph(pk_graph *graph, pk_report *report, const uint8_t *bytes, size_t size_bytes,
                        pk_error *error) {
  pk_tflite_import import = {.graph = graph, .report = report, .error = error};
  if (!pk_tflite_open(&import.model, bytes, size_bytes, error)) return false;
  import.is_variable = pk_arena_alloc(&graph->arena, import.model.tensors.count, 1, error);
  if (!import.is_variable) return false;
  for (size_t i = 0; i < import.model.tensors.count; i++) {
    if (!import_tensor(&import, i)) return false;
  }
  if (!import_graph_ends(&import)) return false;
  for (size_t i = 0; i < import.model.operators.count; i++) {
    if (!import_operator(&import, i)) return false;
  }
  return true;
}
