// A small repeatable random source for tests.
#ifndef MINNOW_TESTS_TEST_RANDOM_H_
#define MINNOW_TESTS_TEST_RANDOM_H_

#include <stddef.h>
#include <stdint.h>

static inline uint32_t random_next(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

// low … high, both included.
static inline int32_t random_between(uint32_t *seed, int32_t low, int32_t high) {
  return low + (int32_t)(random_next(seed) % (uint32_t)(high - low + 1));
}

static inline void random_bytes(uint32_t *seed, void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) ((uint8_t *)bytes)[i] = (uint8_t)(random_next(seed) >> 11);
}

#endif  // MINNOW_TESTS_TEST_RANDOM_H_
