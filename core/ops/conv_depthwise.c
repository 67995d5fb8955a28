#include "conv_depthwise.h"

#include <string.h>

#include "../base/checked.h"
#include "../kernels/packed_layout.h"
#include "conv_common.h"
#include "row_forms.h"

enum {
  SMALLEST_BYTES = 262144,  // of the tensor between: smaller ones stay in a cache anyway
  LEAST_TIMES_WEIGHTS = 4,  // as large as the weights, which each band reads anew
  BAND_BYTES = 131072,
  BAND_MIN_ROWS = 2,  // of output, so that most lines serve several
  CHUNKS_PER_THREAD = 2
};

// What both operators are, and where a thread's scratch has their parts.
typedef struct pair_plan {
  const mnw_op_context *depthwise;
  mnw_op_context conv;
  mnw_depthwise_plan rows;
  bool is_f32;
  size_t line_bytes;              // of the tensor between
  size_t band_rows;               // of output
  size_t band_at, scratch_bytes;  // in front of the band: the operators' own, which take turns
} pair_plan;

static size_t lines_of(const mnw_window *w, size_t rows) {
  return (rows - 1) * (size_t)w->stride_h + (size_t)w->kernel_h;
}

static size_t choose_band_rows(const pair_plan *plan) {
  const mnw_window *w = &plan->rows.window;
  size_t rows = BAND_MIN_ROWS;
  while (rows < plan->rows.shape.rows &&
         lines_of(w, rows + 1) * plan->line_bytes <= (size_t)BAND_BYTES) {
    rows++;
  }
  return rows < plan->rows.shape.rows ? rows : plan->rows.shape.rows;
}

// The context is the depthwise convolution's, of checked operators.
static bool make_plan(pair_plan *plan, const mnw_op_context *context) {
  const mnw_tensor *between = mnw_op_input(context, 0);
  const size_t conv_bytes = context->node[-1].scratch_bytes;
  size_t depthwise_bytes;
  plan->depthwise = context;
  plan->conv = *context;
  plan->conv.node--;
  plan->conv.node_number--;
  plan->is_f32 = between->dtype == MNW_DTYPE_F32;
  const size_t element_bytes = plan->is_f32 ? sizeof(float) : 1;
  if (mnw_depthwise_plan_make(&plan->rows, context, element_bytes, &depthwise_bytes) !=
      MNW_STATUS_OK) {
    return false;
  }
  const mnw_window *w = &plan->rows.window;
  plan->line_bytes = (size_t)w->in_w * (size_t)w->in_c * element_bytes;
  plan->band_rows = choose_band_rows(plan);
  const size_t band_bytes = lines_of(w, plan->band_rows) * plan->line_bytes;
  plan->band_at =
      mnw_round_up(conv_bytes > depthwise_bytes ? conv_bytes : depthwise_bytes, MNW_ALIGNMENT);
  plan->scratch_bytes = plan->band_at + band_bytes;
  // Half a tensor is the least that is worth a band of its own.
  return w->batches == 1 && plan->rows.shares_lines && plan->rows.spread_bytes == 0 &&
         band_bytes <= between->size_bytes / 2;
}

bool mnw_conv_depthwise_prepare(const mnw_graph *graph, uint32_t number, size_t *scratch_bytes) {
  const mnw_node *node = &graph->nodes[number];
  if (number == 0 || node->code != MNW_OP_DEPTHWISE_CONV_2D || node[-1].code != MNW_OP_CONV_2D ||
      node[-1].outputs[0] != node->inputs[0]) {
    return false;
  }
  const mnw_tensor *between = &graph->tensors[node->inputs[0]];
  const mnw_tensor *weights = &graph->tensors[node[-1].inputs[1]];
  if (between->size_bytes < SMALLEST_BYTES ||
      between->size_bytes / LEAST_TIMES_WEIGHTS < weights->size_bytes ||
      weights->kind != MNW_KIND_CONSTANT || weights->layout == MNW_LAYOUT_ROW_MAJOR) {
    return false;
  }
  pair_plan plan;
  mnw_error error;
  const mnw_op_context context = {
      .graph = graph, .node = node, .node_number = number, .error = &error};
  if (!make_plan(&plan, &context) || plan.scratch_bytes > MNW_MAX_TENSOR_BYTES) return false;
  *scratch_bytes = plan.scratch_bytes;
  return true;
}

// Lines of the tensor between, from line `first` on, as far as line `end` − 1.
typedef struct line_band {
  uint8_t *bytes;
  size_t first, end;
} line_band;

// Brings the band to lines first … end − 1; those it has already move to the front.
static void fill_band(line_band *band, const pair_plan *plan, size_t first, size_t end,
                      void *scratch) {
  const size_t width = (size_t)plan->rows.window.in_w;
  mnw_conv_pixels_fn *const pixels = plan->is_f32 ? mnw_conv_2d_f32_pixels : mnw_conv_2d_pixels;
  const size_t kept = band->end > first ? band->end - first : 0;
  memmove(band->bytes, band->bytes + (first - band->first) * plan->line_bytes,
          kept * plan->line_bytes);
  if (first + kept < end) {
    pixels(&plan->conv, band->bytes + kept * plan->line_bytes, (first + kept) * width, end * width,
           scratch);
  }
  band->first = first;
  band->end = end;
}

// Output rows begin … end − 1.
static void eval_rows(void *argument, size_t begin, size_t end, uint32_t thread) {
  const pair_plan *plan = argument;
  const mnw_window *w = &plan->rows.window;
  mnw_depthwise_rows_fn *const rows_fn =
      plan->is_f32 ? mnw_depthwise_conv_2d_f32_rows : mnw_depthwise_conv_2d_rows;
  uint8_t *const scratch = mnw_op_thread_scratch(plan->depthwise, thread);
  line_band band = {.bytes = scratch + plan->band_at};
  for (size_t row = begin; row < end;) {
    const size_t rows = end - row < plan->band_rows ? end - row : plan->band_rows;
    const int64_t top = (int64_t)row * w->stride_h - w->pad_top;
    const int64_t bottom = top + (int64_t)lines_of(w, rows);
    const size_t last = (size_t)(bottom < 0 ? 0 : bottom < w->in_h ? bottom : w->in_h);
    size_t first = (size_t)(top < 0 ? 0 : top);
    if (first > last) first = last;  // windows beyond the picture read padding alone
    if (row == begin) band.first = band.end = first;
    fill_band(&band, plan, first, last, scratch);
    const mnw_line_source source = {band.bytes, (int32_t)first};
    rows_fn(plan->depthwise, &plan->rows, &source, row, row + rows, scratch);
    row += rows;
  }
}

void mnw_conv_depthwise_eval(const mnw_op_context *context) {
  pair_plan plan;
  make_plan(&plan, context);
  const size_t rows = (size_t)plan.rows.window.out_h;
  // Neighbouring chunks compute the lines between them twice, so there are few.
  const size_t chunks = (size_t)mnw_team_threads(context->team) * CHUNKS_PER_THREAD;
  mnw_team_split(context->team, eval_rows, &plan, rows, mnw_ceil_div(rows, chunks));
}
