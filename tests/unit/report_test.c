// The compression report's parts: escaped text, intervals, the chart.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/report/html_text.h"
#include "../../packer/report/share_interval.h"
#include "../../packer/report/trial_chart.h"

static void expect_text(pk_bytes *page, const char *expected) {
  assert_false(page->failed);
  assert_int_equal(page->size, strlen(expected));
  assert_memory_equal(page->data, expected, page->size);
  pk_bytes_free(page);
}

static size_t count_of(const pk_bytes *page, const char *part) {
  size_t count = 0;
  for (size_t i = 0; i + strlen(part) <= page->size; i++) {
    count += memcmp(page->data + i, part, strlen(part)) == 0;
  }
  return count;
}

static void test_escaping(void **state) {
  (void)state;
  static const char hostile[] = "</td><script>alert(\"1\")&'\x01\n\xc3\xa9";
  pk_bytes page = {0};
  pk_html_escaped(&page, hostile, sizeof hostile - 1);
  expect_text(&page, "&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)&amp;&#39;  \xc3\xa9");
  pk_html(&page, "<b>%zu %.1f</b>", (size_t)7, 2.25);
  expect_text(&page, "<b>7 2.2</b>");
}

static void test_intervals(void **state) {
  (void)state;
  // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
  const pk_interval some = pk_share_interval(81.0 / 263.0, 263);
  assert_true(fabs(some.low - 0.2553) < 5e-5 && fabs(some.high - 0.3662) < 5e-5);
  const pk_interval none = pk_share_interval(0.0, 20);
  assert_true(none.low < 1e-12 && fabs(none.high - 0.1611) < 5e-5);
  const pk_interval all = pk_share_interval(1.0, 20);
  assert_true(fabs(all.low - 0.8389) < 5e-5 && all.high > 1.0 - 1e-12);
}

static void test_chart(void **state) {
  (void)state;
  pk_trials trials = {.count = 3, .chosen = 1};
  pk_bytes page = {0};
  for (size_t i = 0; i < 3; i++) {
    trials.items[i] = (pk_trial){.package_bytes = 1000 * (i + 1), .is_on_front = i < 2};
    trials.items[i].quality.drop = 3.0 - (double)(i == 2 ? 0 : i);
  }
  pk_chart_append(&page, &trials, (pk_chart_limits){.max_drop = 1.0});
  assert_int_equal(count_of(&page, "<circle"), 4);  // three trials and the ring
  assert_int_equal(count_of(&page, "stroke-dasharray"), 1);
  assert_int_equal(count_of(&page, "nan") + count_of(&page, "inf"), 0);
  assert_int_equal(count_of(&page, "</svg>"), 1);
  pk_bytes_free(&page);
  // A single trial without loss still has axes.
  trials = (pk_trials){.count = 1, .items[0].package_bytes = 5};
  pk_chart_append(&page, &trials, (pk_chart_limits){.target_bytes = 5.0});
  assert_int_equal(count_of(&page, "nan") + count_of(&page, "inf"), 0);
  assert_int_equal(count_of(&page, "<circle"), 2);
  pk_bytes_free(&page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_escaping),
      cmocka_unit_test(test_intervals),
      cmocka_unit_test(test_chart),
  };
  return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
