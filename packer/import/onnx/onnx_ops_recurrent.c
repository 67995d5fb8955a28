// LSTM, GRU and RNN. The runtime's operator gives one output, so each output that is used becomes
// an operator of its own.
#include <string.h>

#include "onnx_build.h"

enum { CELL_RNN = 0, CELL_GRU = 1, CELL_LSTM = 2, INPUTS = 8 };

typedef struct net {
  int32_t cell, directions;
  bool is_batch_first;
  pk_value inputs[INPUTS];  // as the runtime's operator wants them
  pk_op like;
} net;

static bool is_text(const Onnx__AttributeProto *attribute, size_t i, const char *text) {
  const ProtobufCBinaryData *s = &attribute->strings[i];
  return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}

// The default activations, and relu for RNN.
static bool read_activations(pk_onnx *o, net *n) {
  static const char *const defaults[][3] = {
      {"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}};
  const Onnx__AttributeProto *given = pk_onnx_attribute(o, "activations");
  const size_t count = (size_t)n->cell + 1;
  if (!given || given->n_strings == 0) return true;
  if (given->n_strings != count * (size_t)n->directions) {
    return pk_onnx_broken(o, "it has %zu activations", given->n_strings);
  }
  bool is_default = true, is_relu = n->cell == CELL_RNN;
  for (size_t i = 0; i < given->n_strings; i++) {
    is_default = is_default && is_text(given, i, defaults[n->cell][i % count]);
    is_relu = is_relu && is_text(given, i, "Relu");
  }
  n->like.attributes.words.words[MNW_RECURRENT_RELU] = is_relu;
  return is_default || is_relu || pk_onnx_refuse(o, "with other activations than the default ones");
}

static bool read_attributes(pk_onnx *o, net *n) {
  int32_t *words = n->like.attributes.words.words;
  const bool is_reverse = pk_onnx_attribute_is(o, "direction", "reverse", "forward");
  const bool is_both = pk_onnx_attribute_is(o, "direction", "bidirectional", "forward");
  n->directions = is_both ? 2 : 1;
  n->is_batch_first = pk_onnx_attribute_int(o, "layout", 0) != 0;
  words[MNW_RECURRENT_CELL] = n->cell;
  words[MNW_RECURRENT_DIRECTION] = is_both ? 2 : is_reverse;
  words[MNW_RECURRENT_LINEAR_BEFORE_RESET] =
      pk_onnx_attribute_int(o, "linear_before_reset", 0) != 0;
  if (!is_both && !is_reverse && !pk_onnx_attribute_is(o, "direction", "forward", "forward")) {
    return pk_onnx_broken(o, "its direction is unknown");
  }
  if (pk_onnx_attribute(o, "clip")) return pk_onnx_refuse(o, "with clip");
  if (pk_onnx_attribute_int(o, "input_forget", 0)) return pk_onnx_refuse(o, "with input_forget");
  return read_activations(o, n);
}

static pk_value swap_first_two(pk_onnx *o, pk_value value) {
  static const int perm[3] = {1, 0, 2};
  return value < 0 ? value : pk_onnx_transpose(o, value, perm);
}

static bool read_inputs(pk_onnx *o, net *n) {
  static const int ranks[INPUTS] = {3, 3, 3, 2, 1, 3, 3, 2};
  for (size_t i = 0; i < INPUTS; i++) {
    const bool is_of_lstm = i >= 6;
    n->inputs[i] = i < 3                                 ? pk_onnx_required(o, i)
                   : !is_of_lstm || n->cell == CELL_LSTM ? pk_onnx_input(o, i)
                                                         : PK_ABSENT;
    if (n->inputs[i] == PK_ABSENT) continue;
    if (n->inputs[i] < 0) return false;
    const pk_tensor *tensor = pk_onnx_tensor(o, n->inputs[i]);
    if (tensor->rank != ranks[i]) {
      return pk_onnx_broken(o, "its input %zu has shape %s, which has not %d axes", i,
                            pk_tensor_shape_text(tensor).text, ranks[i]);
    }
    if (i != 4 && tensor->dtype != PK_DTYPE_F32) return pk_onnx_refuse(o, "not of float32");
    if (n->is_batch_first && (i == 0 || i == 5 || i == 6)) {
      n->inputs[i] = swap_first_two(o, n->inputs[i]);
    }
  }
  const pk_tensor *r = pk_onnx_tensor(o, n->inputs[2]);
  return r->dims[0] == n->directions ||
         pk_onnx_broken(o, "its weights have %d directions instead of %d", r->dims[0],
                        n->directions);
}

static bool set_outputs(pk_onnx *o, net *n) {
  static const int every_step[4] = {2, 0, 1, 3};
  const pk_tensor x = *pk_onnx_tensor(o, n->inputs[0]), r = *pk_onnx_tensor(o, n->inputs[2]);
  const int32_t dims[4] = {x.dims[0], n->directions, x.dims[1], r.dims[2]};
  for (int i = 0; i < (n->cell == CELL_LSTM ? 3 : 2); i++) {
    if (!pk_onnx_has_output(o, (size_t)i)) continue;
    n->like.attributes.words.words[MNW_RECURRENT_OUTPUT] = i;
    pk_value y = pk_onnx_emit(o, PK_OP_RECURRENT, n->inputs, INPUTS, PK_DTYPE_F32, i == 0 ? 4 : 3,
                              i == 0 ? dims : dims + 1, &n->like);
    if (n->is_batch_first && y >= 0) {
      y = i == 0 ? pk_onnx_transpose(o, y, every_step) : swap_first_two(o, y);
    }
    if (!pk_onnx_set_output(o, (size_t)i, y)) return false;
  }
  return true;
}

bool pk_onnx_op_recurrent(pk_onnx *o) {
  net n = {.cell = pk_onnx_this_op(o)->parameter};
  return read_attributes(o, &n) && read_inputs(o, &n) && set_outputs(o, &n);
}
