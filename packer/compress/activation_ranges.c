#include "activation_ranges.h"

#include <math.h>
#include <stdlib.h>

#include "layer_statistics.h"
#include "loss_seed.h"
#include "worker_pair.h"

enum { BINS = 1024, LOSS_SAMPLES = 8, PASSES = 3 };

// What a pass over the samples gathers.
typedef enum range_pass { PASS_REACH, PASS_HISTOGRAM, PASS_DAMAGE } range_pass;

typedef struct candidate {
  pk_range range;
  float scale;
  int32_t zero_point;
} candidate;

typedef struct range_work {
  const pk_diff_net *net;
  const pk_sample_set *set;
  const pk_range_options *options;
  range_pass pass;
  pk_loss loss;
  pk_range *seen[PK_WORKERS];                    // by tensor
  uint32_t (*bins[PK_WORKERS])[BINS];            // by tensor
  double (*damage[PK_WORKERS])[PK_RANGE_RULES];  // by tensor
  const pk_range *all;                           // of both workers
  candidate (*candidates)[PK_RANGE_RULES];       // by tensor
} range_work;

static void widen(pk_range *range, const float *values, size_t elements) {
  for (size_t i = 0; i < elements; i++) {
    range->low = values[i] < range->low ? values[i] : range->low;
    range->high = values[i] > range->high ? values[i] : range->high;
  }
}

static void count_values(uint32_t *bins, pk_range range, const float *values, size_t elements) {
  const float width = range.high - range.low;
  const float scale = width > 0.0f ? (float)BINS / width : 0.0f;
  for (size_t i = 0; i < elements; i++) {
    const float place = (values[i] - range.low) * scale;
    bins[place < (float)(BINS - 1) ? (size_t)fmaxf(place, 0.0f) : BINS - 1]++;
  }
}

// What moves the answers is the sum of errors times gradients; its square over few samples is a
// noisy measure, so the sum of squares, which it is on average where errors have no common sign,
// counts as well.
static void add_damage(double *damage, const candidate *candidates, const float *values,
                       const float *grads, size_t elements) {
  for (int rule = 0; rule < PK_RANGE_RULES; rule++) {
    const candidate *c = &candidates[rule];
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < elements; i++) {
      const double moved = (double)(grads[i] * pk_range_error(c->scale, c->zero_point, values[i]));
      sum += moved;
      squares += moved * moved;
    }
    damage[rule] += sum * sum + squares;
  }
}

static bool run_sample(range_work *work, pk_diff_tape *tape, size_t worker, size_t sample,
                       pk_error *error) {
  const pk_diff_net *net = work->net;
  bool ok = pk_sample_run(tape, work->set->items[sample].bytes, error);
  const bool is_seen = work->options->weighs_elements || sample < PK_WORKERS * LOSS_SAMPLES;
  if (ok && work->pass == PASS_REACH && worker == 0 && is_seen) {
    pk_loss_see_range(&work->loss, tape);
  }
  if (ok && work->pass == PASS_DAMAGE) {
    ok = pk_loss_seed(&work->loss, tape, work->options->seed + sample, error) &&
         pk_diff_backward(tape, error);
  }
  for (size_t t = 0; ok && t < net->tensor_count; t++) {
    const float *values = tape->values[t], *grads = tape->grads[t];
    if (!values) continue;
    if (work->pass == PASS_REACH) widen(&work->seen[worker][t], values, net->elements[t]);
    if (work->pass == PASS_HISTOGRAM) {
      count_values(work->bins[worker][t], work->all[t], values, net->elements[t]);
    }
    if (work->pass == PASS_DAMAGE && grads) {
      add_damage(work->damage[worker][t], work->candidates[t], values, grads, net->elements[t]);
    }
  }
  return ok;
}

static bool run_worker(void *user, size_t worker, pk_error *error) {
  range_work *work = user;
  const size_t count = work->set->count;
  pk_diff_tape tape;
  bool ok = pk_diff_tape_init(&tape, work->net, error);
  for (size_t i = worker; ok && i < count; i += PK_WORKERS) {
    ok = run_sample(work, &tape, worker, i, error);
    if (worker == 0 && work->options->progress) {
      work->options->progress(work->options->progress_user, "measuring ranges",
                              i + 1 + (size_t)work->pass * count, PASSES * count);
    }
  }
  pk_diff_tape_deinit(&tape);
  return ok;
}

static bool allocate(range_work *work, size_t tensors, pk_error *error) {
  bool ok = (work->candidates = calloc(tensors + 1, sizeof *work->candidates)) != NULL;
  for (size_t w = 0; w < PK_WORKERS; w++) {
    work->seen[w] = calloc(tensors + 1, sizeof **work->seen);
    work->bins[w] = calloc(tensors + 1, sizeof **work->bins);
    work->damage[w] = calloc(tensors + 1, sizeof **work->damage);
    ok = ok && work->seen[w] && work->bins[w] && work->damage[w];
  }
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the ranges of activations");
}

static void release(range_work *work) {
  for (size_t w = 0; w < PK_WORKERS; w++) {
    free(work->seen[w]);
    free(work->bins[w]);
    free(work->damage[w]);
  }
  free(work->candidates);
  pk_loss_deinit(&work->loss);
}

static bool run_pass(range_work *work, range_pass pass, pk_error *error) {
  work->pass = pass;
  return pk_workers_run(run_worker, work, error);
}

static bool is_input(const pk_graph *graph, size_t tensor) {
  for (size_t i = 0; i < graph->input_count; i++) {
    if (graph->inputs[i] == (int32_t)tensor) return true;
  }
  return false;
}

// What was seen, with headroom for samples beyond these.
static pk_range widened(const range_work *work, size_t tensor) {
  const pk_graph *graph = work->net->graph;
  const float headroom = is_input(graph, tensor) ? 1.0f : work->options->headroom;
  pk_range range = {headroom * work->all[tensor].low, headroom * work->all[tensor].high};
  for (size_t i = 0; i < graph->op_count; i++) {
    const pk_op *op = &graph->ops[i];
    if (op->output != (int32_t)tensor || op->activation != PK_ACTIVATION_RELU6) continue;
    range.high = fminf(range.high, 6.0f);
  }
  return range;
}

static void make_candidates(range_work *work, size_t tensor) {
  uint32_t *bins = work->bins[0][tensor];
  for (size_t i = 0; i < BINS; i++) bins[i] += work->bins[1][tensor][i];
  for (int rule = 0; rule < PK_RANGE_RULES; rule++) {
    candidate *c = &work->candidates[tensor][rule];
    c->range = work->options->headroom > 0.0f
                   ? widened(work, tensor)
                   : pk_range_by_rule((pk_range_rule)rule, bins, BINS, work->all[tensor]);
    pk_range_quantization(&c->scale, &c->zero_point, c->range);
  }
}

// The least damage, which is returned; of equal ones the first.
static double choose(pk_range *range, const range_work *work, size_t tensor) {
  int best = 0;
  double least = INFINITY;
  for (int rule = 0; rule < PK_RANGE_RULES; rule++) {
    const double damage = work->damage[0][tensor][rule] + work->damage[1][tensor][rule];
    if (damage < least) best = rule;
    least = fmin(least, damage);
  }
  *range = work->candidates[tensor][best].range;
  return least;
}

bool pk_activation_ranges(pk_range *ranges, double *damage, const pk_diff_net *net,
                          const pk_sample_set *set, const pk_range_options *options,
                          pk_error *error) {
  range_work work = {.net = net, .set = set, .options = options, .all = ranges};
  bool ok = allocate(&work, net->tensor_count, error) &&
            pk_loss_init(&work.loss, net->graph, error) &&
            (!options->weighs_elements || pk_loss_weigh_elements(&work.loss, net, error)) &&
            run_pass(&work, PASS_REACH, error);
  pk_loss_finish_ranges(&work.loss);
  for (size_t t = 0; ok && t < net->tensor_count; t++) {
    ranges[t].low = fminf(work.seen[0][t].low, work.seen[1][t].low);
    ranges[t].high = fmaxf(work.seen[0][t].high, work.seen[1][t].high);
  }
  ok = ok && run_pass(&work, PASS_HISTOGRAM, error);
  for (size_t t = 0; ok && t < net->tensor_count; t++) make_candidates(&work, t);
  ok = ok && run_pass(&work, PASS_DAMAGE, error);
  for (size_t t = 0; ok && t < net->tensor_count; t++) {
    const double least = choose(&ranges[t], &work, t);
    if (damage) damage[t] = least / (double)set->count;
  }
  release(&work);
  return ok;
}
