// Code lengths against brute force.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/format/package_format.h"
#include "encode/huffman_build.h"
#include "test_random.h"

enum { SYMBOLS = PK_HUFFMAN_SYMBOLS, LIMIT = MNW_SYMBOL_TABLE_BITS };

static uint64_t total_cost(const uint8_t *lengths, const uint64_t *counts, size_t count) {
  uint64_t cost = 0;
  for (size_t s = 0; s < count; s++) cost += lengths[s] * counts[s];
  return cost;
}

// Sum of 2^-length over the used symbols, in units of 2^-max_bits.
static uint64_t kraft_sum(const uint8_t *lengths, size_t count, int max_bits) {
  uint64_t sum = 0;
  for (size_t s = 0; s < count; s++) sum += lengths[s] ? 1ull << (max_bits - lengths[s]) : 0;
  return sum;
}

// The least cost of any prefix code: tries every vector of lengths that satisfies Kraft's
// inequality.
static uint64_t brute_force(const uint64_t *counts, size_t count, int max_bits, uint64_t room) {
  uint64_t best = UINT64_MAX;
  if (count == 0) return 0;
  if (counts[0] == 0) return brute_force(counts + 1, count - 1, max_bits, room);
  for (int length = 1; length <= max_bits; length++) {
    const uint64_t share = 1ull << (max_bits - length);
    if (share > room) continue;
    const uint64_t rest = brute_force(counts + 1, count - 1, max_bits, room - share);
    const uint64_t cost = rest == UINT64_MAX ? rest : counts[0] * (uint64_t)length + rest;
    if (cost < best) best = cost;
  }
  return best;
}

static void lengths_cost_as_little_as_brute_force_finds(void **state) {
  uint32_t seed = 7;
  (void)state;
  for (int round = 0; round < 600; round++) {
    uint64_t counts[7];
    uint8_t lengths[7];
    const size_t count = (size_t)random_between(&seed, 2, 7);
    const int max_bits = random_between(&seed, count > 4 ? 3 : 2, 6);
    const int spread = random_between(&seed, 1, 20);
    for (size_t s = 0; s < count; s++) counts[s] = random_next(&seed) >> (32 - spread);
    counts[0] |= 1;
    counts[1] |= 1;
    assert_true(pk_huffman_lengths(lengths, counts, count, max_bits));
    for (size_t s = 0; s < count; s++) {
      assert_true((lengths[s] > 0) == (counts[s] > 0));
      assert_true(lengths[s] <= max_bits);
    }
    assert_int_equal(kraft_sum(lengths, count, max_bits), 1ull << max_bits);
    assert_int_equal(total_cost(lengths, counts, count),
                     brute_force(counts, count, max_bits, 1ull << max_bits));
  }
}

static void fibonacci_counts_force_the_limit(void **state) {
  uint64_t counts[SYMBOLS] = {1, 1};
  pk_huffman_code code;
  uint8_t free_lengths[SYMBOLS];
  uint8_t longest = 0;
  (void)state;
  // An unlimited Huffman code of 40 Fibonacci counts is 39 bits deep.
  for (size_t s = 2; s < 40; s++) counts[s] = counts[s - 1] + counts[s - 2];
  assert_true(pk_huffman_build(&code, counts));
  assert_int_equal(kraft_sum(code.lengths, SYMBOLS, LIMIT), 1 << LIMIT);
  for (size_t s = 0; s < SYMBOLS; s++) {
    if (code.lengths[s] > longest) longest = code.lengths[s];
  }
  assert_int_equal(longest, LIMIT);
  assert_true(pk_huffman_lengths(free_lengths, counts, SYMBOLS, 16));
  assert_true(total_cost(code.lengths, counts, SYMBOLS) >
              total_cost(free_lengths, counts, SYMBOLS));
  for (size_t s = 1; s < 40; s++) assert_true(code.lengths[s] <= code.lengths[s - 1]);
}

static void special_alphabets(void **state) {
  uint64_t counts[SYMBOLS] = {0};
  pk_huffman_code code;
  (void)state;
  assert_false(pk_huffman_build(&code, counts));
  counts[200] = 12345;
  assert_true(pk_huffman_build(&code, counts));
  for (size_t s = 0; s < SYMBOLS; s++) assert_int_equal(code.lengths[s], s == 200);
  assert_int_equal(code.bits[200], 0);
  for (size_t s = 0; s < SYMBOLS; s++) counts[s] = 17;
  assert_true(pk_huffman_build(&code, counts));
  for (size_t s = 0; s < SYMBOLS; s++) {
    uint16_t reversed = 0;
    assert_int_equal(code.lengths[s], 8);
    for (int bit = 0; bit < 8; bit++) reversed |= (uint16_t)((s >> bit & 1) << (7 - bit));
    assert_int_equal(code.bits[s], reversed);
  }
}

static void entropy_of_known_distributions(void **state) {
  uint64_t counts[SYMBOLS] = {0};
  (void)state;
  assert_true(pk_entropy_bits(counts) == 0.0);
  counts[3] = 8;
  assert_true(pk_entropy_bits(counts) == 0.0);
  counts[4] = 4;
  counts[5] = 4;
  assert_true(fabs(pk_entropy_bits(counts) - 1.5) < 1e-12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lengths_cost_as_little_as_brute_force_finds),
      cmocka_unit_test(fibonacci_counts_force_the_limit),
      cmocka_unit_test(special_alphabets),
      cmocka_unit_test(entropy_of_known_distributions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
