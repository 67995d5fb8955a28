// Operators whose attributes are the runtime's parameter words already: lowering copies them. The
// fused activation, which the source graph keeps apart, becomes the clamp words.
#include <math.h>
#include <string.h>

#include "../../core/format/package_format.h"
#include "../../core/ops/op_params.h"
#include "activation_range.h"
#include "lower.h"

static bool lower_words(pk_lowering *lowering, const pk_op *op, int code) {
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, code);
  if (!lowered) return false;
  memcpy(lowered->params, op->attributes.words.words, sizeof op->attributes.words.words);
  return true;
}

#define LOWER_WORDS(name, NAME)                                  \
  bool pk_lower_##name(pk_lowering *lowering, const pk_op *op) { \
    return lower_words(lowering, op, MNW_OP_##NAME);             \
  }
LOWER_WORDS(unary, UNARY)
LOWER_WORDS(where, WHERE)
LOWER_WORDS(cast, CAST)
LOWER_WORDS(transpose, TRANSPOSE)
LOWER_WORDS(concat, CONCAT)
LOWER_WORDS(slice, SLICE)
LOWER_WORDS(gather, GATHER)
LOWER_WORDS(reduce, REDUCE)
LOWER_WORDS(arg_reduce, ARG_REDUCE)
LOWER_WORDS(matmul, MATMUL)
LOWER_WORDS(normalize, NORMALIZE)
LOWER_WORDS(expand, EXPAND)
LOWER_WORDS(resize, RESIZE)
LOWER_WORDS(gather_elements, GATHER_ELEMENTS)
LOWER_WORDS(gather_nd, GATHER_ND)
LOWER_WORDS(scatter_elements, SCATTER_ELEMENTS)
LOWER_WORDS(scatter_nd, SCATTER_ND)
LOWER_WORDS(top_k, TOP_K)
LOWER_WORDS(cum_sum, CUM_SUM)
LOWER_WORDS(one_hot, ONE_HOT)
LOWER_WORDS(trilu, TRILU)
LOWER_WORDS(recurrent, RECURRENT)
LOWER_WORDS(non_max_suppression, NON_MAX_SUPPRESSION)
LOWER_WORDS(detection_post_process, DETECTION_POST_PROCESS)
LOWER_WORDS(rescale, RESCALE)
LOWER_WORDS(fixed_binary, FIXED_BINARY)
LOWER_WORDS(fixed_conv_2d, FIXED_CONV_2D)
LOWER_WORDS(fixed_lstm, FIXED_LSTM)
#undef LOWER_WORDS

bool pk_lower_binary(pk_lowering *lowering, const pk_op *op) {
  pk_lowered_op *lowered = pk_lowering_plain(lowering, op, MNW_OP_BINARY);
  if (!lowered) return false;
  const pk_clamp clamp = pk_activation_clamp_f32(op->activation);
  lowered->params[MNW_BINARY_FUNCTION] = op->attributes.words.words[MNW_BINARY_FUNCTION];
  lowered->params[MNW_BINARY_CLAMP_MIN] = clamp.min;
  lowered->params[MNW_BINARY_CLAMP_MAX] = clamp.max;
  return true;
}

bool pk_lower_conv_transpose_2d(pk_lowering *lowering, const pk_op *op) {
  pk_lowered_op *lowered = pk_lowering_begin(lowering, op, MNW_OP_CONV_TRANSPOSE_2D);
  if (!lowered) return false;
  const pk_clamp clamp = pk_activation_clamp_f32(op->activation);
  memcpy(lowered->params, op->attributes.words.words, sizeof op->attributes.words.words);
  lowered->params[MNW_CONV_TRANSPOSE_CLAMP_MIN] = clamp.min;
  lowered->params[MNW_CONV_TRANSPOSE_CLAMP_MAX] = clamp.max;
  const size_t channels = (size_t)pk_op_output(lowering->graph, op)->dims[3];
  return pk_lowering_add_input(lowering, lowered, op, PK_INPUT_DATA) &&
         pk_lowering_add_input(lowering, lowered, op, PK_INPUT_WEIGHTS) &&
         pk_lowering_add_bias_f32(lowering, lowered, op, 1, channels, channels) &&
         pk_lowering_add_output(lowering, lowered, op);
}
