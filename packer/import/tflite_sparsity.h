// Constants that a TFLite file stores without their zeros (the schema's SparsityParameters).
//
// The values stand in the order of nested levels. Each level is a dimension of the tensor or,
// behind those, the inside of a block that one of them is cut into; traversal_order names the
// dimension of each level. A DENSE level has all its indices. A SPARSE_CSR level lists some: entry
// s of array_segments and the one behind it bound those in array_indices that belong to place s of
// the levels around. (F. Kjolstad et al., "The Tensor Algebra Compiler", OOPSLA 2017.)
#ifndef MINNOW_PACKER_IMPORT_TFLITE_SPARSITY_H_
#define MINNOW_PACKER_IMPORT_TFLITE_SPARSITY_H_

#include "flatbuffer_reader.h"
#include "source_graph.h"

// Replaces tensor->data (float32, float16, int8 or int32) by the whole tensor in the arena's
// memory. What is not stored is 0. Errors, by pk_fb_fail() or of the arena: BAD_MODEL,
// OUT_OF_MEMORY.
bool pk_tflite_densify(pk_tensor *tensor, pk_fb_table sparsity, pk_arena *arena);

#endif  // MINNOW_PACKER_IMPORT_TFLITE_SPARSITY_H_
