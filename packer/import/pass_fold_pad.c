// A PAD of the picture's edges with real 0 before a convolution becomes part of the convolution's
// own padding. The PAD stays for other readers; remove_dead takes it away when there are none.
#include "graph_passes.h"
#include "op_rules.h"

static bool pads_edges_with_zero(const pk_graph *graph, const pk_op *pad) {
  const pk_tensor *in = pk_op_input(graph, pad, 0), *out = pk_op_output(graph, pad);
  const pk_pad_attributes *a = &pad->attributes.pad;
  return pad->kind == PK_OP_PAD && a->mode == 0 && in->rank == 4 &&
         pk_tensor_same_quantization(in, out) && a->value == pk_tensor_zero_point(in) &&
         a->before[0] == 0 && a->after[0] == 0 && a->before[3] == 0 && a->after[3] == 0;
}

// Padding that is wider than the window would make outputs of nothing but padding; kernels need
// not know those.
static bool window_reaches(const pk_window *window, int64_t before, int64_t after) {
  const int64_t reach = (int64_t)(window->filter - 1) * window->dilation + 1;
  return before < reach && after < reach;
}

static bool fold(const pk_graph *graph, const pk_op *pad, pk_op *conv) {
  const pk_pad_attributes *a = &pad->attributes.pad;
  pk_padding *padding = &conv->attributes.conv.padding;
  const pk_windows windows = pk_op_windows(graph, conv);
  const int64_t top = (int64_t)padding->top + a->before[1];
  const int64_t bottom = (int64_t)padding->bottom + a->after[1];
  const int64_t left = (int64_t)padding->left + a->before[2];
  const int64_t right = (int64_t)padding->right + a->after[2];
  if (!window_reaches(&windows.h, top, bottom) || !window_reaches(&windows.w, left, right)) {
    return false;
  }
  padding->top = (int32_t)top;
  padding->bottom = (int32_t)bottom;
  padding->left = (int32_t)left;
  padding->right = (int32_t)right;
  conv->inputs[PK_INPUT_DATA] = pad->inputs[0];
  return true;
}

bool pk_pass_fold_pad(pk_graph *graph, pk_error *error) {
  pk_graph_index index;
  if (!pk_graph_index_build(&index, graph, error)) return false;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (op->kind != PK_OP_CONV_2D && op->kind != PK_OP_DEPTHWISE_CONV_2D) continue;
    const pk_op *producer = pk_graph_producer(graph, &index, op, PK_INPUT_DATA);
    while (producer && pads_edges_with_zero(graph, producer) && fold(graph, producer, op)) {
      producer = pk_graph_producer(graph, &index, op, PK_INPUT_DATA);
    }
  }
  return true;
}
