// The only place for compiler extensions.
#ifndef MINNOW_BASE_PLATFORM_H_
#define MINNOW_BASE_PLATFORM_H_

#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define MNW_MUST_USE __attribute__((warn_unused_result))
#define MNW_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define MNW_ALWAYS_INLINE inline __attribute__((always_inline))
#define MNW_NO_INLINE __attribute__((noinline))
#else
#define MNW_MUST_USE
#define MNW_LIKELY(condition) (condition)
#define MNW_ALWAYS_INLINE inline
#define MNW_NO_INLINE
#endif

// Four numbers on which + - * & | ^ << >> work one by one, SIMD or not; and four of those of two,
// by their places, a's first.
typedef uint32_t mnw_u32x4 __attribute__((vector_size(16)));
#define MNW_U32X4_SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)

// Of a number that is not 0.
static inline uint32_t mnw_leading_zeros(uint32_t number) {
  return (uint32_t)__builtin_clz(number);
}

// What the native SIMD kernels are compiled for (NEON is part of every 64-bit Arm).
#if defined(__x86_64__)
#define MNW_CPU_RUNS_SIMD() __builtin_cpu_supports("sse4.2")
#else
#define MNW_CPU_RUNS_SIMD() 1
#endif

#endif  // MINNOW_BASE_PLATFORM_H_
