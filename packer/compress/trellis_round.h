// Trellis-coded quantisation of one sequence: a grid twice as fine for the bits of a coarse one.
//
// Levels fall into four subsets by their remainder modulo 4. A state of the trellis allows only
// even levels (subsets 0 and 2) or only odd ones (1 and 3), so that half a level, rounded down,
// says which; its lowest bit chooses the next state. The path of least squared error through
// Ungerboeck's eight states comes from Viterbi's algorithm (Marcellin and Fischer, "Trellis coded
// quantization of memoryless and Gauss-Markov sources", 1990; Ungerboeck, "Channel coding with
// multilevel/phase signals", 1982). The state is b[t] + 2 b[t-1] + 4 b[t-2], b being the parities
// of the levels, and the next parity follows from the levels before (core/format/trellis.h), so
// decoding needs no table.
#ifndef MINNOW_PACKER_TRELLIS_ROUND_H_
#define MINNOW_PACKER_TRELLIS_ROUND_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PK_TRELLIS_STATES = 8 };

// Rounds `targets` [count], in steps of the fine grid, to levels of ±limit (odd) that form a path
// from state 0; weights [count] say what a squared error costs where. With `returns` zeros may
// follow the last level. `paths` has room for count * PK_TRELLIS_STATES.
void pk_trellis_round(int8_t *levels, const float *targets, const float *weights, size_t count,
                      int limit, bool returns, uint8_t *paths);

#endif  // MINNOW_PACKER_TRELLIS_ROUND_H_
