#include "trained_file.h"

#include <stdlib.h>
#include <string.h>

#include "../import/network/trained_model.h"
#include "fold_norms.h"

static const size_t graph_limit_bytes = (size_t)1 << 30;

static bool no_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the trained network");
}

// The recipe's network for one example, with the session's folded weights, which are not copied.
static bool build_graph(pk_graph *graph, pk_train_session *s, pk_error *error) {
  const pk_network_options build = {.network = json_object_get(s->recipe->json, "network"),
                                    .source = s->recipe->source,
                                    .batch = 1};
  if (!pk_network_build(graph, NULL, &build, error)) return false;
  pk_constants_folded(&s->folded, &s->parameters, pk_optimizer_result(&s->optimizer),
                      s->statistics);
  for (size_t i = 0; i < graph->tensor_count; i++) {
    if (graph->tensors[i].data) graph->tensors[i].data = (const uint8_t *)s->folded.constants[i];
  }
  return true;
}

// The layer of the weights and its width, as "channels" of a network says them.
static bool add_width(json_t *widths, const pk_tensor *weights) {
  char *layer = strndup(weights->name, strlen(weights->name) - strlen(PK_NETWORK_WEIGHTS_SUFFIX));
  const bool ok = layer && json_object_set_new(widths, layer, json_integer(weights->dims[0])) == 0;
  free(layer);
  return ok;
}

// Writes down the widths of the layers that lost channels.
static bool describe_widths(json_t *network, const pk_graph *graph, const pk_train_session *s,
                            pk_error *error) {
  bool ok = json_object_get(network, "channels") ||
            json_object_set_new(network, "channels", json_object()) == 0;
  json_t *widths = json_object_get(network, "channels");
  for (size_t i = 0; ok && i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (!pk_diff_has_weights(op) || op->kind == PK_OP_DEPTHWISE_CONV_2D) continue;
    const pk_tensor *before = pk_op_input(&s->graph, op, PK_INPUT_WEIGHTS);
    const pk_tensor *after = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
    if (after->dims[0] != before->dims[0]) ok = add_width(widths, after);
  }
  return ok || no_memory(error);
}

static uint8_t *write(const pk_graph *graph, const json_t *network, const pk_recipe *recipe,
                      size_t *size_bytes, pk_error *error) {
  pk_safetensors_writer writer = {0};
  char *text = json_dumps(network, JSON_COMPACT);
  char *labels = strndup((const char *)recipe->labels_text.data, recipe->labels_text.size);
  uint8_t *bytes = NULL;
  if (text && labels) {
    pk_safetensors_put_text(&writer, PK_TRAINED_NETWORK, text);
    pk_safetensors_put_text(&writer, PK_TRAINED_LABELS, labels);
    for (size_t i = 0; i < graph->tensor_count; i++) {
      const pk_tensor *tensor = &graph->tensors[i];
      if (!tensor->data) continue;
      pk_safetensors_put(&writer, tensor->name, (const float *)(const void *)tensor->data,
                         tensor->dims, tensor->rank);
    }
    bytes = pk_safetensors_finish(&writer, size_bytes, error);
  } else {
    no_memory(error);
  }
  free(text);
  free(labels);
  return bytes;
}

uint8_t *pk_trained_bytes(pk_train_session *session, size_t *size_bytes, pk_error *error) {
  pk_train_session *s = session;
  json_t *network = json_deep_copy(json_object_get(s->recipe->json, "network"));
  uint8_t *bytes = NULL;
  size_t removed = 0;
  pk_graph graph;
  pk_graph_init(&graph, graph_limit_bytes);
  bool ok =
      (network || no_memory(error)) && pk_train_settle(s, error) && build_graph(&graph, s, error);
  if (ok && pk_gradual_channels_gone(&s->channels) > 0) {
    ok = pk_channel_groups_cut(&graph, &s->channels.groups, &removed, error) &&
         describe_widths(network, &graph, s, error);
  }
  if (ok) bytes = write(&graph, network, s->recipe, size_bytes, error);
  pk_graph_deinit(&graph);
  json_decref(network);
  return bytes;
}
