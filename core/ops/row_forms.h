// Parts of convolutions by their output, for operators that run several of them together. `scratch`
// has as many bytes as the operator's prepare asked for.
#ifndef MINNOW_OPS_ROW_FORMS_H_
#define MINNOW_OPS_ROW_FORMS_H_

#include "depthwise_common.h"

// Output pixels begin … end − 1 of a convolution of one picture, densely into y.
typedef void mnw_conv_pixels_fn(const mnw_op_context *context, void *y, size_t begin, size_t end,
                                void *scratch);
mnw_conv_pixels_fn mnw_conv_2d_pixels;
mnw_conv_pixels_fn mnw_conv_2d_f32_pixels;  // constant weights only

// Output rows begin … end − 1, counted through all pictures, into the operator's output.
typedef void mnw_depthwise_rows_fn(const mnw_op_context *context, const mnw_depthwise_plan *plan,
                                   const mnw_line_source *source, size_t begin, size_t end,
                                   void *scratch);
mnw_depthwise_rows_fn mnw_depthwise_conv_2d_rows;
mnw_depthwise_rows_fn mnw_depthwise_conv_2d_f32_rows;

#endif  // MINNOW_OPS_ROW_FORMS_H_
