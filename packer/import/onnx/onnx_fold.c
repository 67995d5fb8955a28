#include "onnx_fold.h"

#include <stdlib.h>
#include <string.h>

#include "../../../core/ops/op.h"
#include "../lower.h"
#include "../op_rules.h"

static bool check(const pk_graph *graph, const pk_op *op, pk_error *error) {
  static pk_op_check_fn *const checks[PK_OP_COUNT] = {
#define PK_SOURCE_OP(name, lower, inputs_min, inputs_max, fuses_activation) \
  [PK_OP_##name] = pk_check_##lower,
#include "../source_ops.inc"
#undef PK_SOURCE_OP
  };
  return checks[op->kind](graph, op, error);
}

typedef struct evaluation {
  const pk_lowered_graph *lowered;
  mnw_tensor *tensors;
  uint8_t **data;  // by tensor
  pk_error *error;
} evaluation;

static bool no_memory(evaluation *e) {
  return pk_fail(e->error, PK_OUT_OF_MEMORY, "out of memory while folding constants");
}

static bool set_tensors(evaluation *e) {
  for (size_t i = 0; i < e->lowered->tensor_count; i++) {
    const pk_lowered_tensor *source = &e->lowered->tensors[i];
    mnw_tensor *tensor = &e->tensors[i];
    tensor->dtype = (uint8_t)source->dtype;
    tensor->rank = (uint8_t)source->rank;
    tensor->layout = (uint8_t)source->layout;
    tensor->kind = source->data ? MNW_KIND_CONSTANT : MNW_KIND_ACTIVATION;
    memcpy(tensor->dims, source->dims, sizeof tensor->dims);
    tensor->scale = source->scale;
    tensor->zero_point = source->zero_point;
    const size_t bytes = source->data
                             ? source->data_bytes
                             : mnw_tensor_elements(tensor) * mnw_dtype_bytes(source->dtype);
    tensor->size_bytes = (uint32_t)bytes;
    // Kernels may read whole vectors at a tensor's end.
    e->data[i] = calloc(1, bytes + 64);
    if (!e->data[i]) return no_memory(e);
    if (source->data) memcpy(e->data[i], source->data, bytes);
    tensor->data = source->data ? e->data[i] : NULL;
  }
  return true;
}

static bool run(evaluation *e, uint32_t number) {
  const pk_lowered_op *source = &e->lowered->ops[number];
  const mnw_op *op = mnw_op_find((uint32_t)source->code);
  const mnw_graph graph = {.tensors = e->tensors,
                           .tensor_count = (uint32_t)e->lowered->tensor_count};
  const mnw_node node = {.code = (uint16_t)source->code,
                         .input_count = (uint8_t)source->input_count,
                         .output_count = (uint8_t)source->output_count,
                         .inputs = source->inputs,
                         .outputs = source->outputs,
                         .params = source->params,
                         .last_constant = MNW_NO_TENSOR};
  mnw_error core_error = {.status = MNW_STATUS_OK};
  mnw_op_context context = {.graph = &graph,
                            .node = &node,
                            .kernels = mnw_kernels_get(0),
                            .node_number = number,
                            .error = &core_error};
  size_t scratch_bytes = 0;
  if (!op || op->prepare(&context, &scratch_bytes) != MNW_STATUS_OK) {
    char text[MNW_ERROR_MESSAGE_BYTES] = "the runtime has no such operator";
    if (op) mnw_error_message(&core_error, text, sizeof text);
    return pk_fail(e->error, PK_UNSUPPORTED, "folding the constant \"%s\": %s", source->name, text);
  }
  context.scratch = calloc(1, scratch_bytes + 64);
  if (!context.scratch) return no_memory(e);
  context.data = e->data;
  op->eval(&context);
  free(context.scratch);
  return true;
}

static bool evaluate(const pk_lowered_graph *lowered, pk_graph *graph, const pk_op *op,
                     pk_error *error) {
  evaluation e = {.lowered = lowered, .error = error};
  const size_t count = lowered->tensor_count;
  e.tensors = calloc(count + 1, sizeof *e.tensors);
  e.data = calloc(count + 1, sizeof *e.data);
  if (!e.tensors || !e.data) {
    free(e.tensors);
    free(e.data);
    return no_memory(&e);
  }
  bool ok = set_tensors(&e);
  for (size_t i = 0; ok && i < lowered->op_count; i++) ok = run(&e, (uint32_t)i);
  if (ok) {
    const int32_t result = lowered->outputs[0];
    const size_t bytes = e.tensors[result].size_bytes;
    pk_tensor *output = &graph->tensors[op->output];
    output->data = pk_arena_copy(&graph->arena, e.data[result], bytes, 1, error);
    output->data_bytes = bytes;
    ok = output->data != NULL;
  }
  for (size_t i = 0; i < count; i++) free(e.data[i]);
  free(e.data);
  free(e.tensors);
  return ok;
}

bool pk_onnx_fold(pk_graph *graph, const pk_op *op, pk_error *error) {
  pk_op single = *op;
  int32_t output = op->output;
  const pk_graph alone = {.arena = graph->arena,  // lowering takes its limit from it
                          .source_file = graph->source_file,
                          .tensors = graph->tensors,
                          .tensor_count = graph->tensor_count,
                          .ops = &single,
                          .op_count = 1,
                          .outputs = &output,
                          .output_count = 1};
  pk_lowered_graph lowered = {0};
  const bool ok = check(graph, op, error) && pk_lower(&lowered, &alone, error) &&
                  evaluate(&lowered, graph, op, error);
  pk_lowered_graph_free(&lowered);
  return ok;
}
