// Cases of the operators that move, sum and pad.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "diff_cases.h"

enum { RANK = 4 };

static void draw_dims(diff_case *c, int32_t dims[RANK], int32_t most) {
  for (int i = 0; i < RANK; i++) dims[i] = diff_case_draw(c, 1, most);
}

static int32_t draw_x(diff_case *c, int32_t dims[RANK], int32_t most) {
  draw_dims(c, dims, most);
  return diff_case_values(c, "x", RANK, dims, -1.0f, 1.0f);
}

int32_t diff_case_of_RESHAPE(diff_case *c) {
  int32_t dims[RANK];
  const int32_t x = draw_x(c, dims, 5), flat[] = {dims[0] * dims[1], dims[2] * dims[3]};
  const int32_t y = diff_case_result(c, "y", 2, flat);
  diff_case_op(c, (pk_op){.kind = PK_OP_RESHAPE}, &x, 1, y);
  return y;
}

static int32_t reduced(diff_case *c, pk_op op, uint32_t axes) {
  int32_t dims[RANK], kept[RANK];
  const bool keeps = diff_case_draw(c, 0, 1);
  int rank = 0;
  const int32_t x = draw_x(c, dims, 5);
  for (int i = 0; i < RANK; i++) {
    if (axes >> i & 1 && !keeps) continue;
    kept[rank++] = axes >> i & 1 ? 1 : dims[i];
  }
  const int32_t y = diff_case_result(c, "y", rank, kept);
  diff_case_op(c, op, &x, 1, y);
  return y;
}

int32_t diff_case_of_MEAN(diff_case *c) {
  pk_op op = {.kind = PK_OP_MEAN};
  op.attributes.mean.axes = c->round % 3 ? (uint32_t)diff_case_draw(c, 1, 14) : 6;
  return reduced(c, op, op.attributes.mean.axes);
}

int32_t diff_case_of_REDUCE(diff_case *c) {
  const int32_t functions[] = {MNW_REDUCE_SUM, MNW_REDUCE_MEAN};
  const int32_t axes = diff_case_draw(c, 1, 14);
  pk_op op = {.kind = PK_OP_REDUCE};
  op.attributes.words = (pk_word_attributes){.words = {functions[c->round % 2], axes}};
  return reduced(c, op, (uint32_t)axes);
}

int32_t diff_case_of_PAD(diff_case *c) {
  int32_t dims[RANK];
  pk_op op = {.kind = PK_OP_PAD};
  const int32_t x = draw_x(c, dims, 4);
  op.attributes.pad.mode = c->round % 4;  // a constant, reflected, the edge, wrapped
  for (int i = 0; i < RANK; i++) {
    op.attributes.pad.before[i] = diff_case_draw(c, 0, 2);
    op.attributes.pad.after[i] = diff_case_draw(c, 0, 2);
    dims[i] += op.attributes.pad.before[i] + op.attributes.pad.after[i];
  }
  const int32_t y = diff_case_result(c, "y", RANK, dims);
  diff_case_op(c, op, &x, 1, y);
  return y;
}

int32_t diff_case_of_TRANSPOSE(diff_case *c) {
  int32_t dims[RANK], turned[RANK], perm[RANK] = {0, 1, 2, 3};
  pk_op op = {.kind = PK_OP_TRANSPOSE};
  const int32_t x = draw_x(c, dims, 5);
  for (int i = RANK - 1; i > 0; i--) {
    const int32_t j = diff_case_draw(c, 0, i), kept = perm[i];
    perm[i] = perm[j];
    perm[j] = kept;
  }
  for (int i = 0; i < RANK; i++) turned[i] = dims[perm[i]];
  memcpy(op.attributes.words.words + MNW_TRANSPOSE_PERM, perm, sizeof perm);
  const int32_t y = diff_case_result(c, "y", RANK, turned);
  diff_case_op(c, op, &x, 1, y);
  return y;
}

int32_t diff_case_of_CONCAT(diff_case *c) {
  const int32_t axis = diff_case_draw(c, 0, RANK - 1), count = diff_case_draw(c, 1, 3);
  int32_t dims[RANK], total = 0, inputs[3];
  pk_op op = {.kind = PK_OP_CONCAT};
  draw_dims(c, dims, 4);
  for (int32_t i = 0; i < count; i++) {
    dims[axis] = diff_case_draw(c, 1, 4);
    total += dims[axis];
    inputs[i] = diff_case_values(c, "x", RANK, dims, -1.0f, 1.0f);
  }
  dims[axis] = total;
  op.attributes.words.words[MNW_CONCAT_AXIS] = axis;
  const int32_t y = diff_case_result(c, "y", RANK, dims);
  diff_case_op(c, op, inputs, count, y);
  return y;
}

int32_t diff_case_of_SLICE(diff_case *c) {
  int32_t dims[RANK], cut[RANK];
  pk_op op = {.kind = PK_OP_SLICE};
  int32_t *words = op.attributes.words.words;
  const int32_t x = draw_x(c, dims, 6);
  for (int i = 0; i < RANK; i++) {
    const int32_t step = diff_case_draw(c, 1, 2), first = diff_case_draw(c, 0, dims[i] - 1);
    const bool is_backwards = diff_case_draw(c, 0, 1);
    const int32_t reach = is_backwards ? first : dims[i] - 1 - first;
    words[MNW_SLICE_START + i] = first;
    words[MNW_SLICE_STEP + i] = is_backwards ? -step : step;
    cut[i] = diff_case_draw(c, 0, reach / step) + 1;
  }
  const int32_t y = diff_case_result(c, "y", RANK, cut);
  diff_case_op(c, op, &x, 1, y);
  return y;
}
