// Cases of the operators that go element by element.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_cases.h"
#include "diff_functions.h"

enum { MAX_DRAWN_RANK = 4 };

static int draw_shape(diff_case *c, int32_t dims[MAX_DRAWN_RANK]) {
  const int rank = diff_case_draw(c, 1, MAX_DRAWN_RANK);
  for (int i = 0; i < rank; i++) dims[i] = diff_case_draw(c, 1, 5);
  return rank;
}

// An operand of `dims` with ones where `ones` has bits; leading ones may be left away where it
// `is_cut`.
static int32_t draw_operand(diff_case *c, const char *name, int rank, const int32_t *dims,
                            uint32_t ones, bool is_cut, float low, float high) {
  int32_t own[MAX_DRAWN_RANK];
  int skipped = 0;
  for (int i = 0; i < rank; i++) own[i] = ones >> i & 1 ? 1 : dims[i];
  while (is_cut && skipped < rank - 1 && own[skipped] == 1 && diff_case_draw(c, 0, 1)) skipped++;
  return diff_case_values(c, name, rank - skipped, own + skipped, low, high);
}

// No axis is stretched in both.
static int32_t two_operands(diff_case *c, pk_op op, const diff_function *function) {
  int32_t dims[MAX_DRAWN_RANK];
  const int rank = draw_shape(c, dims);
  const uint32_t ones_a = diff_case_draw(c, 0, 1) ? (uint32_t)diff_case_draw(c, 0, 15) : 0;
  const uint32_t ones_b = diff_case_draw(c, 0, 1) ? (uint32_t)diff_case_draw(c, 0, 15) : 0;
  const bool cuts_a = diff_case_draw(c, 0, 1);
  const int32_t a = draw_operand(c, "a", rank, dims, ones_a, cuts_a, function->low, function->high);
  const int32_t b = draw_operand(c, "b", rank, dims, ones_b & ~ones_a, !cuts_a, function->low_b,
                                 function->high_b);
  const int32_t y = diff_case_result(c, "y", rank, dims);
  diff_case_op(c, op, (const int32_t[]){a, b}, 2, y);
  return y;
}

int32_t diff_case_of_ADD(diff_case *c) {
  const diff_function add = {.low = -2.0f, .high = 2.0f, .low_b = -2.0f, .high_b = 2.0f};
  return two_operands(c, (pk_op){.kind = PK_OP_ADD}, &add);
}

int32_t diff_case_of_BINARY(diff_case *c) {
  const diff_function *function =
      &diff_binary_functions[(size_t)c->round % diff_binary_function_count];
  pk_op op = {.kind = PK_OP_BINARY};
  op.attributes.words = (pk_word_attributes){.words = {function->function}};
  return two_operands(c, op, function);
}

static int32_t float_word(float value) {
  int32_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

int32_t diff_case_of_UNARY(diff_case *c) {
  const diff_function *function =
      &diff_unary_functions[(size_t)c->round % diff_unary_function_count];
  int32_t dims[MAX_DRAWN_RANK];
  const int rank = draw_shape(c, dims);
  const int32_t x = diff_case_values(c, "x", rank, dims, function->low, function->high);
  const int32_t y = diff_case_result(c, "y", rank, dims);
  pk_op op = {.kind = PK_OP_UNARY};
  op.attributes.words = (pk_word_attributes){
      .words = {function->function, float_word(function->alpha), float_word(function->beta)}};
  diff_case_op(c, op, &x, 1, y);
  return y;
}

static int32_t same_shape(diff_case *c, pk_op op) {
  int32_t dims[MAX_DRAWN_RANK];
  const int rank = draw_shape(c, dims);
  const int32_t x = diff_case_values(c, "x", rank, dims, -3.0f, 3.0f);
  const int32_t y = diff_case_result(c, "y", rank, dims);
  diff_case_op(c, op, &x, 1, y);
  return y;
}

int32_t diff_case_of_ACTIVATION(diff_case *c) {
  return same_shape(c,
                    (pk_op){.kind = PK_OP_ACTIVATION, .activation = (pk_activation)(c->round % 4)});
}

int32_t diff_case_of_QUANTIZE(diff_case *c) {
  return same_shape(c, (pk_op){.kind = PK_OP_QUANTIZE});
}

int32_t diff_case_of_DEQUANTIZE(diff_case *c) {
  return same_shape(c, (pk_op){.kind = PK_OP_DEQUANTIZE});
}

int32_t diff_case_of_SOFTMAX(diff_case *c) {
  pk_op op = {.kind = PK_OP_SOFTMAX};
  op.attributes.softmax.beta = diff_case_real(c, 0.5f, 2.0f);
  return same_shape(c, op);
}
