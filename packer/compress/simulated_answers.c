#include "simulated_answers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer_statistics.h"
#include "worker_pair.h"

enum { MAX_SAMPLES = 64 };

typedef struct simulation {
  const pk_diff_net *net;
  const pk_sample_set *set;
  pk_answers *answers;
} simulation;

static bool describe(pk_answers *answers, const pk_diff_net *net, const pk_sample_set *set,
                     pk_error *error) {
  const pk_graph *graph = net->graph;
  const size_t most = sizeof answers->output_values / sizeof *answers->output_values;
  if (graph->output_count > most) {
    return pk_fail(error, PK_UNSUPPORTED, "the model has %zu outputs; calibration handles %zu",
                   graph->output_count, most);
  }
  answers->output_count = graph->output_count;
  for (size_t i = 0; i < graph->output_count; i++) {
    answers->output_values[i] = net->elements[graph->outputs[i]];
    answers->values_each += answers->output_values[i];
  }
  answers->sample_count = set->count < MAX_SAMPLES ? set->count : MAX_SAMPLES;
  answers->values =
      calloc(answers->sample_count * answers->values_each + 1, sizeof *answers->values);
  return answers->values || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the outputs");
}

static bool run_samples(void *user, size_t worker, pk_error *error) {
  const simulation *s = user;
  const pk_graph *graph = s->net->graph;
  pk_diff_tape tape;
  bool ok = pk_diff_tape_init(&tape, s->net, error);
  for (size_t i = worker; ok && i < s->answers->sample_count; i += PK_WORKERS) {
    const size_t sample = i * s->set->count / s->answers->sample_count;
    float *values = s->answers->values + i * s->answers->values_each;
    ok = pk_sample_run(&tape, s->set->items[sample].bytes, error);
    for (size_t j = 0; ok && j < graph->output_count; j++) {
      const int32_t output = graph->outputs[j];
      memcpy(values, pk_diff_value(&tape, output), s->net->elements[output] * sizeof *values);
      values += s->net->elements[output];
    }
  }
  pk_diff_tape_deinit(&tape);
  return ok;
}

bool pk_answers_simulate(pk_answers *answers, const pk_graph *graph, const pk_sample_set *set,
                         pk_error *error) {
  pk_diff_net net;
  *answers = (pk_answers){0};
  if (!pk_diff_net_init(&net, graph, error)) return false;
  net.simulates_int8 = true;
  simulation s = {.net = &net, .set = set, .answers = answers};
  const bool ok = describe(answers, &net, set, error) && pk_workers_run(run_samples, &s, error);
  pk_diff_net_deinit(&net);
  if (!ok) pk_answers_free(answers);
  return ok;
}

// Of the output whose values stand from `first` on in each sample.
static double output_error(const pk_answers *answers, const pk_answers *reference,
                           const pk_element_ranges *ranges, size_t first) {
  double squares = 0.0;
  for (size_t i = 0; i < answers->sample_count; i++) {
    const float *found = answers->values + i * answers->values_each + first;
    const float *expected = reference->values + i * reference->values_each + first;
    for (size_t j = 0; j < ranges->count; j++) {
      const double off = (double)found[j] - (double)expected[j];
      const double width = (double)ranges->width[j];
      squares += width > 0.0 ? off * off / (width * width) : off != 0.0;
    }
  }
  return 100.0 * sqrt(squares / (double)(ranges->count * answers->sample_count));
}

bool pk_answers_relative_error(double *percent, const pk_answers *answers,
                               const pk_answers *reference, pk_error *error) {
  size_t first = 0;
  *percent = 0.0;
  for (size_t output = 0; output < reference->output_count; output++) {
    pk_element_ranges ranges;
    if (!pk_element_ranges_init(&ranges, reference->output_values[output], error)) return false;
    for (size_t i = 0; i < reference->sample_count; i++) {
      pk_element_ranges_see(&ranges, reference->values + i * reference->values_each + first);
    }
    pk_element_ranges_finish(&ranges);
    *percent = fmax(*percent, output_error(answers, reference, &ranges, first));
    first += reference->output_values[output];
    pk_element_ranges_deinit(&ranges);
  }
  return true;
}
