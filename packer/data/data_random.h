// Random numbers of data sets: each example of each epoch has a generator of its own, started from
// its number and the seed; order and threads do not matter. And hashes of what splits go by.
#ifndef MINNOW_PACKER_DATA_RANDOM_H_
#define MINNOW_PACKER_DATA_RANDOM_H_

#include <stddef.h>

#include "../pk_random.h"

// Generators of different (seed, stream) are independent of each other.
static inline pk_random pk_random_start(uint64_t seed, uint64_t stream) {
  return (pk_random){pk_random_mix(pk_random_mix(seed + 1) ^ (stream * 0xd1342543de82ef95U + 1))};
}

// Mean 0, variance 1, within ±3.47: the sum of four 16-bit numbers.
static inline float pk_random_near_normal(pk_random *random) {
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
