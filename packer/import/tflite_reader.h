// A TFLite file as its schema describes it, bounds-checked, without copies: everything that is
// returned points into the file's bytes. What the numbers mean is import_tflite.h's business.
//
// After a false return the error handed to pk_tflite_open() is filled: PK_BAD_MODEL for a broken
// file, PK_UNSUPPORTED for another schema version. All other entry points need an open model.
#ifndef MINNOW_PACKER_IMPORT_TFLITE_READER_H_
#define MINNOW_PACKER_IMPORT_TFLITE_READER_H_

#include "flatbuffer_reader.h"
#include "tflite_schema.h"

typedef struct pk_tflite_model {
  pk_flatbuffer file;
  pk_fb_vector operator_codes, buffers;
  pk_fb_vector tensors, operators, inputs, outputs;  // of the first subgraph
} pk_tflite_model;

typedef struct pk_tflite_tensor {
  pk_fb_vector name;                    // bytes, not NUL-terminated
  pk_fb_vector shape, shape_signature;  // int32; the signature has -1 for unknown dimensions
  int type;
  const uint8_t *data;  // NULL: no constant
  size_t data_bytes;
  pk_fb_vector scales;       // float
  pk_fb_vector zero_points;  // int64
  int32_t quantized_dimension;
  pk_fb_table sparsity;  // absent: dense
  bool is_variable, is_external, has_unknown_quantization;
} pk_tflite_tensor;

typedef struct pk_tflite_operator {
  int builtin;                   // pk_tflite_builtin, or a number that is not in the table
  char builtin_name[48];         // "CONV_2D", or "builtin operator 300"
  pk_fb_vector custom_name;      // bytes, for CUSTOM
  pk_fb_vector inputs, outputs;  // int32 tensor numbers, in range; an input may be -1 (absent)
  pk_fb_vector custom_options;   // bytes, for CUSTOM
  int options_type;
  pk_fb_table options;  // absent: all defaults
} pk_tflite_operator;

bool pk_tflite_open(pk_tflite_model *model, const uint8_t *bytes, size_t size_bytes,
                    pk_error *error);
bool pk_tflite_read_tensor(pk_tflite_tensor *tensor, pk_tflite_model *model, size_t index);
bool pk_tflite_read_operator(pk_tflite_operator *op, pk_tflite_model *model, size_t index);

// NULL for a number outside the table.
const char *pk_tflite_builtin_name(int builtin);

#endif  // MINNOW_PACKER_IMPORT_TFLITE_READER_H_
