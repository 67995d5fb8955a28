// MatMulNBits of ONNX Runtime: a product with constant weights of 2, 4 or 8 bits that have a scale
// and a zero point for each block of a row.
//
// As float32 numbers such weights are all different. So the product is taken block by block with
// the levels (whole numbers: level less zero point), in a grouped convolution of one pixel a row;
// its results, one for each output and block, are multiplied with the scales and summed over the
// blocks. That costs one multiplication and addition more for each block. Weights of one scale a
// row, of real zero points, and products whose partial sums would take too much memory become
// float32 weights, exactly as ONNX Runtime computes them.
#include <string.h>

#include "onnx_build.h"

enum { MOST_PARTIAL_SUMS = 1 << 20 };  // elements, in the activations' memory

typedef struct nbits {
  int64_t inner, outputs, bits, block;  // K, N
  int64_t blocks;                       // of a row
  const uint8_t *packed;                // [N][blocks][block * bits / 8], low bits first
  const float *scales;                  // [N][blocks]
  const uint8_t *packed_points;         // [N][blocks * bits / 8, rounded up]; NULL: not given so
  const float *real_points;             // [N][blocks]; NULL: not given so
} nbits;

static int level_at(const uint8_t *row, int64_t bits, int64_t i) {
  return row[i * bits / 8] >> (i * bits % 8) & ((1 << bits) - 1);
}

static float zero_point(const nbits *n, int64_t row, int64_t block) {
  if (n->real_points) return n->real_points[row * n->blocks + block];
  if (!n->packed_points) return (float)(1 << (n->bits - 1));
  const int64_t row_bytes = (n->blocks * n->bits + 7) / 8;
  return (float)level_at(n->packed_points + row * row_bytes, n->bits, block);
}

static bool read_attributes(pk_onnx *o, nbits *n) {
  n->inner = pk_onnx_attribute_int(o, "K", 0);
  n->outputs = pk_onnx_attribute_int(o, "N", 0);
  n->bits = pk_onnx_attribute_int(o, "bits", 4);
  n->block = pk_onnx_attribute_int(o, "block_size", 0);
  if (n->bits != 2 && n->bits != 4 && n->bits != 8) {
    return pk_onnx_refuse(o, "with weights of %lld bits", (long long)n->bits);
  }
  if (pk_onnx_input(o, 4) != PK_ABSENT) return pk_onnx_refuse(o, "with g_idx");
  if (n->inner < 1 || n->inner > 1 << 24 || n->outputs < 1 || n->outputs > 1 << 24 ||
      n->block < 16 || n->block > 1 << 24 || n->block % 8 != 0) {
    return pk_onnx_broken(o, "K %lld, N %lld or block_size %lld is out of range",
                          (long long)n->inner, (long long)n->outputs, (long long)n->block);
  }
  n->blocks = (n->inner + n->block - 1) / n->block;
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
  const int64_t row_bytes = n->blocks * n->block * n->bits / 8;
  n->packed = constant_bytes(o, pk_onnx_required(o, 1), n->outputs * row_bytes);
  n->scales = constant_floats(o, pk_onnx_required(o, 2), n->outputs * n->blocks);
  if (!n->packed || !n->scales || points == PK_FAILED) return false;
  if (points == PK_ABSENT) return true;
  if (pk_onnx_tensor(o, points)->dtype == PK_DTYPE_F32) {
    n->real_points = constant_floats(o, points, n->outputs * n->blocks);
    return n->real_points != NULL;
  }
  n->packed_points = constant_bytes(o, points, n->outputs * ((n->blocks * n->bits + 7) / 8));
  return n->packed_points != NULL;
}

static bool has_row_grid(const nbits *n) {
  for (int64_t row = 0; row < n->outputs; row++) {
    const float scale = n->scales[row * n->blocks], point = zero_point(n, row, 0);
    for (int64_t b = 1; b < n->blocks; b++) {
      if (n->scales[row * n->blocks + b] != scale || zero_point(n, row, b) != point) return false;
    }
  }
  return n->real_points == NULL;
}

static bool set_row_grid(pk_onnx *o, const nbits *n, pk_tensor *weights) {
  const size_t rows = (size_t)n->outputs;
  float *scales = pk_arena_alloc(&o->graph->arena, rows, sizeof *scales, o->error);
  int32_t *points = pk_arena_alloc(&o->graph->arena, rows, sizeof *points, o->error);
  if (!scales || !points) return false;
  for (size_t i = 0; i < rows; i++) {
    scales[i] = n->scales[i * (size_t)n->blocks];
    points[i] = (int32_t)zero_point(n, (int64_t)i, 0) - (n->bits == 8 ? 128 : 0);
  }
  weights->grid =
      (pk_quantization){.count = rows, .scales = scales, .zero_points = points, .axis = 0};
  return true;
}

// [N][K]. PK_FAILED: error filled.
static pk_value add_weights(pk_onnx *o, const nbits *n) {
  pk_tensor weights = {.name = o->node_name,
                       .dtype = PK_DTYPE_F32,
                       .rank = 2,
                       .dims = {(int32_t)n->outputs, (int32_t)n->inner}};
  const size_t count = (size_t)(n->outputs * n->inner);
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values || (has_row_grid(n) && !set_row_grid(o, n, &weights))) return PK_FAILED;
  const int64_t row_bytes = n->blocks * n->block * n->bits / 8;
  for (int64_t row = 0; row < n->outputs; row++) {
    const uint8_t *levels = n->packed + row * row_bytes;
    for (int64_t i = 0; i < n->inner; i++) {
      const int64_t block = i / n->block;
      const float level = (float)level_at(levels, n->bits, i) - zero_point(n, row, block);
      values[row * n->inner + i] = level * n->scales[row * n->blocks + block];
    }
  }
  weights.data = (const uint8_t *)values;
  weights.data_bytes = count * sizeof *values;
  return pk_onnx_add_tensor(o, &weights);
}

// [blocks * N][1][1][block], behind the last weight 0. PK_FAILED: error filled.
static pk_value add_levels(pk_onnx *o, const nbits *n) {
  static const float one = 1.0f;
  static const int32_t zero = 0;
  const int64_t outputs = n->blocks * n->outputs;
  const size_t count = (size_t)(outputs * n->block);
  float *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values) return PK_FAILED;
  for (int64_t row = 0; row < n->outputs; row++) {
    const uint8_t *levels = n->packed + row * (n->blocks * n->block * n->bits / 8);
    for (int64_t i = 0; i < n->inner; i++) {
      const int64_t block = i / n->block;
      values[(block * n->outputs + row) * n->block + i % n->block] =
          (float)level_at(levels, n->bits, i) - zero_point(n, row, block);
    }
  }
  const pk_tensor weights = {.name = o->node_name,
                             .dtype = PK_DTYPE_F32,
                             .rank = 4,
                             .dims = {(int32_t)outputs, 1, 1, (int32_t)n->block},
                             .grid = {.count = 1, .scales = &one, .zero_points = &zero},
                             .data = (const uint8_t *)values,
                             .data_bytes = count * sizeof *values};
  return pk_onnx_add_tensor(o, &weights);
}

// The scales in the order of those outputs.
static pk_value add_scales(pk_onnx *o, const nbits *n) {
  const int32_t dims[1] = {(int32_t)(n->blocks * n->outputs)};
  float *values = pk_arena_alloc(&o->graph->arena, (size_t)dims[0], sizeof *values, o->error);
  if (!values) return PK_FAILED;
  for (int64_t row = 0; row < n->outputs; row++) {
    for (int64_t b = 0; b < n->blocks; b++) {
      values[b * n->outputs + row] = n->scales[row * n->blocks + b];
    }
  }
  return pk_onnx_constant(o, PK_DTYPE_F32, 1, dims, values);
}

static pk_value product_by_blocks(pk_onnx *o, const nbits *n, pk_value x) {
  const pk_tensor in = *pk_onnx_tensor(o, x);
  const int32_t rows = (int32_t)(pk_onnx_elements(o, x) / n->inner), blocks = (int32_t)n->blocks;
  const int32_t outputs = (int32_t)n->outputs, before[2] = {0, 0};
  const int32_t after[2] = {0, (int32_t)(n->blocks * n->block - n->inner)};
  const pk_op like = {
      .attributes.conv = {
          .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1, .groups = blocks}};
  int32_t dims[PK_MAX_RANK];
  x = pk_onnx_reshape(o, x, 2, (const int32_t[]){rows, (int32_t)n->inner});
  if (after[1] > 0) x = pk_onnx_pad(o, x, before, after, 0.0, 0);
  x = pk_onnx_reshape(o, x, 4, (const int32_t[]){1, rows, 1, (int32_t)(n->blocks * n->block)});
  const pk_value inputs[3] = {x, add_levels(o, n), PK_ABSENT};
  pk_value y = pk_onnx_emit(o, PK_OP_CONV_2D, inputs, 3, PK_DTYPE_F32, 4,
                            (const int32_t[]){1, rows, 1, blocks * outputs}, &like);
  y = pk_onnx_binary(o, MNW_BINARY_MUL, y, add_scales(o, n));
  y = pk_onnx_reshape(o, y, 3, (const int32_t[]){rows, blocks, outputs});
  y = pk_onnx_reduce(o, MNW_REDUCE_SUM, y, 1u << 1, false);
  memcpy(dims, in.dims, sizeof dims);
  dims[in.rank - 1] = outputs;
  return pk_onnx_reshape(o, y, in.rank, dims);
}

static pk_value product(pk_onnx *o, const nbits *n, pk_value x) {
  const int perm[2] = {1, 0};
  const pk_tensor *in = pk_onnx_tensor(o, x);
  if (in->rank < 1 || in->dims[in->rank - 1] != n->inner || in->dtype != PK_DTYPE_F32) {
    pk_onnx_broken(o, "its input of type %s and shape %s does not fit K %lld",
                   pk_dtype_name(in->dtype), pk_tensor_shape_text(in).text, (long long)n->inner);
    return PK_FAILED;
  }
  const int64_t partial_sums = pk_onnx_elements(o, x) / n->inner * n->blocks * n->outputs;
  if (!n->real_points && !has_row_grid(n) && partial_sums <= MOST_PARTIAL_SUMS) {
    return product_by_blocks(o, n, x);
  }
  const pk_value operands[2] = {x, pk_onnx_transpose(o, add_weights(o, n), perm)};
  return operands[1] < 0 ? PK_FAILED : pk_onnx_apply(o, "MatMul", operands, 2);
}

bool pk_onnx_op_matmul_nbits(pk_onnx *o) {
  const pk_value x = pk_onnx_required(o, 0), bias = pk_onnx_input(o, 5);
  nbits n = {.packed = NULL};
  if (x < 0 || bias == PK_FAILED || !read_attributes(o, &n) || !read_constants(o, &n)) return false;
  pk_value y = product(o, &n, x);
  if (bias != PK_ABSENT) y = pk_onnx_binary(o, MNW_BINARY_ADD, y, bias);
  return pk_onnx_set_output(o, 0, y);
}
