// Attention of transformers and the rotation of its queries and keys by position
// (ONNX opset 23 and 24). Heads stand in axis 1: [batch, heads, sequence, head size].
#include <string.h>

#include "onnx_build.h"

// [batch, sequence, heads * size] -> [batch, heads, sequence, size]
static pk_value split_heads(pk_onnx *o, pk_value x, int64_t heads) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.rank == 4) return x;
  if (in.rank != 3 || heads < 1 || in.dims[2] % heads != 0) {
    pk_onnx_broken(o, "%lld heads do not fit %s", (long long)heads, pk_tensor_shape_text(&in).text);
    return PK_FAILED;
  }
  const int32_t dims[4] = {in.dims[0], in.dims[1], (int32_t)heads, (int32_t)(in.dims[2] / heads)};
  return pk_onnx_transpose(o, pk_onnx_reshape(o, x, 4, dims), (const int[]){0, 2, 1, 3});
}

static pk_value join_heads(pk_onnx *o, pk_value x, int rank) {
  if (x < 0 || rank == 4) return x;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int32_t dims[3] = {in.dims[0], in.dims[2], in.dims[1] * in.dims[3]};
  return pk_onnx_reshape(o, pk_onnx_transpose(o, x, (const int[]){0, 2, 1, 3}), 3, dims);
}

// Keys or values behind those of the past, which become an output too.
static pk_value with_past(pk_onnx *o, pk_value x, size_t past_input, size_t present_output) {
  const pk_value past = pk_onnx_input(o, past_input);
  if (x < 0 || past == PK_FAILED) return PK_FAILED;
  if (past != PK_ABSENT && pk_onnx_elements(o, past) > 0) {
    const pk_value both[2] = {past, x};
    if (pk_onnx_tensor(o, past)->rank != 4) return pk_onnx_refuse_value(o, "with a past of 3 axes");
    x = pk_onnx_concat(o, both, 2, 2);
  }
  if (x < 0 || !pk_onnx_set_output(o, present_output, x)) return PK_FAILED;
  return x;
}

// Each head of keys and values serves several heads of queries, one after the other.
static pk_value repeat_heads(pk_onnx *o, pk_value x, int32_t heads) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  if (in.dims[1] == heads) return x;
  if (heads % in.dims[1] != 0) {
    pk_onnx_broken(o, "%d heads of queries do not share %d of keys", heads, in.dims[1]);
    return PK_FAILED;
  }
  int32_t dims[5] = {in.dims[0], in.dims[1], 1, in.dims[2], in.dims[3]};
  const int32_t joined[4] = {in.dims[0], heads, in.dims[2], in.dims[3]};
  x = pk_onnx_reshape(o, x, 5, dims);
  dims[2] = heads / in.dims[1];
  return pk_onnx_reshape(o, pk_onnx_expand(o, x, 5, dims), 4, joined);
}

// 0 where `allowed` (bool), -inf elsewhere.
static pk_value mask_bias(pk_onnx *o, pk_value allowed) {
  if (allowed < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, allowed);
  const pk_value inputs[3] = {allowed, pk_onnx_scalar(o, PK_DTYPE_F32, 0.0),
                              pk_onnx_scalar(o, PK_DTYPE_F32, (double)-INFINITY)};
  return pk_onnx_emit(o, PK_OP_WHERE, inputs, 3, PK_DTYPE_F32, in.rank, in.dims, NULL);
}

// The mask as numbers to add; one that is shorter than the keys forbids the rest.
static pk_value given_bias(pk_onnx *o, int32_t keys) {
  pk_value mask = pk_onnx_input(o, 3);
  if (mask < 0) return mask;
  if (pk_onnx_tensor(o, mask)->dtype == PK_DTYPE_BOOL) mask = mask_bias(o, mask);
  if (mask < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, mask);
  if (in.rank < 1 || in.dims[in.rank - 1] >= keys || in.dims[in.rank - 1] == 1) return mask;
  const int32_t before[PK_MAX_RANK] = {0};
  int32_t after[PK_MAX_RANK] = {0};
  after[in.rank - 1] = keys - in.dims[in.rank - 1];
  return pk_onnx_pad(o, mask, before, after, (double)-INFINITY, 0);
}

static pk_value number_list(pk_onnx *o, int32_t count, int64_t first, int rank, int axis) {
  int64_t *numbers = pk_arena_alloc(&o->graph->arena, (size_t)count, sizeof *numbers, o->error);
  if (!numbers) return PK_FAILED;
  int32_t dims[4] = {1, 1, 1, 1};
  dims[axis] = count;
  for (int32_t i = 0; i < count; i++) numbers[i] = first + i;
  return pk_onnx_constant(o, PK_DTYPE_S64, rank, dims, numbers);
}

// Query q sees the keys up to the one of its own position, `first` for the first query.
static pk_value causal_bias(pk_onnx *o, int32_t queries, int32_t keys, int64_t first) {
  const pk_value rows = number_list(o, queries, first, 2, 0);
  const pk_value columns = number_list(o, keys, 0, 2, 1);
  return mask_bias(o, pk_onnx_binary(o, MNW_BINARY_GREATER_EQUAL, rows, columns));
}

// Keys that are there, for each batch.
static pk_value length_bias(pk_onnx *o, pk_value lengths, int32_t keys) {
  if (lengths < 0) return lengths;
  const int32_t dims[4] = {(int32_t)pk_onnx_elements(o, lengths), 1, 1, 1};
  const pk_value columns = number_list(o, keys, 0, 4, 3);
  lengths = pk_onnx_cast(o, pk_onnx_reshape(o, lengths, 4, dims), PK_DTYPE_S64);
  return mask_bias(o, pk_onnx_binary(o, MNW_BINARY_GREATER, lengths, columns));
}

static pk_value add_bias(pk_onnx *o, pk_value scores, pk_value bias) {
  return bias == PK_ABSENT ? scores : pk_onnx_binary(o, MNW_BINARY_ADD, scores, bias);
}

// Scores -> capped -> masked -> softmax; the one that was asked for is an output.
static pk_value weigh(pk_onnx *o, pk_value scores, const pk_value *biases, int bias_count) {
  const float cap = pk_onnx_attribute_float(o, "softcap", 0.0f);
  const int64_t mode = pk_onnx_attribute_int(o, "qk_matmul_output_mode", 0);
  pk_value stages[4] = {scores};
  stages[1] = scores;
  if (cap != 0.0f) {
    const pk_value share = pk_onnx_binary_scalar(o, MNW_BINARY_DIV, scores, (double)cap);
    stages[1] = pk_onnx_binary_scalar(o, MNW_BINARY_MUL,
                                      pk_onnx_unary(o, MNW_UNARY_TANH, share, 0, 0), (double)cap);
  }
  stages[2] = stages[1];
  for (int i = 0; i < bias_count; i++) stages[2] = add_bias(o, stages[2], biases[i]);
  stages[3] = pk_onnx_softmax(o, stages[2]);
  if (mode < 0 || mode > 3) {
    pk_onnx_broken(o, "qk_matmul_output_mode is %lld", (long long)mode);
    return PK_FAILED;
  }
  return pk_onnx_set_output(o, 3, stages[mode]) ? stages[3] : PK_FAILED;
}

bool pk_onnx_op_attention(pk_onnx *o) {
  const pk_value query = pk_onnx_required(o, 0);
  if (query < 0) return false;
  const int rank = pk_onnx_tensor(o, query)->rank;
  const int64_t query_heads = pk_onnx_attribute_int(o, "q_num_heads", 0);
  const int64_t key_heads = pk_onnx_attribute_int(o, "kv_num_heads", 0);
  const pk_value q = split_heads(o, query, query_heads);
  pk_value k = split_heads(o, pk_onnx_required(o, 1), key_heads);
  pk_value v = split_heads(o, pk_onnx_required(o, 2), key_heads);
  if (q < 0 || k < 0 || v < 0) return false;
  const int32_t fresh = pk_onnx_tensor(o, k)->dims[2];
  k = with_past(o, k, 4, 1);
  v = with_past(o, v, 5, 2);
  if (k < 0 || v < 0) return false;
  const pk_tensor queries = *pk_onnx_tensor(o, q);
  const int32_t keys = pk_onnx_tensor(o, k)->dims[2];
  k = repeat_heads(o, k, queries.dims[1]);
  v = repeat_heads(o, v, queries.dims[1]);
  const double natural = 1.0 / sqrt((double)queries.dims[3]);
  const Onnx__AttributeProto *scale = pk_onnx_attribute(o, "scale");
  const double factor = scale && scale->has_f ? (double)scale->f : natural;
  pk_value biases[3] = {given_bias(o, keys), PK_ABSENT, length_bias(o, pk_onnx_input(o, 6), keys)};
  if (pk_onnx_attribute_int(o, "is_causal", 0) != 0) {
    biases[1] = causal_bias(o, queries.dims[2], keys, keys - fresh);
  }
  const pk_value scores =
      pk_onnx_matmul(o, pk_onnx_binary_scalar(o, MNW_BINARY_MUL, q, factor), k, false, true);
  const pk_value y = pk_onnx_matmul(o, weigh(o, scores, biases, 3), v, false, false);
  return pk_onnx_set_output(o, 0, join_heads(o, y, rank));
}

// Cosines or sines [batch or 1, 1, sequence, half] of each position.
static pk_value angles(pk_onnx *o, size_t input, pk_value positions, int32_t half) {
  pk_value table = pk_onnx_required(o, input);
  if (table < 0) return PK_FAILED;
  if (positions != PK_ABSENT) table = pk_onnx_gather(o, table, positions, 0);
  if (table < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, table);
  if (in.rank != 3 || in.dims[2] != half) {
    pk_onnx_broken(o, "angles %s do not fit a rotation of %d numbers",
                   pk_tensor_shape_text(&in).text, 2 * half);
    return PK_FAILED;
  }
  return pk_onnx_reshape(o, table, 4, (const int32_t[]){in.dims[0], 1, in.dims[1], half});
}

typedef struct rotation {
  bool interleaved;
  int32_t dims[5];  // of the numbers to rotate, in pairs
  int axis;         // that holds the two parts of a pair
} rotation;

// One part of all pairs: [batch, heads, sequence, half]
static pk_value pair_part(pk_onnx *o, const rotation *r, pk_value pairs, int part) {
  const pk_value y = pk_onnx_part(o, pairs, r->axis, part, 1);
  const int32_t half = r->interleaved ? r->dims[3] : r->dims[4];
  return pk_onnx_reshape(o, y, 4, (const int32_t[]){r->dims[0], r->dims[1], r->dims[2], half});
}

static pk_value product(pk_onnx *o, pk_value a, pk_value b) {
  return pk_onnx_binary(o, MNW_BINARY_MUL, a, b);
}

// (a, b) -> (a cos - b sin, a sin + b cos); pairs are neighbours or one half and the other.
static pk_value rotate(pk_onnx *o, pk_value x, pk_value cosines, pk_value sines, int32_t half) {
  if (x < 0) return PK_FAILED;
  const pk_tensor in = *pk_onnx_tensor(o, x);
  rotation r = {.interleaved = pk_onnx_attribute_int(o, "interleaved", 0) != 0,
                .dims = {in.dims[0], in.dims[1], in.dims[2], 2, half}};
  r.axis = r.interleaved ? 4 : 3;
  if (r.interleaved) r.dims[3] = half, r.dims[4] = 2;
  const pk_value pairs = pk_onnx_reshape(o, x, 5, r.dims);
  const pk_value a = pair_part(o, &r, pairs, 0), b = pair_part(o, &r, pairs, 1);
  pk_value parts[2] = {
      pk_onnx_binary(o, MNW_BINARY_SUB, product(o, a, cosines), product(o, b, sines)),
      pk_onnx_binary(o, MNW_BINARY_ADD, product(o, a, sines), product(o, b, cosines))};
  int32_t one[5];
  memcpy(one, r.dims, sizeof one);
  one[r.axis] = 1;
  for (int i = 0; i < 2; i++) parts[i] = pk_onnx_reshape(o, parts[i], 5, one);
  return pk_onnx_reshape(o, pk_onnx_concat(o, parts, 2, r.axis), 4, in.dims);
}

bool pk_onnx_op_rotary_embedding(pk_onnx *o) {
  const pk_value given = pk_onnx_required(o, 0), positions = pk_onnx_input(o, 3);
  const pk_value x = split_heads(o, given, pk_onnx_attribute_int(o, "num_heads", 0));
  if (x < 0 || positions == PK_FAILED) return false;
  const int rank = pk_onnx_tensor(o, given)->rank;
  const int32_t size = pk_onnx_tensor(o, x)->dims[3];
  const int64_t asked = pk_onnx_attribute_int(o, "rotary_embedding_dim", 0);
  const int64_t turned = asked == 0 ? size : asked;
  if (turned < 2 || turned > size || turned % 2 != 0) {
    return pk_onnx_broken(o, "it rotates %lld of %d numbers", (long long)turned, size);
  }
  const int32_t half = (int32_t)turned / 2;
  const pk_value cosines = angles(o, 1, positions, half), sines = angles(o, 2, positions, half);
  const pk_value front = pk_onnx_part(o, x, 3, 0, (int32_t)turned);
  pk_value y = rotate(o, front, cosines, sines, half);
  if (turned < size) {
    const pk_value parts[2] = {y, pk_onnx_part(o, x, 3, (int32_t)turned, size - (int32_t)turned)};
    y = pk_onnx_concat(o, parts, 2, 3);
  }
  return pk_onnx_set_output(o, 0, join_heads(o, y, rank));
}
