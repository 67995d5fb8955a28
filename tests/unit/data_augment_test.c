// The operations that alter examples, one by one.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/augment_image.h"
#include "data/augment_sound.h"
#include "data/augment_text.h"
#include "data/generate_image.h"

enum { SIDE = 16, SAMPLES = 8000, RATE = 8000, TEXT_BYTES = 256 };

// --- pictures ---

static void open_canvas(pk_canvas *canvas) {
  pk_error error = {0};
  assert_true(pk_canvas_open(canvas, SIDE * SIDE, &error));
  canvas->width = canvas->height = SIDE;
}

// A picture whose red tells the column and whose green tells the row.
static void paint_places(pk_canvas *canvas) {
  for (int i = 0; i < SIDE * SIDE; i++) {
    const uint8_t pixel[4] = {(uint8_t)(16 * (i % SIDE)), (uint8_t)(16 * (i / SIDE)), 0, 255};
    memcpy(canvas->rgba + 4 * (size_t)i, pixel, 4);
  }
}

static void expect_place(const pk_canvas *canvas, int x, int y, int column, int row) {
  const uint8_t *p = canvas->rgba + ((size_t)y * canvas->width + (size_t)x) * 4;
  if (abs(p[0] - 16 * column) > 1 || abs(p[1] - 16 * row) > 1) {
    fail_msg("%d,%d shows %g,%g, not %d,%d", x, y, p[0] / 16.0, p[1] / 16.0, column, row);
  }
}

static void changes_move_pixels_where_they_say(void **state) {
  const pk_image_augment none = {.scale = {1.0f, 1.0f}};
  pk_image_change same = {.scale = 1.0, .contrast = 1.0, .saturation = 1.0, .gamma = 1.0};
  pk_random random = pk_random_start(1, 1);
  pk_canvas canvas;
  (void)state;
  open_canvas(&canvas);
  assert_true(pk_image_change_is_none(&same));
  pk_image_change change = same;
  change.shift_x = 2.0 / SIDE;  // two pixels to the right
  paint_places(&canvas);
  pk_image_change_apply(&canvas, &change, &none, &random);
  expect_place(&canvas, 7, 5, 5, 5);
  expect_place(&canvas, 0, 3, 0, 3);  // the edge is repeated
  change = same;
  change.rotate = 90.0;  // clockwise, as rows go down
  paint_places(&canvas);
  pk_image_change_apply(&canvas, &change, &none, &random);
  expect_place(&canvas, 15, 0, 0, 0);
  expect_place(&canvas, 12, 3, 3, 3);
  expect_place(&canvas, 15, 15, 15, 0);
  change = same;
  change.is_mirrored = true;
  paint_places(&canvas);
  pk_image_change_apply(&canvas, &change, &none, &random);
  expect_place(&canvas, 2, 9, 13, 9);
  change = same;
  change.scale = 2.0;  // the middle half, enlarged
  paint_places(&canvas);
  pk_image_change_apply(&canvas, &change, &none, &random);
  assert_in_range(canvas.rgba[0], 16 * 3, 16 * 4);
  assert_in_range(canvas.rgba[4 * 15], 16 * 11, 16 * 12);
  pk_canvas_close(&canvas);
}

static void background_fills_what_was_outside(void **state) {
  const pk_image_augment filled = {.has_background = true, .background = {1, 2, 3, 255}};
  const pk_image_change change = {
      .shift_x = 0.5, .scale = 1.0, .contrast = 1.0, .saturation = 1.0, .gamma = 1.0};
  pk_random random = pk_random_start(1, 1);
  pk_canvas canvas;
  (void)state;
  open_canvas(&canvas);
  paint_places(&canvas);
  pk_image_change_apply(&canvas, &change, &filled, &random);
  assert_memory_equal(canvas.rgba + 4 * 20, filled.background, 4);
  expect_place(&canvas, 10, 3, 2, 3);
  pk_canvas_close(&canvas);
}

static size_t count_bright(const pk_canvas *canvas) {
  size_t count = 0;
  for (int i = 0; i < SIDE * SIDE; i++) count += canvas->rgba[4 * i] > 127;
  return count;
}

static void strokes_grow_and_shrink(void **state) {
  pk_canvas canvas;
  (void)state;
  open_canvas(&canvas);
  memset(canvas.rgba, 0, 4 * SIDE * SIDE);
  for (int y = 6; y < 9; y++) memset(canvas.rgba + 4 * (y * SIDE + 4), 255, 4 * 8);
  assert_int_equal(count_bright(&canvas), 24);
  pk_canvas_stroke(&canvas, 1.0f);
  assert_int_equal(count_bright(&canvas), 50);
  pk_canvas_stroke(&canvas, -1.0f);
  assert_int_equal(count_bright(&canvas), 24);
  pk_canvas_close(&canvas);
}

static void blur_keeps_flat_pictures_and_the_sum(void **state) {
  pk_canvas canvas;
  uint32_t sum = 0;
  (void)state;
  open_canvas(&canvas);
  memset(canvas.rgba, 90, 4 * SIDE * SIDE);
  pk_canvas_blur(&canvas, 2.5f);
  for (int i = 0; i < 4 * SIDE * SIDE; i++) assert_int_equal(canvas.rgba[i], 90);
  memset(canvas.rgba, 0, 4 * SIDE * SIDE);
  canvas.rgba[4 * (8 * SIDE + 8)] = 255;
  pk_canvas_blur(&canvas, 1.0f);
  for (int i = 0; i < SIDE * SIDE; i++) sum += canvas.rgba[4 * i];
  assert_in_range(sum, 240, 270);
  assert_in_range(canvas.rgba[4 * (8 * SIDE + 8)], 30, 50);  // 255 / 2π is 41
  pk_canvas_close(&canvas);
}

static void shuffled_tiles_are_all_there(void **state) {
  bool seen[16] = {false};
  pk_random random = pk_random_start(9, 1);
  pk_canvas canvas;
  int moved = 0;
  (void)state;
  open_canvas(&canvas);
  paint_places(&canvas);
  pk_canvas_shuffle(&canvas, 4, &random);
  for (int tile = 0; tile < 16; tile++) {
    const uint8_t *p = canvas.rgba + 4 * ((size_t)(tile / 4 * 4) * SIDE + (size_t)(tile % 4 * 4));
    const int from = p[1] / 64 * 4 + p[0] / 64;
    assert_false(seen[from]);
    seen[from] = true;
    moved += from != tile;
  }
  assert_true(moved > 4);
  pk_canvas_close(&canvas);
}

static void large_pictures_shrink_by_averages(void **state) {
  static const uint8_t pixels[] = {0, 2, 9, 5, 7, 9};  // 3 x 2, of which 2 x 2 count
  pk_canvas canvas;
  (void)state;
  open_canvas(&canvas);
  pk_canvas_load(&canvas, pixels, 3, 2, 1, 2);
  assert_int_equal(canvas.width, 1);
  assert_int_equal(canvas.height, 1);
  assert_memory_equal(canvas.rgba, ((const uint8_t[]){4, 4, 4, 255}), 4);
  pk_canvas_close(&canvas);
}

// --- sounds ---

static void noise_is_as_loud_as_asked(void **state) {
  static float sound[SAMPLES], noise[SAMPLES], mixed[SAMPLES];
  (void)state;
  for (int kind = 0; kind < PK_NOISES; kind++) {
    pk_random random = pk_random_start(4, (uint64_t)kind);
    pk_noise_make(noise, SAMPLES, RATE, (pk_noise_kind)kind, &random);
    const double level = pk_sound_level(noise, SAMPLES);
    assert_true(fabs(level - (kind == PK_NOISE_SILENCE ? 0.0 : 1.0)) < 1e-3);
    for (int i = 0; i < SAMPLES; i++) sound[i] = 0.3f * sinf((float)i * 0.3f);
    memcpy(mixed, sound, sizeof mixed);
    pk_sound_mix(mixed, noise, SAMPLES, 10.0);
    for (int i = 0; i < SAMPLES; i++) mixed[i] -= sound[i];
    const double added = pk_sound_level(mixed, SAMPLES);
    if (kind == PK_NOISE_SILENCE) assert_true(added == 0.0);
    if (kind != PK_NOISE_SILENCE) {
      const double snr = 20.0 * log10(pk_sound_level(sound, SAMPLES) / added);
      assert_true(fabs(snr - 10.0) < 0.05);
    }
  }
}

static void filters_and_rooms_stay_finite(void **state) {
  static float sound[SAMPLES];
  (void)state;
  for (uint64_t seed = 0; seed < 50; seed++) {
    pk_random random = pk_random_start(seed, 3);
    for (int i = 0; i < SAMPLES; i++) sound[i] = pk_random_near_normal(&random) * 0.2f;
    if (seed % 2) pk_sound_filter(sound, SAMPLES, RATE, &random);
    if (seed % 2 == 0) pk_sound_reverb(sound, SAMPLES, RATE, &random);
    const double level = pk_sound_level(sound, SAMPLES);
    assert_true(level > 0.01 && level < 1.0);
  }
}

static void rooms_ring_on(void **state) {
  static float click[SAMPLES];
  pk_random random = pk_random_start(1, 2);
  (void)state;
  click[0] = 1.0f;
  pk_sound_reverb(click, SAMPLES, RATE, &random);
  assert_true(click[0] == 1.0f);
  assert_true(pk_sound_level(click + 1, (size_t)(0.011 * RATE)) == 0.0);  // before the first echo
  assert_true(pk_sound_level(click + 1, SAMPLES / 4) > 100.0 * pk_sound_level(click + 6000, 2000));
}

static void speed_shortens_and_raises(void **state) {
  static float sound[SAMPLES], fast[SAMPLES];
  const pk_clip clip = {sound, SAMPLES, RATE, false};
  (void)state;
  for (int i = 0; i < SAMPLES; i++) sound[i] = sinf((float)i * 0.05f);
  pk_clip_read(fast, SAMPLES, &clip, 0.0, 1.25);
  for (int i = 1; i < 6390; i++) assert_true(fabsf(fast[i] - sinf((float)i * 0.0625f)) < 1e-3f);
  for (int i = 6410; i < SAMPLES; i++) assert_true(fast[i] == 0.0f);
  pk_clip_read(fast, SAMPLES, &clip, -100.0, 1.0);
  for (int i = 0; i < 100; i++) assert_true(fast[i] == 0.0f);
  assert_memory_equal(fast + 100, sound, (SAMPLES - 100) * sizeof *sound);
  pk_clip_read(fast, 100, &clip, 1e6, 1.0);
  for (int i = 0; i < 100; i++) assert_true(fast[i] == 0.0f);
}

static void mirrors_stand_around_a_clip(void **state) {
  static const float sound[] = {1.0f, 2.0f, 3.0f};
  static const float expected[] = {3.0f, 3.0f, 2.0f, 1.0f, 1.0f, 2.0f,
                                   3.0f, 3.0f, 2.0f, 1.0f, 1.0f, 2.0f};
  const pk_clip clip = {sound, 3, RATE, true};
  float read[12];
  (void)state;
  pk_clip_read(read, 12, &clip, -4.0, 1.0);
  assert_memory_equal(read, expected, sizeof read);
}

static void transposed_features_are_masked_alike(void **state) {
  const pk_sound_augment augment = {
      .time_masks = 1, .time = 5, .frequency_masks = 1, .frequency = 3};
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    int8_t rows[12 * 8], columns[8 * 12];
    pk_random first = pk_random_start(seed, 1), second = first;
    for (int i = 0; i < 12 * 8; i++) {
      rows[i] = (int8_t)(i - 50);
      columns[i % 8 * 12 + i / 8] = (int8_t)(i - 50);
    }
    pk_features_mask(rows, MNW_DTYPE_S8, 12, 8, false, &augment, &first);
    pk_features_mask(columns, MNW_DTYPE_S8, 12, 8, true, &augment, &second);
    for (int i = 0; i < 12 * 8; i++) {
      assert_int_equal(rows[i], columns[i % 8 * 12 + i / 8]);
      assert_true(rows[i] == i - 50 || rows[i] == -2);  // the mean of -50 … 45
    }
  }
}

// --- texts ---

typedef struct altered_text {
  char text[TEXT_BYTES];
  size_t size;
} altered_text;

static altered_text alter(const char *text, const pk_text_augment *augment, uint64_t seed) {
  altered_text out = {.size = 0};
  const size_t size = strlen(text);
  pk_random random = pk_random_start(seed, 1);
  assert_true(pk_text_altered_bytes(size) < TEXT_BYTES);
  void *scratch = malloc(pk_text_scratch_bytes(size));
  char *made = malloc(pk_text_altered_bytes(size));
  out.size = pk_text_alter(made, text, size, scratch, augment, &random);
  assert_true(out.size <= pk_text_altered_bytes(size));
  memcpy(out.text, made, out.size);
  free(made);
  free(scratch);
  return out;
}

static void texts_stay_without_changes(void **state) {
  static const char *const texts[] = {
      "", " ", "one", "  two  words \n", "你好，我想 go 餐馆", "\xff\xe4", "\xe4\xbd"};
  const pk_text_augment none = {0};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_string_equal(alter(texts[i], &none, 5).text, texts[i]);
  }
}

static void one_word_always_stays(void **state) {
  const pk_text_augment all = {.dropout = 1.0f}, half = {.dropout = 0.5f};
  size_t characters = 0;
  (void)state;
  for (uint64_t seed = 0; seed < 30; seed++) {
    const altered_text word = alter("alpha beta gamma", &all, seed);
    const char *left = word.text + strspn(word.text, " ");
    assert_true(strcmp(left, "alpha") == 0 || strcmp(left, "beta") == 0 ||
                strcmp(left, "gamma") == 0);
    // Each Chinese character is a word: what is left is whole characters of the text, in order.
    const altered_text turn = alter("周边有哪些景点", &half, seed);
    const char *at = "周边有哪些景点";
    assert_int_equal(turn.size % 3, 0);
    for (size_t i = 0; i < turn.size; i += 3) {
      while (*at && memcmp(at, turn.text + i, 3) != 0) at += 3;
      assert_true(*at != 0);
      at += 3;
    }
    characters += turn.size / 3;
  }
  assert_in_range(characters, 30 * 2, 30 * 6);
}

static void swaps_keep_the_words(void **state) {
  const pk_text_augment swap = {.swap = 1.0f};
  (void)state;
  assert_string_equal(alter("a b c d", &swap, 1).text, "b a d c");
  assert_string_equal(alter("a  bcd e", &swap, 1).text, "bcd  a e");
  assert_string_equal(alter("景点", &swap, 1).text, "点景");
}

static void typos_spare_short_words_and_other_scripts(void **state) {
  const pk_text_augment typos = {.typos = 1.0f};
  size_t changed = 0;
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++) {
    const altered_text out = alter("the naïve kitchen 餐馆 is on", &typos, seed);
    changed += strstr(out.text, "kitchen") == NULL;
    assert_in_range(out.size, strlen("the naïve kitchen 餐馆 is on") - 1,
                    strlen("the naïve kitchen 餐馆 is on") + 1);
    assert_int_equal(strncmp(out.text, "the naïve ", strlen("the naïve ")), 0);
    assert_non_null(strstr(out.text, " 餐馆 is on"));
  }
  assert_in_range(changed, 35, 40);
}

static void case_changes_letters_only(void **state) {
  const pk_text_augment change = {.change_case = 1.0f};
  size_t kinds[3] = {0};
  (void)state;
  for (uint64_t seed = 0; seed < 30; seed++) {
    const altered_text out = alter("Go to 10@x é", &change, seed);
    kinds[0] += strcmp(out.text, "go to 10@x é") == 0;
    kinds[1] += strcmp(out.text, "GO TO 10@X é") == 0;
    kinds[2] += strcmp(out.text, "Go To 10@x é") == 0;
  }
  assert_int_equal(kinds[0] + kinds[1] + kinds[2], 30);
  for (int i = 0; i < 3; i++) assert_in_range(kinds[i], 2, 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(changes_move_pixels_where_they_say),
      cmocka_unit_test(background_fills_what_was_outside),
      cmocka_unit_test(strokes_grow_and_shrink),
      cmocka_unit_test(blur_keeps_flat_pictures_and_the_sum),
      cmocka_unit_test(shuffled_tiles_are_all_there),
      cmocka_unit_test(large_pictures_shrink_by_averages),
      cmocka_unit_test(noise_is_as_loud_as_asked),
      cmocka_unit_test(filters_and_rooms_stay_finite),
      cmocka_unit_test(rooms_ring_on),
      cmocka_unit_test(speed_shortens_and_raises),
      cmocka_unit_test(mirrors_stand_around_a_clip),
      cmocka_unit_test(transposed_features_are_masked_alike),
      cmocka_unit_test(texts_stay_without_changes),
      cmocka_unit_test(one_word_always_stays),
      cmocka_unit_test(swaps_keep_the_words),
      cmocka_unit_test(typos_spare_short_words_and_other_scripts),
      cmocka_unit_test(case_changes_letters_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
