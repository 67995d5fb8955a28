#include "refine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../compress/loss_seed.h"
#include "../compress/worker_pair.h"
#include "../pk_random.h"
#include "class_loss.h"
#include "refine_weights.h"

static const double pi = 3.14159265358979323846;

typedef struct refine_worker {
  pk_diff_tape tape, teacher;
  pk_data_reader *reader;
  void *input;
  double loss;
} refine_worker;

typedef struct refinement {
  const pk_refine_options *options;
  const pk_refine_subject *subject;
  pk_diff_net teacher;
  pk_refined_weights weights;
  pk_loss outputs;  // where the student's logits are
  size_t classes, step;
  refine_worker workers[PK_WORKERS];
} refinement;

static bool find_logits(refinement *r, pk_error *error) {
  const pk_graph *student = r->subject->net->graph, *teacher = r->options->teacher;
  if (!pk_loss_init(&r->outputs, student, error)) return false;
  r->classes = r->teacher.elements[teacher->outputs[0]];
  const bool fits = r->outputs.count == 1 && teacher->output_count == 1 &&
                    r->outputs.outputs[0].is_softmax &&
                    r->subject->net->elements[r->outputs.outputs[0].tensor] == r->classes;
  return fits || pk_fail(error, PK_UNSUPPORTED,
                         "only a network with one row of class scores can be refined");
}

static bool open_worker(refinement *r, refine_worker *w, pk_error *error) {
  const pk_manifest_tensor *input = &r->options->manifest->inputs[0];
  const size_t bytes =
      (size_t)pk_manifest_tensor_elements(input) * sizeof(float);  // the widest dtype
  w->input = malloc(bytes + 1);
  return (w->input || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to refine")) &&
         pk_diff_tape_init(&w->tape, r->subject->net, error) &&
         pk_diff_tape_init(&w->teacher, &r->teacher, error) &&
         pk_data_reader_open(&w->reader, r->options->data, r->options->manifest,
                             r->options->augment, error);
}

static void close_refinement(refinement *r) {
  for (size_t i = 0; i < PK_WORKERS; i++) {
    refine_worker *w = &r->workers[i];
    if (w->tape.net) pk_diff_tape_deinit(&w->tape);
    if (w->teacher.net) pk_diff_tape_deinit(&w->teacher);
    pk_data_reader_close(w->reader);
    free(w->input);
  }
  if (r->weights.subject) pk_refined_weights_deinit(&r->weights);
  pk_loss_deinit(&r->outputs);
  pk_diff_net_deinit(&r->teacher);
}

// One example: the teacher's scores, the student's, and the way back, added to the tape's
// gradients.
static bool learn_from(refinement *r, refine_worker *w, size_t number, pk_error *error) {
  const pk_refine_options *o = r->options;
  pk_random random = pk_random_of(o->seed, number);
  const size_t count = pk_data_set_count(o->data, PK_DATA_TRAIN);
  const size_t index = pk_random_below(&random, count);
  const uint64_t seed = pk_random_next(&random) | 1;
  const int32_t logits = r->outputs.outputs[0].tensor;
  const pk_class_loss loss = {.temperature = o->temperature, .teacher_share = 1.0f};
  if (!pk_data_reader_fill(w->reader, PK_DATA_TRAIN, index, seed, w->input, error) ||
      !pk_diff_set_input(&w->teacher, 0, w->input, error) || !pk_diff_forward(&w->teacher, error) ||
      !pk_diff_set_input(&w->tape, 0, w->input, error) || !pk_diff_forward(&w->tape, error)) {
    return false;
  }
  // Gradients of activations are of this example alone, those of constants add up.
  for (size_t i = 0; i < r->subject->net->tensor_count; i++) {
    if (w->tape.grads[i] && !r->subject->net->constants[i]) {
      memset(w->tape.grads[i], 0, r->subject->net->elements[i] * sizeof(float));
    }
  }
  float *gradient = pk_diff_grad(&w->tape, logits, error);
  if (!gradient) return false;
  w->loss += (double)pk_class_loss_row(gradient, pk_diff_value(&w->tape, logits),
                                       pk_diff_value(&w->teacher, o->teacher->outputs[0]),
                                       PK_NO_CLASS, r->classes, &loss, 1.0f / (float)o->batch);
  return pk_diff_backward(&w->tape, error);
}

static bool learn_half(void *user, size_t worker, pk_error *error) {
  refinement *r = user;
  refine_worker *w = &r->workers[worker];
  w->loss = 0.0;
  pk_diff_clear_grads(&w->tape);
  for (size_t i = worker; i < r->options->batch; i += PK_WORKERS) {
    if (!learn_from(r, w, r->step * r->options->batch + i, error)) return false;
  }
  return true;
}

// Adds the second worker's gradients to the first's.
static void gather(refinement *r) {
  const pk_diff_net *net = r->subject->net;
  for (size_t i = 0; i < net->tensor_count; i++) {
    float *sum = r->workers[0].tape.grads[i];
    const float *other = r->workers[1].tape.grads[i];
    if (!sum || !other || !net->constants[i]) continue;
    for (size_t j = 0; j < net->elements[i]; j++) sum[j] += other[j];
  }
}

static bool run_steps(refinement *r, pk_error *error) {
  const pk_refine_options *o = r->options;
  for (r->step = 0; r->step < o->steps; r->step++) {
    const double done = (double)r->step / (double)o->steps;
    const float rate = o->rate * (float)(0.5 * (1.0 + cos(pi * done)));
    if (!pk_refined_weights_round(&r->weights, error) || !pk_workers_run(learn_half, r, error)) {
      return false;
    }
    gather(r);
    pk_refined_weights_step(&r->weights, r->workers[0].tape.grads, rate);
    if (o->progress) o->progress(NULL, "refining the levels", r->step + 1, o->steps);
  }
  return pk_refined_weights_round(&r->weights, error);
}

bool pk_refine(void *user, const pk_refine_subject *subject, pk_error *error) {
  refinement r = {.options = user, .subject = subject};
  bool ok = pk_diff_net_init(&r.teacher, r.options->teacher, error) && find_logits(&r, error) &&
            pk_refined_weights_init(&r.weights, subject, error);
  for (size_t i = 0; ok && i < PK_WORKERS; i++) ok = open_worker(&r, &r.workers[i], error);
  ok = ok && run_steps(&r, error);
  close_refinement(&r);
  return ok;
}
