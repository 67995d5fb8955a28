// Writes small TFLite files for tests: a flatbuffer writer of a few dozen lines and the tables of
// the schema that the importer reads. Independent of packer/import/ but for the enumerations.
//
//   tflite_builder b;
//   tflite_builder_init(&b);
//   const int x = tflite_add_tensor(&b, &(tflite_tensor_spec){.name = "x", .type = TFLITE_INT8,
//   …}); tflite_add_operator(&b, &(tflite_operator_spec){.builtin = PK_TFLITE_RELU, …});
//   tflite_set_ends(&b, x, y);
//   size_t size; uint8_t *bytes = tflite_build(&b, &size);   // free() it
#ifndef MINNOW_TESTS_TFLITE_BUILDER_H_
#define MINNOW_TESTS_TFLITE_BUILDER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/tflite_schema.h"

enum {
  TFLITE_FLOAT32 = 0,
  TFLITE_FLOAT16 = 1,
  TFLITE_INT32 = 2,
  TFLITE_UINT8 = 3,
  TFLITE_INT64 = 4,
  TFLITE_BOOL = 6,
  TFLITE_INT8 = 9,
  TFLITE_INT4 = 17
};
enum { TFLITE_MAX_TENSORS = 64, TFLITE_MAX_OPERATORS = 32, TFLITE_MAX_OPTIONS = 8 };

// How a sparse constant is stored: SparsityParameters of the schema.
typedef struct tflite_sparse_level {
  int format;  // PK_TFLITE_DIMENSION_…
  int32_t dense_size;
  int index_type;  // PK_TFLITE_INDICES_…, of both lists
  const int32_t *segments, *indices;
  int segment_count, index_count;
} tflite_sparse_level;

typedef struct tflite_sparsity {
  const int32_t *traversal_order, *block_map;
  const tflite_sparse_level *levels;
  int order_count, block_count, level_count;
} tflite_sparsity;

typedef struct tflite_tensor_spec {
  const char *name;
  int type;
  int rank;
  int32_t dims[9];
  bool open_batch;  // shape_signature with -1 first
  float scale;      // 0: no quantisation, unless `scales` is set
  int64_t zero_point;
  const float *scales;  // per channel, `scale_count` of them; zero points are all `zero_point`
  int scale_count, axis;
  const void *data;  // constants; stands until tflite_build()
  size_t data_bytes;
  bool is_outside;  // the data is stored behind the flatbuffer
  bool is_variable;
  const tflite_sparsity *sparsity;  // NULL: dense; stands until tflite_build()
} tflite_tensor_spec;

// A field of an operator's options: its slot, size in bytes (1 or 4) and bits.
typedef struct tflite_option {
  int slot, size_bytes;
  uint32_t bits;
} tflite_option;

typedef struct tflite_operator_spec {
  int builtin;
  const char *custom_name;
  const uint8_t *custom_options;
  size_t custom_option_bytes;
  int input_count;
  int32_t inputs[4];
  int32_t output;          // -2: none
  int extra_output_count;  // outputs behind `output`
  int32_t extra_outputs[3];
  int options_type;
  int option_count;
  tflite_option options[TFLITE_MAX_OPTIONS];
} tflite_operator_spec;

typedef struct tflite_builder {
  tflite_tensor_spec tensors[TFLITE_MAX_TENSORS];
  tflite_operator_spec operators[TFLITE_MAX_OPERATORS];
  int tensor_count, operator_count;
  int32_t inputs[4], outputs[4];
  int input_count, output_count;
  uint32_t version;  // of the schema
  uint8_t *bytes;
  size_t size, capacity;
} tflite_builder;

void tflite_builder_init(tflite_builder *builder);
int tflite_add_tensor(tflite_builder *builder, const tflite_tensor_spec *spec);
void tflite_add_operator(tflite_builder *builder, const tflite_operator_spec *spec);
void tflite_set_ends(tflite_builder *builder, int32_t input, int32_t output);
uint8_t *tflite_build(tflite_builder *builder, size_t *size_bytes);

// Options of the operators that tests use most.
void tflite_set_conv_options(tflite_operator_spec *spec, int padding, int stride, int dilation,
                             int activation);
void tflite_set_pool_options(tflite_operator_spec *spec, int padding, int stride, int filter,
                             int activation);
void tflite_set_softmax_options(tflite_operator_spec *spec, float beta);

#endif  // MINNOW_TESTS_TFLITE_BUILDER_H_
