// Factors and checks that the fixed-point operators share (base/fixed_point.h has the arithmetic).
#ifndef MINNOW_OPS_FIXED_POINT_OPS_H_
#define MINNOW_OPS_FIXED_POINT_OPS_H_

#include "../base/fixed_point.h"
#include "op.h"

mnw_fixed_factor mnw_fixed_factor_at(const int32_t *words);  // multiplier, then shift

// Refuse with INVALID_GRAPH: a factor out of range; a dtype other than int8, int16 and int32; clamp
// bounds that are no range of the output's dtype.
mnw_status mnw_fixed_check_factor(const mnw_op_context *context, mnw_fixed_factor factor);
mnw_status mnw_fixed_check_integer(const mnw_op_context *context, const mnw_tensor *tensor);
mnw_status mnw_fixed_check_clamp(const mnw_op_context *context, const int32_t *clamps);

#endif  // MINNOW_OPS_FIXED_POINT_OPS_H_
