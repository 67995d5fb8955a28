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

// What the relaxed dot product makes of an eighth bit in its second operand, which its
// specification leaves open: a sign (SDOT), a value of 128 (VPDPBUSD), or sums that saturate or
// wrap around.
typedef enum mnw_eighth_bit {
  MNW_EIGHTH_BIT_LOST,
  MNW_EIGHTH_BIT_SIGNED,
  MNW_EIGHTH_BIT_UNSIGNED
} mnw_eighth_bit;

// acc + in each 32-bit lane the dot product of 4 int8 with 4 bytes, by wider products.
MNW_INLINE v128_t mnw_dot_add_exact(v128_t signed_bytes, v128_t bytes, v128_t acc,
                                    const mnw_eighth_bit eighth_bit) {
  const int is_signed = eighth_bit == MNW_EIGHTH_BIT_SIGNED;
  const v128_t low =
      is_signed ? wasm_i16x8_extend_low_i8x16(bytes) : wasm_u16x8_extend_low_u8x16(bytes);
  const v128_t high =
      is_signed ? wasm_i16x8_extend_high_i8x16(bytes) : wasm_u16x8_extend_high_u8x16(bytes);
  return wasm_i32x4_add(
      acc,
      mnw_add_pairs_i32x4(wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(signed_bytes), low),
                          wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(signed_bytes), high)));
}

// The same in one instruction where there is one: exact for bytes in 0..127, and for others as
// mnw_dot_eighth_bit() says. Kernels must not depend on what it leaves open.
MNW_INLINE v128_t mnw_dot_add(v128_t signed_bytes, v128_t bytes, v128_t acc) {
#if defined(MNW_EIGHTH_BIT)
  return mnw_dot_add_exact(signed_bytes, bytes, acc, MNW_EIGHTH_BIT);
#elif defined(__wasm_relaxed_simd__)
  return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(signed_bytes, bytes, acc);
#elif defined(__ARM_FEATURE_DOTPROD)
  return simde_v128_from_neon_i32(vdotq_s32(simde_v128_to_neon_i32(acc),
                                            simde_v128_to_neon_i8(signed_bytes),
                                            simde_v128_to_neon_i8(bytes)));
#elif defined(SIMDE_X86_SSSE3_NATIVE)
  const __m128i pairs =
      _mm_maddubs_epi16(simde_v128_to_m128i(bytes), simde_v128_to_m128i(signed_bytes));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
  return wasm_i32x4_add(acc, simde_v128_from_m128i(fours));
#else
  return mnw_dot_add_exact(signed_bytes, bytes, acc, MNW_EIGHTH_BIT_SIGNED);
#endif
}

// In each 16-bit lane the dot product of 2 int8 with 2 integers in 0..127.
MNW_INLINE v128_t mnw_dot_i16(v128_t signed_bytes, v128_t seven_bits) {
#if defined(__wasm_relaxed_simd__)
  return wasm_i16x8_relaxed_dot_i8x16_i7x16(signed_bytes, seven_bits);
#elif defined(SIMDE_X86_SSSE3_NATIVE)
  return simde_v128_from_m128i(
      _mm_maddubs_epi16(simde_v128_to_m128i(seven_bits), simde_v128_to_m128i(signed_bytes)));
#else
  const v128_t low = wasm_i16x8_extmul_low_i8x16(signed_bytes, seven_bits);
  const v128_t high = wasm_i16x8_extmul_high_i8x16(signed_bytes, seven_bits);
  return wasm_i16x8_add(wasm_i16x8_shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14),
                        wasm_i16x8_shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15));
#endif
}

// What mnw_dot_add() does with an eighth bit, found out by trying: the extremes of both operands,
// where sums of two products would saturate or wrap around. An engine answers the same throughout.
MNW_INLINE mnw_eighth_bit mnw_dot_eighth_bit(void) {
#if defined(MNW_EIGHTH_BIT)
  return MNW_EIGHTH_BIT;  // tests force each
#elif !MNW_RELAXED
  return MNW_EIGHTH_BIT_LOST;
#elif defined(__wasm_relaxed_simd__) || defined(__ARM_FEATURE_DOTPROD)
  const v128_t x = wasm_i8x16_const(-128, -128, -128, -128, 127, 127, 127, 127, -128, -128, 127,
                                    -128, -1, 1, -128, 127);
  const v128_t bytes =
      wasm_i8x16_const(-1, -1, -1, -1, -1, -1, -1, -1, -128, -128, -128, -128, -128, -1, -127, 127);
  const v128_t zero = wasm_i32x4_splat(0), sums = mnw_dot_add(x, bytes, zero);
  for (int answer = MNW_EIGHTH_BIT_SIGNED; answer <= MNW_EIGHTH_BIT_UNSIGNED; answer++) {
    const v128_t exact = mnw_dot_add_exact(x, bytes, zero, (mnw_eighth_bit)answer);
    if (wasm_i32x4_all_true(wasm_i32x4_eq(sums, exact))) {
      return (mnw_eighth_bit)answer;
    }
  }
  return MNW_EIGHTH_BIT_LOST;
#else
  return MNW_EIGHTH_BIT_LOST;
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

#endif  // MINNOW_KERNELS_SIMD_H_
