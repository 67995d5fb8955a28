// Which trial the search over the exchange rate takes: trials come from a script, nothing is
// packed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/compress/rate_search.h"

enum { TARGET = 100000, SAMPLES = 200 };  // two answers are one point

typedef struct scripted {
  size_t bytes;
  double drop, range_error;
} scripted;

typedef struct script {
  const scripted *trials;
  size_t count, next;
} script;

// The last one again where the script has ended: the search stops at bits that it has seen.
static bool make_trial(void *user, pk_trial *trial, double lambda, pk_error *error) {
  script *s = user;
  (void)lambda, (void)error;
  const scripted *now = &s->trials[s->next < s->count ? s->next++ : s->count - 1];
  *trial = (pk_trial){
      .bits = (double)now->bytes / 1000.0,
      .package_bytes = now->bytes,
      .quality = {.samples = SAMPLES, .drop = now->drop, .range_error = now->range_error}};
  return true;
}

// A single layer whose bits fall from rung to rung while its cost rises.
static bool run(pk_trials *trials, const scripted *items, size_t count, size_t target_bytes,
                pk_error *error) {
  pk_layer_list layers = {.count = 1};
  pk_step_table table = {.layers = &layers, .rungs = calloc(1, sizeof *table.rungs)};
  script s = {items, count, 0};
  assert_non_null(table.rungs);
  for (size_t r = 0; r < PK_RUNGS; r++) {
    table.rungs[0][r].bits = 5000.0 * (double)(PK_RUNGS - r);
    table.rungs[0][r].cost = (double)(r * r);
  }
  const pk_rate_search search = {.table = &table,
                                 .weight_count = 100000,
                                 .max_drop = 1.0,
                                 .target_bytes = target_bytes,
                                 .make = make_trial,
                                 .user = &s};
  const bool ok = pk_rate_search_run(trials, &search, error);
  free(table.rungs);
  return ok;
}

static void test_within_a_size(void **state) {
  (void)state;
  static const struct {
    scripted trials[2];
    size_t chosen;
  } cases[] = {
      // Drops that differ by chance: more bits, in whatever order they come.
      {{{90000, 1.5, 0.30}, {99000, 2.25, 0.40}}, 1},
      {{{99000, 2.25, 0.40}, {90000, 1.5, 0.30}}, 0},
      // By more than chance: the smaller one.
      {{{90000, 1.5, 0.40}, {99000, 2.75, 0.30}}, 0},
      // Of about the same size: the smaller error.
      {{{97000, 2.0, 0.30}, {99000, 1.5, 0.40}}, 0},
      {{{97000, 1.5, 0.40}, {99000, 2.0, 0.30}}, 1},
      // What is too large is none.
      {{{100001, 0.0, 0.10}, {90000, 9.0, 0.90}}, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pk_trials trials;
    pk_error error = {0};
    if (!run(&trials, cases[i].trials, 2, TARGET, &error)) fail_msg("%s", error.message);
    const size_t wanted = cases[i].trials[cases[i].chosen].bytes;
    assert_int_equal(trials.items[trials.chosen].package_bytes, wanted);
  }
}

static void test_within_a_loss(void **state) {
  (void)state;
  const scripted items[] = {
      {90000, 0.5, 0.1}, {50000, 2.0, 0.5}, {70000, 1.0, 0.2}, {60000, 1.01, 0.3}};
  pk_trials trials;
  pk_error error = {0};
  assert_true(run(&trials, items, 4, 0, &error));
  assert_int_equal(trials.items[trials.chosen].package_bytes, 70000);
  // 90,000 and 70,000 are on the front with what loses more for fewer bytes.
  for (size_t i = 0; i < 4; i++) assert_true(trials.items[i].is_on_front);
}

static void test_in_vain(void **state) {
  (void)state;
  const scripted items[] = {{150000, 0.0, 0.0}, {120000, 1.0, 0.1}};
  pk_trials trials;
  pk_error error = {0};
  assert_false(run(&trials, items, 2, TARGET, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "120000 bytes"));
  assert_non_null(strstr(error.message, "--target-size"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_within_a_size),
                                     cmocka_unit_test(test_within_a_loss),
                                     cmocka_unit_test(test_in_vain)};
  return cmocka_run_group_tests_name("rate_search", tests, NULL, NULL);
}
