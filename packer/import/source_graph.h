// The semantic graph between a model file and a package: what the model means, not how a file or
// the runtime spells it. Importers build it, passes (graph_passes.h) rewrite it, lowering (lower.h)
// turns it into the runtime's operators and layouts.
//
// Conventions that every importer establishes and every pass keeps:
// - pictures are NHWC; conv weights are [O][KH][KW][I], depthwise weights [1][KH][KW][C] with
//   channel c reading input channel c / (C / I), fully connected weights [O][K];
// - real = scale * (value - zero_point), per tensor or per channel along `axis`;
// - constants are row-major, little-endian, and may point into the model file's bytes: those bytes
//   must stand as long as the graph;
// - operators stand in execution order: each reads constants, graph inputs or outputs of earlier
//   operators; every tensor has at most one writer.
// All memory is the graph's arena.
#ifndef MINNOW_PACKER_IMPORT_SOURCE_GRAPH_H_
#define MINNOW_PACKER_IMPORT_SOURCE_GRAPH_H_

#include <stdint.h>

#include "import_arena.h"

enum { PK_MAX_RANK = 8, PK_NO_TENSOR = -1 };

typedef enum pk_dtype {
#define PK_DTYPE(name, text, bits, runtime) PK_DTYPE_##name,
#include "source_dtypes.inc"
#undef PK_DTYPE
  PK_DTYPE_COUNT
} pk_dtype;

typedef enum pk_op_kind {
#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) PK_OP_##name,
#include "source_ops.inc"
#undef PK_SOURCE_OP
  PK_OP_COUNT
} pk_op_kind;

typedef enum pk_activation {
  PK_ACTIVATION_NONE,
  PK_ACTIVATION_RELU,
  PK_ACTIVATION_RELU6,
  PK_ACTIVATION_RELU_N1_TO_1
} pk_activation;

typedef struct pk_quantization {
  size_t count;  // 0: not quantised; 1: per tensor; else one for each index along `axis`
  const float *scales;
  const int32_t *zero_points;
  int axis;
} pk_quantization;

typedef struct pk_tensor {
  const char *name;  // valid UTF-8 without control characters
  pk_dtype dtype;
  int rank;
  int32_t dims[PK_MAX_RANK];
  pk_quantization quantization;
  // Of float32 constants that were int8 or uint8 numbers: every value is scale * (n - zero_point)
  // with n in -128 … 127, so that a pass can go back to them (near enough: products with constants
  // are rounded).
  pk_quantization grid;
  const uint8_t *data;  // NULL: an activation
  size_t data_bytes;
} pk_tensor;

// Where a window may leave the picture. SAME and VALID follow TensorFlow; resolve_padding makes
// every padding explicit.
typedef enum pk_padding_mode {
  PK_PADDING_EXPLICIT,
  PK_PADDING_SAME,
  PK_PADDING_VALID
} pk_padding_mode;

typedef struct pk_padding {
  pk_padding_mode mode;
  int32_t top, left, bottom, right;  // EXPLICIT
} pk_padding;

typedef struct pk_conv_attributes {  // CONV_2D, DEPTHWISE_CONV_2D
  int32_t stride_h, stride_w, dilation_h, dilation_w;
  int32_t groups;  // CONV_2D: weights are [O][KH][KW][I / groups]; 0 and 1: not grouped
  pk_padding padding;
} pk_conv_attributes;

typedef struct pk_pool_attributes {
  int32_t filter_h, filter_w, stride_h, stride_w;
  pk_padding padding;
  bool ties_up;  // averages: halves are rounded up (uint8 models), not away from zero
} pk_pool_attributes;

typedef struct pk_mean_attributes {
  uint32_t axes;  // bit i: axis i is averaged away; the output's rank tells whether it is kept as 1
} pk_mean_attributes;

typedef struct pk_pad_attributes {
  int32_t before[PK_MAX_RANK], after[PK_MAX_RANK];
  double value;  // of the new elements, as they stand in the tensor (the quantised integer)
  int mode;      // MNW_PAD_MODE: 0 constant, 1 reflect, 2 edge, 3 wrap
} pk_pad_attributes;

typedef struct pk_softmax_attributes {
  float beta;
} pk_softmax_attributes;

// Operators from UNARY on: the runtime's own parameter words (core/ops/op_params.h), so that
// lowering copies them.
typedef struct pk_word_attributes {
  int32_t words[16];
} pk_word_attributes;

enum { PK_INPUT_DATA, PK_INPUT_WEIGHTS, PK_INPUT_BIAS };  // of the operators with weights
// Of RECURRENT, behind data and weights: what multiplies the state, biases.
enum { PK_INPUT_STATE_WEIGHTS = 2, PK_INPUT_RECURRENT_BIAS };

typedef struct pk_op {
  pk_op_kind kind;
  const char *name;      // of the source operator
  int32_t source_index;  // its number in the model file; -1: made by a pass
  int32_t *inputs;       // tensor numbers or PK_NO_TENSOR
  int input_count;
  int32_t output;
  pk_activation activation;  // applied to the result; of ACTIVATION itself: what it does
  bool is_removed;           // by a pass; pk_graph_compact() drops it
  union {
    pk_conv_attributes conv;
    pk_pool_attributes pool;
    pk_mean_attributes mean;
    pk_pad_attributes pad;
    pk_softmax_attributes softmax;
    pk_word_attributes words;
  } attributes;
} pk_op;

typedef struct pk_graph {
  pk_arena arena;
  const char *source_file;  // as given to the importer
  pk_tensor *tensors;
  size_t tensor_count, tensor_capacity;
  pk_op *ops;
  size_t op_count, op_capacity;
  int32_t *inputs, *outputs;  // tensor numbers
  size_t input_count, output_count;
  bool keeps_int8;  // int8 weights of float32 operators stay so in memory, and are made real at
                    // each run
} pk_graph;

void pk_graph_init(pk_graph *graph, size_t limit_bytes);
void pk_graph_deinit(pk_graph *graph);

// A graph of its own to rewrite; names, data and scales are the source's, which must stand as long.
// `copy` is not initialised before and empty where it fails.
bool pk_graph_copy(pk_graph *copy, const pk_graph *graph, pk_error *error);

const char *pk_dtype_name(pk_dtype dtype);
int pk_dtype_bits(pk_dtype dtype);             // 0: unknown
mnw_dtype pk_dtype_runtime(pk_dtype dtype);    // 0: the runtime has no such type
const char *pk_op_kind_name(pk_op_kind kind);  // "CONV_2D"
bool pk_op_kind_fuses_activation(pk_op_kind kind);

// Adds a copy and returns its number, or a negative number with `error` filled. Pointers into the
// graph's lists are invalid afterwards.
int32_t pk_graph_add_tensor(pk_graph *graph, const pk_tensor *tensor, pk_error *error);
// Appends a copy and returns it, or NULL with `error` filled.
pk_op *pk_graph_add_op(pk_graph *graph, const pk_op *op, pk_error *error);
// Drops the operators marked as removed.
void pk_graph_compact(pk_graph *graph);

// Makes the constant one of int8 levels around 0, as many as it has elements, with `count` scales:
// one, or one for each index along the first axes up to `axis`, or along the last one. Errors:
// OUT_OF_MEMORY.
bool pk_tensor_take_levels(pk_graph *graph, pk_tensor *tensor, const int8_t *levels,
                           const float *scales, size_t count, int axis, pk_error *error);

// How many inputs of operators the tensor is.
size_t pk_graph_use_count(const pk_graph *graph, int32_t tensor);

int64_t pk_tensor_elements(const pk_tensor *tensor);  // -1: a dimension below 1, or above 2^32
bool pk_tensor_same_shape(const pk_tensor *a, const pk_tensor *b);
bool pk_tensor_same_quantization(const pk_tensor *a, const pk_tensor *b);
float pk_tensor_scale(const pk_tensor *tensor);         // the first, 0 if not quantised
int32_t pk_tensor_zero_point(const pk_tensor *tensor);  // the first, 0 if not quantised

pk_tensor *pk_op_input(const pk_graph *graph, const pk_op *op, int index);  // NULL: absent
pk_tensor *pk_op_output(const pk_graph *graph, const pk_op *op);

// Fills `error` with "operator 12 (CONV_2D "name"): message" and returns false.
bool pk_op_fail(const pk_op *op, pk_error *error, pk_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// "[1,224,224,3]", by value so that a message can hold several.
typedef struct pk_shape_text {
  char text[128];
} pk_shape_text;
pk_shape_text pk_tensor_shape_text(const pk_tensor *tensor);

#endif  // MINNOW_PACKER_IMPORT_SOURCE_GRAPH_H_
