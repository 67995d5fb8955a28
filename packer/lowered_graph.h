// The graph as it goes into a package: operators of the runtime, weights in their packed layouts,
// biases folded. The importer side (lowering) builds it, the encoder side (codes, shards,
// manifest) writes it.
#ifndef MINNOW_PACKER_LOWERED_GRAPH_H_
#define MINNOW_PACKER_LOWERED_GRAPH_H_

#include <minnow/minnow.h>
#include <stddef.h>
#include <stdint.h>

enum { PK_MAX_OP_INPUTS = 64, PK_MAX_OP_OUTPUTS = 4, PK_MAX_OP_PARAMS = 16 };

typedef struct pk_lowered_tensor {
  char *name;  // from the source model; for people, not stored except for inputs and outputs
  mnw_dtype dtype;
  uint32_t rank;
  int32_t dims[MNW_MAX_RANK];
  float scale;  // 0: not quantised
  int32_t zero_point;
  int layout;     // MNW_LAYOUT_*
  uint8_t *data;  // constants: bytes in `layout`, owned; NULL for activations
  size_t data_bytes;
  int8_t *levels;  // owned; NULL or, of a float32 constant, row-major: times the steps in the
                   // tensor before they are its values (core/format/levels.h)
  size_t level_count;
} pk_lowered_tensor;

typedef struct pk_lowered_op {
  char *name;                        // of the source operator
  int code;                          // mnw_op_code
  int32_t inputs[PK_MAX_OP_INPUTS];  // tensor numbers; MNW_NO_TENSOR where absent
  int input_count;
  int32_t outputs[PK_MAX_OP_OUTPUTS];
  int output_count;
  int32_t params[PK_MAX_OP_PARAMS];  // count given by op_table.inc
} pk_lowered_op;

typedef struct pk_lowered_graph {
  char *name;         // of the model: the file name without its ending
  char *source_file;  // file name as given, without folders
  pk_lowered_tensor *tensors;
  size_t tensor_count;
  pk_lowered_op *ops;  // in execution order
  size_t op_count;
  int32_t *inputs, *outputs;  // tensor numbers
  size_t input_count, output_count;
} pk_lowered_graph;

void pk_lowered_graph_free(pk_lowered_graph *graph);
void pk_lowered_tensor_free(pk_lowered_tensor *tensor);  // what it owns

#endif  // MINNOW_PACKER_LOWERED_GRAPH_H_
