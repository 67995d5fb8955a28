// A batch through the network and back, by halves on two threads.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../pk_random.h"
#include "fold_norms.h"
#include "train_session.h"

enum { SETTLING_EXAMPLES = 4096 };

typedef struct batch_job {
  pk_train_session *session;
  size_t epoch, first;  // place in the order of the epoch
  bool is_plain;        // examples as they are
} batch_job;

static uint64_t seed_of(const pk_train_session *s, size_t epoch) {
  return pk_random_mix((uint64_t)s->recipe->training.seed) + epoch;
}

void pk_train_shuffle(pk_train_session *session, size_t epoch) {
  const size_t count = pk_data_set_count(pk_train_data(session), PK_DATA_TRAIN);
  pk_random random = pk_random_of(seed_of(session, epoch), 0);
  for (size_t i = 0; i < count; i++) session->order[i] = (uint32_t)i;
  for (size_t i = count; i > 1; i--) {
    const size_t j = pk_random_below(&random, i);
    const uint32_t kept = session->order[i - 1];
    session->order[i - 1] = session->order[j];
    session->order[j] = kept;
  }
}

static bool fill(const batch_job *job, pk_train_worker *w, size_t first, pk_error *error) {
  const pk_train_session *s = job->session;
  for (size_t i = 0; i < s->half; i++) {
    const size_t index = s->order[first + i];
    pk_random random = pk_random_of(seed_of(s, job->epoch), index + 1);
    const uint64_t seed = job->is_plain ? 0 : pk_random_next(&random) | 1;
    w->labels[i] = pk_data_set_example(pk_train_data(s), PK_DATA_TRAIN, index).label;
    if (!pk_data_reader_fill(w->reader, PK_DATA_TRAIN, index, seed,
                             w->inputs + i * s->input_elements, error)) {
      return false;
    }
  }
  return pk_diff_set_input(&w->tape, 0, w->inputs, error);
}

// What the teachers say about the same altered examples.
static bool ask_teachers(pk_train_session *s, size_t worker, pk_error *error) {
  pk_train_worker *w = &s->workers[worker];
  memset(w->lessons, 0, s->half * s->classes * sizeof *w->lessons);
  for (size_t i = 0; i < s->plan.count; i++) {
    if (!pk_teacher_add(w->lessons, &s->teachers[i], worker, w->inputs, s->half,
                        1.0f / (float)s->plan.count, error)) {
      return false;
    }
  }
  return true;
}

static bool judge_rows(const pk_train_session *s, pk_train_worker *w, pk_error *error) {
  const int32_t output = s->graph.outputs[0];
  const float *logits = pk_diff_value(&w->tape, output);
  float *gradient = pk_diff_grad(&w->tape, output, error);
  const float weight = 1.0f / (float)s->recipe->training.batch;
  if (!gradient) return false;
  for (size_t i = 0; i < s->half; i++) {
    const float *row = logits + i * s->classes;
    const float *lesson = s->plan.count ? w->lessons + i * s->classes : NULL;
    w->loss += (double)pk_class_loss_row(gradient + i * s->classes, row, lesson, w->labels[i],
                                         s->classes, &s->loss, weight);
    w->right += (int32_t)pk_class_best(row, s->classes) == w->labels[i];
  }
  return true;
}

static bool match_features(pk_train_session *s, size_t worker, pk_error *error) {
  pk_train_worker *w = &s->workers[worker];
  const float weight = s->plan.feature_weight, share = 1.0f / (float)s->recipe->training.batch;
  const double loss = pk_feature_match_seed(&s->features, &w->tape, worker, weight * share, error);
  w->loss += (double)weight * loss;
  return loss >= 0.0;
}

static bool run_half(void *user, size_t worker, pk_error *error) {
  const batch_job *job = user;
  pk_train_session *s = job->session;
  pk_train_worker *w = &s->workers[worker];
  w->loss = 0.0;
  w->right = 0;
  w->hooks.dropout_seed = pk_random_mix(seed_of(s, job->epoch)) + 2 * job->first + worker;
  memset(w->hooks.gradients, 0, s->parameters.total * sizeof *w->hooks.gradients);
  pk_diff_clear_grads(&w->tape);
  return fill(job, w, job->first + worker * s->half, error) && ask_teachers(s, worker, error) &&
         pk_diff_forward(&w->tape, error) && judge_rows(s, w, error) &&
         match_features(s, worker, error) && pk_diff_backward(&w->tape, error);
}

// Sums over the threads, in their order.
static void gather(pk_train_session *s) {
  memset(s->gradient, 0, s->parameters.total * sizeof *s->gradient);
  for (size_t t = 0; t < PK_WORKERS; t++) {
    const pk_train_worker *w = &s->workers[t];
    for (size_t i = 0; i < s->parameters.count; i++) {
      const pk_parameter *p = &s->parameters.items[i];
      const float *from =
          p->tensor == PK_NO_TENSOR ? w->hooks.gradients + p->offset : w->tape.grads[p->tensor];
      for (size_t j = 0; from && j < p->count; j++) s->gradient[p->offset + j] += from[j];
    }
  }
}

bool pk_train_batch(pk_train_session *session, size_t epoch, size_t batch, pk_train_score *score,
                    pk_error *error) {
  pk_train_session *s = session;
  batch_job job = {s, epoch, batch * 2 * s->half, false};
  pk_constants_raw(&s->net, &s->parameters, s->optimizer.values);
  if (!pk_workers_run(run_half, &job, error)) return false;
  gather(s);
  pk_gradual_channels_measure(&s->channels, s->optimizer.values, s->gradient);
  pk_optimizer_step(&s->optimizer, s->gradient);
  if (!pk_gradual_channels_remove(&s->channels, &s->optimizer, &s->recipe->prune_channels, error) ||
      !pk_prune_gradually(&s->optimizer, s->masked, s->channels.absent, &s->recipe->prune, error)) {
    return false;
  }
  for (size_t t = 0; t < PK_WORKERS; t++) {
    score->loss += s->workers[t].loss;
    score->right += s->workers[t].right;
  }
  score->count += 2 * s->half;
  return true;
}

// --- statistics of the normalisations ---

static bool settle_half(void *user, size_t worker, pk_error *error) {
  const batch_job *job = user;
  pk_train_session *s = job->session;
  pk_train_worker *w = &s->workers[worker];
  w->hooks.keeps_all = true;
  w->hooks.values = pk_optimizer_result(&s->optimizer);
  const bool ok =
      fill(job, w, job->first + worker * s->half, error) && pk_diff_forward(&w->tape, error);
  w->hooks.keeps_all = false;
  w->hooks.values = s->optimizer.values;
  return ok;
}

// Adds the latest batch's means, and its mean squares in place of variances.
static void add_moments(double *moments, const pk_train_session *s) {
  for (size_t t = 0; t < PK_WORKERS; t++) {
    const float *from = s->workers[t].hooks.statistics;
    for (size_t i = 0; i < s->parameters.norm_count; i++) {
      const pk_norm_statistic *norm = &s->parameters.norms[i];
      const size_t first = norm->offset, second = first + norm->channels;
      for (size_t c = 0; c < norm->channels; c++) {
        const double mean = (double)from[first + c];
        moments[first + c] += mean;
        moments[second + c] += (double)from[second + c] + mean * mean;
      }
    }
  }
}

static void take_moments(pk_train_session *s, const double *moments, double count) {
  for (size_t i = 0; i < s->parameters.norm_count; i++) {
    const pk_norm_statistic *norm = &s->parameters.norms[i];
    const size_t first = norm->offset, second = first + norm->channels;
    for (size_t c = 0; c < norm->channels; c++) {
      const double mean = moments[first + c] / count;
      const double variance = moments[second + c] / count - mean * mean;
      s->statistics[first + c] = (float)mean;
      s->statistics[second + c] = (float)(variance > 0.0 ? variance : 0.0);
    }
  }
}

bool pk_train_settle(pk_train_session *session, pk_error *error) {
  pk_train_session *s = session;
  if (s->parameters.norm_count == 0 || s->settled_step == s->optimizer.step) return true;
  const size_t epoch = (size_t)s->recipe->training.epochs;  // one that is not trained
  const size_t most = (SETTLING_EXAMPLES + 2 * s->half - 1) / (2 * s->half);
  const size_t batches = s->batches < most ? s->batches : most;
  double *moments = calloc(s->parameters.statistics_total + 1, sizeof *moments);
  bool ok = moments != NULL;
  if (!ok) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for batch normalisation");
  pk_constants_raw(&s->net, &s->parameters, pk_optimizer_result(&s->optimizer));
  pk_train_shuffle(s, epoch);
  for (size_t batch = 0; ok && batch < batches; batch++) {
    batch_job job = {s, epoch, batch * 2 * s->half, true};
    ok = pk_workers_run(settle_half, &job, error);
    if (ok) add_moments(moments, s);
  }
  if (ok) {
    take_moments(s, moments, (double)(batches * PK_WORKERS));
    s->settled_step = s->optimizer.step;
  }
  free(moments);
  return ok;
}

// --- judging ---

typedef struct judge_job {
  pk_train_session *session;
  pk_data_part part;
} judge_job;

// The label of the largest score: of a softmax of the logits, summed by groups.
static int32_t best_label(const pk_train_session *s, const float *logits, float *scores) {
  const size_t best = pk_class_best(logits, s->classes);
  memset(scores, 0, s->classes * sizeof *scores);
  for (size_t i = 0; i < s->classes; i++) {
    scores[s->class_of[i]] += expf(logits[i] - logits[best]);
  }
  return (int32_t)pk_class_best(scores, s->recipe->label_count);
}

// Examples first … first + half - 1 of the part; behind its end the last one again, uncounted.
static bool judge_some(const judge_job *job, pk_train_worker *w, size_t first, size_t count,
                       pk_error *error) {
  const pk_train_session *s = job->session;
  for (size_t i = 0; i < s->half; i++) {
    const size_t index = first + i < count ? first + i : count - 1;
    w->labels[i] = pk_data_set_example(s->data, job->part, index).label;
    if (!pk_data_reader_fill(w->plain_reader, job->part, index, 0,
                             w->inputs + i * s->input_elements, error)) {
      return false;
    }
  }
  if (!pk_diff_set_input(&w->folded_tape, 0, w->inputs, error) ||
      !pk_diff_forward(&w->folded_tape, error)) {
    return false;
  }
  const float *logits = pk_diff_value(&w->folded_tape, s->graph.outputs[0]);
  for (size_t i = 0; i < s->half && first + i < count; i++) {
    const float *row = logits + i * s->classes;
    w->right += best_label(s, row, w->lessons) == w->labels[i];
  }
  return true;
}

static bool judge_half(void *user, size_t worker, pk_error *error) {
  const judge_job *job = user;
  const pk_train_session *s = job->session;
  pk_train_worker *w = &job->session->workers[worker];
  const size_t count = pk_data_set_count(s->data, job->part);
  w->right = 0;
  for (size_t first = worker * s->half; first < count; first += PK_WORKERS * s->half) {
    if (!judge_some(job, w, first, count, error)) return false;
  }
  return true;
}

bool pk_train_judge(pk_train_session *session, pk_data_part part, pk_train_score *score,
                    pk_error *error) {
  judge_job job = {session, part};
  *score = (pk_train_score){.count = pk_data_set_count(session->data, part)};
  if (!pk_train_settle(session, error)) return false;
  pk_constants_folded(&session->folded, &session->parameters,
                      pk_optimizer_result(&session->optimizer), session->statistics);
  if (!pk_workers_run(judge_half, &job, error)) return false;
  for (size_t t = 0; t < PK_WORKERS; t++) score->right += session->workers[t].right;
  return true;
}
