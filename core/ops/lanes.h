// Short runs of elements brought to int64 or float32 and back, so that an operator is written for
// two types instead of seven. Offsets and steps count elements.
#ifndef MINNOW_OPS_LANES_H_
#define MINNOW_OPS_LANES_H_

#include "op.h"

enum { MNW_LANES = 256 };  // callers work in blocks of at most this many

bool mnw_lanes_is_quantized(const mnw_tensor *tensor);  // 8-bit with a scale

void mnw_lanes_load_int(int64_t *lanes, mnw_dtype dtype, const void *data, ptrdiff_t offset,
                        ptrdiff_t step, size_t count);
// Higher bits are dropped; BOOL stores whether the lane is not 0.
void mnw_lanes_store_int(void *data, mnw_dtype dtype, ptrdiff_t offset, const int64_t *lanes,
                         size_t count);

// Real values of a quantised tensor.
void mnw_lanes_dequantize(float *lanes, const mnw_tensor *tensor, const void *data,
                          ptrdiff_t offset, ptrdiff_t step, size_t count);
// Rounds to even and saturates; NaN becomes the zero point.
void mnw_lanes_quantize(void *data, const mnw_tensor *tensor, ptrdiff_t offset, const float *lanes,
                        size_t count);

#endif  // MINNOW_OPS_LANES_H_
