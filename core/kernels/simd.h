// The vector primitives that <kernel>_simd.c are written in: the wasm SIMD intrinsics, natively
// through SIMDe, and the few helpers they lack.
//
// A file that includes it is compiled once for simd128 and once, with MNW_RELAXED = 1, for relaxed.
#ifndef MINNOW_KERNELS_SIMD_H_
#define MINNOW_KERNELS_SIMD_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../base/platform.h"

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
#endif

#ifndef MNW_RELAXED
#define MNW_RELAXED 0
#endif

// The kernels' templates are functions whose constant arguments shape the loops: they must be
// inlined whatever the compiler's opinion of their size.
#define MNW_INLINE static MNW_ALWAYS_INLINE

// `count` < 8 bytes from `from`, the rest zero, reading nothing else. Where `readable_before` bytes
// ahead of `from` may be read, one load ending at the last byte does it.
MNW_INLINE v128_t mnw_load_tail(const int8_t *from, size_t count, size_t readable_before) {
  uint64_t bits = 0;
  if (count + readable_before >= sizeof bits) {
    memcpy(&bits, from + count - sizeof bits, sizeof bits);
    bits >>= 8 * (sizeof bits - count);  // every target is little-endian
  } else {
    for (size_t i = 0; i < count; i++) {
      bits |= (uint64_t)(uint8_t)from[i] << (8 * i);
    }
  }
  return wasm_i64x2_splat((int64_t)bits);
}

// Bytes 8 * half .. of `bytes`, `count` <= 8 of them, to `to`.
MNW_INLINE void mnw_store_half(int8_t *to, v128_t bytes, const int half, size_t count) {
  if (count == 8) {
    if (half == 0) {
      wasm_v128_store64_lane(to, bytes, 0);
    } else {
      wasm_v128_store64_lane(to, bytes, 1);
    }
    return;
  }
  int8_t lanes[16];
  wasm_v128_store(lanes, bytes);
  for (size_t i = 0; i < count; i++) {
    to[i] = lanes[8 * half + i];
  }
}

// [a0 + a1, a2 + a3, b0 + b1, b2 + b3]
MNW_INLINE v128_t mnw_add_pairs_i32x4(v128_t a, v128_t b) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}

// acc + in each 32-bit lane the dot product of 4 int8 with 4 integers in 0..127. The specification
// of relaxed SIMD leaves open what an eighth bit in the second operand means; without one all
// machines agree, and only so may kernels use it.
MNW_INLINE v128_t mnw_dot_add(v128_t signed_bytes, v128_t seven_bits, v128_t acc) {
#if defined(__wasm_relaxed_simd__)
  return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(signed_bytes, seven_bits, acc);
#elif defined(__ARM_FEATURE_DOTPROD)
  return simde_v128_from_neon_i32(vdotq_s32(simde_v128_to_neon_i32(acc),
                                            simde_v128_to_neon_i8(signed_bytes),
                                            simde_v128_to_neon_i8(seven_bits)));
#elif defined(SIMDE_X86_SSSE3_NATIVE)
  const __m128i pairs =
      _mm_maddubs_epi16(simde_v128_to_m128i(seven_bits), simde_v128_to_m128i(signed_bytes));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
  return wasm_i32x4_add(acc, simde_v128_from_m128i(fours));
#else
  const v128_t low = wasm_i16x8_extmul_low_i8x16(signed_bytes, seven_bits);
  const v128_t high = wasm_i16x8_extmul_high_i8x16(signed_bytes, seven_bits);
  return wasm_i32x4_add(acc, mnw_add_pairs_i32x4(wasm_i32x4_extadd_pairwise_i16x8(low),
                                                 wasm_i32x4_extadd_pairwise_i16x8(high)));
#endif
}

// a * b + c in each lane, in one rounding where relaxed SIMD fuses it, else in two.
MNW_INLINE v128_t mnw_madd_f32x4(v128_t a, v128_t b, v128_t c) {
#if defined(__wasm_relaxed_simd__)
  return wasm_f32x4_relaxed_madd(a, b, c);
#elif MNW_RELAXED && defined(__ARM_FEATURE_FMA)
  return simde_v128_from_neon_f32(
      vfmaq_f32(simde_v128_to_neon_f32(c), simde_v128_to_neon_f32(a), simde_v128_to_neon_f32(b)));
#else
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

// Whether mnw_dot_add() is about one instruction (SDOT, VPDPBUSD), so that kernels built on it beat
// those built on i32x4.dot_i16x8. It speeds up, it never changes a result. In wasm the answer shows
// in an eighth bit: x86 without VNNI saturates pairs of products, -128 * 255 twice, to int16.
MNW_INLINE int mnw_dot_is_fast(void) {
#if defined(MNW_DOT_IS_FAST)
  return MNW_DOT_IS_FAST;  // tests force either way
#elif !MNW_RELAXED
  return 0;
#elif defined(__wasm_relaxed_simd__)
  const v128_t sums = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(
      wasm_i8x16_splat(-128), wasm_i8x16_splat(-1), wasm_i32x4_splat(0));
  return wasm_i32x4_extract_lane(sums, 0) != 2 * INT16_MIN;
#elif defined(__ARM_FEATURE_DOTPROD)
  return 1;
#else
  return 0;
#endif
}

#endif  // MINNOW_KERNELS_SIMD_H_
