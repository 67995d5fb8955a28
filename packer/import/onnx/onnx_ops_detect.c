// NonMaxSuppression. Its number of rows depends on the data; here it is what the model declares for
// its output, else the largest possible one, and rows left over hold -1.
#include <math.h>
#include <string.h>

#include "onnx_build.h"

static int64_t rows_of(const Onnx__ValueInfoProto *info, const char *name) {
  if (!info->name || strcmp(info->name, name) != 0 || !info->type ||
      info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !info->type->tensor_type ||
      !info->type->tensor_type->shape || info->type->tensor_type->shape->n_dim != 2) {
    return 0;
  }
  const Onnx__TensorShapeProto__Dimension *dim = info->type->tensor_type->shape->dim[0];
  const bool is_fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
  return is_fixed ? dim->dim_value : 0;
}

// 0: not declared.
static int64_t declared_rows(const pk_onnx *o) {
  const Onnx__GraphProto *graph = o->model->graph;
  const char *name = o->node->output[0];
  int64_t rows = 0;
  for (size_t i = 0; i < graph->n_output && rows == 0; i++) rows = rows_of(graph->output[i], name);
  for (size_t i = 0; i < graph->n_value_info && rows == 0; i++) {
    rows = rows_of(graph->value_info[i], name);
  }
  return rows;
}

static bool read_threshold(pk_onnx *o, size_t input, float fallback, int32_t *word) {
  const float *values;
  size_t count;
  if (!pk_onnx_constant_floats(o, pk_onnx_input(o, input), &values, &count)) return false;
  const float threshold = count == 1 ? values[0] : fallback;
  memcpy(word, &threshold, sizeof *word);
  return count <= 1 || pk_onnx_broken(o, "its input %zu has %zu values", input, count);
}

bool pk_onnx_op_non_max_suppression(pk_onnx *o) {
  const pk_value inputs[2] = {pk_onnx_required(o, 0), pk_onnx_required(o, 1)};
  pk_onnx_ints most;
  if (inputs[0] < 0 || inputs[1] < 0 || !pk_onnx_has_output(o, 0) ||
      !pk_onnx_constant_ints(o, pk_onnx_input(o, 2), &most)) {
    return false;
  }
  const pk_tensor boxes = *pk_onnx_tensor(o, inputs[0]), scores = *pk_onnx_tensor(o, inputs[1]);
  if (boxes.rank != 3 || scores.rank != 3 || boxes.dims[2] != 4 ||
      boxes.dims[0] != scores.dims[0] || boxes.dims[1] != scores.dims[2]) {
    return pk_onnx_broken(o, "boxes %s and scores %s do not fit together",
                          pk_tensor_shape_text(&boxes).text, pk_tensor_shape_text(&scores).text);
  }
  int64_t per_class = most.count == 1 ? most.values[0] : 0;
  if (per_class < 1) return pk_onnx_refuse(o, "without boxes to select");
  if (per_class > boxes.dims[1]) per_class = boxes.dims[1];
  pk_op like = {.kind = PK_OP_NON_MAX_SUPPRESSION};
  int32_t *words = like.attributes.words.words;
  words[MNW_NON_MAX_SUPPRESSION_PER_CLASS] = (int32_t)per_class;
  words[MNW_NON_MAX_SUPPRESSION_CENTRED] = pk_onnx_attribute_int(o, "center_point_box", 0) != 0;
  if (!read_threshold(o, 3, 0.0f, &words[MNW_NON_MAX_SUPPRESSION_IOU]) ||
      !read_threshold(o, 4, -INFINITY, &words[MNW_NON_MAX_SUPPRESSION_SCORE])) {
    return false;
  }
  int64_t rows = declared_rows(o);
  if (rows < 1) rows = per_class * scores.dims[0] * scores.dims[1];
  if (rows >= 1 << 24) return pk_onnx_refuse(o, "to %lld rows", (long long)rows);
  const int32_t dims[2] = {(int32_t)rows, 3};
  return pk_onnx_set_output(
      o, 0, pk_onnx_emit(o, PK_OP_NON_MAX_SUPPRESSION, inputs, 2, PK_DTYPE_S64, 2, dims, &like));
}
