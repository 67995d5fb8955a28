// Dot product of two arrays of 32 int8, the second in 0..127, with the variant's own instruction.
#include <stdint.h>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

enum { DOT_LEN = 32 };

static int8_t dot_lhs[DOT_LEN];
static int8_t dot_rhs[DOT_LEN];

#define DOT_EXPORT(name) __attribute__((export_name(#name))) name

int8_t *DOT_EXPORT(dot_lhs_data)(void) {
  return dot_lhs;
}

int8_t *DOT_EXPORT(dot_rhs_data)(void) {
  return dot_rhs;
}

// Returns the page count before growth; proves that a module without imports can grow its memory.
uint32_t DOT_EXPORT(dot_grow)(uint32_t pages) {
  return (uint32_t)__builtin_wasm_memory_grow(0, pages);
}

#if defined(__wasm_simd128__)
static int32_t dot_sum_lanes(v128_t v) {
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1) +
         wasm_i32x4_extract_lane(v, 2) + wasm_i32x4_extract_lane(v, 3);
}
#endif

int32_t DOT_EXPORT(dot_run)(void) {
#if defined(__wasm_relaxed_simd__)
  v128_t acc = wasm_i32x4_splat(0);
  for (int i = 0; i < DOT_LEN; i += 16) {
    acc = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(wasm_v128_load(dot_lhs + i),
                                                 wasm_v128_load(dot_rhs + i), acc);
  }
  return dot_sum_lanes(acc);
#elif defined(__wasm_simd128__)
  v128_t acc = wasm_i32x4_splat(0);
  for (int i = 0; i < DOT_LEN; i += 8) {
    acc = wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(dot_lhs + i),
                                                   wasm_i16x8_load8x8(dot_rhs + i)));
  }
  return dot_sum_lanes(acc);
#else
  int32_t sum = 0;
  for (int i = 0; i < DOT_LEN; ++i) sum += dot_lhs[i] * dot_rhs[i];
  return sum;
#endif
}
