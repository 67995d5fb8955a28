// Repeatable random numbers and hashes: SplitMix64 (Steele, Lea, Flood: "Fast splittable
// pseudorandom number generators", OOPSLA 2014). A generator is one 64-bit word, so each example of
// each epoch has one of its own, started from its number and the seed; order and threads do not
// matter.
#ifndef MINNOW_PACKER_DATA_RANDOM_H_
#define MINNOW_PACKER_DATA_RANDOM_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pk_random {
  uint64_t state;
} pk_random;

static inline uint64_t pk_random_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

static inline uint64_t pk_random_next(pk_random *random) {
  random->state += 0x9e3779b97f4a7c15U;
  return pk_random_mix(random->state);
}

// Generators of different (seed, stream) are independent of each other.
static inline pk_random pk_random_start(uint64_t seed, uint64_t stream) {
  return (pk_random){pk_random_mix(pk_random_mix(seed + 1) ^ (stream * 0xd1342543de82ef95U + 1))};
}

static inline double pk_random_unit(pk_random *random) {  // [0, 1)
  return (double)(pk_random_next(random) >> 11) * 0x1p-53;
}

static inline double pk_random_between(pk_random *random, double low, double high) {
  return low + (high - low) * pk_random_unit(random);
}

static inline bool pk_random_chance(pk_random *random, double share) {
  return pk_random_unit(random) < share;
}

static inline size_t pk_random_below(pk_random *random,
                                     size_t end) {  // 0 … end - 1; end at least 1
  return (size_t)(pk_random_unit(random) * (double)end);
}

// Mean 0, variance 1, within ±3.47: the sum of four 16-bit numbers.
static inline float pk_random_normal(pk_random *random) {
  const uint64_t bits = pk_random_next(random);
  const int32_t sum = (int32_t)(bits & 0xffff) + (int32_t)(bits >> 16 & 0xffff) +
                      (int32_t)(bits >> 32 & 0xffff) + (int32_t)(bits >> 48);
  return (float)(sum - 131070) * (1.0f / 37837.23f);
}

static inline uint64_t pk_hash_bytes(const void *bytes, size_t size_bytes) {  // FNV-1a, mixed
  const uint8_t *at = bytes;
  uint64_t hash = 0xcbf29ce484222325U;
  for (size_t i = 0; i < size_bytes; i++) hash = (hash ^ at[i]) * 0x100000001b3U;
  return pk_random_mix(hash);
}

#endif  // MINNOW_PACKER_DATA_RANDOM_H_
