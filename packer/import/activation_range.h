// Fused activations as clamps of quantised values.
#ifndef MINNOW_PACKER_IMPORT_ACTIVATION_RANGE_H_
#define MINNOW_PACKER_IMPORT_ACTIVATION_RANGE_H_

#include "source_graph.h"

typedef struct pk_clamp {
  int32_t min, max;
} pk_clamp;

// The int8 values that `activation` allows in a tensor with this scale and zero point (-128 …
// 127). Follows TFLite: a bound b becomes zero_point + round(b / scale) in float32, halves away
// from zero, and is cut to the int8 range.
pk_clamp pk_activation_clamp(pk_activation activation, float scale, int32_t zero_point);

// The bounds that `activation` sets to real values, as bits of float32; infinite where it sets
// none.
pk_clamp pk_activation_clamp_f32(pk_activation activation);

#endif  // MINNOW_PACKER_IMPORT_ACTIVATION_RANGE_H_
