#include "mixed_precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss_seed.h"
#include "precision_choice.h"
#include "quantize_graph.h"
#include "simulated_answers.h"

enum { RATES = 128, CHOICES = RATES + 2 };
// Rates fall by quarter octaves, from one at which float32 is hardly ever worth its work.
static const double first_rate = 256.0, rates_an_octave = 4.0;

// Samples to come go beyond those at hand, and what is cut off moves boxes and features; a class is
// only surer there.
static const float headroom = 2.0f;

typedef struct mixing {
  pk_graph *graph;
  const pk_sample_set *set;
  pk_range *ranges;        // by tensor
  double *damage;          // by tensor
  bool *choices[CHOICES];  // by operator: whether it computes in int8; ever fewer
  size_t choice_count;
  pk_answers reference;
} mixing;

static bool out_of_memory(pk_error *error) {
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to choose int8 operators");
}

static bool choose_headroom(float *chosen, const pk_graph *graph, pk_error *error) {
  pk_loss outputs;
  if (!pk_loss_init(&outputs, graph, error)) return false;
  *chosen = 0.0f;
  for (size_t i = 0; i < outputs.count; i++) {
    if (!outputs.outputs[i].is_softmax) *chosen = headroom;
  }
  pk_loss_deinit(&outputs);
  return true;
}

static bool measure_ranges(mixing *m, bool mixes, const pk_range_options *options,
                           pk_error *error) {
  const pk_graph *graph = m->graph;
  pk_range_options own = *options;
  pk_diff_net net;
  own.weighs_elements = mixes;
  if (mixes && !choose_headroom(&own.headroom, graph, error)) return false;
  m->ranges = calloc(graph->tensor_count + 1, sizeof *m->ranges);
  m->damage = calloc(graph->tensor_count + 1, sizeof *m->damage);
  if (!m->ranges || !m->damage) return out_of_memory(error);
  if (!pk_diff_net_init(&net, graph, error)) return false;
  for (size_t i = 0; mixes && i < graph->input_count; i++) net.wants_grad[graph->inputs[i]] = true;
  const bool ok = pk_activation_ranges(m->ranges, m->damage, &net, m->set, &own, error);
  pk_diff_net_deinit(&net);
  return ok;
}

// --- candidates ---

static double damage_of_a_product(const mixing *m) {
  double damage = 0.0, products = 0.0;
  for (size_t i = 0; i < m->graph->op_count; i++) {
    if (!m->choices[0][i]) continue;
    damage += m->damage[m->graph->ops[i].output];
    products += pk_op_products(m->graph, &m->graph->ops[i]);
  }
  return products > 0.0 ? damage / products : 0.0;
}

// What falling rates choose, between all that can be int8 and none.
static bool find_choices(mixing *m, pk_error *error) {
  const size_t ops = m->graph->op_count;
  for (size_t i = 0; i < CHOICES; i++) {
    m->choices[i] = calloc(ops + 1, sizeof **m->choices);
    if (!m->choices[i]) return out_of_memory(error);
  }
  if (!pk_int8_operators(m->choices[0], m->graph, error)) return false;
  const double start = first_rate * damage_of_a_product(m);
  m->choice_count = 1;
  for (int i = 0; i < RATES; i++) {
    const double rate = start * exp2(-(double)i / rates_an_octave);
    bool *choice = m->choices[m->choice_count];
    if (!pk_choose_precision(choice, m->graph, m->choices[0], m->damage, rate, error)) return false;
    m->choice_count += memcmp(choice, m->choices[m->choice_count - 1], ops) != 0;
  }
  bool *none = m->choices[m->choice_count];
  memset(none, false, ops);
  m->choice_count += memcmp(none, m->choices[m->choice_count - 1], ops) != 0;
  return true;
}

// --- the search ---

static bool measure_choice(double *percent, const mixing *m, size_t choice, pk_error *error) {
  pk_graph fork;
  pk_answers answers = {0};
  const bool ok = pk_graph_copy(&fork, m->graph, error) &&
                  pk_quantize_graph(&fork, m->ranges, m->choices[choice], error) &&
                  pk_answers_simulate(&answers, &fork, m->set, error) &&
                  pk_answers_relative_error(percent, &answers, &m->reference, error);
  pk_answers_free(&answers);
  pk_graph_deinit(&fork);
  return ok;
}

// The first choice whose error is small enough, by bisection; the last one has none.
static bool search(size_t *chosen, pk_mixed_report *report, const mixing *m, double max_error,
                   pk_error *error) {
  const size_t last = m->choice_count - 1;
  size_t good = last;
  *chosen = 0;
  if (!measure_choice(&report->int8_error, m, 0, error)) return false;
  report->error = report->int8_error;
  if (report->error <= max_error || last == 0) return true;
  if (!measure_choice(&report->error, m, last, error)) return false;
  for (size_t bad = 0; good - bad > 1;) {
    const size_t middle = (good + bad) / 2;
    double found;
    if (!measure_choice(&found, m, middle, error)) return false;
    if (found > max_error) {
      bad = middle;
      continue;
    }
    good = middle;
    report->error = found;
  }
  *chosen = good;
  return true;
}

static void fill_report(pk_mixed_report *report, const mixing *m, const bool *is_int8) {
  double all = 0.0, in_int8 = 0.0;
  for (size_t i = 0; i < m->graph->op_count; i++) {
    const double products = pk_op_products(m->graph, &m->graph->ops[i]);
    all += products;
    if (is_int8[i]) in_int8 += products;
    if (products == 0.0 || !m->choices[0][i]) continue;
    report->weighted_ops++;
    report->float_ops += !is_int8[i];
  }
  report->int8_products = all > 0.0 ? 100.0 * in_int8 / all : 0.0;
}

static void release(mixing *m) {
  for (size_t i = 0; i < CHOICES; i++) free(m->choices[i]);
  pk_answers_free(&m->reference);
  free(m->ranges);
  free(m->damage);
}

bool pk_quantize_activations(pk_graph *graph, const pk_sample_set *set,
                             const pk_range_options *options, pk_error *error) {
  mixing m = {.graph = graph, .set = set};
  const bool ok =
      measure_ranges(&m, false, options, error) && pk_quantize_graph(graph, m.ranges, NULL, error);
  release(&m);
  return ok;
}

bool pk_mix_activations(pk_graph *graph, pk_mixed_report *report, const pk_sample_set *set,
                        double max_error, const pk_range_options *options, pk_error *error) {
  mixing m = {.graph = graph, .set = set};
  size_t chosen = 0;
  *report = (pk_mixed_report){.max_error = max_error};
  bool ok = measure_ranges(&m, true, options, error) && find_choices(&m, error) &&
            pk_answers_simulate(&m.reference, graph, set, error) &&
            search(&chosen, report, &m, max_error, error);
  if (ok) fill_report(report, &m, m.choices[chosen]);
  ok = ok && pk_quantize_graph(graph, m.ranges, m.choices[chosen], error);
  release(&m);
  return ok;
}
