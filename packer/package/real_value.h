// Elements of the runtime's tensors as real numbers.
#ifndef MINNOW_PACKER_REAL_VALUE_H_
#define MINNOW_PACKER_REAL_VALUE_H_

#include <minnow/minnow.h>

// Element `index` of a row-major tensor of `dtype` at `bytes`, of any alignment:
// scale * (value - zero_point), or the value itself where scale is 0 (not quantised).
double pk_real_value(mnw_dtype dtype, float scale, int32_t zero_point, const void *bytes,
                     size_t index);

#endif  // MINNOW_PACKER_REAL_VALUE_H_
