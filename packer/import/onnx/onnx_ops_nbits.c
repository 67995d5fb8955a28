// MatMulNBits of ONNX Runtime: a product with constant weights of 2, 4 or 8 bits that have a scale
// and a zero point for each block of a row (onnx_blocks.h). Weights of one scale a row keep the
// row's grid; those of real zero points become float32, exactly as ONNX Runtime computes them.
#include <string.h>

#include "onnx_blocks.h"

typedef struct nbits {
  pk_onnx_blocks weights;
  int64_t bits;
  const uint8_t *packed;         // [N][blocks][block * bits / 8], low bits first
  const uint8_t *packed_points;  // [N][blocks * bits / 8, rounded up]; NULL: not given so
  const float *real_points;      // [N][blocks]; NULL: not given so
} nbits;

static int number_at(const uint8_t *row, int64_t bits, int64_t i) {
  return row[i * bits / 8] >> (i * bits % 8) & ((1 << bits) - 1);
}

static float zero_point(const nbits *n, int64_t row, int64_t block) {
  if (n->real_points) return n->real_points[row * n->weights.blocks + block];
  if (!n->packed_points) return (float)(1 << (n->bits - 1));
  const int64_t row_bytes = (n->weights.blocks * n->bits + 7) / 8;
  return (float)number_at(n->packed_points + row * row_bytes, n->bits, block);
}

static bool read_attributes(pk_onnx *o, nbits *n) {
  pk_onnx_blocks *w = &n->weights;
  w->inner = pk_onnx_attribute_int(o, "K", 0);
  w->outputs = pk_onnx_attribute_int(o, "N", 0);
  w->block = pk_onnx_attribute_int(o, "block_size", 0);
  n->bits = pk_onnx_attribute_int(o, "bits", 4);
  if (n->bits != 2 && n->bits != 4 && n->bits != 8) {
    return pk_onnx_refuse(o, "with weights of %lld bits", (long long)n->bits);
  }
  if (pk_onnx_input(o, 4) != PK_ABSENT) return pk_onnx_refuse(o, "with g_idx");
  if (w->inner < 1 || w->inner > 1 << 24 || w->outputs < 1 || w->outputs > 1 << 24 ||
      w->block < 16 || w->block > 1 << 24 || w->block % 8 != 0) {
    return pk_onnx_broken(o, "K %lld, N %lld or block_size %lld is out of range",
                          (long long)w->inner, (long long)w->outputs, (long long)w->block);
  }
  w->blocks = (w->inner + w->block - 1) / w->block;
  return true;
}

// The bytes of a constant of `count` uint8 numbers. NULL: error filled.
static const uint8_t *constant_bytes(pk_onnx *o, pk_value value, int64_t count) {
  if (value < 0 || !pk_onnx_need_constant(o, value)) return NULL;
  const pk_tensor *tensor = pk_onnx_tensor(o, value);
  if (tensor->dtype == PK_DTYPE_U8 && tensor->data_bytes == (size_t)count) return tensor->data;
  pk_onnx_broken(o, "its constant of shape %s and type %s does not hold the %lld bytes expected",
                 pk_tensor_shape_text(tensor).text, pk_dtype_name(tensor->dtype), (long long)count);
  return NULL;
}

static const float *constant_floats(pk_onnx *o, pk_value value, int64_t count) {
  const float *values;
  size_t found;
  if (value < 0 || !pk_onnx_constant_floats(o, value, &values, &found)) return NULL;
  if (found == (size_t)count) return values;
  pk_onnx_broken(o, "it has %zu scales or zero points instead of %lld", found, (long long)count);
  return NULL;
}

static bool read_constants(pk_onnx *o, nbits *n) {
  const pk_value points = pk_onnx_input(o, 3);
  const int64_t outputs = n->weights.outputs, blocks = n->weights.blocks;
  n->packed = constant_bytes(o, pk_onnx_required(o, 1),
                             outputs * (blocks * n->weights.block * n->bits / 8));
  n->weights.scales = constant_floats(o, pk_onnx_required(o, 2), outputs * blocks);
  if (!n->packed || !n->weights.scales || points == PK_FAILED) return false;
  if (points == PK_ABSENT) return true;
  if (pk_onnx_tensor(o, points)->dtype == PK_DTYPE_F32) {
    n->real_points = constant_floats(o, points, outputs * blocks);
    return n->real_points != NULL;
  }
  n->packed_points = constant_bytes(o, points, outputs * ((blocks * n->bits + 7) / 8));
  return n->packed_points != NULL;
}

static bool compute_levels(pk_onnx *o, nbits *n) {
  pk_onnx_blocks *w = &n->weights;
  const size_t count = (size_t)(w->outputs * w->inner);
  float *levels = pk_arena_alloc(&o->graph->arena, count, sizeof *levels, o->error);
  if (!levels) return false;
  for (int64_t row = 0; row < w->outputs; row++) {
    const uint8_t *numbers = n->packed + row * (w->blocks * w->block * n->bits / 8);
    for (int64_t i = 0; i < w->inner; i++) {
      levels[row * w->inner + i] =
          (float)number_at(numbers, n->bits, i) - zero_point(n, row, i / w->block);
    }
  }
  w->levels = levels;
  return true;
}

static bool has_row_grid(const nbits *n) {
  const pk_onnx_blocks *w = &n->weights;
  for (int64_t row = 0; row < w->outputs; row++) {
    const float scale = w->scales[row * w->blocks], point = zero_point(n, row, 0);
    for (int64_t b = 1; b < w->blocks; b++) {
      if (w->scales[row * w->blocks + b] != scale || zero_point(n, row, b) != point) return false;
    }
  }
  return n->real_points == NULL;
}

static bool set_row_grid(pk_onnx *o, const nbits *n, pk_tensor *weights) {
  const size_t rows = (size_t)n->weights.outputs;
  float *scales = pk_arena_alloc(&o->graph->arena, rows, sizeof *scales, o->error);
  int32_t *points = pk_arena_alloc(&o->graph->arena, rows, sizeof *points, o->error);
  if (!scales || !points) return false;
  for (size_t i = 0; i < rows; i++) {
    scales[i] = n->weights.scales[i * (size_t)n->weights.blocks];
    points[i] = (int32_t)zero_point(n, (int64_t)i, 0) - (n->bits == 8 ? 128 : 0);
  }
  weights->grid =
      (pk_quantization){.count = rows, .scales = scales, .zero_points = points, .axis = 0};
  return true;
}

// [N][K] in float32. PK_FAILED: error filled.
static pk_value add_weights(pk_onnx *o, const nbits *n) {
  const pk_onnx_blocks *w = &n->weights;
  pk_tensor weights = {.name = o->node_name,
                       .dtype = PK_DTYPE_F32,
                       .rank = 2,
                       .dims = {(int32_t)w->outputs, (int32_t)w->inner}};
  const size_t count = (size_t)(w->outputs * w->inner);
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values || (has_row_grid(n) && !set_row_grid(o, n, &weights))) return PK_FAILED;
  for (int64_t i = 0; i < w->outputs * w->inner; i++) {
    const int64_t row = i / w->inner, block = i % w->inner / w->block;
    values[i] = w->levels[i] * w->scales[row * w->blocks + block];
  }
  weights.data = (const uint8_t *)values;
  weights.data_bytes = count * sizeof *values;
  return pk_onnx_add_tensor(o, &weights);
}

static pk_value product(pk_onnx *o, const nbits *n, pk_value x) {
  const int perm[2] = {1, 0};
  const bool is_by_blocks = !n->real_points && !has_row_grid(n);
  const pk_value y = is_by_blocks ? pk_onnx_product_by_blocks(o, x, &n->weights) : PK_ABSENT;
  if (y != PK_ABSENT) return y;
  const pk_value operands[2] = {x, pk_onnx_transpose(o, add_weights(o, n), perm)};
  return operands[1] < 0 ? PK_FAILED : pk_onnx_apply(o, "MatMul", operands, 2);
}

bool pk_onnx_op_matmul_nbits(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), bias = pk_onnx_input(o, 5);
  nbits n = {.packed = NULL};
  if (x < 0 || bias == PK_FAILED || !read_attributes(o, &n) || !read_constants(o, &n) ||
      !compute_levels(o, &n)) {
    return false;
  }
  pk_value y = product(o, &n, x);
  if (bias != PK_ABSENT) y = pk_onnx_binary(o, MNW_BINARY_ADD, y, bias);
  return pk_onnx_set_output(o, 0, y);
}
