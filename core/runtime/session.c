#include <string.h>

#include "../base/arena.h"
#include "../base/error.h"
#include "../kernels/packed_layout.h"
#include "../ops/conv_depthwise.h"
#include "model_internal.h"

struct mnw_session {
  const mnw_model *model;
  uint8_t **data;  // by tensor number
  mnw_team *team;
  uint8_t *activations;     // planned block
  uint8_t *helper_scratch;  // one operator's for each thread of the team but the first
  size_t helper_scratch_bytes;
  uint32_t next_node;  // where a run that stopped for missing weights goes on
};

static size_t largest_scratch(const mnw_graph *graph) {
  size_t largest = 0;
  for (uint32_t n = 0; n < graph->node_count; n++) {
    if (graph->nodes[n].scratch_bytes > largest) largest = graph->nodes[n].scratch_bytes;
  }
  return mnw_round_up(largest, MNW_ALIGNMENT);
}

static mnw_session *lay_out(mnw_arena *arena, const mnw_model *model, const mnw_team *team,
                            mnw_session *measured) {
  mnw_session *taken = mnw_arena_take(arena, 1, sizeof(mnw_session));
  mnw_session *session = taken ? taken : measured;
  memset(session, 0, sizeof *session);
  session->model = model;
  session->data = mnw_arena_take(arena, model->graph.tensor_count, sizeof(uint8_t *));
  session->activations = mnw_arena_take(arena, model->activation_bytes, 1);
  if (team) {
    session->helper_scratch_bytes = largest_scratch(&model->graph);
    session->helper_scratch =
        mnw_arena_take(arena, mnw_team_threads(team) - 1, session->helper_scratch_bytes);
  }
  return taken;
}

static mnw_status check_graph(const mnw_model *model, mnw_error *error) {
  if (model->has_graph) return MNW_STATUS_OK;
  return mnw_fail(error, MNW_STATUS_NOT_READY, "the graph has not arrived yet: push more bytes", 0,
                  0, 0);
}

mnw_status mnw_session_plan(mnw_session_plan_info *plan, const mnw_model *model,
                            const mnw_team *team, mnw_error *error) {
  mnw_arena arena;
  mnw_session measured;
  const mnw_status status = check_graph(model, error);
  if (status != MNW_STATUS_OK) return status;
  mnw_arena_init(&arena, NULL, 0);
  lay_out(&arena, model, team, &measured);
  if (mnw_arena_overflowed(&arena)) {
    return mnw_fail(error, MNW_STATUS_LIMIT_EXCEEDED, "session is larger than the address space", 0,
                    0, 0);
  }
  plan->session_bytes = arena.used_bytes;
  plan->activation_bytes = model->activation_bytes;
  return MNW_STATUS_OK;
}

mnw_status mnw_session_init(mnw_session **session, const mnw_model *model, mnw_team *team,
                            void *memory, size_t memory_bytes, mnw_error *error) {
  mnw_arena arena;
  mnw_session_plan_info plan;
  *session = NULL;
  const mnw_status status = mnw_session_plan(&plan, model, team, error);
  if (status != MNW_STATUS_OK) return status;
  if (!memory || (uintptr_t)memory % MNW_ALIGNMENT != 0) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, "session needs memory aligned to %0 bytes",
                    MNW_ALIGNMENT, 0, 0);
  }
  if (memory_bytes < plan.session_bytes) {
    return mnw_fail(error, MNW_STATUS_OUT_OF_MEMORY, "session needs %0 bytes, %1 were handed in",
                    (int64_t)plan.session_bytes, (int64_t)memory_bytes, 0);
  }
  mnw_arena_init(&arena, memory, memory_bytes);
  mnw_session *made = lay_out(&arena, model, team, NULL);
  made->team = team;
  for (uint32_t t = 0; t < model->graph.tensor_count; t++) {
    const mnw_tensor *tensor = &model->graph.tensors[t];
    made->data[t] = tensor->kind == MNW_KIND_CONSTANT
                        ? tensor->data
                        : made->activations + model->plan[model->roots[t]].offset_bytes;
  }
  *session = made;
  return MNW_STATUS_OK;
}

void *mnw_session_input(mnw_session *session, size_t index) {
  const mnw_graph *graph = &session->model->graph;
  return index < graph->input_count ? session->data[graph->inputs[index]] : NULL;
}

const void *mnw_session_output(const mnw_session *session, size_t index) {
  const mnw_graph *graph = &session->model->graph;
  return index < graph->output_count ? session->data[graph->outputs[index]] : NULL;
}

mnw_status mnw_session_step(mnw_session *session, size_t *op_index, mnw_error *error) {
  const mnw_model *model = session->model;
  const mnw_graph *graph = &model->graph;
  const uint32_t n = session->next_node;
  if (graph->node_count == 0) {
    return mnw_fail(error, MNW_STATUS_INVALID_ARGUMENT, "the graph has no operator to run", 0, 0,
                    0);
  }
  const mnw_node *node = &graph->nodes[n];
  if (op_index) *op_index = n;
  if (node->last_constant >= (int64_t)model->cursor.tensor) {
    return mnw_fail(error, MNW_STATUS_NOT_READY,
                    "operator %0 waits for tensor %1, which has not arrived yet: push more bytes",
                    n, node->last_constant, 0);
  }
  const mnw_op_context context = {
      .graph = graph,
      .node = node,
      .kernels = model->kernels,
      .node_number = n,
      .data = session->data,
      .scratch = session->activations + model->plan[graph->tensor_count + n].offset_bytes,
      .team = session->team,
      .helper_scratch = session->helper_scratch,
      .helper_scratch_bytes = session->helper_scratch_bytes,
      .error = error};
  if (n > 0 && node[-1].runs_with_next) {
    mnw_conv_depthwise_eval(&context);
  } else if (!node->runs_with_next) {
    mnw_op_find(node->code)->eval(&context);
  }
  session->next_node = n + 1 < graph->node_count ? n + 1 : 0;
  return MNW_STATUS_OK;
}

mnw_status mnw_session_run(mnw_session *session, mnw_error *error) {
  mnw_status status = MNW_STATUS_OK;
  if (session->model->graph.node_count == 0) return status;
  do {
    status = mnw_session_step(session, NULL, error);
  } while (status == MNW_STATUS_OK && session->next_node != 0);
  return status;
}
