// Biases whose low bits say nothing beside the multipliers in front of them.
#ifndef MINNOW_TESTS_SCALED_BIASES_H_
#define MINNOW_TESTS_SCALED_BIASES_H_

#include "../../packer/lowered_graph.h"

enum { SCALED_BIASES = 500 };

typedef struct scaled_biases {
  float multipliers[SCALED_BIASES];
  uint32_t biases[SCALED_BIASES];
  pk_lowered_tensor before, tensor;  // of multipliers, of biases
  size_t spared;                     // a bias with spare bits
} scaled_biases;                     // must not move once it is filled

// Multipliers of all sizes, some of them 0, as those of channels that only fill up a tile.
void scaled_biases_fill(scaled_biases *sample, uint32_t seed);

#endif  // MINNOW_TESTS_SCALED_BIASES_H_
