// Generated examples: noise, and pieces of the files of their own part.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_case.h"
#include "test_folder.h"

enum { SIDE = 21, RATE = 4000, WINDOW = 3000, CLIP = WINDOW + 200 };
static char root[TEST_PATH_BYTES];
static const char *const labels[] = {"a", "b", "other", NULL};

static const pk_manifest_tensor colour = {
    .dtype = MNW_DTYPE_F32, .rank = 4, .dims = {1, SIDE, SIDE, 3}};
static const pk_manifest_tensor wave = {.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {1, WINDOW}};

#define IMAGE "{'inputs':[{'image':{}}]}"
#define WAVE "{'inputs':[{'audio':{'sampleRate':4000,'features':'waveform','frames':3000}}]}"
#define PICTURES(source) "{'format':'pictures','sources':[" source "]}"
#define SOUNDS(source) "{'format':'sounds','sources':[" source "]}"

static const char *path_of(const char *name) {
  static char path[2 * TEST_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

static void write_levels(const char *sound, int16_t sample, const char *picture, uint8_t grey) {
  static int16_t samples[CLIP];
  static uint8_t pixels[42 * 42];
  for (size_t i = 0; i < CLIP; i++) samples[i] = sample;
  memset(pixels, grey, sizeof pixels);
  data_case_write_wav(path_of(sound), samples, CLIP, RATE, 1);
  data_case_write_png(path_of(picture), pixels, 42, 42, 1);
}

// Files of one constant each: 0.5 and grey 100 in the folders of class a, -0.25 and 200 of b.
static int make_files(void **state) {
  static const char *const folders[] = {"fixed_a", "fixed_b", "levels_a", "levels_b"};
  if (test_folder_make(state) != 0) return -1;
  test_folder_path(root, "data");
  data_case_make_folder(root);
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    data_case_make_folder(path_of(folders[i]));
  }
  write_levels("fixed_a/f.wav", 16384, "levels_a/l.png", 100);
  write_levels("fixed_b/f.wav", -8192, "levels_b/l.png", 200);
  return 0;
}

static void pieces_come_from_their_own_part(void **state) {
  float samples[WINDOW], pixels[SIDE * SIDE * 3];
  data_case c;
  (void)state;
  data_case_open(&c,
                 SOUNDS("{'folder':'fixed_a','class':'a','part':'train'},"
                        "{'folder':'fixed_b','class':'b','part':'test'},"
                        "{'generate':'pieces','of':['a','b'],'count':20,'class':'other',"
                        "'split':{'test':0.5,'by':'order'}}"),
                 root, labels);
  data_case_read(&c, &wave, 1, WAVE, NULL);
  assert_int_equal(pk_data_set_count(c.set, PK_DATA_TRAIN), 11);
  for (size_t n = 1; n < 11; n++) {
    data_case_fill(&c, PK_DATA_TRAIN, n, n, samples);
    // Two halves of 0.5 may sound together.
    for (int i = 0; i < WINDOW; i++) assert_true(samples[i] >= 0.0f && samples[i] <= 1.0f);
    data_case_fill(&c, PK_DATA_TEST, n, n, samples);
    for (int i = 0; i < WINDOW; i++) assert_true(samples[i] >= -0.5f && samples[i] <= 0.0f);
  }
  data_case_close(&c);
  data_case_open(&c,
                 PICTURES("{'folder':'levels_a','class':'a','part':'train'},"
                          "{'folder':'levels_b','class':'b','part':'test'},"
                          "{'generate':'pieces','of':'*','count':20,'class':'other',"
                          "'split':{'test':0.5,'by':'order'}}"),
                 root, labels);
  data_case_read(&c, &colour, 1, IMAGE, NULL);
  for (size_t n = 1; n < 11; n++) {
    data_case_fill(&c, PK_DATA_TRAIN, n, n, pixels);
    for (int i = 0; i < SIDE * SIDE; i++) assert_float_equal(pixels[i], 100.0 / 255.0, 1e-5);
    data_case_fill(&c, PK_DATA_TEST, n, n, pixels);
    for (int i = 0; i < SIDE * SIDE; i++) assert_float_equal(pixels[i], 200.0 / 255.0, 1e-5);
  }
  data_case_close(&c);
}

static void generated_sounds_are_usable(void **state) {
  float samples[WINDOW];
  size_t silent = 0;
  data_case c;
  (void)state;
  data_case_open(&c, SOUNDS("{'generate':'noise','count':60,'class':'other','part':'train'}"), root,
                 labels);
  data_case_read(&c, &wave, 1, WAVE, NULL);
  for (size_t n = 0; n < 60; n++) {
    double sum = 0.0;
    data_case_fill(&c, PK_DATA_TRAIN, n, 0, samples);
    for (int i = 0; i < WINDOW; i++) {
      assert_true(isfinite(samples[i]));
      sum += (double)samples[i] * (double)samples[i];
    }
    const double level = sqrt(sum / WINDOW);
    silent += level == 0.0;
    assert_true(level == 0.0 || (level > 0.0005 && level < 0.5));
  }
  assert_in_range(silent, 1, 25);
  data_case_close(&c);
}

static void generated_pictures_are_pictures(void **state) {
  float pixels[SIDE * SIDE * 3];
  size_t coloured = 0;
  data_case c;
  (void)state;
  data_case_open(&c, PICTURES("{'generate':'noise','count':60,'class':'other','part':'train'}"),
                 root, labels);
  data_case_read(&c, &colour, 1, IMAGE, NULL);
  for (size_t n = 0; n < 60; n++) {
    size_t others = 0;
    data_case_fill(&c, PK_DATA_TRAIN, n, 0, pixels);
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
      assert_true(pixels[i] >= 0.0f && pixels[i] <= 1.0f);
      others += pixels[i] != pixels[i % 3];
    }
    coloured += others > 0;
  }
  assert_in_range(coloured, 50, 60);
  data_case_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_come_from_their_own_part),
      cmocka_unit_test(generated_sounds_are_usable),
      cmocka_unit_test(generated_pictures_are_pictures),
  };
  return cmocka_run_group_tests(tests, make_files, test_folder_remove);
}
