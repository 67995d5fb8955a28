#include "gradual_channels.h"

#include <math.h>
#include <stdlib.h>

#include "../autodiff/diff_net.h"

enum { LEAST_SHARE = 8 };                 // one of so many channels of a group stays
static const float newest_share = 0.02f;  // of a batch in the averaged importance
static const float gone = -1.0f;          // as importance

// --- the numbers of channels ---

static void add_part(pk_gradual_channels *channels, pk_channel_part part) {
  channels->parts[channels->part_count++] = part;
}

static const pk_parameter *parameter_of(const pk_parameters *parameters, int32_t tensor) {
  for (size_t i = 0; i < parameters->count; i++) {
    if (parameters->items[i].tensor == tensor) return &parameters->items[i];
  }
  return NULL;
}

static void add_vector(pk_gradual_channels *channels, size_t group, size_t offset) {
  add_part(
      channels,
      (pk_channel_part){.group = group, .first = offset, .channel_step = 1, .count = 1, .step = 1});
}

// What an operator that writes the group has of each channel.
static void add_writer(pk_gradual_channels *channels, size_t group, const pk_parameters *parameters,
                       const pk_op *op, size_t op_number) {
  const size_t width = channels->groups.channels[group];
  const pk_parameter *weights = parameter_of(parameters, op->inputs[PK_INPUT_WEIGHTS]);
  const pk_parameter *bias = parameter_of(parameters, op->inputs[PK_INPUT_BIAS]);
  const bool is_innermost = op->kind == PK_OP_DEPTHWISE_CONV_2D;
  const size_t count = weights->count / width;
  add_part(channels, (pk_channel_part){.group = group,
                                       .first = weights->offset,
                                       .channel_step = is_innermost ? 1 : count,
                                       .count = count,
                                       .step = is_innermost ? width : 1});
  if (bias) add_vector(channels, group, bias->offset);
  for (size_t i = 0; i < parameters->norm_count; i++) {
    if (parameters->norms[i].op != op_number) continue;
    add_vector(channels, group, parameters->norms[i].scale);
    add_vector(channels, group, parameters->norms[i].shift);
  }
}

static void add_reader(pk_gradual_channels *channels, size_t group, const pk_parameters *parameters,
                       const pk_op *op) {
  const size_t width = channels->groups.channels[group];
  const pk_parameter *weights = parameter_of(parameters, op->inputs[PK_INPUT_WEIGHTS]);
  add_part(channels, (pk_channel_part){.group = group,
                                       .first = weights->offset,
                                       .channel_step = 1,
                                       .count = weights->count / width,
                                       .step = width,
                                       .is_read = true});
}

static void find_parts(pk_gradual_channels *channels, const pk_parameters *parameters,
                       const pk_graph *graph) {
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    const int32_t written = channels->groups.group_of[op->output];
    const int32_t read = pk_channel_group_read(&channels->groups, graph, op);
    if (written != PK_NO_GROUP && pk_diff_has_weights(op)) {
      add_writer(channels, (size_t)written, parameters, op, i);
    }
    if (read != PK_NO_GROUP) add_reader(channels, (size_t)read, parameters, op);
  }
}

bool pk_gradual_channels_init(pk_gradual_channels *channels, const pk_parameters *parameters,
                              const pk_graph *graph, pk_error *error) {
  enum { MOST_PARTS = 5 };  // of an operator: weights as writer and as reader, bias, scale, shift
  *channels = (pk_gradual_channels){.parameters_total = parameters->total};
  if (!pk_channel_groups_init(&channels->groups, graph, error)) return false;
  for (size_t g = 0; g < channels->groups.count; g++) {
    channels->total += channels->groups.channels[g];
  }
  channels->parts = calloc(MOST_PARTS * graph->op_count + 1, sizeof *channels->parts);
  channels->importance = calloc(channels->total + 1, sizeof *channels->importance);
  channels->absent = calloc(parameters->total + 1, sizeof *channels->absent);
  bool ok = channels->parts && channels->importance && channels->absent;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory to remove channels");
  if (ok && channels->total == 0) {
    ok = pk_fail(error, PK_USAGE,
                 "%s: training.pruneChannels must be left out: no channels of this network can go, "
                 "as none lie between two convolutions or dense layers with weights of their own",
                 graph->source_file);
  }
  if (ok) {
    find_parts(channels, parameters, graph);
  } else {
    pk_gradual_channels_deinit(channels);
  }
  return ok;
}

void pk_gradual_channels_deinit(pk_gradual_channels *channels) {
  pk_channel_groups_deinit(&channels->groups);
  free(channels->parts);
  free(channels->importance);
  free(channels->absent);
  *channels = (pk_gradual_channels){0};
}

// --- importance ---

static double product(const pk_channel_part *part, size_t channel, const float *values,
                      const float *gradient) {
  const size_t first = part->first + channel * part->channel_step;
  double sum = 0.0;
  for (size_t i = 0; i < part->count; i++) {
    const size_t at = first + i * part->step;
    sum += (double)values[at] * (double)gradient[at];
  }
  return sum;
}

void pk_gradual_channels_measure(pk_gradual_channels *channels, const float *values,
                                 const float *gradient) {
  float *importance = channels->importance;
  for (size_t g = 0; g < channels->groups.count; g++) {
    for (size_t c = 0; c < channels->groups.channels[g]; c++, importance++) {
      double sum = 0.0;
      if (*importance < 0.0f) continue;
      for (size_t i = 0; i < channels->part_count; i++) {
        const pk_channel_part *part = &channels->parts[i];
        if (part->group == g && part->is_read) sum += product(part, c, values, gradient);
      }
      *importance += newest_share * ((float)(sum * sum) - *importance);
    }
  }
}

// --- removal ---

typedef struct channel_rank {
  float importance;
  size_t group, channel, place;  // place: in the row of importance
} channel_rank;

// Group by group, the least important first.
static int compare_ranks(const void *left, const void *right) {
  const channel_rank *a = left, *b = right;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  if (a->importance != b->importance) return a->importance < b->importance ? -1 : 1;
  return a->place < b->place ? -1 : a->place > b->place;
}

static size_t gone_in(const pk_channel_groups *groups, size_t group) {
  size_t count = 0;
  for (size_t c = 0; c < groups->channels[group]; c++) count += groups->is_gone[group][c];
  return count;
}

size_t pk_gradual_channels_gone(const pk_gradual_channels *channels) {
  size_t count = 0;
  for (size_t g = 0; g < channels->groups.count; g++) count += gone_in(&channels->groups, g);
  return count;
}

static void take_away(pk_gradual_channels *channels, size_t group, size_t channel) {
  channels->groups.is_gone[group][channel] = true;
  for (size_t i = 0; i < channels->part_count; i++) {
    const pk_channel_part *part = &channels->parts[i];
    const size_t first = part->first + channel * part->channel_step;
    for (size_t j = 0; part->group == group && j < part->count; j++) {
      channels->absent[first + j * part->step] = true;
    }
  }
}

// The channels that are left, and where those of each group begin.
static size_t rank(channel_rank *ranks, size_t *first, const pk_gradual_channels *channels) {
  size_t count = 0, place = 0;
  for (size_t g = 0; g < channels->groups.count; g++) {
    first[g] = count;
    for (size_t c = 0; c < channels->groups.channels[g]; c++, place++) {
      if (channels->importance[place] < 0.0f) continue;
      ranks[count++] = (channel_rank){channels->importance[place], g, c, place};
    }
  }
  qsort(ranks, count, sizeof *ranks, compare_ranks);
  return count;
}

// How many channels of a group go next; 0: no more can.
static size_t next_count(const pk_gradual_channels *channels, size_t group, size_t multiple) {
  const size_t width = channels->groups.channels[group];
  const size_t left = width - gone_in(&channels->groups, group);
  const size_t least = (width + LEAST_SHARE - 1) / LEAST_SHARE;
  const size_t count = left % multiple > 0 ? left % multiple : multiple;
  return left >= count + least ? count : 0;
}

// The group whose next channels are the least important on average; false: there is none.
static bool find_least(size_t *group, size_t *count, const channel_rank *ranks, const size_t *first,
                       const pk_gradual_channels *channels, size_t multiple) {
  double least = INFINITY;
  for (size_t g = 0; g < channels->groups.count; g++) {
    const size_t next = next_count(channels, g, multiple);
    double sum = 0.0;
    for (size_t i = 0; i < next; i++) sum += (double)ranks[first[g] + i].importance;
    if (next == 0 || sum / (double)next >= least) continue;
    least = sum / (double)next;
    *group = g;
    *count = next;
  }
  return least < INFINITY;
}

static bool take_least(pk_gradual_channels *channels, size_t wanted, size_t multiple,
                       pk_error *error) {
  channel_rank *ranks = malloc((channels->total + 1) * sizeof *ranks);
  size_t *first = calloc(channels->groups.count + 1, sizeof *first);
  const bool ok = ranks && first;
  size_t removed = ok ? channels->total - rank(ranks, first, channels) : 0, group = 0, count = 0;
  while (ok && find_least(&group, &count, ranks, first, channels, multiple) &&
         removed + count <= wanted) {
    for (size_t i = 0; i < count; i++) {
      const channel_rank *next = &ranks[first[group]++];
      take_away(channels, group, next->channel);
      channels->importance[next->place] = gone;
    }
    removed += count;
  }
  free(ranks);
  free(first);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to remove channels");
}

bool pk_gradual_channels_remove(pk_gradual_channels *channels, pk_optimizer *optimizer,
                                const pk_channel_prune *prune, pk_error *error) {
  const float share =
      pk_prune_share_at(&prune->schedule, optimizer->step, optimizer->options.steps);
  const size_t wanted = (size_t)lrintf(share * (float)channels->total);
  if (share <= 0.0f) return true;
  if (pk_prune_is_due(optimizer) && !take_least(channels, wanted, (size_t)prune->multiple, error)) {
    return false;
  }
  for (size_t i = 0; i < channels->parameters_total; i++) {
    if (!channels->absent[i]) continue;
    optimizer->values[i] = optimizer->averages[i] = 0.0f;
    optimizer->momentum[i] = optimizer->squares[i] = 0.0f;
  }
  return true;
}

void pk_gradual_channels_restore(pk_gradual_channels *channels) {
  size_t place = 0;
  for (size_t g = 0; g < channels->groups.count; g++) {
    for (size_t c = 0; c < channels->groups.channels[g]; c++, place++) {
      if (channels->importance[place] < 0.0f) take_away(channels, g, c);
    }
  }
}
