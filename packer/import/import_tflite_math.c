// Builtin operators that compute element by element, over axes, or as products of matrices.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "tflite_ops.h"

static int32_t float_bits(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

typedef struct function_row {
  int builtin, function;
  float alpha, beta;
} function_row;

static const function_row *find_function(const function_row *rows, size_t count, int builtin) {
  for (size_t i = 0; i < count; i++) {
    if (rows[i].builtin == builtin) return &rows[i];
  }
  return NULL;
}

bool pk_tflite_import_unary(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  static const function_row rows[] = {
      {PK_TFLITE_ABS, MNW_UNARY_ABS, 0, 0},
      {PK_TFLITE_CEIL, MNW_UNARY_CEIL, 0, 0},
      {PK_TFLITE_COS, MNW_UNARY_COS, 0, 0},
      {PK_TFLITE_ELU, MNW_UNARY_ELU, 1, 0},
      {PK_TFLITE_EXP, MNW_UNARY_EXP, 0, 0},
      {PK_TFLITE_FLOOR, MNW_UNARY_FLOOR, 0, 0},
      {PK_TFLITE_GELU, MNW_UNARY_GELU, 0, 0},
      {PK_TFLITE_HARD_SWISH, MNW_UNARY_HARD_SWISH, 0, 0},
      {PK_TFLITE_LEAKY_RELU, MNW_UNARY_LEAKY_RELU, 0, 0},
      {PK_TFLITE_LOG, MNW_UNARY_LOG, 0, 0},
      {PK_TFLITE_LOGICAL_NOT, MNW_UNARY_NOT, 0, 0},
      {PK_TFLITE_LOGISTIC, MNW_UNARY_SIGMOID, 0, 0},
      {PK_TFLITE_NEG, MNW_UNARY_NEG, 0, 0},
      {PK_TFLITE_RELU_0_TO_1, MNW_UNARY_CLIP, 0, 1},
      {PK_TFLITE_ROUND, MNW_UNARY_ROUND, 0, 0},
      {PK_TFLITE_RSQRT, MNW_UNARY_RSQRT, 0, 0},
      {PK_TFLITE_SIGN, MNW_UNARY_SIGN, 0, 0},
      {PK_TFLITE_SIN, MNW_UNARY_SIN, 0, 0},
      {PK_TFLITE_SQRT, MNW_UNARY_SQRT, 0, 0},
      {PK_TFLITE_SQUARE, MNW_UNARY_SQUARE, 0, 0},
      {PK_TFLITE_TANH, MNW_UNARY_TANH, 0, 0},
  };
  const function_row *row = find_function(rows, sizeof rows / sizeof *rows, source->builtin);
  function_row chosen = *row;
  op->kind = PK_OP_UNARY;
  if (source->builtin == PK_TFLITE_LEAKY_RELU) {
    if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_LEAKY_RELU)) return false;
    chosen.alpha = pk_fb_f32(source->options, PK_TFLITE_LEAKY_RELU_ALPHA, 0, "alpha");
  }
  if (source->builtin == PK_TFLITE_GELU) {
    if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_GELU)) return false;
    if (pk_fb_u8(source->options, PK_TFLITE_GELU_APPROXIMATE, 0, "approximate")) {
      chosen.function = MNW_UNARY_GELU_TANH;
    }
  }
  int32_t *words = op->attributes.words.words;
  words[MNW_UNARY_FUNCTION] = chosen.function;
  words[MNW_UNARY_ALPHA] = float_bits(chosen.alpha);
  words[MNW_UNARY_BETA] = float_bits(chosen.beta);
  return true;
}

bool pk_tflite_import_binary(pk_tflite_import *import, const pk_tflite_operator *source,
                             pk_op *op) {
  static const function_row rows[] = {
      {PK_TFLITE_DIV, MNW_BINARY_DIV, 0, 0},
      {PK_TFLITE_EQUAL, MNW_BINARY_EQUAL, 0, 0},
      {PK_TFLITE_FLOOR_MOD, MNW_BINARY_MOD, 0, 0},
      {PK_TFLITE_GREATER, MNW_BINARY_GREATER, 0, 0},
      {PK_TFLITE_GREATER_EQUAL, MNW_BINARY_GREATER_EQUAL, 0, 0},
      {PK_TFLITE_LESS, MNW_BINARY_LESS, 0, 0},
      {PK_TFLITE_LESS_EQUAL, MNW_BINARY_LESS_EQUAL, 0, 0},
      {PK_TFLITE_LOGICAL_AND, MNW_BINARY_AND, 0, 0},
      {PK_TFLITE_LOGICAL_OR, MNW_BINARY_OR, 0, 0},
      {PK_TFLITE_MAXIMUM, MNW_BINARY_MAX, 0, 0},
      {PK_TFLITE_MINIMUM, MNW_BINARY_MIN, 0, 0},
      {PK_TFLITE_MUL, MNW_BINARY_MUL, 0, 0},
      {PK_TFLITE_NOT_EQUAL, MNW_BINARY_NOT_EQUAL, 0, 0},
      {PK_TFLITE_POW, MNW_BINARY_POW, 0, 0},
      {PK_TFLITE_PRELU, MNW_BINARY_PRELU, 0, 0},
      {PK_TFLITE_SQUARED_DIFFERENCE, MNW_BINARY_SQUARED_DIFFERENCE, 0, 0},
      {PK_TFLITE_SUB, MNW_BINARY_SUB, 0, 0},
  };
  op->kind = PK_OP_BINARY;
  op->attributes.words.words[MNW_BINARY_FUNCTION] =
      find_function(rows, sizeof rows / sizeof *rows, source->builtin)->function;
  if (!pk_tflite_require_inputs(import, op, 2) || !pk_tflite_widen_weights(import, op)) {
    return false;
  }
  const int options = source->builtin == PK_TFLITE_MUL   ? PK_TFLITE_OPTIONS_MUL
                      : source->builtin == PK_TFLITE_SUB ? PK_TFLITE_OPTIONS_SUB
                      : source->builtin == PK_TFLITE_DIV ? PK_TFLITE_OPTIONS_DIV
                                                         : 0;
  return options == 0 ||
         (pk_tflite_check_options(import, source, options) &&
          pk_tflite_set_activation(
              import, source, op,
              pk_fb_u8(source->options, PK_TFLITE_ADD_ACTIVATION, 0, "activation")));
}

// SELECT takes a condition of one axis for rows of its values, which broadcasting would lay along
// the last axis.
bool pk_tflite_import_select(pk_tflite_import *import, const pk_tflite_operator *source,
                             pk_op *op) {
  op->kind = PK_OP_WHERE;
  if (!pk_tflite_require_inputs(import, op, 3)) return false;
  const pk_tensor *condition = pk_op_input(import->graph, op, 0);
  const int rank = pk_op_input(import->graph, op, 1)->rank;
  if (source->builtin != PK_TFLITE_SELECT || condition->rank != 1 || rank < 2) return true;
  int32_t dims[PK_MAX_RANK] = {condition->dims[0]};
  for (int i = 1; i < rank; i++) dims[i] = 1;
  const int32_t rows = pk_tflite_add_value(import, op->inputs[0], "(rows)", rank, dims);
  if (!pk_tflite_add_step(import, op, PK_OP_RESHAPE, NULL, op->inputs, 1, rows)) return false;
  op->inputs[0] = rows;
  return true;
}

bool pk_tflite_import_cast(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  op->kind = PK_OP_CAST;
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  if (pk_op_input(import->graph, op, 0)->quantization.count > 0 ||
      pk_op_output(import->graph, op)->quantization.count > 0) {
    return pk_tflite_report(import, op, source, "of quantised values");
  }
  return true;
}

bool pk_tflite_import_reduce(pk_tflite_import *import, const pk_tflite_operator *source,
                             pk_op *op) {
  uint32_t axes;
  op->kind = PK_OP_REDUCE;
  if (!pk_tflite_require_inputs(import, op, 2)) return false;
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with computed axes");
  }
  if (!pk_tflite_read_axes(import, op, 1, &axes)) return false;
  op->attributes.words.words[MNW_REDUCE_FUNCTION] =
      source->builtin == PK_TFLITE_SUM          ? MNW_REDUCE_SUM
      : source->builtin == PK_TFLITE_REDUCE_MAX ? MNW_REDUCE_MAX
      : source->builtin == PK_TFLITE_REDUCE_MIN ? MNW_REDUCE_MIN
                                                : MNW_REDUCE_PROD;
  op->attributes.words.words[MNW_REDUCE_AXES] = (int32_t)axes;
  op->input_count = 1;
  return true;
}

bool pk_tflite_import_arg_reduce(pk_tflite_import *import, const pk_tflite_operator *source,
                                 pk_op *op) {
  int64_t axis;
  size_t count = 0;
  op->kind = PK_OP_ARG_REDUCE;
  if (!pk_tflite_require_inputs(import, op, 2)) return false;
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with a computed axis");
  }
  if (!pk_tflite_read_integers(import, op, 1, &axis, 1, &count)) return false;
  if (count != 1) return pk_fb_fail(&import->model.file, "its axis is missing");
  if (!pk_tflite_fix_axis(import, &axis, pk_op_input(import->graph, op, 0)->rank)) return false;
  op->attributes.words.words[MNW_ARG_REDUCE_AXIS] = (int32_t)axis;
  op->attributes.words.words[MNW_ARG_REDUCE_IS_MIN] = source->builtin == PK_TFLITE_ARG_MIN;
  op->input_count = 1;
  return true;
}

bool pk_tflite_import_batch_matmul(pk_tflite_import *import, const pk_tflite_operator *source,
                                   pk_op *op) {
  const pk_fb_table options = source->options;
  op->kind = PK_OP_MATMUL;
  op->attributes.words.words[MNW_MATMUL_TRANSPOSE_A] =
      pk_fb_u8(options, PK_TFLITE_BATCH_MATMUL_ADJ_X, 0, "adj_x") != 0;
  op->attributes.words.words[MNW_MATMUL_TRANSPOSE_B] =
      pk_fb_u8(options, PK_TFLITE_BATCH_MATMUL_ADJ_Y, 0, "adj_y") != 0;
  return pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_BATCH_MATMUL) &&
         pk_tflite_require_inputs(import, op, 2) && pk_tflite_widen_weights(import, op);
}

bool pk_tflite_import_log_softmax(pk_tflite_import *import, const pk_tflite_operator *source,
                                  pk_op *op) {
  enum { LOG_SOFTMAX = 2 };
  (void)source;
  op->kind = PK_OP_NORMALIZE;
  if (!pk_tflite_require_inputs(import, op, 1)) return false;
  op->attributes.words.words[MNW_NORMALIZE_AXIS] = pk_op_input(import->graph, op, 0)->rank - 1;
  op->attributes.words.words[MNW_NORMALIZE_KIND] = LOG_SOFTMAX;
  return true;
}

bool pk_tflite_import_cum_sum(pk_tflite_import *import, const pk_tflite_operator *source,
                              pk_op *op) {
  int64_t axis;
  size_t count = 0;
  op->kind = PK_OP_CUM_SUM;
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_CUMSUM) ||
      !pk_tflite_require_inputs(import, op, 2)) {
    return false;
  }
  if (pk_tflite_is_computed(import, op, 1)) {
    return pk_tflite_report(import, op, source, "with a computed axis");
  }
  if (!pk_tflite_read_integers(import, op, 1, &axis, 1, &count)) return false;
  if (count != 1) return pk_fb_fail(&import->model.file, "its axis is missing");
  if (!pk_tflite_fix_axis(import, &axis, pk_op_input(import->graph, op, 0)->rank)) return false;
  int32_t *words = op->attributes.words.words;
  words[MNW_CUM_SUM_AXIS] = (int32_t)axis;
  words[MNW_CUM_SUM_EXCLUSIVE] =
      pk_fb_u8(source->options, PK_TFLITE_CUMSUM_EXCLUSIVE, 0, "exclusive") != 0;
  words[MNW_CUM_SUM_REVERSE] =
      pk_fb_u8(source->options, PK_TFLITE_CUMSUM_REVERSE, 0, "reverse") != 0;
  op->input_count = 1;
  return true;
}
