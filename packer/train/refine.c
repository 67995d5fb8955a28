#include "refine.h"

#include <math.h>
#include <string.h>

#include "../compress/layer_statistics.h"
#include "refine_examples.h"
#include "refine_loss.h"
#include "refine_weights.h"

enum { CHECKS = 12, RANGE_EXAMPLES = 16 };
static const double pi = 3.14159265358979323846;

typedef struct refine_worker {
  pk_diff_tape tape, teacher;
  double loss;
} refine_worker;

typedef struct refinement {
  const pk_refine_options *options;
  const pk_refine_subject *subject;
  pk_refine_examples examples;
  pk_refined_weights weights;
  pk_refine_loss loss;
  pk_coded_weights best;  // by those that are held back
  pk_refinement *told;
  size_t step;
  refine_worker workers[PK_WORKERS];
} refinement;

static bool run_both(refine_worker *w, const uint8_t *inputs, pk_error *error) {
  return inputs && pk_sample_run(&w->teacher, inputs, error) &&
         pk_sample_run(&w->tape, inputs, error);
}

static bool see_ranges(refinement *r, pk_error *error) {
  refine_worker *w = &r->workers[0];
  for (uint64_t i = 0; i < RANGE_EXAMPLES; i++) {
    const uint8_t *inputs = pk_refine_drawn(&r->examples, 0, i, error);
    if (!inputs || !pk_sample_run(&w->teacher, inputs, error)) return false;
    pk_refine_loss_see_range(&r->loss, &w->teacher);
  }
  return true;
}

static bool open_refinement(refinement *r, pk_error *error) {
  const pk_refine_subject *subject = r->subject;
  bool ok = pk_refine_loss_init(&r->loss, subject->net, subject->original, r->options->temperature,
                                error) &&
            pk_refined_weights_init(&r->weights, subject, error) &&
            pk_coded_weights_init(&r->best, subject->weights->layers, error) &&
            pk_refine_examples_open(&r->examples, r->options, subject, error);
  for (size_t i = 0; ok && i < PK_WORKERS; i++) {
    ok = pk_diff_tape_init(&r->workers[i].tape, subject->net, error) &&
         pk_diff_tape_init(&r->workers[i].teacher, subject->original, error);
  }
  return ok && see_ranges(r, error);
}

static void close_refinement(refinement *r) {
  for (size_t i = 0; i < PK_WORKERS; i++) {
    refine_worker *w = &r->workers[i];
    if (w->tape.net) pk_diff_tape_deinit(&w->tape);
    if (w->teacher.net) pk_diff_tape_deinit(&w->teacher);
  }
  pk_refine_examples_close(&r->examples);
  pk_coded_weights_deinit(&r->best);
  if (r->weights.subject) pk_refined_weights_deinit(&r->weights);
  pk_refine_loss_deinit(&r->loss);
}

// One example: both nets, and the way back, added to the tape's gradients.
static bool learn_from(refinement *r, size_t worker, size_t number, pk_error *error) {
  refine_worker *w = &r->workers[worker];
  const pk_diff_net *net = r->subject->net;
  if (!run_both(w, pk_refine_drawn(&r->examples, worker, number, error), error)) return false;
  // Gradients of activations are of this example alone, those of constants add up.
  for (size_t i = 0; i < net->tensor_count; i++) {
    if (w->tape.grads[i] && !net->constants[i]) {
      memset(w->tape.grads[i], 0, net->elements[i] * sizeof(float));
    }
  }
  return pk_refine_loss_add(&w->loss, &r->loss, &w->tape, &w->teacher,
                            1.0f / (float)r->options->batch, error) &&
         pk_diff_backward(&w->tape, error);
}

static bool learn_half(void *user, size_t worker, pk_error *error) {
  refinement *r = user;
  refine_worker *w = &r->workers[worker];
  w->loss = 0.0;
  pk_diff_clear_grads(&w->tape);
  for (size_t i = worker; i < r->options->batch; i += PK_WORKERS) {
    if (!learn_from(r, worker, r->step * r->options->batch + i, error)) return false;
  }
  return true;
}

static bool judge_half(void *user, size_t worker, pk_error *error) {
  refinement *r = user;
  refine_worker *w = &r->workers[worker];
  w->loss = 0.0;
  for (size_t i = worker; i < r->examples.held_count; i += PK_WORKERS) {
    if (!run_both(w, pk_refine_held(&r->examples, worker, i, error), error) ||
        !pk_refine_loss_add(&w->loss, &r->loss, &w->tape, &w->teacher, 0.0f, error)) {
      return false;
    }
  }
  return true;
}

// Keeps the weights as they are now if they are the best so far.
static bool check(refinement *r, pk_error *error) {
  if (!pk_workers_run(judge_half, r, error)) return false;
  const double loss = (r->workers[0].loss + r->workers[1].loss) / (double)r->examples.held_count;
  if (r->step == 0) r->told->held_before = loss;
  if (r->step == 0 || loss < r->told->held_after) {
    r->told->held_after = loss;
    pk_coded_weights_copy(&r->best, r->subject->weights);
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

// Rises over the first tenth, then falls along half a cosine: what compression left is near a
// minimum already, and Adam's first steps are as long as any.
static float learning_rate_at(size_t step, size_t steps) {
  const double rise = 10.0 * ((double)step + 1.0) / (double)steps;
  const double fall = 0.5 * (1.0 + cos(pi * (double)step / (double)steps));
  return (float)(fmin(rise, 1.0) * fall);
}

static bool run_steps(refinement *r, pk_error *error) {
  const pk_refine_options *o = r->options;
  const size_t between = o->steps / CHECKS > 0 ? o->steps / CHECKS : 1;
  if (!check(r, error)) return false;
  for (r->step = 0; r->step < o->steps;) {
    const float rate = o->rate * learning_rate_at(r->step, o->steps);
    if (!pk_refined_weights_round(&r->weights, error) || !pk_workers_run(learn_half, r, error)) {
      return false;
    }
    gather(r);
    pk_refined_weights_step(&r->weights, r->workers[0].tape.grads, rate);
    r->step++;
    if (o->progress) o->progress(NULL, "refining the levels", r->step, o->steps);
    if (r->step % between == 0 || r->step == o->steps) {
      if (!pk_refined_weights_round(&r->weights, error) || !check(r, error)) return false;
    }
  }
  pk_coded_weights_copy(r->subject->weights, &r->best);
  pk_coded_weights_to_net(r->subject->net, r->subject->weights);
  return true;
}

bool pk_refine(void *user, const pk_refine_subject *subject, pk_refinement *told, pk_error *error) {
  refinement r = {.options = user, .subject = subject, .told = told};
  told->steps = r.options->steps;
  const bool ok = open_refinement(&r, error) && run_steps(&r, error);
  close_refinement(&r);
  return ok;
}
