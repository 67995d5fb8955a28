// A convolution and its depthwise convolution run together by bands: the same bits as when each
// runs alone, on any number of threads, with less memory. That they run alone is brought about by
// making the tensor between them an output of the graph.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "format/package_format.h"
#include "kernels/packed_layout.h"
#include "ops/op_params.h"
#include "package_builder.h"
#include "test_random.h"

enum { MAX_CONSTANT = 40000, CASES = 12 };

typedef struct pair_case {
  bool is_f32;
  int32_t in_h, in_w, in_c, kernel, stride;             // of the convolution
  int32_t mid_h, mid_w, mid_c;                          // between
  int32_t taps_h, taps_w, steps_h, steps_w, top, left;  // of the depthwise convolution
  int32_t out_h, out_w;
} pair_case;

// The tensor between is large enough to be worth it, whatever the dtype.
static pair_case random_case(uint32_t *seed, bool is_f32) {
  pair_case c = {.is_f32 = is_f32,
                 .in_c = random_between(seed, 1, 9),
                 .kernel = random_between(seed, 0, 1) ? 1 : 3,
                 .stride = random_between(seed, 1, 2),
                 .mid_h = random_between(seed, 60, 70),
                 .mid_w = random_between(seed, 61, 75),
                 .mid_c = random_between(seed, 10, 12) * 8 + random_between(seed, 0, 1),
                 .taps_h = random_between(seed, 1, 5),
                 .taps_w = random_between(seed, 1, 5),
                 .steps_h = random_between(seed, 1, 3),
                 .steps_w = random_between(seed, 1, 3)};
  if (c.steps_h > c.taps_h) c.steps_h = c.taps_h;  // lines that are shared
  if (c.kernel == 1) c.stride = 1;
  c.in_h = (c.mid_h - 1) * c.stride + c.kernel;
  c.in_w = (c.mid_w - 1) * c.stride + c.kernel;
  c.top = random_between(seed, 0, c.taps_h - 1);
  c.left = random_between(seed, 0, c.taps_w - 1);
  c.out_h = (c.mid_h + 2 * c.top - c.taps_h) / c.steps_h + 1;
  c.out_w = (c.mid_w + c.left - c.taps_w) / c.steps_w + 1;
  return c;
}

static void random_floats(uint32_t *seed, float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = (float)random_between(seed, -1000, 1000) / 500.0f;
}

// Constants of both operators: weights, bias and, in int8, multiplier.
typedef struct pair_constants {
  float f32[2][MAX_CONSTANT];
  int8_t s8[2][MAX_CONSTANT];
  int32_t bias[128];
  float bias_f32[128], multiplier[128];
} pair_constants;

static void fill_constants(pair_constants *constants, uint32_t *seed) {
  for (int op = 0; op < 2; op++) {
    random_floats(seed, constants->f32[op], MAX_CONSTANT);
    random_bytes(seed, constants->s8[op], MAX_CONSTANT);
  }
  random_floats(seed, constants->bias_f32, 128);
  for (int i = 0; i < 128; i++) {
    constants->bias[i] = random_between(seed, -3000, 3000);
    constants->multiplier[i] = (float)random_between(seed, 1, 100) / 20000.0f;
  }
}

static int32_t add_op(package_builder *builder, const pair_case *c, const pair_constants *constants,
                      bool is_depthwise, int32_t x) {
  const int32_t channels = c->mid_c, padded[] = {(int32_t)mnw_round_up((size_t)channels, 8)};
  const int32_t taps[] = {c->taps_h, c->taps_w, channels};
  const int32_t kernel[] = {channels, c->kernel, c->kernel, c->in_c};
  const int32_t mid[] = {1, c->mid_h, c->mid_w, channels},
                out[] = {1, c->out_h, c->out_w, channels};
  const size_t k = (size_t)(c->kernel * c->kernel * c->in_c), t = (size_t)(c->taps_h * c->taps_w);
  const float clamp[] = {-3.0f, 3.0f};
  int32_t params[] = {c->kernel, c->kernel, c->stride, c->stride, 1, 1, 0, 0, 0, 8, -128, 127, 1};
  if (is_depthwise) {
    const int32_t own[] = {c->taps_h, c->taps_w, c->steps_h, c->steps_w, 1, 1, c->top, c->left};
    memcpy(params, own, sizeof own);
  }
  if (c->is_f32) memcpy(params + MNW_CONV_CLAMP_MIN, clamp, sizeof clamp);
  const mnw_dtype dtype = c->is_f32 ? MNW_DTYPE_F32 : MNW_DTYPE_S8;
  const int layout = is_depthwise ? (c->is_f32 ? MNW_LAYOUT_ROW_MAJOR : MNW_LAYOUT_DEPTHWISE_8X2)
                                  : (c->is_f32 ? MNW_LAYOUT_TILE_8_F32 : MNW_LAYOUT_TILE_8X4);
  const size_t bytes = c->is_f32 ? 4 * (is_depthwise ? t * (size_t)channels : k * (size_t)padded[0])
                                 : (is_depthwise ? mnw_depthwise_8x2_bytes((size_t)channels, t)
                                                 : mnw_tile_8x4_bytes((size_t)channels, k));
  const void *weights = c->is_f32 ? (const void *)constants->f32[is_depthwise]
                                  : (const void *)constants->s8[is_depthwise];
  const float scale = c->is_f32 ? 0.0f : 0.5f;
  const int32_t inputs[] = {
      x,
      builder_tensor(builder, dtype, layout, is_depthwise ? 3 : 4, is_depthwise ? taps : kernel,
                     0.0f, 0, weights, bytes),
      builder_tensor(builder, c->is_f32 ? MNW_DTYPE_F32 : MNW_DTYPE_S32, 0, 1, padded, 0.0f, 0,
                     c->is_f32 ? (const void *)constants->bias_f32 : (const void *)constants->bias,
                     4 * (size_t)padded[0]),
      c->is_f32 ? x
                : builder_tensor(builder, MNW_DTYPE_F32, 0, 1, padded, 0.0f, 0,
                                 constants->multiplier, 4 * (size_t)padded[0])};
  const int32_t y =
      builder_tensor(builder, dtype, 0, 4, is_depthwise ? out : mid, scale, 0, NULL, 0);
  builder_op(builder, is_depthwise ? MNW_OP_DEPTHWISE_CONV_2D : MNW_OP_CONV_2D, c->is_f32 ? 3 : 4,
             inputs, y, 13, params);
  return y;
}

static void build_pair(package_builder *builder, const pair_case *c,
                       const pair_constants *constants, bool runs_alone) {
  const int32_t dims[] = {1, c->in_h, c->in_w, c->in_c};
  builder_init(builder);
  const int32_t x = builder_tensor(builder, c->is_f32 ? MNW_DTYPE_F32 : MNW_DTYPE_S8, 0, 4, dims,
                                   c->is_f32 ? 0.0f : 0.5f, 0, NULL, 0);
  const int32_t between = add_op(builder, c, constants, false, x);
  const int32_t y = add_op(builder, c, constants, true, between);
  builder_input(builder, x);
  builder_output(builder, y);
  if (runs_alone) builder_output(builder, between);
  builder_finish(builder, 65536, 1000);
}

// A copy of the output. activation_bytes: of the plan.
static uint8_t *run_pair(const package_builder *builder, const mnw_kernels *kernels,
                         uint32_t threads, uint32_t seed, size_t *output_bytes,
                         size_t *activation_bytes) {
  loaded_package loaded = builder_load(builder, kernels, 0);
  mnw_tensor_info in, out;
  mnw_session_plan_info plan;
  mnw_error error;
  mnw_team *team = NULL;
  mnw_session *session;
  void *team_memory = malloc(mnw_team_bytes());
  assert_int_equal(mnw_team_init(&team, team_memory, mnw_team_bytes(), threads, NULL, NULL, &error),
                   MNW_STATUS_OK);
  assert_int_equal(mnw_session_plan(&plan, loaded.model, team, &error), MNW_STATUS_OK);
  void *memory = malloc(plan.session_bytes);
  assert_int_equal(
      mnw_session_init(&session, loaded.model, team, memory, plan.session_bytes, &error),
      MNW_STATUS_OK);
  mnw_model_input_info(&in, loaded.model, 0);
  mnw_model_output_info(&out, loaded.model, 0);
  if (in.dtype == MNW_DTYPE_F32) {
    random_floats(&seed, mnw_session_input(session, 0), in.size_bytes / sizeof(float));
  } else {
    random_bytes(&seed, mnw_session_input(session, 0), in.size_bytes);
  }
  assert_int_equal(mnw_session_run(session, &error), MNW_STATUS_OK);
  uint8_t *copy = malloc(out.size_bytes);
  memcpy(copy, mnw_session_output(session, 0), out.size_bytes);
  *output_bytes = out.size_bytes;
  *activation_bytes = plan.activation_bytes;
  free(memory);
  free(team_memory);
  loaded_free(&loaded);
  return copy;
}

static void check_case(uint32_t *seed, bool is_f32) {
  static package_builder alone, together;
  static pair_constants constants;
  const pair_case c = random_case(seed, is_f32);
  fill_constants(&constants, seed);
  build_pair(&alone, &c, &constants, true);
  build_pair(&together, &c, &constants, false);
  for (size_t set = 0; mnw_kernels_get(set) != NULL; set++) {
    const mnw_kernels *kernels = mnw_kernels_get(set);
    size_t bytes, alone_bytes, activations, alone_activations;
    uint8_t *expected = run_pair(&alone, kernels, 1, *seed, &alone_bytes, &alone_activations);
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
      uint8_t *y = run_pair(&together, kernels, threads, *seed, &bytes, &activations);
      assert_int_equal(bytes, alone_bytes);
      assert_memory_equal(y, expected, bytes);
      assert_true(activations < alone_activations);
      free(y);
    }
    free(expected);
  }
}

static void int8_pairs_have_the_bits_of_their_operators(void **state) {
  uint32_t seed = 31;
  (void)state;
  for (int i = 0; i < CASES; i++) check_case(&seed, false);
}

static void float32_pairs_have_the_bits_of_their_operators(void **state) {
  uint32_t seed = 32;
  (void)state;
  for (int i = 0; i < CASES; i++) check_case(&seed, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(int8_pairs_have_the_bits_of_their_operators),
      cmocka_unit_test(float32_pairs_have_the_bits_of_their_operators),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
