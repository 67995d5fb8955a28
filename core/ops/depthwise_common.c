// The table has a line of pointers for each input row under the band, each with a pointer for every
// input column under an output row; outside the picture they point at a pixel of zero points. With
// a depth multiplier above 1 the input rows are first spread in scratch, so that channel c of the
// spread pixel is what output channel c reads; a band is then one row.
#include "depthwise_common.h"

#include <string.h>

#include "../base/checked.h"

// What a band's table and its input may take: the input stays in the first- or second-level cache
// through all groups of channels.
enum { BAND_TABLE_BYTES = 16384, BAND_INPUT_BYTES = 65536 };

// Rows that fit the limits when each takes `bytes` more.
static size_t rows_within(size_t limit, size_t first_bytes, size_t bytes) {
  return limit > first_bytes && bytes > 0 ? (limit - first_bytes) / bytes + 1 : 1;
}

static size_t band_rows(const mnw_window *w, size_t columns, size_t element_bytes) {
  const size_t line_bytes = (size_t)w->in_w * (size_t)w->in_c * element_bytes;
  const size_t step = (size_t)w->stride_h, first = (size_t)w->kernel_h;
  const size_t by_table = rows_within(BAND_TABLE_BYTES, first * columns * sizeof(void *),
                                      step * columns * sizeof(void *));
  const size_t by_input = rows_within(BAND_INPUT_BYTES, first * line_bytes, step * line_bytes);
  const size_t rows = by_table < by_input ? by_table : by_input;
  return rows < (size_t)w->out_h ? rows : (size_t)w->out_h;
}

static bool plan_scratch(mnw_depthwise_plan *plan) {
  const mnw_window *w = &plan->window;
  const size_t channels = (size_t)w->out_c;
  const bool is_spread = w->in_c != w->out_c;
  size_t table, spread = 0;
  plan->columns = ((size_t)w->out_w - 1) * (size_t)w->stride_w +
                  ((size_t)w->kernel_w - 1) * (size_t)w->dilation_w + 1;
  plan->shares_lines = w->dilation_h == 1 && !is_spread && w->stride_h <= w->kernel_h &&
                       w->kernel_h <= 64 && plan->columns < BAND_TABLE_BYTES;
  const size_t rows = plan->shares_lines ? band_rows(w, plan->columns, plan->element_bytes) : 1;
  plan->lines = (rows - 1) * (size_t)w->stride_h + (size_t)w->kernel_h;
  if (!mnw_checked_mul(&table, plan->lines * sizeof(void *), plan->columns) ||
      !mnw_checked_align(&plan->table_bytes, table) ||
      !mnw_checked_align(&plan->padding_bytes, channels * plan->element_bytes)) {
    return false;
  }
  if (is_spread && (!mnw_checked_mul(&spread, (size_t)w->in_w * plan->element_bytes, channels) ||
                    !mnw_checked_mul(&spread, spread, (size_t)w->kernel_h) ||
                    !mnw_checked_align(&spread, spread))) {
    return false;
  }
  plan->spread_bytes = spread;
  plan->shape = (mnw_dwconv_shape){.rows = rows,
                                   .pixels = (size_t)w->out_w,
                                   .channels = channels,
                                   .kernel_h = (size_t)w->kernel_h,
                                   .kernel_w = (size_t)w->kernel_w,
                                   .row_step = (size_t)w->stride_h * plan->columns,
                                   .pixel_step = (size_t)w->stride_w,
                                   .tap_row_step = plan->columns,
                                   .tap_step = (size_t)w->dilation_w};
  return spread <= MNW_MAX_TENSOR_BYTES && plan->table_bytes <= MNW_MAX_TENSOR_BYTES;
}

mnw_status mnw_depthwise_plan_make(mnw_depthwise_plan *plan, const mnw_op_context *context,
                                   size_t element_bytes, size_t *scratch_bytes) {
  mnw_window *w = &plan->window;
  const mnw_status status = mnw_window_init(w, context, mnw_op_input(context, 0),
                                            mnw_op_output(context, 0), context->node->params);
  if (status != MNW_STATUS_OK) return status;
  if (w->out_c % w->in_c != 0) {
    return mnw_op_refuse(context, "operator %0: %1 output channels are no multiple of %2", w->out_c,
                         w->in_c);
  }
  plan->element_bytes = element_bytes;
  if (!plan_scratch(plan)) {
    return mnw_fail(context->error, MNW_STATUS_LIMIT_EXCEEDED,
                    "operator %0: rows of %1 pixels under kernels of %2 rows are too large",
                    context->node_number, w->out_w, w->kernel_h);
  }
  *scratch_bytes = plan->table_bytes + plan->padding_bytes + plan->spread_bytes;
  return MNW_STATUS_OK;
}

void mnw_depthwise_begin(const mnw_depthwise_plan *plan, void *scratch, int32_t zero_point) {
  memset((uint8_t *)scratch + plan->table_bytes, zero_point, plan->padding_bytes);
}

size_t mnw_depthwise_grain(const mnw_depthwise_plan *plan) {
  const mnw_dwconv_shape *shape = &plan->shape;
  return mnw_op_grain(shape->kernel_h * shape->kernel_w * shape->pixels * shape->channels, 1);
}

// Repeats each input channel out_c / in_c times.
static void spread_row(uint8_t *spread, const uint8_t *row, const mnw_depthwise_plan *plan) {
  const mnw_window *w = &plan->window;
  const size_t bytes = plan->element_bytes;
  const int32_t multiplier = w->out_c / w->in_c;
  const size_t values = (size_t)w->in_w * (size_t)w->in_c;
  for (size_t i = 0; i < values; i++, row += bytes) {
    for (int32_t m = 0; m < multiplier; m++, spread += bytes) memcpy(spread, row, bytes);
  }
}

// One line of the table; `row` counts only inside the picture, not above or below it.
static void point_line(const void **line, const uint8_t *row, bool is_inside,
                       const uint8_t *padding, const mnw_depthwise_plan *plan) {
  const mnw_window *w = &plan->window;
  const size_t pixel_bytes = (size_t)w->out_c * plan->element_bytes;
  const size_t left = (size_t)w->pad_left < plan->columns ? (size_t)w->pad_left : plan->columns;
  size_t inside = plan->columns - left;
  if (inside > (size_t)w->in_w) inside = (size_t)w->in_w;
  if (!is_inside) inside = 0;
  size_t column = 0;
  while (column < left && is_inside) line[column++] = padding;
  for (size_t i = 0; i < inside; i++, row += pixel_bytes) line[column++] = row;
  while (column < plan->columns) line[column++] = padding;
}

const void *const *mnw_depthwise_table(mnw_dwconv_shape *shape, const mnw_depthwise_plan *plan,
                                       void *scratch, const mnw_line_source *source, size_t row,
                                       size_t end) {
  const mnw_window *w = &plan->window;
  const size_t row_bytes = (size_t)w->in_w * (size_t)w->in_c * plan->element_bytes;
  const size_t out_h = (size_t)w->out_h;
  const uint8_t *const lines_of_picture =
      (const uint8_t *)source->lines + row / out_h * (size_t)w->in_h * row_bytes;
  const int32_t oy = (int32_t)(row % out_h);
  const void **table = scratch;
  uint8_t *const padding = (uint8_t *)scratch + plan->table_bytes;
  uint8_t *spread = padding + plan->padding_bytes;
  *shape = plan->shape;
  if (shape->rows > out_h - (size_t)oy) shape->rows = out_h - (size_t)oy;
  if (shape->rows > end - row) shape->rows = end - row;
  const size_t lines = (shape->rows - 1) * (size_t)w->stride_h + (size_t)w->kernel_h;
  for (size_t line = 0; line < lines; line++) {
    const int32_t iy = oy * w->stride_h - w->pad_top + (int32_t)line * w->dilation_h;
    const bool is_inside = iy >= 0 && iy < w->in_h;
    const uint8_t *in_row = lines_of_picture;
    if (is_inside) in_row += (size_t)(iy - source->first_line) * row_bytes;
    if (is_inside && plan->spread_bytes > 0) {
      spread_row(spread, in_row, plan);
      in_row = spread;
      spread += (size_t)w->in_w * (size_t)w->out_c * plan->element_bytes;
    }
    point_line(table + line * plan->columns, in_row, is_inside, padding, plan);
  }
  return (const void *const *)table;
}
