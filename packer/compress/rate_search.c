#include "rate_search.h"

#include <math.h>

#include "search_journal.h"

enum { SIZE_STEPS = 5, DROP_STEPS = 7 };
static const double most_bits = 7.0, least_bits = 1.0;  // a weight, between which is searched
static const double about_the_same = 1.04;              // sizes

typedef struct searching {
  const pk_rate_search *search;
  pk_trials *trials;
  double made;  // the rate that was really made last, not taken from the journal
} searching;

static bool fulfils(const pk_rate_search *search, const pk_trial *trial) {
  return search->target_bytes > 0 ? trial->package_bytes <= search->target_bytes
                                  : trial->quality.drop <= search->max_drop;
}

// Within a size less loss counts, within a loss fewer bytes. Which of two drops that lie within two
// answers of each other is less is chance: more bits are likelier to be good for what was not
// tried, and where they are about the same the outputs' errors tell more.
static bool is_better(const searching *s, const pk_trial *trial) {
  if (s->trials->chosen == PK_MAX_TRIALS) return true;
  const pk_trial *best = &s->trials->items[s->trials->chosen];
  if (s->search->target_bytes == 0) return trial->package_bytes < best->package_bytes;
  const pk_quality *q = &trial->quality;
  const double less = best->quality.drop - q->drop;
  const double size_ratio = (double)trial->package_bytes / (double)best->package_bytes;
  if (fabs(less) > pk_quality_chance(q)) return less > 0.0;
  if (fabs(log(size_ratio)) > log(about_the_same)) return size_ratio > 1.0;
  return q->range_error < best->quality.range_error;
}

// A trial of the journal, or one made now and noted there.
static bool try_lambda(searching *s, pk_trial *trial, double lambda, pk_error *error) {
  const pk_rate_search *search = s->search;
  pk_trial *slot = &s->trials->items[s->trials->count];
  if (!pk_journal_find(trial, search->journal_file, search->fingerprint, lambda, error)) {
    if (error->code != PK_OK || !search->make(search->user, trial, lambda, error)) return false;
    trial->lambda = lambda;
    s->made = lambda;
    if (!pk_journal_add(search->journal_file, search->fingerprint, trial, error)) return false;
  }
  *slot = *trial;
  s->trials->count++;
  if (fulfils(search, trial) && is_better(s, trial)) s->trials->chosen = s->trials->count - 1;
  return true;
}

// What a trial takes beyond its weights' bits hardly changes: the first trial tells it, the next
// ones aim at what is left.
static bool search_size(searching *s, pk_error *error) {
  const double target = (double)s->search->target_bytes;
  double budget = 0.9 * target, last_bits = 0.0;
  for (int i = 0; i < SIZE_STEPS; i++) {
    pk_trial trial;
    if (!try_lambda(s, &trial, pk_lambda_for_bits(s->search->table, 8.0 * budget), error)) {
      return false;
    }
    const bool is_near = fulfils(s->search, &trial) && (double)trial.package_bytes > 0.998 * target;
    if (is_near || trial.bits == last_bits) break;
    last_bits = trial.bits;
    // Steps are few, so the next aim lies a little below.
    budget = trial.bits * (double)s->search->weight_count / 8.0 + target -
             (double)trial.package_bytes - 1e-3 * target * i;
  }
  return true;
}

// Towards fewer bits accuracy falls; bisection, by ratio, finds where it falls too far.
static bool search_drop(searching *s, pk_error *error) {
  const double weights = (double)s->search->weight_count;
  double good = most_bits, bad = least_bits;
  for (int i = 0; i < DROP_STEPS; i++) {
    pk_trial trial;
    const double bits = sqrt(good * bad);
    if (!try_lambda(s, &trial, pk_lambda_for_bits(s->search->table, bits * weights), error)) {
      return false;
    }
    if (fulfils(s->search, &trial)) {
      good = bits;
    } else {
      bad = bits;
    }
  }
  return true;
}

static void mark_front(pk_trials *trials) {
  for (size_t i = 0; i < trials->count; i++) {
    pk_trial *trial = &trials->items[i];
    trial->is_on_front = true;
    for (size_t j = 0; j < trials->count; j++) {
      const pk_trial *other = &trials->items[j];
      const bool is_no_worse = other->package_bytes <= trial->package_bytes &&
                               other->quality.drop <= trial->quality.drop;
      const bool is_same = other->package_bytes == trial->package_bytes &&
                           other->quality.drop == trial->quality.drop;
      if (is_no_worse && !(is_same && j >= i)) trial->is_on_front = false;
    }
  }
}

bool pk_rate_search_run(pk_trials *trials, const pk_rate_search *search, pk_error *error) {
  const bool by_size = search->target_bytes > 0;
  searching s = {.search = search, .trials = trials, .made = (double)NAN};
  *trials = (pk_trials){.chosen = PK_MAX_TRIALS};
  if (!(by_size ? search_size : search_drop)(&s, error)) return false;
  mark_front(trials);
  if (trials->chosen == PK_MAX_TRIALS) {
    const pk_trial *last = &trials->items[trials->count - 1];
    return pk_fail(error, PK_USAGE,
                   "no step sizes fulfil what is asked for: the last trial took %zu bytes with a "
                   "drop of %.2f points. %s%s a larger %s, or calibrate with more samples",
                   last->package_bytes, last->quality.drop, search->advice ? search->advice : "",
                   search->advice ? ", allow" : "Allow", by_size ? "--target-size" : "--max-drop");
  }
  pk_trial again;
  const double lambda = trials->items[trials->chosen].lambda;
  return s.made == lambda || search->make(search->user, &again, lambda, error);
}
