// From an ONNX file to the source graph. One row of onnx_ops.inc per ONNX operator; its function
// builds source operators with the helpers of onnx_build.h.
#ifndef MINNOW_PACKER_IMPORT_ONNX_IMPORT_H_
#define MINNOW_PACKER_IMPORT_ONNX_IMPORT_H_

#include "../../lowered_graph.h"
#include "../import.h"
#include "../model_options.h"
#include "../unsupported_report.h"
#include "onnx_tensor.h"

// What the caller knows about an input of the model.
typedef struct pk_onnx_known_input {
  const char *name;
  const Onnx__TensorProto *value;
  bool is_constant;  // becomes a constant of the graph; else only its shape is taken over
} pk_onnx_known_input;

typedef struct pk_onnx_options {
  const char *folder;             // of external data; NULL: refused
  bool finds_folder;              // folder is where the model stands
  const pk_model_options *model;  // NULL: nothing is given
  pk_onnx_known_input *known_inputs;
  size_t known_input_count;
  // Filled where the import failed because an input's value must be known while importing (shapes
  // are static): the input's name, or "" where the value is computed from inputs.
  bool needs_value;
  char needed_input[256];
} pk_onnx_options;

// Imports an ONNX model. Opsets 7 to 26 are covered by ONNX's own cases; 1 to 6 and 27 are accepted
// too, as far as their operators are spelled the same or differ in ways that are known here. Errors
// as those of pk_import_model(). `options` may be NULL.
bool pk_import_onnx(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                    const char *file_name, pk_onnx_options *options, pk_error *error);

// The same with an edit between the passes and lowering; NULL for none.
bool pk_import_onnx_edited(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                           const char *file_name, pk_onnx_options *options,
                           const pk_graph_edit *edit, pk_error *error);

// The part of pk_import_onnx() before the passes, for pk_import_model(): fills an initialised
// graph.
bool pk_onnx_to_graph(pk_graph *graph, pk_report *report, const uint8_t *bytes, size_t size_bytes,
                      pk_onnx_options *options, pk_error *error);

// --- between the files of this folder ---

// A value while importing: a tensor of the graph, or one of these.
typedef int32_t pk_value;
enum { PK_ABSENT = PK_NO_TENSOR, PK_FAILED = -2 };

typedef struct pk_onnx_name {
  const char *name;
  pk_value value;  // PK_FAILED: computed by an operator that is not supported
} pk_onnx_name;

// A constant of blocks (onnx_blocks.h).
typedef struct pk_onnx_block_note {
  pk_value value, levels, scales;
  int axis;
  int64_t block;
  const struct pk_onnx_block_note *next;
} pk_onnx_block_note;

typedef struct pk_onnx {
  pk_graph *graph;
  pk_report *report;
  pk_error *error;
  pk_onnx_options *options;
  const Onnx__ModelProto *model;
  int64_t opset;
  pk_onnx_name *names;  // hash table, name_slots a power of two
  size_t name_slots;
  uint32_t *added;  // slots of names in the order in which they came
  size_t added_count;
  uint8_t *types;  // by tensor: its type in ONNX's numbers
  size_t type_capacity;
  // By tensor: a float32 tensor of the same whole numbers, or 0 (which is none) to be cast.
  int32_t *float_twins;
  size_t twin_capacity;
  const pk_onnx_block_note *block_notes;
  uint64_t fold_budget;  // elements that constant folding may still compute

  // The operator at work.
  const Onnx__NodeProto *node;
  int32_t node_index;
  const char *node_name;
  const struct pk_onnx_op_row *row;
  struct pk_onnx_call *call;  // not NULL: built for another operator (pk_onnx_apply())
  bool is_refused;            // reported as unsupported
} pk_onnx;

// Builds source operators for o->node and sets its outputs. False: failed, or refused and reported.
typedef bool pk_onnx_op_fn(pk_onnx *o);

typedef struct pk_onnx_op_row {
  const char *name;
  pk_onnx_op_fn *import;
  int parameter;  // for functions that serve several operators
  uint8_t wraps;  // integer results may leave the range of their type
} pk_onnx_op_row;
// `name` with the domain before it, as in "com.microsoft::QGemm", but for ONNX's own.
const pk_onnx_op_row *pk_onnx_find_op(const char *name);
const pk_onnx_op_row *pk_onnx_this_op(const pk_onnx *o);

#define PK_ONNX_OP(name, function, parameter, wraps) pk_onnx_op_fn pk_onnx_op_##function;
#include "onnx_ops.inc"
#undef PK_ONNX_OP

#endif  // MINNOW_PACKER_IMPORT_ONNX_IMPORT_H_
