#include "prune_channels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/kernels/packed_layout.h"
#include "channel_groups.h"
#include "layer_statistics.h"
#include "worker_pair.h"

static const float constant_share = 1e-3f;  // of the tensor's range

// --- ranges of channels ---

typedef struct channel_ranges {
  float *low, *high;  // by channel, the last axis
} channel_ranges;

typedef struct channel_work {
  const pk_diff_net *net;
  const pk_sample_set *set;
  channel_ranges *ranges[PK_WORKERS];  // by tensor
} channel_work;

static void widen(channel_ranges *ranges, const float *values, size_t elements, size_t channels) {
  for (size_t i = 0; i < elements; i += channels) {
    for (size_t c = 0; c < channels; c++) {
      const float value = values[i + c];
      ranges->low[c] = value < ranges->low[c] ? value : ranges->low[c];
      ranges->high[c] = value > ranges->high[c] ? value : ranges->high[c];
    }
  }
}

static bool run_worker(void *user, size_t worker, pk_error *error) {
  channel_work *work = user;
  pk_diff_tape tape;
  bool ok = pk_diff_tape_init(&tape, work->net, error);
  for (size_t i = worker; ok && i < work->set->count; i += PK_WORKERS) {
    ok = pk_sample_run(&tape, work->set->items[i].bytes, error);
    for (size_t t = 0; ok && t < work->net->tensor_count; t++) {
      if (!tape.values[t] || !work->ranges[worker][t].low) continue;
      widen(&work->ranges[worker][t], tape.values[t], work->net->elements[t],
            pk_tensor_channels(&work->net->graph->tensors[t]));
    }
  }
  pk_diff_tape_deinit(&tape);
  return ok;
}

static bool allocate(channel_work *work, pk_error *error) {
  const pk_graph *graph = work->net->graph;
  bool ok = true;
  for (size_t w = 0; w < PK_WORKERS; w++) {
    work->ranges[w] = calloc(graph->tensor_count + 1, sizeof **work->ranges);
    for (size_t t = 0; work->ranges[w] && t < graph->tensor_count; t++) {
      const size_t channels = pk_tensor_channels(&graph->tensors[t]);
      if (graph->tensors[t].data || channels == 0) continue;
      channel_ranges *ranges = &work->ranges[w][t];
      ranges->low = malloc(channels * sizeof(float));
      ranges->high = malloc(channels * sizeof(float));
      ok = ok && ranges->low && ranges->high;
      for (size_t c = 0; ok && c < channels; c++) {
        ranges->low[c] = INFINITY;
        ranges->high[c] = -INFINITY;
      }
    }
    ok = ok && work->ranges[w];
  }
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the ranges of channels");
}

static bool measure(channel_work *work, pk_error *error) {
  const pk_graph *graph = work->net->graph;
  if (!allocate(work, error) || !pk_workers_run(run_worker, work, error)) return false;
  for (size_t t = 0; t < graph->tensor_count; t++) {
    channel_ranges *all = &work->ranges[0][t], *other = &work->ranges[1][t];
    for (size_t c = 0; all->low && c < pk_tensor_channels(&graph->tensors[t]); c++) {
      all->low[c] = fminf(all->low[c], other->low[c]);
      all->high[c] = fmaxf(all->high[c], other->high[c]);
    }
  }
  return true;
}

static void free_work(channel_work *work, size_t tensor_count) {
  for (size_t w = 0; w < PK_WORKERS; w++) {
    for (size_t t = 0; work->ranges[w] && t < tensor_count; t++) {
      free(work->ranges[w][t].low);
      free(work->ranges[w][t].high);
    }
    free(work->ranges[w]);
  }
}

// --- choosing and removing ---

static bool pads(const pk_op *op) {
  const pk_padding *padding = &op->attributes.conv.padding;
  return op->kind == PK_OP_CONV_2D &&
         (padding->top > 0 || padding->left > 0 || padding->bottom > 0 || padding->right > 0);
}

// A reader that pads sees zeros beside the constant, so there only channels that are 0 can go.
static bool is_constant(const channel_ranges *ranges, size_t c, float small, bool must_be_zero) {
  return must_be_zero ? fmaxf(fabsf(ranges->low[c]), fabsf(ranges->high[c])) <= small
                      : ranges->high[c] - ranges->low[c] <= small;
}

static float small_of(const channel_ranges *ranges, size_t channels) {
  float most = 0.0f;
  for (size_t c = 0; c < channels; c++) {
    most = fmaxf(most, fmaxf(fabsf(ranges->low[c]), fabsf(ranges->high[c])));
  }
  return constant_share * most;
}

static bool has_depthwise(const pk_channel_groups *groups, size_t g, const pk_graph *graph) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->kind == PK_OP_DEPTHWISE_CONV_2D &&
        groups->group_of[op->inputs[PK_INPUT_DATA]] == (int32_t)g) {
      return true;
    }
  }
  return false;
}

// Depthwise convolutions take eight channels together, and the rest of a number that eight does not
// divide longer than these: the last channels that would go stay, as long as that fills a tile.
static void keep_tiles(const pk_channel_groups *groups, size_t g) {
  bool *is_gone = groups->is_gone[g];
  size_t stay = 0;
  for (size_t c = 0; c < groups->channels[g]; c++) stay += !is_gone[c];
  for (size_t c = groups->channels[g]; c-- > 0 && stay % MNW_TILE_CHANNELS != 0;) {
    stay += is_gone[c];
    is_gone[c] = false;
  }
}

// Marks the channels that are constant for every reader of the group; one stays in any case.
static void find_constants(const pk_channel_groups *groups, size_t g, const channel_work *work) {
  const pk_graph *graph = work->net->graph;
  const size_t channels = groups->channels[g];
  bool *is_gone = groups->is_gone[g];
  memset(is_gone, true, channels);
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (pk_channel_group_read(groups, graph, op) != (int32_t)g) continue;
    const channel_ranges *ranges = &work->ranges[0][op->inputs[PK_INPUT_DATA]];
    const float small = small_of(ranges, channels);
    for (size_t c = 0; c < channels; c++) {
      is_gone[c] = is_gone[c] && is_constant(ranges, c, small, pads(op));
    }
  }
  size_t gone = 0;
  for (size_t c = 0; c < channels; c++) gone += is_gone[c];
  if (gone == channels) is_gone[channels - 1] = false;
  if (has_depthwise(groups, g, graph)) keep_tiles(groups, g);
}

// bias[o] += sum of weights of gone channels times their constant.
static bool fold_constants(pk_graph *graph, const pk_op *reader, const bool *is_gone,
                           const channel_ranges *ranges, pk_error *error) {
  const pk_tensor *weights = pk_op_input(graph, reader, PK_INPUT_WEIGHTS);
  pk_tensor *bias = pk_op_input(graph, reader, PK_INPUT_BIAS);
  const size_t outputs = (size_t)weights->dims[0], channels = pk_tensor_channels(weights);
  const size_t k = weights->data_bytes / sizeof(float) / outputs;
  float *values = pk_arena_copy(&graph->arena, bias->data, outputs, sizeof *values, error);
  if (!values) return false;
  for (size_t o = 0; o < outputs; o++) {
    double sum = 0.0;
    for (size_t j = 0, c = 0; j < k; j++, c = c + 1 < channels ? c + 1 : 0) {
      float weight;
      if (!is_gone[c]) continue;
      memcpy(&weight, weights->data + (o * k + j) * sizeof weight, sizeof weight);
      sum += (double)weight * 0.5 * ((double)ranges->low[c] + (double)ranges->high[c]);
    }
    values[o] = (float)((double)values[o] + sum);
  }
  bias->data = (const uint8_t *)values;
  return true;
}

static bool fold_readers(pk_graph *graph, const pk_channel_groups *groups, const channel_work *work,
                         pk_error *error) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    const int32_t group = pk_channel_group_read(groups, graph, op);
    if (group == PK_NO_GROUP || pads(op)) continue;
    if (!fold_constants(graph, op, groups->is_gone[group],
                        &work->ranges[0][op->inputs[PK_INPUT_DATA]], error)) {
      return false;
    }
  }
  return true;
}

bool pk_prune_constant_channels(pk_graph *graph, size_t *removed, const pk_sample_set *set,
                                pk_error *error) {
  pk_diff_net net;
  pk_channel_groups groups = {0};
  if (!pk_diff_net_init(&net, graph, error)) return false;
  channel_work work = {.net = &net, .set = set};
  bool ok = pk_channel_groups_init(&groups, graph, error) && measure(&work, error);
  for (size_t g = 0; ok && g < groups.count; g++) find_constants(&groups, g, &work);
  ok = ok && fold_readers(graph, &groups, &work, error) &&
       pk_channel_groups_cut(graph, &groups, removed, error);
  free_work(&work, net.tensor_count);
  pk_channel_groups_deinit(&groups);
  pk_diff_net_deinit(&net);
  return ok;
}
