// Speed of each kernel on MobileNetV2's shapes (1.0, 224 x 224), in giga multiply-adds a second, or
// giga-elements for the addition, and what share that is of the machine's limit (kernel_limits.h).
// Natively a program; as a wasm module its cases are called and timed by kernel_bench_wasm.js.
#include <stddef.h>
#include <stdint.h>

#include "kernel_limits.h"
#include "kernels/kernels.h"
#include "kernels/packed_layout.h"
#include "minnow/minnow.h"

typedef enum bench_kind {
  BENCH_GEMM,
  BENCH_DWCONV,
  BENCH_ADD,
  BENCH_GEMM_F32,
  BENCH_DWCONV_F32
} bench_kind;

typedef struct bench_case {
  bench_kind kind;
  const char *name;
  uint32_t rows, k, o_count;  // dwconv: output pixels, taps, channels; add: elements in k
  uint32_t in_width, stride;  // dwconv only
  uint32_t bits;              // of the weights
} bench_case;

// Rows of a product are the pixels of a whole layer; a depthwise layer is called row by row.
static const bench_case kCases[] = {
    {BENCH_GEMM, "gemm_s8    first 3x3   12544 x 27 x 32", 12544, 27, 32, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    project     12544 x 32 x 16", 12544, 32, 16, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    expand      12544 x 16 x 96", 12544, 16, 96, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    project     3136 x 96 x 24", 3136, 96, 24, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    expand      3136 x 24 x 144", 3136, 24, 144, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    project     784 x 192 x 32", 784, 192, 32, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    expand      196 x 64 x 384", 196, 64, 384, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    project     196 x 576 x 96", 196, 576, 96, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    project     49 x 960 x 160", 49, 960, 160, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    last 1x1    49 x 320 x 1280", 49, 320, 1280, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8    classifier  1 x 1280 x 1001", 1, 1280, 1001, 0, 0, 8},
    {BENCH_GEMM, "gemm_s8/7  expand      196 x 64 x 384", 196, 64, 384, 0, 0, 7},
    {BENCH_GEMM, "gemm_s8/7  project     196 x 576 x 96", 196, 576, 96, 0, 0, 7},
    {BENCH_GEMM, "gemm_s8/6  expand      196 x 64 x 384", 196, 64, 384, 0, 0, 6},
    {BENCH_GEMM, "gemm_s8/6  project     196 x 576 x 96", 196, 576, 96, 0, 0, 6},
    {BENCH_GEMM, "gemm_s8/5  expand      196 x 64 x 384", 196, 64, 384, 0, 0, 5},
    {BENCH_GEMM, "gemm_s8/5  project     196 x 576 x 96", 196, 576, 96, 0, 0, 5},
    {BENCH_GEMM, "gemm_s8/4  expand      196 x 64 x 384", 196, 64, 384, 0, 0, 4},
    {BENCH_GEMM, "gemm_s8/4  project     196 x 576 x 96", 196, 576, 96, 0, 0, 4},
    {BENCH_GEMM, "gemm_s8/5  expand      12544 x 16 x 96", 12544, 16, 96, 0, 0, 5},
    {BENCH_DWCONV, "dwconv_s8  112 x 112 x 32", 112, 9, 32, 112, 1, 8},
    {BENCH_DWCONV, "dwconv_s8  56 x 56 x 96 / 2", 56, 9, 96, 112, 2, 8},
    {BENCH_DWCONV, "dwconv_s8  28 x 28 x 192", 28, 9, 192, 28, 1, 8},
    {BENCH_DWCONV, "dwconv_s8  14 x 14 x 576", 14, 9, 576, 14, 1, 8},
    {BENCH_DWCONV, "dwconv_s8  7 x 7 x 960", 7, 9, 960, 7, 1, 8},
    {BENCH_ADD, "add_s8     14 x 14 x 96", 0, 18816, 0, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   first 3x3   3136 x 27 x 32", 3136, 27, 32, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   project     3136 x 96 x 24", 3136, 96, 24, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   expand      196 x 64 x 384", 196, 64, 384, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   project     196 x 576 x 96", 196, 576, 96, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   last 1x1    49 x 320 x 1280", 49, 320, 1280, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   3x3 of 256  16 x 2304 x 256", 16, 2304, 256, 0, 0, 8},
    {BENCH_GEMM_F32, "gemm_f32   classifier  1 x 640 x 1001", 1, 640, 1001, 0, 0, 8},
    {BENCH_DWCONV_F32, "dwconv_f32 112 x 112 x 32", 112, 9, 32, 112, 1, 8},
    {BENCH_DWCONV_F32, "dwconv_f32 56 x 56 x 96 / 2", 56, 9, 96, 112, 2, 8},
    {BENCH_DWCONV_F32, "dwconv_f32 14 x 14 x 576", 14, 9, 576, 14, 1, 8},
    {BENCH_DWCONV_F32, "dwconv_f32 7 x 7 x 960", 7, 9, 960, 7, 1, 8},
};

enum {
  CASE_COUNT = sizeof kCases / sizeof kCases[0],
  MAX_X = 12544 * 32 + 64,
  MAX_W = 1280 * 1280 + 64,
  MAX_Y = 12544 * 96 + 64,
  MAX_CHANNELS = 1280,
  MAX_TABLE = 4 * 114,
  MAX_F32_X = 3136 * 96,
  MAX_F32_W = 1008 * 640,
  MAX_F32_Y = 3136 * 32
};

static _Alignas(64) int8_t bench_x[MAX_X], bench_w[MAX_W], bench_y[MAX_Y];
static int32_t bench_bias[MAX_CHANNELS];
static float bench_multiplier[MAX_CHANNELS];
static const void *bench_table[MAX_TABLE];
static _Alignas(64) float bench_f32_x[MAX_F32_X], bench_f32_w[MAX_F32_W], bench_f32_y[MAX_F32_Y];
static float bench_f32_bias[MAX_CHANNELS];
static const void *bench_f32_table[MAX_TABLE];

static void fill_inputs(void) {
  uint32_t state = 1;
  for (size_t i = 0; i < MAX_X; i++) {
    state = state * 1664525u + 1013904223u;
    bench_x[i] = (int8_t)(state >> 24);
  }
  for (size_t i = 0; i < MAX_W; i++) {
    state = state * 1664525u + 1013904223u;
    bench_w[i] = (int8_t)((int32_t)(state >> 25) - 64);
  }
  for (size_t i = 0; i < MAX_CHANNELS; i++) {
    bench_bias[i] = (int32_t)i * 16;
    bench_multiplier[i] = 0.001f;
    bench_f32_bias[i] = (float)i * 0.01f;
  }
  for (size_t i = 0; i < MAX_F32_X; i++) {
    bench_f32_x[i] = (float)bench_x[i % MAX_X] * 0.01f;
  }
  for (size_t i = 0; i < MAX_F32_W; i++) {
    bench_f32_w[i] = (float)bench_w[i % MAX_W] * 0.01f;
  }
}

static const mnw_requant kRequant = {bench_bias, bench_multiplier, -3, -128, 127};

// Two rows of output pixels of stride 1, or one, whose table has a line for each line of input.
static mnw_dwconv_shape point_taps(const bench_case *c) {
  const size_t columns = (c->rows - 1) * c->stride + 3, rows = c->stride == 1 ? 2 : 1;
  for (size_t i = 0; i < 4 * columns; i++) {
    const size_t pixel = i / columns * c->in_width + i % columns % c->in_width;
    bench_table[i] = bench_x + pixel * c->o_count;
    bench_f32_table[i] = bench_f32_x + pixel * c->o_count;
  }
  return (mnw_dwconv_shape){.rows = rows,
                            .pixels = c->rows,
                            .channels = c->o_count,
                            .kernel_h = 3,
                            .kernel_w = 3,
                            .row_step = columns,
                            .pixel_step = c->stride,
                            .tap_row_step = columns,
                            .tap_step = 1};
}

static void run_case(const mnw_kernels *set, const bench_case *c, uint32_t repeats) {
  const mnw_add_params add = {1 << 19, 1 << 19, 1 << 18, 20, 0, -128, 127};
  mnw_dwconv_shape shape = {0};
  if (c->kind == BENCH_DWCONV || c->kind == BENCH_DWCONV_F32) {
    shape = point_taps(c);
  }
  for (uint32_t i = 0; i < repeats; i++) {
    switch (c->kind) {
      case BENCH_GEMM:
        set->gemm_s8(bench_y, c->o_count, bench_x, c->k, bench_w, c->rows, c->k, c->o_count, 0,
                     (int32_t)c->bits, &kRequant);
        break;
      case BENCH_DWCONV:
        set->dwconv_s8(bench_y, bench_table, bench_w, &shape, 0, &kRequant);
        break;
      case BENCH_ADD:
        set->add_s8(bench_y, bench_x, bench_x + c->k, c->k, &add);
        break;
      case BENCH_GEMM_F32:
        set->gemm_f32(bench_f32_y, c->o_count, bench_f32_x, c->k, bench_f32_w, c->rows, c->k,
                      c->o_count, bench_f32_bias, 0.0f, 6.0f);
        break;
      case BENCH_DWCONV_F32:
        set->dwconv_f32(bench_f32_y, bench_f32_table, bench_f32_w, &shape, bench_f32_bias, 0.0f,
                        6.0f);
        break;
    }
  }
}

static double case_operations(const bench_case *c) {
  if (c->kind == BENCH_ADD) return (double)c->k;
  const double products = (double)c->rows * c->k * c->o_count;
  return c->stride == 1 ? 2.0 * products : products;  // stride 1: two rows of a depthwise layer
}

// LIMIT_COUNT where there is none to compare with. Where an instruction set has
// several ways, the kernels take the fastest.
static kernel_limit case_limit(const bench_case *c, int is_relaxed) {
  if (c->kind == BENCH_ADD) return LIMIT_COUNT;
  if (c->kind == BENCH_GEMM_F32 || c->kind == BENCH_DWCONV_F32) return LIMIT_F32;
  if (!is_relaxed) return LIMIT_DOT_I16;
  if (kernel_limit_dot_is_whole()) return LIMIT_DOT_I8;
  return c->kind == BENCH_GEMM && c->bits <= 6 ? LIMIT_DOT_I8_RUNS : LIMIT_DOT_I16;
}

#ifdef __wasm__

#define BENCH_EXPORT(name) __attribute__((export_name(#name))) name

uint32_t BENCH_EXPORT(bench_init)(void);
uint32_t BENCH_EXPORT(bench_init)(void) {
  fill_inputs();
  return CASE_COUNT;
}

const char *BENCH_EXPORT(bench_set_name)(void);
const char *BENCH_EXPORT(bench_set_name)(void) {
  return mnw_kernels_name(mnw_kernels_get(0));
}

const char *BENCH_EXPORT(bench_case_name)(uint32_t index);
const char *BENCH_EXPORT(bench_case_name)(uint32_t index) {
  return kCases[index].name;
}

double BENCH_EXPORT(bench_case_operations)(uint32_t index);
double BENCH_EXPORT(bench_case_operations)(uint32_t index) {
  return case_operations(&kCases[index]);
}

// Its limit's number, or one that bench_limit_name() has no name for.
uint32_t BENCH_EXPORT(bench_case_limit)(uint32_t index);
uint32_t BENCH_EXPORT(bench_case_limit)(uint32_t index) {
  return case_limit(&kCases[index], MNW_RELAXED);
}

const char *BENCH_EXPORT(bench_limit_name)(uint32_t limit);
const char *BENCH_EXPORT(bench_limit_name)(uint32_t limit) {
  return limit < LIMIT_COUNT ? kernel_limit_name((kernel_limit)limit) : NULL;
}

double BENCH_EXPORT(bench_limit_operations)(uint32_t limit);
double BENCH_EXPORT(bench_limit_operations)(uint32_t limit) {
  return kernel_limit_products((kernel_limit)limit);
}

void BENCH_EXPORT(bench_run_limit)(uint32_t limit, uint32_t repeats);
void BENCH_EXPORT(bench_run_limit)(uint32_t limit, uint32_t repeats) {
  kernel_limit_run((kernel_limit)limit, repeats);
}

void BENCH_EXPORT(bench_run_case)(uint32_t index, uint32_t repeats);
void BENCH_EXPORT(bench_run_case)(uint32_t index, uint32_t repeats) {
  run_case(mnw_kernels_get(0), &kCases[index], repeats);
}

#else

#include <stdio.h>
#include <string.h>
#include <time.h>

static double seconds_now(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// The best of many short runs: the machine may be busy with other work in between. Of the limit
// where `c` is NULL.
static double giga_per_second(const mnw_kernels *set, const bench_case *c, kernel_limit limit) {
  const double operations = c ? case_operations(c) : kernel_limit_products(limit);
  uint32_t repeats = 1;
  double best = 0;
  for (int run = 0; run < 60;) {
    const double start = seconds_now();
    if (c) {
      run_case(set, c, repeats);
    } else {
      kernel_limit_run(limit, repeats);
    }
    const double seconds = seconds_now() - start;
    if (seconds < 0.002) {
      repeats *= 2;
      continue;
    }
    const double speed = operations * repeats / seconds / 1e9;
    best = speed > best ? speed : best;
    run++;
  }
  return best;
}

// usage: kernel_bench [SET]
int main(int argc, char **argv) {
  double limits[LIMIT_COUNT];
  fill_inputs();
  for (kernel_limit limit = 0; limit < LIMIT_COUNT; limit++) {
    limits[limit] = giga_per_second(NULL, NULL, limit);
    printf("%-51s %7.2f G/s\n", kernel_limit_name(limit), limits[limit]);
  }
  for (size_t s = 0; mnw_kernels_get(s) != NULL; s++) {
    const mnw_kernels *set = mnw_kernels_get(s);
    if (argc > 1 && strcmp(argv[1], mnw_kernels_name(set)) != 0) {
      continue;
    }
    const int is_relaxed = strcmp(mnw_kernels_name(set), "relaxed") == 0;
    for (size_t i = 0; i < CASE_COUNT; i++) {
      const kernel_limit limit = case_limit(&kCases[i], is_relaxed);
      const double speed = giga_per_second(set, &kCases[i], LIMIT_COUNT);
      printf("%-8s %-42s %7.2f G/s", mnw_kernels_name(set), kCases[i].name, speed);
      if (limit < LIMIT_COUNT && strcmp(mnw_kernels_name(set), "scalar") != 0) {
        printf(" %4.0f %% of %s", 100.0 * speed / limits[limit], kernel_limit_name(limit));
      }
      putchar('\n');
    }
  }
  return 0;
}

#endif
