// UNIDIRECTIONAL_SEQUENCE_LSTM of int8 values with an int16 cell. Biases and zero points are folded
// and factors computed here, in the precision that TFLite has for each. The state, which TFLite
// keeps in variable tensors, starts at zero in every run: what Keras means by a layer that is not
// stateful, and what TFLite itself gives after reset_all_variables().
#include <math.h>
#include <string.h>

#include "../../core/base/bytes.h"
#include "../../core/base/fixed_point.h"
#include "../../core/ops/op_params.h"
#include "tflite_ops.h"

enum {
  INPUT_X,
  INPUT_WEIGHTS,        // four: input, forget, cell, output
  INPUT_RECURRENT = 5,  // four
  INPUT_PEEPHOLES = 9,  // three
  INPUT_BIASES = 12,    // four
  INPUT_PROJECTION = 16,
  INPUT_STATE = 18,
  INPUT_CELL_STATE = 19,
  INPUT_LAYER_NORM = 20,
  INPUTS = 20,
  GATES = 4,
  FACTORS = 2 * GATES + 1,
  MAX_SIZE = 1 << 16
};

static const pk_tensor *input_at(const pk_tflite_import *import, const pk_op *op, int input) {
  return input < op->input_count ? pk_op_input(import->graph, op, input) : NULL;
}

static bool is_there(const pk_tflite_import *import, const pk_op *op, int input) {
  return input_at(import, op, input) != NULL;
}

// What it has beyond a plain LSTM; NULL: nothing.
static const char *find_extra(const pk_tflite_import *import, const pk_op *op,
                              const pk_tflite_operator *source) {
  if (!is_there(import, op, INPUT_WEIGHTS)) return "with a coupled input and forget gate";
  for (int i = 0; i < 3; i++) {
    if (is_there(import, op, INPUT_PEEPHOLES + i)) return "with peepholes";
  }
  for (int i = 0; i < GATES; i++) {
    if (is_there(import, op, INPUT_LAYER_NORM + i)) return "with layer normalisation";
  }
  if (is_there(import, op, INPUT_PROJECTION)) return "with a projection";
  if (pk_fb_u8(source->options, PK_TFLITE_LSTM_ACTIVATION, 0, "activation") !=
      PK_TFLITE_ACTIVATION_TANH) {
    return "with another activation than TANH";
  }
  const pk_tensor *x = input_at(import, op, INPUT_X), *w = input_at(import, op, INPUT_WEIGHTS);
  if (x->dtype != PK_DTYPE_S8 || w->dtype != PK_DTYPE_S8) return "of other values than int8";
  return NULL;
}

static bool check_matrix(pk_tflite_import *import, const pk_op *op, int input, int32_t rows,
                         int32_t columns) {
  const pk_tensor *tensor = input_at(import, op, input);
  const bool is_bias = columns == 0;
  const size_t bytes = (size_t)rows * (is_bias ? 4 : (size_t)columns);
  if (tensor && tensor->data && tensor->dtype == (is_bias ? PK_DTYPE_S32 : PK_DTYPE_S8) &&
      tensor->rank == (is_bias ? 1 : 2) && tensor->dims[0] == rows &&
      (is_bias || tensor->dims[1] == columns) && tensor->data_bytes == bytes &&
      (is_bias || (tensor->quantization.count == 1 && pk_tensor_zero_point(tensor) == 0))) {
    return true;
  }
  return pk_fb_fail(
      &import->model.file,
      "its input %d is no constant of shape [%d,%d] in symmetric int8 (a bias: int32)", input, rows,
      columns);
}

static bool check_tensors(pk_tflite_import *import, const pk_op *op, int32_t hidden,
                          int32_t width) {
  const pk_tensor *x = input_at(import, op, INPUT_X), *state = input_at(import, op, INPUT_STATE);
  const pk_tensor *cell = input_at(import, op, INPUT_CELL_STATE);
  const pk_tensor *output = pk_op_output(import->graph, op);
  if (x->rank != 3 || output->rank != 3 || x->quantization.count != 1 || !state || !cell ||
      state->quantization.count != 1 || cell->quantization.count != 1 ||
      !pk_tensor_same_quantization(state, output)) {
    return pk_fb_fail(&import->model.file,
                      "its input %s, output %s or the quantisation of its state is wrong",
                      pk_tensor_shape_text(x).text, pk_tensor_shape_text(output).text);
  }
  if (hidden < 1 || width < 1 || hidden > MAX_SIZE || width > MAX_SIZE) {
    return pk_fb_fail(&import->model.file, "its size %d x %d is out of range", hidden, width);
  }
  for (int i = 0; i < GATES; i++) {
    if (!check_matrix(import, op, INPUT_WEIGHTS + i, hidden, width) ||
        !check_matrix(import, op, INPUT_RECURRENT + i, hidden, hidden) ||
        !check_matrix(import, op, INPUT_BIASES + i, hidden, 0)) {
      return false;
    }
  }
  return true;
}

// The four matrices behind each other. Negative: error filled.
static int32_t join_weights(pk_tflite_import *import, const pk_op *op, int first) {
  const pk_tensor *one = input_at(import, op, first);
  pk_tensor joined = {.name = one->name,
                      .dtype = PK_DTYPE_S8,
                      .rank = 3,
                      .dims = {GATES, one->dims[0], one->dims[1]},
                      .quantization = one->quantization,
                      .data_bytes = GATES * one->data_bytes};
  uint8_t *data = pk_arena_alloc(&import->graph->arena, joined.data_bytes, 1, import->error);
  if (!data) return -1;
  for (int i = 0; i < GATES; i++) {
    memcpy(data + (size_t)i * one->data_bytes, input_at(import, op, first + i)->data,
           one->data_bytes);
  }
  joined.data = data;
  return pk_graph_add_tensor(import->graph, &joined, import->error);
}

// [2][gate][hidden]: of the input with the bias, of the state without; both without the zero
// point's share.
static int32_t fold_biases(pk_tflite_import *import, const pk_op *op, int32_t hidden) {
  pk_tensor folded = {.name = op->name,
                      .dtype = PK_DTYPE_S32,
                      .rank = 3,
                      .dims = {2, GATES, hidden},
                      .data_bytes = 2 * GATES * 4 * (size_t)hidden};
  uint8_t *data = pk_arena_alloc(&import->graph->arena, folded.data_bytes, 1, import->error);
  if (!data) return -1;
  folded.data = data;
  for (int i = 0; i < 2 * GATES; i++) {
    const bool is_recurrent = i >= GATES;
    const pk_tensor *values = input_at(import, op, is_recurrent ? INPUT_STATE : INPUT_X);
    const pk_tensor *weights =
        input_at(import, op, is_recurrent ? INPUT_RECURRENT + i - GATES : INPUT_WEIGHTS + i);
    const uint8_t *w = weights->data;
    for (int32_t row = 0; row < hidden; row++, data += 4) {
      uint32_t sum =
          is_recurrent ? 0 : mnw_load_u32(input_at(import, op, INPUT_BIASES + i)->data + 4 * row);
      for (int32_t k = 0; k < weights->dims[1]; k++) {
        sum -= (uint32_t)(pk_tensor_zero_point(values) * (int8_t)*w++);
      }
      mnw_store_u32(data, sum);
    }
  }
  return pk_graph_add_tensor(import->graph, &folded, import->error);
}

static int32_t add_factors(pk_tflite_import *import, const pk_op *op) {
  const float gate_scale = 1.0f / 4096;
  pk_tensor factors = {.name = op->name,
                       .dtype = PK_DTYPE_S32,
                       .rank = 2,
                       .dims = {FACTORS, 2},
                       .data_bytes = FACTORS * 8};
  uint8_t *data = pk_arena_alloc(&import->graph->arena, factors.data_bytes, 1, import->error);
  if (!data) return -1;
  for (int i = 0; i < FACTORS; i++) {
    const bool is_recurrent = i >= GATES;
    const float values =
        pk_tensor_scale(input_at(import, op, is_recurrent ? INPUT_STATE : INPUT_X));
    int32_t words[2] = {0};
    double factor;
    if (i == FACTORS - 1) {
      factor = 1.0 / 32768 / (double)values * (1.0 / 32768);
    } else {
      const int input = is_recurrent ? INPUT_RECURRENT + i - GATES : INPUT_WEIGHTS + i;
      factor = (double)(pk_tensor_scale(input_at(import, op, input)) * values / gate_scale);
    }
    if (!pk_tflite_set_factor(import, words, factor)) return -1;
    mnw_store_u32(data + 8 * (size_t)i, (uint32_t)words[0]);
    mnw_store_u32(data + 8 * (size_t)i + 4, (uint32_t)words[1]);
  }
  factors.data = data;
  return pk_graph_add_tensor(import->graph, &factors, import->error);
}

// The cell's scale is a power of two, its clip a number of steps.
static bool set_words(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  int32_t *words = op->attributes.words.words;
  int exponent;
  const float scale = pk_tensor_scale(input_at(import, op, INPUT_CELL_STATE));
  const float clip = pk_fb_f32(source->options, PK_TFLITE_LSTM_CELL_CLIP, 0, "cell_clip");
  const bool is_power = frexpf(scale, &exponent) == 0.5f;
  words[MNW_FIXED_LSTM_TIME_MAJOR] =
      pk_fb_u8(source->options, PK_TFLITE_LSTM_TIME_MAJOR, 0, "time_major") != 0;
  words[MNW_FIXED_LSTM_CELL_BITS] = 15 + exponent - 1;
  if (!is_power || words[MNW_FIXED_LSTM_CELL_BITS] < 0 || words[MNW_FIXED_LSTM_CELL_BITS] > 6) {
    return pk_fb_fail(&import->model.file,
                      "its cell has the scale %g, which is no power of two from 2^-15 to 2^-9",
                      (double)scale);
  }
  const float steps = clip / scale;
  words[MNW_FIXED_LSTM_CELL_CLIP] = steps >= 32767.0f ? 32767 : steps > 0.0f ? (int32_t)steps : 0;
  return true;
}

bool pk_tflite_import_lstm(pk_tflite_import *import, const pk_tflite_operator *source, pk_op *op) {
  if (!pk_tflite_check_options(import, source, PK_TFLITE_OPTIONS_SEQUENCE_LSTM)) return false;
  if (op->input_count < INPUTS || !is_there(import, op, INPUT_X) ||
      !is_there(import, op, INPUT_WEIGHTS + 1)) {
    return pk_fb_fail(&import->model.file, "it has %d inputs, too few or absent ones",
                      op->input_count);
  }
  const char *extra = find_extra(import, op, source);
  if (extra) return pk_tflite_report(import, op, source, extra);
  const pk_tensor *weights = input_at(import, op, INPUT_WEIGHTS);
  const int32_t hidden = weights->dims[0], width = weights->dims[1];
  if (!check_tensors(import, op, hidden, width) || !set_words(import, source, op)) return false;
  const int32_t inputs[] = {op->inputs[0], join_weights(import, op, INPUT_WEIGHTS),
                            join_weights(import, op, INPUT_RECURRENT),
                            fold_biases(import, op, hidden), add_factors(import, op)};
  for (int i = 0; i < 5; i++) {
    if (inputs[i] < 0) return false;
  }
  op->kind = PK_OP_FIXED_LSTM;
  op->input_count = 5;
  op->inputs = pk_arena_copy(&import->graph->arena, inputs, 5, sizeof *inputs, import->error);
  return op->inputs != NULL;
}
