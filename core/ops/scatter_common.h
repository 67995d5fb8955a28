// What SCATTER_ELEMENTS and SCATTER_ND share: how an update meets the element it lands on.
#ifndef MINNOW_OPS_SCATTER_COMMON_H_
#define MINNOW_OPS_SCATTER_COMMON_H_

#include "axis_common.h"

// Inputs data, indices, updates and output y of data's shape; `function` as MNW_SCATTER_*_FUNCTION.
mnw_status mnw_scatter_check(const mnw_op_context *context, int32_t function);

// data = function(data, updates), for `count` elements that lie one behind the other.
void mnw_scatter_combine(mnw_dtype dtype, int32_t function, void *data, size_t at,
                         const void *updates, size_t from, size_t count);

#endif  // MINNOW_OPS_SCATTER_COMMON_H_
