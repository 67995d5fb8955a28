// Weights as int8 levels, each output channel of a step of its own, rounded to the nearest.
#ifndef MINNOW_PACKER_CHANNEL_LEVELS_H_
#define MINNOW_PACKER_CHANNEL_LEVELS_H_

#include "../import/source_graph.h"
#include "weight_grid.h"

enum { PK_FOUR_BITS_MOST = 7 };  // eight bits: PK_LEVEL_MAX

// Gives the float32 constant levels -most … most. The output channels lie along the axes 0 … `axis`
// together (each weight of a channel beside the next), or, where that is the last one, along it
// alone. Steps are the largest weight by `most`, and of fewer than 127 levels those of least
// squared error. Errors: OUT_OF_MEMORY.
bool pk_channel_levels(pk_graph *graph, int32_t number, int axis, int most, pk_error *error);

// Rounds the values to multiples of one step, 255 of them at most, and leaves no -0.
void pk_round_to_step(float *values, size_t count);

// Whether input `i` is one of the weights of a RECURRENT operator, not its biases.
bool pk_is_recurrent_weight(const pk_op *op, int i);

// Gives levels, as pk_channel_levels() does, to the weights of RECURRENT operators, which compute
// in float32: DEQUANTIZE stands before them, once for each constant, and each of its rows has a
// step. Fills *numbers with how many weights there are, and *constants. Constants that others read
// too stay. Errors: OUT_OF_MEMORY.
bool pk_recurrent_levels(pk_graph *graph, size_t *constants, size_t *numbers, int most,
                         pk_error *error);

#endif  // MINNOW_PACKER_CHANNEL_LEVELS_H_
