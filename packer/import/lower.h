// From the source graph to what goes into a package: operators of the runtime, packed weights,
// folded biases. Runs behind the passes and a check.
#ifndef MINNOW_PACKER_IMPORT_LOWER_H_
#define MINNOW_PACKER_IMPORT_LOWER_H_

#include "../lowered_graph.h"
#include "source_graph.h"

// Fills `out`, which the caller frees with pk_lowered_graph_free() in any case. The graph's memory
// is not needed afterwards. Errors: UNSUPPORTED, BAD_MODEL, OUT_OF_MEMORY.
bool pk_lower(pk_lowered_graph *out, const pk_graph *graph, pk_error *error);

// --- between lower.c and lower_*.c ---

typedef struct pk_lowering {
  const pk_graph *graph;
  pk_lowered_graph *out;
  pk_error *error;
  int32_t *numbers;           // by source tensor: its number in `out`, or MNW_NO_TENSOR
  size_t tensor_capacity;     // of out->tensors
  size_t constant_bytes;      // so far
  size_t max_constant_bytes;  // a model that shares weights a thousandfold must not fill memory
} pk_lowering;

typedef bool pk_lower_fn(pk_lowering *lowering, const pk_op *op);

#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) \
  pk_lower_fn pk_lower_##lower;
#include "source_ops.inc"
#undef PK_SOURCE_OP

// Starts the operator that `op` becomes; inputs, then outputs follow. There is always room.
pk_lowered_op *pk_lowering_begin(pk_lowering *lowering, const pk_op *op, int code);

// The operator with all its inputs and its output, parameters still 0. NULL: error filled.
pk_lowered_op *pk_lowering_plain(pk_lowering *lowering, const pk_op *op, int code);

// Append one input (by source input, by number) or the output. False: error filled.
bool pk_lowering_add_input(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                           int input);
bool pk_lowering_add_number(pk_lowered_op *lowered, int32_t number);
bool pk_lowering_add_output(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op);

// Adds int8 weights of a float32 operator as a float32 constant of levels behind their steps, in
// the shape and layout of `constant`: row-major or TILE_8_F32. They must suit (pk_suits_levels()).
// Negative: error filled.
int32_t pk_lowering_levels(pk_lowering *lowering, const pk_tensor *weights,
                           pk_lowered_tensor constant);

// Where weight `i` of matrices [o_count][k_count], row-major one after the other, stands in
// TILE_8_F32.
size_t pk_place_in_tiles(size_t i, size_t o_count, size_t k_count);

// Whether the tensor is to become such a constant: int8 around 0 with steps that the runtime takes,
// one for all, or one for each index along the first axes, or, where it is to stand row-major, the
// last.
bool pk_suits_levels(const pk_lowering *lowering, const pk_tensor *weights, int layout);

// Adds the constant of the weights' scales: [C] of the last axis or [O, 1] of the first ones, as
// many as there are, or, where there is one for all, `channels` of it. Negative: error filled.
int32_t pk_lowering_steps(pk_lowering *lowering, const pk_tensor *weights, size_t channels);

// Appends the float32 bias (zeros where the operator has none): `groups` times `channels` values,
// each group padded to `padded`.
bool pk_lowering_add_bias_f32(pk_lowering *lowering, pk_lowered_op *lowered, const pk_op *op,
                              size_t groups, size_t channels, size_t padded);

// float32 forms of the operators with weights.
pk_lower_fn pk_lower_conv_2d_f32, pk_lower_depthwise_conv_2d_f32, pk_lower_fully_connected_f32;

// The number of a source tensor in the lowered graph, added on first use: an activation, or a
// constant in row-major layout. Negative: error filled.
int32_t pk_lowering_tensor(pk_lowering *lowering, int32_t source);

// Adds a constant, whose bytes it takes over in any case. Negative: error filled.
int32_t pk_lowering_constant(pk_lowering *lowering, pk_lowered_tensor tensor);

// Adds an activation that the source graph does not have; its name is taken over in any case.
// Negative: error filled.
int32_t pk_lowering_activation(pk_lowering *lowering, pk_lowered_tensor tensor);

// Zeroed bytes for the constant `name`, counted against the limit. NULL: error filled.
void *pk_lowering_bytes(pk_lowering *lowering, const char *name, size_t size_bytes);

// A copy of "<name><suffix>" with malloc. NULL: error filled.
char *pk_lowering_name(pk_lowering *lowering, const char *name, const char *suffix);

#endif  // MINNOW_PACKER_IMPORT_LOWER_H_
