#include "prune_channels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer_statistics.h"
#include "worker_pair.h"

enum { MAX_CHAIN = 16 };
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

static size_t channels_of(const pk_tensor *tensor) {
  return tensor->rank > 0 ? (size_t)tensor->dims[tensor->rank - 1] : 0;
}

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
    ok = pk_sample_to_tape(&tape, &work->set->items[i], error) && pk_diff_forward(&tape, error);
    for (size_t t = 0; ok && t < work->net->tensor_count; t++) {
      if (!tape.values[t] || !work->ranges[worker][t].low) continue;
      widen(&work->ranges[worker][t], tape.values[t], work->net->elements[t],
            channels_of(&work->net->graph->tensors[t]));
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
      const size_t channels = channels_of(&graph->tensors[t]);
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
    for (size_t c = 0; all->low && c < channels_of(&graph->tensors[t]); c++) {
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

// --- chains of operators that share their channels ---

typedef struct chain {
  pk_op *producer;
  pk_op *between[MAX_CHAIN];
  size_t between_count;
  int32_t last;     // the tensor that the readers read
  bool needs_zero;  // a reader pads: only channels that are 0 can go
} chain;

static size_t readers(const pk_graph *graph, int32_t tensor, pk_op **reader) {
  size_t count = 0;
  for (size_t i = 0; i < graph->op_count; i++) {
    for (int j = 0; j < graph->ops[i].input_count; j++) {
      if (graph->ops[i].inputs[j] != tensor) continue;
      *reader = &graph->ops[i];
      count++;
    }
  }
  for (size_t i = 0; i < graph->output_count; i++) count += 2 * (graph->outputs[i] == tensor);
  return count;
}

static bool owns(const pk_graph *graph, const pk_op *op, int input) {
  pk_op *reader;
  const pk_tensor *tensor = pk_op_input(graph, op, input);
  return tensor && tensor->data && tensor->dtype == PK_DTYPE_F32 &&
         readers(graph, op->inputs[input], &reader) == 1;
}

static bool has_own_weights(const pk_graph *graph, const pk_op *op) {
  return pk_diff_has_weights(op) && op->input_count == 3 && owns(graph, op, PK_INPUT_WEIGHTS) &&
         owns(graph, op, PK_INPUT_BIAS);
}

// Mixes all channels of its input.
static bool is_full(const pk_graph *graph, const pk_op *op) {
  if (op->kind == PK_OP_DEPTHWISE_CONV_2D || !has_own_weights(graph, op)) return false;
  return op->kind == PK_OP_FULLY_CONNECTED || op->attributes.conv.groups <= 1;
}

static bool pads(const pk_op *op) {
  const pk_padding *padding = &op->attributes.conv.padding;
  return op->kind == PK_OP_CONV_2D &&
         (padding->top > 0 || padding->left > 0 || padding->bottom > 0 || padding->right > 0);
}

// Handles each channel on its own.
static bool passes_channels(const pk_graph *graph, const pk_op *op) {
  const pk_tensor *x = pk_op_input(graph, op, 0), *y = pk_op_output(graph, op);
  if (channels_of(x) != channels_of(y)) return false;
  switch (op->kind) {
    case PK_OP_DEPTHWISE_CONV_2D:
      return has_own_weights(graph, op);
    case PK_OP_AVERAGE_POOL_2D:
    case PK_OP_MAX_POOL_2D:
    case PK_OP_UNARY:
    case PK_OP_ACTIVATION:
    case PK_OP_RESHAPE:
      return true;
    case PK_OP_MEAN:
      return op->attributes.mean.axes == 6 && x->rank == 4;
    default:
      return false;
  }
}

// Fails where something else reads a tensor of the chain.
static bool find_chain(chain *c, pk_graph *graph, pk_op *producer) {
  *c = (chain){.producer = producer, .last = producer->output};
  if (!is_full(graph, producer)) return false;
  for (;;) {
    pk_op *reader = NULL;
    if (readers(graph, c->last, &reader) != 1) return false;
    if (reader->inputs[PK_INPUT_DATA] != c->last) return false;
    if (is_full(graph, reader)) {
      c->needs_zero = pads(reader);
      const pk_tensor *weights = pk_op_input(graph, reader, PK_INPUT_WEIGHTS);
      return channels_of(weights) == channels_of(&graph->tensors[c->last]);
    }
    if (!passes_channels(graph, reader) || c->between_count == MAX_CHAIN) return false;
    c->between[c->between_count++] = reader;
    c->last = reader->output;
  }
}

// --- removal ---

// Keeps the kept channels of a constant [outer][channels][inner].
static bool cut_constant(pk_graph *graph, pk_tensor *tensor, size_t axis, const bool *is_gone,
                         pk_error *error) {
  const size_t channels = (size_t)tensor->dims[axis];
  size_t outer = 1, inner = sizeof(float), kept = 0;
  for (size_t i = 0; i < axis; i++) outer *= (size_t)tensor->dims[i];
  for (size_t i = axis + 1; i < (size_t)tensor->rank; i++) inner *= (size_t)tensor->dims[i];
  for (size_t c = 0; c < channels; c++) kept += !is_gone[c];
  uint8_t *data = pk_arena_alloc(&graph->arena, outer * kept, inner, error);
  if (!data) return false;
  tensor->data_bytes = outer * kept * inner;
  const uint8_t *source = tensor->data;
  tensor->data = data;
  tensor->dims[axis] = (int32_t)kept;
  for (size_t i = 0; i < outer; i++) {
    for (size_t c = 0; c < channels; c++, source += inner) {
      if (is_gone[c]) continue;
      memcpy(data, source, inner);
      data += inner;
    }
  }
  return true;
}

// bias[o] += sum of weights of gone channels times their constant.
static bool fold_constants(pk_graph *graph, const pk_op *reader, const bool *is_gone,
                           const float *constants, pk_error *error) {
  const pk_tensor *weights = pk_op_input(graph, reader, PK_INPUT_WEIGHTS);
  pk_tensor *bias = pk_op_input(graph, reader, PK_INPUT_BIAS);
  const size_t outputs = (size_t)weights->dims[0], channels = channels_of(weights);
  const size_t k = weights->data_bytes / sizeof(float) / outputs;
  float *values = pk_arena_copy(&graph->arena, bias->data, outputs, sizeof *values, error);
  if (!values) return false;
  for (size_t o = 0; o < outputs; o++) {
    double sum = 0.0;
    for (size_t j = 0, c = 0; j < k; j++, c = c + 1 < channels ? c + 1 : 0) {
      float weight;
      if (!is_gone[c]) continue;
      memcpy(&weight, weights->data + (o * k + j) * sizeof weight, sizeof weight);
      sum += (double)weight * (double)constants[c];
    }
    values[o] = (float)((double)values[o] + sum);
  }
  bias->data = (const uint8_t *)values;
  return true;
}

static bool cut_weighted(pk_graph *graph, const pk_op *op, const bool *is_gone, pk_error *error) {
  pk_tensor *weights = pk_op_input(graph, op, PK_INPUT_WEIGHTS);
  const size_t axis = op->kind == PK_OP_DEPTHWISE_CONV_2D ? (size_t)weights->rank - 1 : 0;
  return cut_constant(graph, weights, axis, is_gone, error) &&
         cut_constant(graph, pk_op_input(graph, op, PK_INPUT_BIAS), 0, is_gone, error);
}

static void cut_activation(pk_tensor *tensor, size_t gone) {
  tensor->dims[tensor->rank - 1] -= (int32_t)gone;
}

static bool cut_chain(pk_graph *graph, const chain *c, const bool *is_gone, size_t gone,
                      const float *constants, pk_error *error) {
  pk_op *reader = NULL;
  readers(graph, c->last, &reader);
  pk_tensor *weights = pk_op_input(graph, reader, PK_INPUT_WEIGHTS);
  if (!fold_constants(graph, reader, is_gone, constants, error) ||
      !cut_constant(graph, weights, (size_t)weights->rank - 1, is_gone, error) ||
      !cut_weighted(graph, c->producer, is_gone, error)) {
    return false;
  }
  cut_activation(pk_op_output(graph, c->producer), gone);
  for (size_t i = 0; i < c->between_count; i++) {
    if (pk_diff_has_weights(c->between[i]) && !cut_weighted(graph, c->between[i], is_gone, error)) {
      return false;
    }
    cut_activation(pk_op_output(graph, c->between[i]), gone);
  }
  return true;
}

// Fills both lists; one channel stays in any case. Returns how many are gone.
static size_t find_constants(bool *is_gone, float *constants, const chain *c,
                             const channel_ranges *ranges, size_t channels) {
  float most = 0.0f;
  size_t gone = 0;
  for (size_t i = 0; i < channels; i++) {
    most = fmaxf(most, fmaxf(fabsf(ranges->low[i]), fabsf(ranges->high[i])));
  }
  const float small = constant_share * most;
  for (size_t i = 0; i < channels && gone + 1 < channels; i++) {
    const bool is_constant = ranges->high[i] - ranges->low[i] <= small;
    const bool is_zero = fmaxf(fabsf(ranges->low[i]), fabsf(ranges->high[i])) <= small;
    is_gone[i] = c->needs_zero ? is_zero : is_constant;
    constants[i] = c->needs_zero ? 0.0f : 0.5f * (ranges->low[i] + ranges->high[i]);
    gone += is_gone[i];
  }
  return gone;
}

static bool prune_chain(pk_graph *graph, const chain *c, const channel_ranges *ranges,
                        size_t *removed, pk_error *error) {
  const size_t channels = channels_of(&graph->tensors[c->last]);
  bool *is_gone = calloc(channels + 1, sizeof *is_gone);
  float *constants = calloc(channels + 1, sizeof *constants);
  bool ok =
      (is_gone && constants) || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to remove channels");
  if (is_gone && constants) {
    const size_t gone = find_constants(is_gone, constants, c, ranges, channels);
    ok = gone == 0 || cut_chain(graph, c, is_gone, gone, constants, error);
    if (ok) *removed += gone;
  }
  free(is_gone);
  free(constants);
  return ok;
}

bool pk_prune_channels(pk_graph *graph, size_t *removed, const pk_sample_set *set,
                       pk_error *error) {
  pk_diff_net net;
  *removed = 0;
  if (!pk_diff_net_init(&net, graph, error)) return false;
  channel_work work = {.net = &net, .set = set};
  bool ok = measure(&work, error);
  for (size_t i = 0; ok && i < graph->op_count; i++) {
    chain c;
    if (!find_chain(&c, graph, &graph->ops[i])) continue;
    ok = prune_chain(graph, &c, &work.ranges[0][c.last], removed, error);
  }
  free_work(&work, net.tensor_count);
  pk_diff_net_deinit(&net);
  return ok;
}
