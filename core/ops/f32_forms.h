// The float32 forms of operators that have an int8 form in a file of their own; the operator's
// prepare and eval call them where x is float32.
#ifndef MINNOW_OPS_F32_FORMS_H_
#define MINNOW_OPS_F32_FORMS_H_

#include "op.h"

mnw_op_prepare_fn mnw_conv_2d_f32_prepare, mnw_depthwise_conv_2d_f32_prepare;
mnw_op_eval_fn mnw_conv_2d_f32_eval, mnw_depthwise_conv_2d_f32_eval;

#endif  // MINNOW_OPS_F32_FORMS_H_
