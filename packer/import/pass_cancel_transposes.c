// Importers wrap every operator that wants its channels last into transposes. This pass lets each
// transpose sink through operators that work element by element, pad, slice or join, until it meets
// its inverse and both go. What is left and moves only axes of one element becomes a RESHAPE.
#include <string.h>

#include "../../core/ops/op_params.h"
#include "graph_passes.h"

typedef struct transposed {
  int32_t source;  // PK_NO_TENSOR: this tensor is no transposed one
  int perm[PK_MAX_RANK];
} transposed;

typedef struct cancel_pass {
  pk_graph *graph;
  pk_error *error;
  transposed *origin;  // by tensor
  int32_t *alias;      // by tensor: what to read instead
  size_t capacity;     // of both
  uint8_t *is_output;  // by tensor of the file
  size_t output_limit;
  pk_op_list list;
} cancel_pass;

// Makes room for the tensors that the pass adds.
static bool grow(cancel_pass *pass) {
  pk_graph *graph = pass->graph;
  if (graph->tensor_count <= pass->capacity) return true;
  const size_t capacity = 2 * graph->tensor_count;
  transposed *origin = pk_arena_alloc(&graph->arena, capacity, sizeof *origin, pass->error);
  int32_t *alias = pk_arena_alloc(&graph->arena, capacity, sizeof *alias, pass->error);
  if (!origin || !alias) return false;
  if (pass->capacity) {
    memcpy(origin, pass->origin, pass->capacity * sizeof *origin);
    memcpy(alias, pass->alias, pass->capacity * sizeof *alias);
  }
  for (size_t i = pass->capacity; i < capacity; i++) {
    origin[i].source = PK_NO_TENSOR;
    alias[i] = (int32_t)i;
  }
  pass->origin = origin;
  pass->alias = alias;
  pass->capacity = capacity;
  return true;
}

static bool is_graph_output(const cancel_pass *pass, int32_t tensor) {
  return (size_t)tensor < pass->output_limit && pass->is_output[tensor];
}

static bool same_perm(const transposed *a, const transposed *b, int rank) {
  return memcmp(a->perm, b->perm, (size_t)rank * sizeof *a->perm) == 0;
}

// Adds a TRANSPOSE, composed with the one that its input comes from.
static bool add_transpose(cancel_pass *pass, const pk_op *op) {
  pk_graph *graph = pass->graph;
  pk_op moved = *op;
  const int rank = graph->tensors[op->output].rank;
  const int32_t *words = op->attributes.words.words;
  transposed *origin = &pass->origin[op->output];
  const transposed *before = &pass->origin[op->inputs[0]];
  const bool is_chain = before->source != PK_NO_TENSOR;
  bool is_identity = true;
  for (int i = 0; i < rank; i++) {
    const int axis = words[MNW_TRANSPOSE_PERM + i];
    origin->perm[i] = is_chain ? before->perm[axis] : axis;
    moved.attributes.words.words[MNW_TRANSPOSE_PERM + i] = origin->perm[i];
    is_identity &= origin->perm[i] == i;
  }
  origin->source = is_chain ? before->source : op->inputs[0];
  const int32_t source = origin->source;
  if (is_identity) {
    origin->source = PK_NO_TENSOR;
    if (!is_graph_output(pass, op->output)) {
      pass->alias[op->output] = source;
      return true;
    }
    moved.kind = PK_OP_RESHAPE;
  }
  moved.inputs = pk_arena_copy(&graph->arena, &source, 1, sizeof source, pass->error);
  return moved.inputs && pk_op_list_add(&pass->list, graph, &moved, pass->error);
}

// A constant operand as it stands beside the untransposed tensor; false where it must stay.
static bool untranspose_constant(cancel_pass *pass, int32_t *number, const int *perm, int rank) {
  pk_graph *graph = pass->graph;
  pk_tensor constant = graph->tensors[*number];
  if (!constant.data || constant.rank > rank || constant.quantization.count > 1) return false;
  int wide = -1;  // the only axis with more than one element
  for (int i = 0; i < constant.rank; i++) {
    if (constant.dims[i] == 1) continue;
    if (wide >= 0) return false;
    wide = i + rank - constant.rank;
  }
  if (wide < 0 && constant.rank <= 1) return true;  // a scalar is the same everywhere
  const int32_t count = wide < 0 ? 1 : constant.dims[wide - (rank - constant.rank)];
  constant.rank = rank;
  for (int i = 0; i < rank; i++) constant.dims[i] = 1;
  if (wide >= 0) constant.dims[perm[wide]] = count;
  *number = pk_graph_add_tensor(graph, &constant, pass->error);
  return *number >= 0 && grow(pass);
}

// Rewrites `op` for untransposed inputs; false where its kind cannot be.
static bool remap(pk_op *op, const pk_tensor *output, const int *perm) {
  const pk_op old = *op;
  int32_t *words = op->attributes.words.words;
  const int32_t *from = old.attributes.words.words;
  switch (op->kind) {
    case PK_OP_UNARY:
    case PK_OP_BINARY:
    case PK_OP_ACTIVATION:
    case PK_OP_ADD:
    case PK_OP_CAST:
    case PK_OP_DEQUANTIZE:
    case PK_OP_QUANTIZE:
      return true;
    case PK_OP_CONCAT:
      words[MNW_CONCAT_AXIS] = perm[from[MNW_CONCAT_AXIS]];
      return true;
    case PK_OP_SLICE:
      for (int i = 0; i < output->rank; i++) {
        words[MNW_SLICE_START + perm[i]] = from[MNW_SLICE_START + i];
        words[MNW_SLICE_STEP + perm[i]] = from[MNW_SLICE_STEP + i];
      }
      return true;
    case PK_OP_PAD:
      for (int i = 0; i < output->rank; i++) {
        op->attributes.pad.before[perm[i]] = old.attributes.pad.before[i];
        op->attributes.pad.after[perm[i]] = old.attributes.pad.after[i];
      }
      return true;
    case PK_OP_REDUCE: {
      uint32_t axes = 0;
      for (int i = 0; i < output->rank; i++) {
        if ((uint32_t)from[MNW_REDUCE_AXES] >> i & 1) axes |= 1u << perm[i];
      }
      words[MNW_REDUCE_AXES] = (int32_t)axes;
      return true;
    }
    default:
      return false;
  }
}

// The inputs of `op` before their transposes, all the same one; false where that is not so.
static bool untranspose_inputs(cancel_pass *pass, const pk_op *op, int32_t *inputs,
                               const transposed **by) {
  const pk_graph *graph = pass->graph;
  const int rank = graph->tensors[op->output].rank;
  *by = NULL;
  for (int i = 0; i < op->input_count; i++) {
    if (op->inputs[i] == PK_NO_TENSOR) return false;
    const transposed *origin = &pass->origin[op->inputs[i]];
    if (origin->source == PK_NO_TENSOR) continue;
    if (graph->tensors[op->inputs[i]].rank != rank) return false;
    if (*by && !same_perm(*by, origin, rank)) return false;
    *by = origin;
  }
  if (!*by) return false;
  int perm[PK_MAX_RANK];
  memcpy(perm, (*by)->perm, sizeof perm);
  for (int i = 0; i < op->input_count; i++) {
    const transposed *origin = &pass->origin[op->inputs[i]];
    inputs[i] = op->inputs[i];
    if (origin->source != PK_NO_TENSOR) {
      inputs[i] = origin->source;
    } else if (op->kind == PK_OP_CONCAT || !untranspose_constant(pass, &inputs[i], perm, rank)) {
      return false;
    }
  }
  // The tables may have moved.
  for (int i = 0; i < op->input_count; i++) {
    if (pass->origin[op->inputs[i]].source != PK_NO_TENSOR) *by = &pass->origin[op->inputs[i]];
  }
  return true;
}

// Moves the transpose of op's inputs behind it. Sets *done where that worked.
static bool sink(cancel_pass *pass, const pk_op *op, bool *done) {
  pk_graph *graph = pass->graph;
  const transposed *by;
  int32_t *inputs =
      pk_arena_alloc(&graph->arena, (size_t)op->input_count, sizeof *inputs, pass->error);
  *done = false;
  if (!inputs) return false;
  pk_op moved = *op;
  const pk_tensor output = graph->tensors[op->output];
  int probe[PK_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
  if (output.quantization.count > 1 || !remap(&moved, &output, probe)) return true;
  if (!untranspose_inputs(pass, op, inputs, &by)) return pass->error->code == PK_OK;
  transposed how = *by;
  moved = *op;
  remap(&moved, &output, how.perm);
  moved.inputs = inputs;
  moved.output = pk_graph_add_twin(graph, op->output, "untransposed", pass->error);
  if (moved.output < 0 || !grow(pass)) return false;
  for (int i = 0; i < output.rank; i++) {
    graph->tensors[moved.output].dims[how.perm[i]] = output.dims[i];
  }
  pk_op behind = {.kind = PK_OP_TRANSPOSE,
                  .name = op->name,
                  .source_index = -1,
                  .inputs = &moved.output,
                  .input_count = 1,
                  .output = op->output};
  for (int i = 0; i < 6; i++) {
    behind.attributes.words.words[MNW_TRANSPOSE_PERM + i] = i < output.rank ? how.perm[i] : i;
  }
  *done = true;
  return pk_op_list_add(&pass->list, graph, &moved, pass->error) && add_transpose(pass, &behind);
}

// A transpose that moves no element is a RESHAPE.
static void simplify(const pk_graph *graph, pk_op *op) {
  if (op->kind != PK_OP_TRANSPOSE) return;
  const pk_tensor *in = pk_op_input(graph, op, 0);
  int last = -1;
  for (int i = 0; i < in->rank; i++) {
    const int axis = op->attributes.words.words[MNW_TRANSPOSE_PERM + i];
    if (in->dims[axis] == 1) continue;
    if (axis < last) return;
    last = axis;
  }
  op->kind = PK_OP_RESHAPE;
}

bool pk_pass_cancel_transposes(pk_graph *graph, pk_error *error) {
  cancel_pass pass = {.graph = graph, .error = error, .output_limit = graph->tensor_count};
  pass.is_output = pk_arena_alloc(&graph->arena, graph->tensor_count, 1, error);
  if (!pass.is_output || !grow(&pass) || !pass.origin || !pass.alias) return false;
  for (size_t i = 0; i < graph->output_count; i++) pass.is_output[graph->outputs[i]] = 1;
  for (size_t i = 0; i < graph->op_count; i++) {
    pk_op *op = &graph->ops[i];
    bool done = false;
    for (int j = 0; j < op->input_count; j++) {
      if (op->inputs[j] != PK_NO_TENSOR) op->inputs[j] = pass.alias[op->inputs[j]];
    }
    if (op->kind == PK_OP_TRANSPOSE) {
      if (!add_transpose(&pass, op)) return false;
      continue;
    }
    // Reductions that drop axes change what the others are called.
    const bool drops_axes = op->kind == PK_OP_REDUCE &&
                            pk_op_input(graph, op, 0)->rank != pk_op_output(graph, op)->rank;
    if (!drops_axes && !sink(&pass, op, &done)) return false;
    if (!done && !pk_op_list_add(&pass.list, graph, op, error)) return false;
  }
  pk_op_list_install(&pass.list, graph);
  for (size_t i = 0; i < graph->op_count; i++) simplify(graph, &graph->ops[i]);
  return true;
}
