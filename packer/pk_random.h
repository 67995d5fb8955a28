// Numbers that look random and are the same everywhere: splitmix64 (Steele, Lea, Flood 2014).
#ifndef MINNOW_PACKER_PK_RANDOM_H_
#define MINNOW_PACKER_PK_RANDOM_H_

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct pk_random {
  uint64_t state;
} pk_random;  // any state is a good start

static inline uint64_t pk_random_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint64_t pk_random_next(pk_random *random) {
  return pk_random_mix(random->state += 0x9e3779b97f4a7c15u);
}

// In [0, 1).
static inline double pk_random_unit(pk_random *random) {
  return (double)(pk_random_next(random) >> 11) * 0x1p-53;
}

// 0 … count - 1; count above 0.
static inline uint64_t pk_random_below(pk_random *random, uint64_t count) {
  return (uint64_t)(pk_random_unit(random) * (double)count);
}

static inline double pk_random_between(pk_random *random, double low, double high) {
  return low + (high - low) * pk_random_unit(random);
}

static inline bool pk_random_chance(pk_random *random, double share) {
  return pk_random_unit(random) < share;
}

// Of mean 0 and deviation 1 (Box and Muller 1958).
static inline double pk_random_normal(pk_random *random) {
  const double radius = sqrt(-2.0 * log(1.0 - pk_random_unit(random)));
  return radius * cos(6.283185307179586 * pk_random_unit(random));
}

// A stream of its own for each pair of numbers.
static inline pk_random pk_random_of(uint64_t seed, uint64_t number) {
  return (pk_random){pk_random_mix(seed + 0x9e3779b97f4a7c15u) + number * 0xd1342543de82ef95u};
}

#endif  // MINNOW_PACKER_PK_RANDOM_H_
