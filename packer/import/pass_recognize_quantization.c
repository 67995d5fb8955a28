// ONNX spells quantisation as arithmetic, and so does its importer, exactly:
//   quantise    cast(clip(round(x / scale) + zero_point))        to int8 or uint8
//   dequantise  (cast(q) - zero_point) * scale                    to float32
// 8-bit numbers have no scale of their own there: two readers may disagree about it, another may
// count with the bare integers. This pass finds the two chains with constant scales, joins the
// 8-bit tensors between which numbers only move into groups, and where every chain at a group has
// the same scale and zero point and nobody else touches its numbers, that becomes the quantisation
// of the group's tensors and the chains QUANTIZE and DEQUANTIZE. All other chains stay as they are.
#include <math.h>
#include <string.h>

#include "../../core/ops/op_params.h"
#include "graph_passes.h"
#include "quantized_movement.h"

typedef struct chain {
  int32_t real, bytes;  // tensors: float32 and 8-bit
  float scale;
  int32_t zero_point;
  bool is_found;
} chain;

typedef struct group {
  int32_t parent;  // union-find over tensors
  bool has_scale, is_mixed;
  float scale;
  int32_t zero_point;
} group;

typedef struct recognize_pass {
  pk_graph *graph;
  pk_graph_index index;
  chain *chains;       // by operator: the chain that ends with it
  group *groups;       // by tensor; counts at the roots
  int32_t *explained;  // by float tensor: its readers that belong to a chain
} recognize_pass;

static bool is_bytes(const pk_tensor *tensor) {
  return tensor && (tensor->dtype == PK_DTYPE_S8 || tensor->dtype == PK_DTYPE_U8);
}

// --- chains ---

static bool is_scalar(const pk_graph *graph, const pk_op *op, int input, float *value) {
  const pk_tensor *tensor = pk_op_input(graph, op, input);
  if (!tensor || !tensor->data || tensor->dtype != PK_DTYPE_F32 ||
      tensor->data_bytes != sizeof *value) {
    return false;
  }
  memcpy(value, tensor->data, sizeof *value);
  return true;
}

static bool is_function(const pk_op *op, pk_op_kind kind, int function) {
  return op && op->kind == kind && op->attributes.words.words[0] == function &&
         op->activation == PK_ACTIVATION_NONE;
}

static float word_float(int32_t word) {
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

static bool is_usable(chain *found, float scale, float zero_point, const pk_tensor *bytes) {
  const float low = bytes->dtype == PK_DTYPE_U8 ? 0.0f : -128.0f;
  found->is_found = scale > 0.0f && isfinite(scale) && zero_point >= low &&
                    zero_point <= low + 255.0f && zero_point == floorf(zero_point);
  if (!found->is_found) return false;
  found->scale = scale;
  found->zero_point = (int32_t)zero_point;
  return true;
}

// `cast` ends a chain that quantises.
static void find_quantize(recognize_pass *pass, const pk_op *cast, chain *found) {
  const pk_graph *graph = pass->graph;
  const pk_op *op = pk_graph_producer(graph, &pass->index, cast, 0);
  const pk_tensor *bytes = pk_op_output(graph, cast);
  const float low = bytes->dtype == PK_DTYPE_U8 ? 0.0f : -128.0f;
  float zero_point = 0.0f, scale;
  if (!is_function(op, PK_OP_UNARY, MNW_UNARY_CLIP)) return;
  const int32_t *words = op->attributes.words.words;
  if (word_float(words[MNW_UNARY_ALPHA]) != low || word_float(words[MNW_UNARY_BETA]) != low + 255) {
    return;
  }
  op = pk_graph_producer(graph, &pass->index, op, 0);
  if (is_function(op, PK_OP_BINARY, MNW_BINARY_ADD)) {
    if (!is_scalar(graph, op, 1, &zero_point)) return;
    op = pk_graph_producer(graph, &pass->index, op, 0);
  }
  if (!is_function(op, PK_OP_UNARY, MNW_UNARY_ROUND)) return;
  op = pk_graph_producer(graph, &pass->index, op, 0);
  if (!is_function(op, PK_OP_BINARY, MNW_BINARY_DIV) || !is_scalar(graph, op, 1, &scale) ||
      op->inputs[0] == PK_NO_TENSOR || graph->tensors[op->inputs[0]].data ||
      !pk_tensor_same_shape(&graph->tensors[op->inputs[0]], bytes)) {
    return;
  }
  found->real = op->inputs[0];
  found->bytes = cast->output;
  is_usable(found, scale, zero_point, bytes);
}

// `product` ends a chain that dequantises.
static void find_dequantize(recognize_pass *pass, const pk_op *product, chain *found) {
  const pk_graph *graph = pass->graph;
  const pk_op *op = pk_graph_producer(graph, &pass->index, product, 0), *difference = NULL;
  float zero_point = 0.0f, scale;
  if (!is_scalar(graph, product, 1, &scale)) return;
  if (is_function(op, PK_OP_BINARY, MNW_BINARY_SUB)) {
    difference = op;
    if (!is_scalar(graph, op, 1, &zero_point)) return;
    op = pk_graph_producer(graph, &pass->index, op, 0);
  }
  if (!op || op->kind != PK_OP_CAST || !is_bytes(pk_op_input(graph, op, 0)) ||
      pk_op_output(graph, op)->dtype != PK_DTYPE_F32 ||
      !pk_tensor_same_shape(pk_op_input(graph, op, 0), pk_op_output(graph, product))) {
    return;
  }
  found->real = product->output;
  found->bytes = op->inputs[0];
  if (!is_usable(found, scale, zero_point, pk_op_input(graph, op, 0))) return;
  pass->explained[product->inputs[0]]++;
  // A difference counts as explained once all its readers are; they stand behind it.
  if (difference &&
      pass->explained[difference->output] == pass->index.use_count[difference->output]) {
    pass->explained[difference->inputs[0]]++;
  }
}

static void find_chains(recognize_pass *pass) {
  const pk_graph *graph = pass->graph;
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->kind == PK_OP_CAST && is_bytes(pk_op_output(graph, op))) {
      find_quantize(pass, op, &pass->chains[i]);
    } else if (is_function(op, PK_OP_BINARY, MNW_BINARY_MUL)) {
      find_dequantize(pass, op, &pass->chains[i]);
    }
  }
}

// --- groups ---

static int32_t root_of(recognize_pass *pass, int32_t tensor) {
  group *groups = pass->groups;
  while (groups[tensor].parent != tensor) {
    groups[tensor].parent = groups[groups[tensor].parent].parent;
    tensor = groups[tensor].parent;
  }
  return tensor;
}

static void spoil(recognize_pass *pass, int32_t tensor) {
  pass->groups[root_of(pass, tensor)].is_mixed = true;
}

static void note(recognize_pass *pass, int32_t tensor, float scale, int32_t zero_point) {
  group *g = &pass->groups[root_of(pass, tensor)];
  if (g->has_scale && (g->scale != scale || g->zero_point != zero_point)) g->is_mixed = true;
  g->has_scale = true;
  g->scale = scale;
  g->zero_point = zero_point;
}

static void join(recognize_pass *pass, int32_t a, int32_t b) {
  const int32_t p = root_of(pass, a), q = root_of(pass, b);
  const group from = pass->groups[q];
  if (p == q) return;
  pass->groups[q].parent = p;
  pass->groups[p].is_mixed |= from.is_mixed;
  if (pass->graph->tensors[a].dtype != pass->graph->tensors[b].dtype) spoil(pass, p);
  if (from.has_scale) note(pass, p, from.scale, from.zero_point);
}

static bool is_data(const pk_op *op, int input) {
  const uint32_t mask = pk_movement_inputs(op);
  return input > 31 ? mask == UINT32_MAX : mask >> input & 1;
}

// Whether a reader of 8-bit numbers is the start of chains only.
static bool is_explained(const recognize_pass *pass, const pk_op *op) {
  return op->kind == PK_OP_CAST && pk_op_output(pass->graph, op)->dtype == PK_DTYPE_F32 &&
         pass->explained[op->output] == pass->index.use_count[op->output];
}

static void group_operator(recognize_pass *pass, size_t number) {
  const pk_graph *graph = pass->graph;
  const pk_op *op = &graph->ops[number];
  const chain *found = &pass->chains[number];
  const bool moves = pk_movement_inputs(op) != 0 && is_bytes(pk_op_output(graph, op));
  if (found->is_found) note(pass, found->bytes, found->scale, found->zero_point);
  if (is_bytes(pk_op_output(graph, op)) && !moves && !found->is_found) spoil(pass, op->output);
  for (int i = 0; i < op->input_count; i++) {
    const pk_tensor *input = pk_op_input(graph, op, i);
    if (!is_bytes(input)) continue;
    if (input->quantization.count > 0) {
      spoil(pass, op->inputs[i]);
    } else if (moves && is_data(op, i)) {
      if (!input->data) join(pass, op->output, op->inputs[i]);
    } else if (!is_explained(pass, op)) {
      spoil(pass, op->inputs[i]);
    }
  }
}

static const group *quantized_group(recognize_pass *pass, int32_t tensor) {
  const group *g = &pass->groups[root_of(pass, tensor)];
  return is_bytes(&pass->graph->tensors[tensor]) && g->has_scale && !g->is_mixed ? g : NULL;
}

// --- rewriting ---

static bool set_quantization(pk_graph *graph, pk_tensor *tensor, const group *g, pk_error *error) {
  const float *scales = pk_arena_copy(&graph->arena, &g->scale, 1, sizeof g->scale, error);
  const int32_t *zero_points =
      pk_arena_copy(&graph->arena, &g->zero_point, 1, sizeof g->zero_point, error);
  if (!scales || !zero_points) return false;
  tensor->quantization =
      (pk_quantization){.count = 1, .scales = scales, .zero_points = zero_points, .axis = 0};
  return true;
}

// A constant among a group's inputs gets the quantisation in a copy: other readers may want the
// bare integers.
static bool quantize_constants(recognize_pass *pass, pk_op *op, pk_error *error) {
  pk_graph *graph = pass->graph;
  const group *g = quantized_group(pass, op->output);
  if (!g || pk_movement_inputs(op) == 0) return true;
  int32_t *inputs =
      pk_arena_copy(&graph->arena, op->inputs, (size_t)op->input_count, sizeof *inputs, error);
  if (!inputs) return false;
  for (int i = 0; i < op->input_count; i++) {
    const pk_tensor *input = pk_op_input(graph, op, i);
    if (!is_data(op, i) || !input || !input->data) continue;
    pk_tensor copy = *input;
    if (!set_quantization(graph, &copy, g, error)) return false;
    inputs[i] = pk_graph_add_tensor(graph, &copy, error);
    if (inputs[i] < 0) return false;
  }
  op->inputs = inputs;
  return true;
}

static bool rewrite_chain(recognize_pass *pass, pk_op *op, const chain *found, pk_error *error) {
  if (!found->is_found || !quantized_group(pass, found->bytes)) return true;
  const bool is_quantize = op->kind == PK_OP_CAST;
  const int32_t input = is_quantize ? found->real : found->bytes;
  op->kind = is_quantize ? PK_OP_QUANTIZE : PK_OP_DEQUANTIZE;
  op->inputs = pk_arena_copy(&pass->graph->arena, &input, 1, sizeof input, error);
  op->input_count = 1;
  return op->inputs != NULL;
}

// The runtime pools numbers with a scale, or floats; bare integers take the way over those.
static bool add_bare_pool(pk_op_list *list, pk_graph *graph, const pk_op *op, pk_error *error) {
  pk_op pool = *op;
  const int32_t in = pk_graph_add_twin(graph, op->inputs[0], "(float32)", error);
  const int32_t out = in < 0 ? -1 : pk_graph_add_twin(graph, op->output, "(float32)", error);
  if (out < 0) return false;
  graph->tensors[in].dtype = graph->tensors[out].dtype = PK_DTYPE_F32;
  pool.inputs = pk_arena_copy(&graph->arena, &in, 1, sizeof in, error);
  pool.output = out;
  return pool.inputs && pk_op_list_add_unary(list, graph, PK_OP_CAST, op->inputs[0], in, error) &&
         pk_op_list_add(list, graph, &pool, error) &&
         pk_op_list_add_unary(list, graph, PK_OP_CAST, out, op->output, error);
}

static bool rewrite(recognize_pass *pass, pk_error *error) {
  pk_graph *graph = pass->graph;
  const size_t tensor_count = graph->tensor_count;
  pk_op_list list = {0};
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    if (!quantize_constants(pass, op, error) || !rewrite_chain(pass, op, &pass->chains[i], error)) {
      return false;
    }
  }
  for (size_t i = 0; i < tensor_count; i++) {
    const group *g = quantized_group(pass, (int32_t)i);
    if (g && !graph->tensors[i].data && !set_quantization(graph, &graph->tensors[i], g, error)) {
      return false;
    }
  }
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op op = graph->ops[i];
    const pk_tensor *output = pk_op_output(graph, &op);
    const bool is_bare =
        op.kind == PK_OP_MAX_POOL_2D && is_bytes(output) && output->quantization.count == 0;
    if (!(is_bare ? add_bare_pool(&list, graph, &op, error)
                  : pk_op_list_add(&list, graph, &op, error))) {
      return false;
    }
  }
  pk_op_list_install(&list, graph);
  return true;
}

bool pk_pass_recognize_quantization(pk_graph *graph, pk_error *error) {
  recognize_pass pass = {.graph = graph};
  const size_t tensors = graph->tensor_count;
  pass.chains = pk_arena_alloc(&graph->arena, graph->op_count, sizeof *pass.chains, error);
  pass.groups = pk_arena_alloc(&graph->arena, tensors, sizeof *pass.groups, error);
  pass.explained = pk_arena_alloc(&graph->arena, tensors, sizeof *pass.explained, error);
  if (!pass.chains || !pass.groups || !pass.explained ||
      !pk_graph_index_build(&pass.index, graph, error)) {
    return false;
  }
  for (size_t i = 0; i < tensors; i++) pass.groups[i].parent = (int32_t)i;
  find_chains(&pass);
  for (size_t i = 0; i < graph->op_count; i++) group_operator(&pass, i);
  return rewrite(&pass, error);
}
