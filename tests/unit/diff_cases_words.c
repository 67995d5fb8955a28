// Cases of the operators of language and sound: GRU and LSTM, products of matrices, norms, tables.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_cases.h"

// GRU in the first rounds, LSTM in the others.
int32_t diff_case_of_RECURRENT(diff_case *c) {
  enum { GRU_ROUNDS = 24, GRU = 1, LSTM = 2 };
  const bool is_lstm = c->round >= GRU_ROUNDS;
  const int32_t round = c->round % GRU_ROUNDS, gates = is_lstm ? 4 : 3;
  const int32_t steps = diff_case_draw(c, 1, 5), batch = diff_case_draw(c, 1, 3),
                input = diff_case_draw(c, 1, 4), hidden = diff_case_draw(c, 1, 5);
  const int32_t direction = round % 3, output = round / 3 % (is_lstm ? 3 : 2);
  const int32_t is_linear_first = round / 6 % 2, directions = direction == 2 ? 2 : 1;
  const int32_t state_dims[] = {directions, batch, hidden};
  const int32_t x = diff_case_values(c, "x", 3, (const int32_t[]){steps, batch, input}, -1, 1);
  const int32_t w = diff_case_values(c, "weights", 3,
                                     (const int32_t[]){directions, gates * hidden, input}, -1, 1);
  const int32_t r = diff_case_values(c, "recurrent weights", 3,
                                     (const int32_t[]){directions, gates * hidden, hidden}, -1, 1);
  int32_t inputs[] = {x, w, r, PK_NO_TENSOR, PK_NO_TENSOR, PK_NO_TENSOR, PK_NO_TENSOR};
  if (diff_case_draw(c, 0, 2) > 0) {
    inputs[PK_INPUT_RECURRENT_BIAS] =
        diff_case_values(c, "bias", 2, (const int32_t[]){directions, 2 * gates * hidden}, -1, 1);
  }
  for (int i = 5; i < (is_lstm ? 7 : 6); i++) {
    if (diff_case_draw(c, 0, 1)) inputs[i] = diff_case_values(c, "state", 3, state_dims, -1, 1);
  }
  const int32_t dims[] = {steps, directions, batch, hidden};
  const int32_t y = diff_case_result(c, "y", output == 0 ? 4 : 3, output == 0 ? dims : dims + 1);
  pk_op op = {.kind = PK_OP_RECURRENT};
  op.attributes.words =
      (pk_word_attributes){.words = {is_lstm ? LSTM : GRU, direction, output, is_linear_first, 0}};
  diff_case_op(c, op, inputs, is_lstm ? 7 : 6, y);
  return y;
}

int32_t diff_case_of_MATMUL(diff_case *c) {
  const int32_t m = diff_case_draw(c, 1, 4), k = diff_case_draw(c, 1, 5),
                n = diff_case_draw(c, 1, 4);
  const int32_t outer = diff_case_draw(c, 1, 2), inner = diff_case_draw(c, 1, 3);
  const bool turns_a = c->round & 1, turns_b = c->round & 2;
  const int32_t shape = c->round / 4 % 4;  // which batch axes a and b have
  const int32_t a_dims[] = {shape == 3 ? 1 : outer, inner, turns_a ? k : m, turns_a ? m : k};
  const int32_t b_dims[] = {outer, shape == 2 ? 1 : inner, turns_b ? n : k, turns_b ? k : n};
  const int b_skipped = shape == 1 ? 2 : 0;
  const int32_t a = diff_case_values(c, "a", 4, a_dims, -1, 1);
  const int32_t b = diff_case_values(c, "b", 4 - b_skipped, b_dims + b_skipped, -1, 1);
  const int32_t y = diff_case_result(c, "y", 4, (const int32_t[]){outer, inner, m, n});
  pk_op op = {.kind = PK_OP_MATMUL};
  op.attributes.words = (pk_word_attributes){.words = {turns_a, turns_b}};
  diff_case_op(c, op, (const int32_t[]){a, b}, 2, y);
  return y;
}

int32_t diff_case_of_NORMALIZE(diff_case *c) {
  const int32_t dims[] = {diff_case_draw(c, 1, 3), diff_case_draw(c, 1, 3),
                          diff_case_draw(c, 3, 6)};
  const int32_t kind = c->round % 3, axis = kind == 2 ? 2 : diff_case_draw(c, 1, 2);
  const bool has_scale = kind != 2 && diff_case_draw(c, 0, 1);
  const bool has_bias = kind != 2 && diff_case_draw(c, 0, 1);
  const float epsilon = 0.05f;
  const int32_t x = diff_case_values(c, "x", 3, dims, -2, 2);
  const int32_t scale =
      has_scale ? diff_case_values(c, "scale", 3 - axis, dims + axis, 0.5f, 2) : PK_NO_TENSOR;
  const int32_t bias =
      has_bias ? diff_case_values(c, "bias", 3 - axis, dims + axis, -1, 1) : PK_NO_TENSOR;
  const int32_t y = diff_case_result(c, "y", 3, dims);
  pk_op op = {.kind = PK_OP_NORMALIZE};
  op.attributes.words = (pk_word_attributes){.words = {axis, 0, kind}};
  memcpy(op.attributes.words.words + MNW_NORMALIZE_EPSILON, &epsilon, sizeof epsilon);
  diff_case_op(c, op, (const int32_t[]){x, scale, bias}, 3, y);
  return y;
}

// Some rows are taken several times, some never.
int32_t diff_case_of_GATHER(diff_case *c) {
  const int32_t dims[] = {diff_case_draw(c, 1, 4), diff_case_draw(c, 1, 4),
                          diff_case_draw(c, 1, 4)};
  const int32_t axis = c->round % 2 ? 0 : diff_case_draw(c, 0, 2);
  const int32_t picked[] = {diff_case_draw(c, 1, 3), diff_case_draw(c, 1, 3)};
  int32_t out[4];
  int rank = 0;
  for (int i = 0; i < axis; i++) out[rank++] = dims[i];
  for (int i = 0; i < 2; i++) out[rank++] = picked[i];
  for (int i = axis + 1; i < 3; i++) out[rank++] = dims[i];
  const int32_t table = diff_case_values(c, "table", 3, dims, -1, 1);
  const int32_t indices = diff_case_indices(c, "indices", 2, picked, -dims[axis], dims[axis]);
  const int32_t y = diff_case_result(c, "y", rank, out);
  pk_op op = {.kind = PK_OP_GATHER};
  op.attributes.words = (pk_word_attributes){.words = {axis}};
  diff_case_op(c, op, (const int32_t[]){table, indices}, 2, y);
  return y;
}
