#include "optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const float adam_epsilon = 1e-8f;

bool pk_optimizer_init(pk_optimizer *optimizer, const pk_optimizer_options *options,
                       const pk_parameters *parameters, pk_error *error) {
  const size_t total = parameters->total + 1;
  *optimizer = (pk_optimizer){.options = *options, .parameters = parameters};
  optimizer->values = calloc(total, sizeof(float));
  optimizer->momentum = calloc(total, sizeof(float));
  optimizer->squares = calloc(total, sizeof(float));
  optimizer->averages = calloc(total, sizeof(float));
  if (optimizer->values && optimizer->momentum && optimizer->squares && optimizer->averages) {
    return true;
  }
  pk_optimizer_deinit(optimizer);
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the optimiser");
}

void pk_optimizer_deinit(pk_optimizer *optimizer) {
  free(optimizer->values);
  free(optimizer->momentum);
  free(optimizer->squares);
  free(optimizer->averages);
  *optimizer = (pk_optimizer){0};
}

float pk_optimizer_rate(const pk_optimizer *optimizer) {
  const pk_optimizer_options *o = &optimizer->options;
  const size_t step = optimizer->step;
  if (step < o->warmup_steps) return o->rate * (float)(step + 1) / (float)o->warmup_steps;
  const size_t rest = o->steps > o->warmup_steps ? o->steps - o->warmup_steps : 1;
  const double done = (double)(step - o->warmup_steps) / (double)rest;
  const double share = 0.5 * (1.0 + cos(pi * (done < 1.0 ? done : 1.0)));
  return (float)((double)o->rate * ((double)o->final_rate + (1.0 - (double)o->final_rate) * share));
}

static void clip(float *gradient, size_t total, float limit) {
  double sum = 0.0;
  for (size_t i = 0; i < total; i++) sum += (double)gradient[i] * (double)gradient[i];
  const double norm = sqrt(sum);
  if (limit <= 0.0f || norm <= (double)limit) return;
  const float scale = (float)((double)limit / norm);
  for (size_t i = 0; i < total; i++) gradient[i] *= scale;
}

static void step_sgd(pk_optimizer *o, const pk_parameter *p, const float *gradient, float rate) {
  const float decay = p->kind == PK_PARAMETER_WEIGHTS ? o->options.weight_decay : 0.0f;
  float *values = o->values + p->offset, *momentum = o->momentum + p->offset;
  for (size_t i = 0; i < p->count; i++) {
    momentum[i] = o->options.momentum * momentum[i] + gradient[i] + decay * values[i];
    values[i] -= rate * momentum[i];
  }
}

static void step_adamw(pk_optimizer *o, const pk_parameter *p, const float *gradient, float rate) {
  const float decay = p->kind == PK_PARAMETER_WEIGHTS ? rate * o->options.weight_decay : 0.0f;
  const float beta1 = o->options.momentum, beta2 = o->options.beta2;
  const double count = (double)(o->step + 1);
  const float first = (float)(1.0 / (1.0 - pow((double)beta1, count)));
  const float second = (float)(1.0 / (1.0 - pow((double)beta2, count)));
  float *values = o->values + p->offset, *momentum = o->momentum + p->offset;
  float *squares = o->squares + p->offset;
  for (size_t i = 0; i < p->count; i++) {
    momentum[i] = beta1 * momentum[i] + (1.0f - beta1) * gradient[i];
    squares[i] = beta2 * squares[i] + (1.0f - beta2) * gradient[i] * gradient[i];
    values[i] -= decay * values[i] +
                 rate * first * momentum[i] / (sqrtf(second * squares[i]) + adam_epsilon);
  }
}

static void average(pk_optimizer *o) {
  // Short at first, so that the start is soon forgotten.
  const float early = (float)(1 + o->step) / (float)(10 + o->step);
  const float decay = early < o->options.average ? early : o->options.average;
  for (size_t i = 0; i < o->parameters->total; i++) {
    o->averages[i] = decay * o->averages[i] + (1.0f - decay) * o->values[i];
  }
}

void pk_optimizer_step(pk_optimizer *optimizer, float *gradient) {
  const pk_parameters *parameters = optimizer->parameters;
  const float rate = pk_optimizer_rate(optimizer);
  for (size_t i = 0; i < parameters->count; i++) {
    pk_parameter_clear_fixed(gradient, &parameters->items[i]);
  }
  clip(gradient, parameters->total, optimizer->options.clip);
  for (size_t i = 0; i < parameters->count; i++) {
    const pk_parameter *p = &parameters->items[i];
    if (optimizer->options.kind == PK_OPTIMIZER_SGD) {
      step_sgd(optimizer, p, gradient + p->offset, rate);
    } else {
      step_adamw(optimizer, p, gradient + p->offset, rate);
    }
  }
  if (optimizer->options.average > 0.0f) average(optimizer);
  optimizer->step++;
}

const float *pk_optimizer_result(const pk_optimizer *optimizer) {
  return optimizer->options.average > 0.0f ? optimizer->averages : optimizer->values;
}
