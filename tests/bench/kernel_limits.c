#include "kernel_limits.h"

#include "kernels/simd.h"

enum { SUMS = 10, STEPS = 1024 };

static v128_t sink;

const char *kernel_limit_name(kernel_limit limit) {
  static const char *const names[] = {"limit dot_i16x8", "limit relaxed dot, int32 sums",
                                      "limit relaxed dot, int16 sums", "limit f32 multiply-add"};
  return names[limit];
}

bool kernel_limit_dot_is_whole(void) {
  return mnw_dot_eighth_bit() != MNW_EIGHTH_BIT_LOST;
}

double kernel_limit_products(kernel_limit limit) {
  const double lanes = limit == LIMIT_F32 ? 4 : limit == LIMIT_DOT_I16 ? 8 : 16;
  return lanes * SUMS * STEPS;
}

MNW_INLINE v128_t multiply(v128_t sum, v128_t a, v128_t b, const kernel_limit limit) {
  switch (limit) {
    case LIMIT_DOT_I16:
      return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(a, b));
    case LIMIT_DOT_I8:
      return mnw_dot_add(a, b, sum);
    case LIMIT_DOT_I8_RUNS:
      return wasm_i16x8_add(sum, mnw_dot_i16(a, b));
    default:
      return mnw_madd_f32x4(a, b, sum);
  }
}

// `limit` is constant. Operands change from step to step and, where product and addition are two
// instructions, from sum to sum, so that no product can stand for another one.
MNW_INLINE void run_steps(uint32_t repeats, const kernel_limit limit) {
  v128_t sums[SUMS], factors[SUMS], a = sink;
  for (int i = 0; i < SUMS; i++) {
    sums[i] = wasm_i32x4_splat(i);
    factors[i] = wasm_i8x16_splat((int8_t)((repeats + (uint32_t)i) & 15));
  }
  for (uint32_t step = 0; step < repeats * STEPS; step++) {
    for (int i = 0; i < SUMS; i++) {
      const int is_one = limit == LIMIT_DOT_I8 || limit == LIMIT_F32;
      sums[i] = multiply(sums[i], a, factors[is_one ? 0 : i], limit);
    }
    a = wasm_v128_xor(a, factors[0]);
  }
  for (int i = 0; i < SUMS; i++) sink = wasm_v128_xor(sink, sums[i]);
}

void kernel_limit_run(kernel_limit limit, uint32_t repeats) {
  switch (limit) {
    case LIMIT_DOT_I16:
      run_steps(repeats, LIMIT_DOT_I16);
      break;
    case LIMIT_DOT_I8:
      run_steps(repeats, LIMIT_DOT_I8);
      break;
    case LIMIT_DOT_I8_RUNS:
      run_steps(repeats, LIMIT_DOT_I8_RUNS);
      break;
    default:
      sink = wasm_f32x4_splat(1.0f);
      run_steps(repeats, LIMIT_F32);
      break;
  }
}
