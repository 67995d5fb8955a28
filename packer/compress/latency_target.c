#include "latency_target.h"

#include <math.h>
#include <stdlib.h>

#include "../package/session_timing.h"
#include "error_feedback.h"
#include "graph_model.h"
#include "quantize_graph.h"
#include "weight_rewrite.h"

enum { RUNS = 15, WARM_UP = 3 };
static const pk_range any_range = {-1.0f, 1.0f};
static const char source[] = "the model to be timed";

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to time the model");
}

// Eight bits for each channel. Biases are left out: for stand-in ranges they may be too large.
static bool round_layer(pk_graph *graph, const pk_layer *layer, pk_error *error) {
  int8_t *levels = malloc(pk_layer_elements(layer) + 1);
  float *no_bias = calloc(pk_layer_outputs(layer) + 1, sizeof *no_bias);
  const bool has_memory = levels && no_bias;
  for (size_t i = 0; has_memory && i < pk_layer_elements(layer); i++) {
    const float step = pk_output_step(layer, i / layer->k, 0.0f);
    levels[i] = (int8_t)(step > 0.0f ? rintf(layer->weights[i] / step) : 0.0f);
  }
  const bool ok = has_memory ? pk_rewrite_layer(graph, layer, levels, 0.0f, no_bias, error)
                             : out_of_memory(error);
  free(levels);
  free(no_bias);
  return ok;
}

static bool round_layers(pk_graph *graph, bool keeps_float, pk_error *error) {
  pk_diff_net net;
  pk_layer_list layers = {0};
  if (!pk_diff_net_init(&net, graph, error)) return false;
  bool ok = pk_layer_list_init(&layers, &net, keeps_float, error);
  for (size_t i = 0; ok && i < layers.count; i++) {
    ok = round_layer(graph, &layers.items[i], error);
  }
  pk_layer_list_deinit(&layers);
  pk_diff_net_deinit(&net);
  return ok;
}

static bool quantize(pk_graph *graph, bool keeps_float, pk_error *error) {
  if (keeps_float) return round_layers(graph, true, error);
  pk_range *ranges = malloc((graph->tensor_count + 1) * sizeof *ranges);
  for (size_t i = 0; ranges && i < graph->tensor_count; i++) ranges[i] = any_range;
  const bool ok = (ranges || out_of_memory(error)) &&
                  pk_quantize_graph(graph, ranges, NULL, error) &&
                  round_layers(graph, false, error);
  free(ranges);
  return ok;
}

bool pk_time_graph(double *ms, const pk_graph *graph, pk_error *error) {
  double times[RUNS];
  pk_graph_model model;
  void *memory = NULL;
  mnw_session *session = NULL;
  bool ok = pk_graph_model_open(&model, graph, PK_SHARD_BYTES_DEFAULT, source, error);
  if (ok) session = pk_core_session_open(&memory, &model.core, source, error);
  ok = session &&
       pk_session_time(times, RUNS, WARM_UP, session, model.core.model, NULL, source, error);
  if (ok) *ms = times[RUNS / 2];
  free(memory);
  pk_graph_model_close(&model);
  return ok;
}

bool pk_measure_latency(double *ms, const pk_graph *graph, bool keeps_float, pk_error *error) {
  pk_graph fork;
  const bool ok = pk_graph_copy(&fork, graph, error) && quantize(&fork, keeps_float, error) &&
                  pk_time_graph(ms, &fork, error);
  pk_graph_deinit(&fork);
  return ok;
}

typedef struct latency_goal {
  const pk_latency_target *target;
  pk_latency *latency;
} latency_goal;

static bool is_fast_enough(void *user, const pk_graph *graph, bool *is_enough, pk_error *error) {
  const latency_goal *goal = user;
  pk_latency *latency = goal->latency;
  if (!pk_measure_latency(&latency->after, graph, goal->target->keeps_float, error)) return false;
  if (latency->before == 0.0) latency->before = latency->after;
  *is_enough = latency->after <= goal->target->ms;
  return true;
}

bool pk_prune_to_latency(pk_graph *graph, pk_channel_pruning *pruning, pk_latency *latency,
                         const pk_sample_set *set, const pk_latency_target *target,
                         const pk_statistics_options *options, pk_error *error) {
  latency_goal goal = {.target = target, .latency = latency};
  *latency = (pk_latency){0};
  return pk_prune_channels_until(graph, pruning, set, is_fast_enough, &goal, options, error) &&
         (latency->after <= target->ms ||
          pk_fail(error, PK_USAGE,
                  "one run takes %.3g ms on this machine, with %zu of %zu channels removed, and no "
                  "more can go; give a --target-latency above that (the whole model takes %.3g ms)",
                  latency->after, pruning->removed, pruning->total, latency->before));
}
