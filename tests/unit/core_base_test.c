// Arena, errors, exp and the memory planner.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/float_math.h"
#include "runtime/planner.h"

static void arena_hands_out_aligned_blocks_until_full(void **state) {
  _Alignas(16) uint8_t block[64];
  mnw_arena arena;
  (void)state;
  mnw_arena_init(&arena, block, sizeof block);
  assert_ptr_equal(mnw_arena_take(&arena, 3, 1), block);
  assert_ptr_equal(mnw_arena_take(&arena, 1, 17), block + 16);
  assert_null(mnw_arena_take(&arena, 1, 17));
  assert_true(mnw_arena_overflowed(&arena));
  assert_null(mnw_arena_take(&arena, 1, 1));
}

static void arena_refuses_sizes_that_overflow(void **state) {
  mnw_arena arena;
  (void)state;
  mnw_arena_init(&arena, NULL, 0);
  mnw_arena_take(&arena, SIZE_MAX / 2, 3);
  assert_true(mnw_arena_overflowed(&arena));
  mnw_arena_init(&arena, NULL, 0);
  mnw_arena_take(&arena, SIZE_MAX - 3, 1);
  assert_true(mnw_arena_overflowed(&arena));
}

static void messages_fill_in_numbers_and_truncate(void **state) {
  mnw_error error;
  char text[MNW_ERROR_MESSAGE_BYTES], tiny[12];
  (void)state;
  mnw_fail(&error, MNW_STATUS_CORRUPT, "tensor %0 of %1, 100%2", 7, INT64_MIN, 5);
  const size_t length = mnw_error_message(&error, text, sizeof text);
  assert_int_equal(length, strlen(text));
  assert_string_equal(text, "CORRUPT: tensor 7 of -9223372036854775808, 1005");
  assert_int_equal(mnw_error_message(&error, tiny, sizeof tiny), 11);
  assert_string_equal(tiny, "CORRUPT: te");
  assert_string_equal(mnw_status_name(MNW_STATUS_NOT_READY), "NOT_READY");
  assert_string_equal(mnw_status_name((mnw_status)9999), "UNKNOWN");
}

static void exp_agrees_with_libm(void **state) {
  (void)state;
  for (double x = -699.5; x < 699.5; x += 0.37) {
    const double expected = exp(x), got = mnw_exp(x);
    assert_true(fabs(got - expected) <= 4e-15 * expected);
  }
  assert_true(mnw_exp(0.0) == 1.0);
  assert_true(mnw_exp(-1e300) == 0.0);
}

static void rounding_is_to_even(void **state) {
  (void)state;
  for (int32_t i = -70000; i <= 70000; i++) {
    const float value = (float)i * 0.25f;
    assert_int_equal(mnw_round_even(value), (int32_t)nearbyintf(value));
  }
  assert_true(mnw_clamp_float(NAN, -3.0f, 5.0f) == -3.0f);
}

static void expect_valid_plan(const mnw_plan_item *items, uint32_t count, size_t peak) {
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(items[i].offset_bytes % 16, 0);
    assert_true((size_t)items[i].offset_bytes + items[i].size_bytes <= peak);
    for (uint32_t j = 0; j < i; j++) {
      const int together = items[i].first <= items[j].last && items[j].first <= items[i].last;
      const int apart = items[i].offset_bytes + items[i].size_bytes <= items[j].offset_bytes ||
                        items[j].offset_bytes + items[j].size_bytes <= items[i].offset_bytes;
      assert_true(!together || apart);
    }
  }
}

// The bytes alive at the busiest step: no plan can need less.
static size_t lower_bound(const mnw_plan_item *items, uint32_t count, uint32_t steps) {
  size_t bound = 0;
  for (uint32_t step = 0; step < steps; step++) {
    size_t alive = 0;
    for (uint32_t i = 0; i < count; i++) {
      if (items[i].first <= step && step <= items[i].last)
        alive += (items[i].size_bytes + 15) / 16 * 16;
    }
    if (alive > bound) bound = alive;
  }
  return bound;
}

// Wide and narrow layers in turn, each half as large as the last pair, with skip connections: the
// shape of MobileNetV2.
static void bottleneck_chain_comes_near_the_lower_bound(void **state) {
  enum { COUNT = 40 };
  mnw_plan_item items[COUNT];
  uint32_t order[2 * COUNT];
  (void)state;
  for (uint32_t i = 0; i < COUNT; i++) {
    const uint32_t wide = 1200000 >> (i / 8), narrow = wide / 6;
    items[i] = (mnw_plan_item){i % 3 == 2 ? narrow : wide, i, i % 3 == 2 ? i + 4 : i + 1, 0};
  }
  const size_t peak = mnw_plan_memory(items, COUNT, order);
  expect_valid_plan(items, COUNT, peak);
  assert_true(peak <= lower_bound(items, COUNT, COUNT + 5) * 11 / 10);
}

static void random_plans_never_overlap(void **state) {
  enum { COUNT = 60, STEPS = 30 };
  mnw_plan_item items[COUNT];
  uint32_t order[2 * COUNT], seed = 1;
  (void)state;
  for (int pass = 0; pass < 300; pass++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      seed = seed * 1664525 + 1013904223;
      const uint32_t first = (seed >> 8) % STEPS;
      items[i] =
          (mnw_plan_item){(seed >> 3) % 5000, first, first + (seed >> 20) % (STEPS - first), 0};
    }
    const size_t peak = mnw_plan_memory(items, COUNT, order);
    expect_valid_plan(items, COUNT, peak);
    assert_true(peak >= lower_bound(items, COUNT, STEPS));
  }
}

static void plans_past_four_gigabytes_are_refused(void **state) {
  mnw_plan_item items[] = {{0xf0000000u, 0, 1, 0}, {0x20000000u, 0, 1, 0}};
  uint32_t order[4];
  (void)state;
  assert_true(mnw_plan_memory(items, 2, order) == SIZE_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_hands_out_aligned_blocks_until_full),
      cmocka_unit_test(arena_refuses_sizes_that_overflow),
      cmocka_unit_test(messages_fill_in_numbers_and_truncate),
      cmocka_unit_test(exp_agrees_with_libm),
      cmocka_unit_test(rounding_is_to_even),
      cmocka_unit_test(bottleneck_chain_comes_near_the_lower_bound),
      cmocka_unit_test(random_plans_never_overlap),
      cmocka_unit_test(plans_past_four_gigabytes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
