// What the int8 and float32 forms of DEPTHWISE_CONV_2D share: a band of output rows at a time, with
// a table that tells the kernel where the input pixels under it are.
#ifndef MINNOW_OPS_DEPTHWISE_COMMON_H_
#define MINNOW_OPS_DEPTHWISE_COMMON_H_

#include "picture.h"

typedef struct mnw_depthwise_plan {
  mnw_window window;
  mnw_dwconv_shape shape;  // of a whole band
  size_t element_bytes;
  size_t lines, columns;  // of the table
  bool shares_lines;      // rows of a band meet the same lines of the table
  size_t table_bytes, padding_bytes, spread_bytes;  // the parts of the scratch
} mnw_depthwise_plan;

// Checks the geometry (out_c a multiple of in_c) and lays out the scratch, of `scratch_bytes`.
// Errors: INVALID_GRAPH, LIMIT_EXCEEDED.
mnw_status mnw_depthwise_plan_make(mnw_depthwise_plan *plan, const mnw_op_context *context,
                                   size_t element_bytes, size_t *scratch_bytes);

// Prepares the padding in a thread's scratch: every byte of it is `zero_point`.
void mnw_depthwise_begin(const mnw_depthwise_plan *plan, void *scratch, int32_t zero_point);

// Input lines from `first_line` of all pictures on; whoever asks for output rows has those lines
// in it that these rows read.
typedef struct mnw_line_source {
  const void *lines;
  int32_t first_line;
} mnw_line_source;

// Fills the table for the band that starts at output row `row` of all pictures and ends before row
// `end`, and returns it; shape becomes the band's.
const void *const *mnw_depthwise_table(mnw_dwconv_shape *shape, const mnw_depthwise_plan *plan,
                                       void *scratch, const mnw_line_source *source, size_t row,
                                       size_t end);

// How many rows are worth a thread.
size_t mnw_depthwise_grain(const mnw_depthwise_plan *plan);

#endif  // MINNOW_OPS_DEPTHWISE_COMMON_H_
