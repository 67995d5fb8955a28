// The picture front end against formulas in double precision, pushed in bands of any size.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_random.h"

#include <minnow/minnow.h>

enum { MAX_SIDE = 60 };

static uint8_t source[MAX_SIDE * MAX_SIDE * 4];

static void resample(void *tensor, const mnw_image_options *options, uint32_t band_rows) {
  const size_t bytes = mnw_image_bytes(options);
  mnw_image *image;
  assert_true(bytes > 0);
  void *memory = aligned_alloc(MNW_ALIGNMENT, bytes);
  assert_int_equal(mnw_image_init(&image, memory, bytes, options, tensor, NULL), MNW_STATUS_OK);
  for (uint32_t y = 0; y < options->source_height; y += band_rows) {
    const uint32_t left = options->source_height - y, rows = left < band_rows ? left : band_rows;
    assert_int_equal(
        mnw_image_push_rows(image, source + (size_t)y * options->source_width * 4, rows, NULL),
        MNW_STATUS_OK);
  }
  assert_true(mnw_image_is_complete(image));
  assert_int_equal(mnw_image_push_rows(image, source, 1, NULL), MNW_STATUS_INVALID_ARGUMENT);
  free(memory);
}

// Weight of source sample j for target sample i along one axis.
static double axis_weight(int j, int i, int from, int to) {
  if (to > from) {
    const double centre = fmin(fmax((i + 0.5) * from / to - 0.5, 0), from - 1);
    return fmax(0, 1 - fabs(centre - j));
  }
  const double low = fmax((double)i * from / to, j),
               high = fmin((double)(i + 1) * from / to, j + 1);
  return fmax(0, high - low) * to / from;
}

static double expected_value(const mnw_image_options *o, int x, int y, int channel) {
  double sum = 0;
  for (int j = 0; j < (int)o->crop_height; j++) {
    const double row_weight = axis_weight(j, y, (int)o->crop_height, (int)o->height);
    if (row_weight == 0) continue;
    for (int i = 0; i < (int)o->crop_width; i++) {
      const double weight = row_weight * axis_weight(i, x, (int)o->crop_width, (int)o->width);
      sum +=
          weight * source[(((size_t)j + o->crop_y) * o->source_width + (size_t)i + o->crop_x) * 4 +
                          (size_t)channel];
    }
  }
  return sum;
}

static mnw_image_options random_options(uint32_t *seed) {
  mnw_image_options o = {.source_width = (uint32_t)random_between(seed, 1, MAX_SIDE),
                         .source_height = (uint32_t)random_between(seed, 1, MAX_SIDE),
                         .width = (uint32_t)random_between(seed, 1, 40),
                         .height = (uint32_t)random_between(seed, 1, 40),
                         .channels = 3,
                         .dtype = MNW_DTYPE_F32,
                         .scale = {1.0f, 1.0f, 1.0f}};
  o.crop_width = (uint32_t)random_between(seed, 1, (int32_t)o.source_width);
  o.crop_height = (uint32_t)random_between(seed, 1, (int32_t)o.source_height);
  o.crop_x = (uint32_t)random_between(seed, 0, (int32_t)(o.source_width - o.crop_width));
  o.crop_y = (uint32_t)random_between(seed, 0, (int32_t)(o.source_height - o.crop_height));
  return o;
}

static void values_match_the_definition(void **state) {
  static float got[40 * 40 * 3], again[40 * 40 * 3];
  uint32_t seed = 21;
  (void)state;
  for (int pass = 0; pass < 150; pass++) {
    const mnw_image_options o = random_options(&seed);
    const size_t values = (size_t)o.width * o.height * 3;
    random_bytes(&seed, source, sizeof source);
    resample(got, &o, 1000);
    resample(again, &o, (uint32_t)random_between(&seed, 1, 7));
    assert_memory_equal(got, again, values * sizeof(float));
    for (size_t i = 0; i < values; i++) {
      const int channel = (int)(i % 3), x = (int)(i / 3 % o.width), y = (int)(i / 3 / o.width);
      assert_true(fabs((double)got[i] - expected_value(&o, x, y, channel)) < 1e-3);
    }
  }
}

static void bytes_are_rounded_and_shifted(void **state) {
  uint8_t bytes[30 * 20 * 3];
  int8_t shifted[30 * 20 * 3];
  float values[30 * 20 * 3];
  uint32_t seed = 22;
  mnw_image_options o = {
      .source_width = 47, .source_height = 31, .width = 30, .height = 20, .channels = 3};
  (void)state;
  random_bytes(&seed, source, sizeof source);
  o.dtype = MNW_DTYPE_U8;
  resample(bytes, &o, 5);
  o.dtype = MNW_DTYPE_S8;
  resample(shifted, &o, 5);
  o.dtype = MNW_DTYPE_F32;
  for (int c = 0; c < 3; c++) {
    o.scale[c] = 0.5f;
    o.offset[c] = -3.0f;
  }
  resample(values, &o, 5);
  for (size_t i = 0; i < sizeof bytes; i++) {
    assert_int_equal(shifted[i], bytes[i] - 128);
    assert_true(fabsf(values[i] - ((float)bytes[i] * 0.5f - 3.0f)) <= 0.2501f);
  }
}

static void grey_is_luma_and_copies_are_exact(void **state) {
  uint8_t grey[8 * 8], same[8 * 8 * 3];
  uint32_t seed = 23;
  mnw_image_options o = {.source_width = 8,
                         .source_height = 8,
                         .width = 8,
                         .height = 8,
                         .channels = 1,
                         .dtype = MNW_DTYPE_U8};
  (void)state;
  random_bytes(&seed, source, sizeof source);
  resample(grey, &o, 3);
  o.channels = 3;
  resample(same, &o, 3);
  for (size_t i = 0; i < 64; i++) {
    assert_memory_equal(same + 3 * i, source + 4 * i, 3);
    const double luma =
        0.299 * source[4 * i] + 0.587 * source[4 * i + 1] + 0.114 * source[4 * i + 2];
    assert_true(fabs(grey[i] - luma) <= 0.501);
  }
}

static void unusable_options_are_refused(void **state) {
  const mnw_image_options good = {.source_width = 9,
                                  .source_height = 9,
                                  .width = 4,
                                  .height = 4,
                                  .channels = 3,
                                  .dtype = MNW_DTYPE_U8};
  uint8_t tensor[48];
  _Alignas(16) uint8_t memory[1024];
  mnw_image *image;
  mnw_error error;
  (void)state;
  mnw_image_options bad = good;
  assert_true(mnw_image_bytes(&good) > 0);
  bad.source_width = 0;
  assert_int_equal(mnw_image_bytes(&bad), 0);
  bad = good, bad.source_height = 1 << 20;
  assert_int_equal(mnw_image_bytes(&bad), 0);
  bad = good, bad.crop_width = 5, bad.crop_height = 5, bad.crop_x = 5;
  assert_int_equal(mnw_image_bytes(&bad), 0);
  bad = good, bad.channels = 2;
  assert_int_equal(mnw_image_bytes(&bad), 0);
  assert_int_equal(mnw_image_init(&image, memory, sizeof memory, &bad, tensor, &error),
                   MNW_STATUS_INVALID_ARGUMENT);
  assert_int_equal(mnw_image_init(&image, memory, 16, &good, tensor, &error),
                   MNW_STATUS_OUT_OF_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_match_the_definition),
      cmocka_unit_test(bytes_are_rounded_and_shifted),
      cmocka_unit_test(grey_is_luma_and_copies_are_exact),
      cmocka_unit_test(unusable_options_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
