// The files that data sets read: what is in them comes out, and damaged or hostile bytes are
// refused with an error of their kind that names the file.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/file_order.h"
#include "data/npy_file.h"
#include "data/wav_file.h"
#include "data_case.h"
#include "encode/byte_buffer.h"
#include "test_folder.h"
#include "test_random.h"

static char path[TEST_PATH_BYTES];

static int make_folder(void **state) {
  const int result = test_folder_make(state);
  test_folder_path(path, "file");
  return result;
}

// A WAV file with an odd chunk in front of its format.
static pk_bytes make_wav(uint32_t format, uint32_t bits, uint32_t channels, const void *data,
                         uint32_t data_bytes) {
  pk_bytes wav = {0};
  const bool is_long = format == 0xfffe;
  pk_bytes_append(&wav, "RIFF", 4);
  pk_bytes_append_u32(&wav, 0);
  pk_bytes_append(&wav, "WAVELIST", 8);
  pk_bytes_append_u32(&wav, 3);  // odd: one byte of padding follows
  pk_bytes_append(&wav, "abc\0fmt ", 8);
  pk_bytes_append_u32(&wav, is_long ? 40 : 16);
  pk_bytes_append_u32(&wav, format | channels << 16);
  pk_bytes_append_u32(&wav, 22050);
  pk_bytes_append_u32(&wav, 22050 * channels * bits / 8);
  pk_bytes_append_u32(&wav, channels * bits / 8 | bits << 16);
  if (is_long) {
    pk_bytes_append_u32(&wav, 22 | bits << 16);
    pk_bytes_append_u32(&wav, 0);
    pk_bytes_append_u32(&wav, 1);  // PCM
    for (int i = 0; i < 3; i++) pk_bytes_append_u32(&wav, 0);
  }
  pk_bytes_append(&wav, "data", 4);
  pk_bytes_append_u32(&wav, data_bytes);
  pk_bytes_append(&wav, data, data_bytes);
  return wav;
}

static void expect_samples(pk_bytes wav, const float *expected, size_t count) {
  pk_sound sound;
  pk_error error = {0};
  if (!pk_wav_parse(&sound, wav.data, wav.size, "w", &error)) fail_msg("%s", error.message);
  assert_int_equal(sound.rate, 22050);
  assert_int_equal(sound.count, count);
  for (size_t i = 0; i < count; i++) {
    if (sound.samples[i] != expected[i]) {
      fail_msg("sample %zu is %g, not %g", i, (double)sound.samples[i], (double)expected[i]);
    }
  }
  pk_sound_free(&sound);
  pk_bytes_free(&wav);
}

static void wav_formats_are_read(void **state) {
  static const uint8_t bytes8[] = {0, 128, 192};
  static const uint8_t bytes16[] = {0x00, 0x80, 0x00, 0x00, 0x00, 0x40};
  static const uint8_t bytes24[] = {0, 0, 0x80, 0, 0, 0, 0, 0, 0x40};
  static const uint8_t bytes32[] = {0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x40};
  static const uint8_t stereo[] = {0x00, 0x80, 0x00, 0x00, 0x00, 0x20, 0x00, 0x60};
  static const float expected[] = {-1.0f, 0.0f, 0.5f}, means[] = {-0.5f, 0.5f};
  static const float floats[] = {-1.0f, NAN, 0.5f}, loud[] = {-8.0f, 0.0f, INFINITY};
  static const float limited[] = {-1.0f, 0.0f, 0.0f};
  (void)state;
  expect_samples(make_wav(1, 8, 1, bytes8, sizeof bytes8), expected, 3);
  expect_samples(make_wav(1, 16, 1, bytes16, sizeof bytes16), expected, 3);
  expect_samples(make_wav(1, 24, 1, bytes24, sizeof bytes24), expected, 3);
  expect_samples(make_wav(1, 32, 1, bytes32, sizeof bytes32), expected, 3);
  expect_samples(make_wav(0xfffe, 16, 1, bytes16, sizeof bytes16), expected, 3);
  expect_samples(make_wav(1, 16, 2, stereo, sizeof stereo), means, 2);
  expect_samples(make_wav(3, 32, 1, floats, sizeof floats), expected, 3);
  expect_samples(make_wav(3, 32, 1, loud, sizeof loud), limited, 3);
}

// A broken file gives BAD_SOUND, any other samples within full scale.
static bool parse_sound(const uint8_t *bytes, size_t size) {
  pk_sound sound;
  pk_error error = {0};
  uint8_t *exact = malloc(size ? size : 1);  // so that the sanitizer sees reads behind it
  assert_non_null(exact);
  memcpy(exact, bytes, size);
  const bool ok = pk_wav_parse(&sound, exact, size, "clip.wav", &error);
  if (!ok) {
    assert_int_equal(error.code, PK_BAD_SOUND);
    assert_non_null(strstr(error.message, "clip.wav"));
    assert_null(sound.samples);
  }
  for (size_t i = 0; i < sound.count; i++) assert_true(fabsf(sound.samples[i]) <= 1.0f);
  pk_sound_free(&sound);
  free(exact);
  return ok;
}

static void broken_wav_files_are_refused(void **state) {
  int16_t samples[40];
  uint32_t seed = 7;
  (void)state;
  random_bytes(&seed, samples, sizeof samples);
  pk_bytes wav = make_wav(1, 16, 2, samples, sizeof samples);
  assert_true(parse_sound(wav.data, wav.size));
  for (size_t size = 0; size < wav.size; size++) assert_false(parse_sound(wav.data, size));
  size_t refused = 0;
  for (size_t i = 0; i < wav.size; i++) {
    for (int bit = 0; bit < 8; bit++) {
      wav.data[i] ^= (uint8_t)(1 << bit);
      refused += !parse_sound(wav.data, wav.size);
      wav.data[i] ^= (uint8_t)(1 << bit);
    }
  }
  assert_true(refused > 100);
  pk_bytes_free(&wav);
}

static void wav_errors_tell_what_to_do(void **state) {
  static const struct {
    uint32_t format, bits, channels, bytes;
    const char *part;
  } cases[] = {{1, 12, 1, 40, "12 bits"},   {2, 4, 1, 40, "format 2"},
               {1, 16, 0, 40, "channels"},  {1, 16, 40, 40, "channels"},
               {1, 16, 1, 0, "no samples"}, {1, 16, 1, 1, "no samples"}};
  const uint8_t data[40] = {0};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pk_sound sound;
    pk_error error = {0};
    pk_bytes wav =
        make_wav(cases[i].format, cases[i].bits, cases[i].channels, data, cases[i].bytes);
    test_file_write(path, wav.data, wav.size);
    assert_false(pk_wav_read(&sound, path, &error));
    assert_int_equal(error.code, PK_BAD_SOUND);
    assert_non_null(strstr(error.message, path));
    if (!strstr(error.message, cases[i].part)) fail_msg("%s", error.message);
    pk_bytes_free(&wav);
  }
  pk_error error = {0};
  pk_sound sound;
  assert_false(pk_wav_read(&sound, "/nowhere/x.wav", &error));
  assert_int_equal(error.code, PK_IO);
}

// --- NumPy arrays ---

static pk_bytes make_npy(const char *header, size_t pixels) {
  pk_bytes npy = {0};
  const size_t length = strlen(header);
  const uint8_t head[] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)length, (uint8_t)(length >> 8)};
  pk_bytes_append(&npy, head, sizeof head);
  pk_bytes_append(&npy, header, length);
  for (size_t i = 0; i < pixels; i++) pk_bytes_append(&npy, &(uint8_t){(uint8_t)i}, 1);
  return npy;
}

static bool parse_npy(pk_grey_pictures *pictures, const uint8_t *bytes, size_t size,
                      pk_error *error) {
  uint8_t *exact = malloc(size ? size : 1);
  assert_non_null(exact);
  memcpy(exact, bytes, size);
  *error = (pk_error){0};
  const bool ok = pk_npy_parse(pictures, exact, size, "a.npy", error);
  if (!ok) {
    assert_int_equal(error->code, PK_BAD_IMAGE);
    assert_non_null(strstr(error->message, "a.npy"));
    assert_null(pictures->pixels);
  } else {
    uint32_t sum = 0;
    const size_t each = (size_t)pictures->width * pictures->height;
    for (size_t i = 0; i < pictures->count * each; i++) sum += pictures->pixels[i];
    assert_true(sum < UINT32_MAX);
  }
  free(exact);
  return ok;
}

static void arrays_of_pictures_are_read(void **state) {
  static const struct {
    const char *shape;
    uint32_t count, width, height;
  } cases[] = {{"(2, 1, 9)", 2, 3, 3},
               {"(2, 9)", 2, 3, 3},
               {"(1, 6, 3)", 1, 3, 6},
               {"(3, 2, 3,)", 3, 3, 2},
               {"(2, 3, 3, 1)", 2, 3, 3}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char header[128];
    pk_grey_pictures pictures;
    pk_error error;
    snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n",
             cases[i].shape);
    pk_bytes npy = make_npy(header, 18);
    if (!parse_npy(&pictures, npy.data, npy.size, &error)) fail_msg("%s", error.message);
    assert_int_equal(pictures.count, cases[i].count);
    assert_int_equal(pictures.width, cases[i].width);
    assert_int_equal(pictures.height, cases[i].height);
    for (int p = 0; p < 18; p++) assert_int_equal(pictures.pixels[p], p);
    pk_grey_pictures_free(&pictures);
    pk_bytes_free(&npy);
  }
}

static void other_arrays_are_refused(void **state) {
  static const char *const headers[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 9), }",
      "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 9), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 8), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (18,), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 3, 2), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 9), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 9), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 99999999999999999999), }",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 9",
      "{'descr': '|u1', 'fortran_order': False}",
      ""};
  (void)state;
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    pk_grey_pictures pictures;
    pk_error error;
    pk_bytes npy = make_npy(headers[i], 18);
    if (parse_npy(&pictures, npy.data, npy.size, &error)) fail_msg("%s is read", headers[i]);
    pk_bytes_free(&npy);
  }
}

static void broken_arrays_are_refused(void **state) {
  pk_grey_pictures pictures;
  pk_error error;
  pk_bytes npy = make_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 3), }\n", 18);
  (void)state;
  for (size_t size = 0; size < npy.size; size++) {
    assert_false(parse_npy(&pictures, npy.data, size, &error));
  }
  for (size_t i = 0; i < npy.size; i++) {
    for (int bit = 0; bit < 8; bit++) {
      npy.data[i] ^= (uint8_t)(1 << bit);
      if (parse_npy(&pictures, npy.data, npy.size, &error)) pk_grey_pictures_free(&pictures);
      npy.data[i] ^= (uint8_t)(1 << bit);
    }
  }
  pk_bytes_free(&npy);
}

static void files_without_header_take_a_side(void **state) {
  uint8_t pixels[3 * 16];
  pk_grey_pictures pictures;
  pk_error error = {0};
  uint32_t seed = 3;
  (void)state;
  random_bytes(&seed, pixels, sizeof pixels);
  test_file_write(path, pixels, sizeof pixels);
  assert_true(pk_grey_pictures_read(&pictures, path, 4, &error));
  assert_int_equal(pictures.count, 3);
  assert_memory_equal(pictures.pixels, pixels, sizeof pixels);
  pk_grey_pictures_free(&pictures);
  assert_false(pk_grey_pictures_read(&pictures, path, 5, &error));
  assert_int_equal(error.code, PK_BAD_IMAGE);
  error = (pk_error){0};
  assert_false(pk_grey_pictures_read(&pictures, path, 0, &error));
  assert_int_equal(error.code, PK_BAD_IMAGE);
}

// --- names ---

static void names_are_in_natural_order(void **state) {
  static const char *const ordered[] = {
      "IMG_2", "IMG_9", "IMG_009", "IMG_10", "IMG_10a", "IMG_100", "IMG_99999999999999999999", "a"};
  (void)state;
  for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++) {
    for (size_t k = 0; k < sizeof ordered / sizeof *ordered; k++) {
      const int order = pk_natural_compare(ordered[i], ordered[k]);
      const bool is_twin = (i == 1 && k == 2) || (i == 2 && k == 1);  // equal numbers: by letters
      if (is_twin) assert_true(order != 0);
      if (!is_twin) assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
    }
  }
}

static void folders_and_files_are_told_apart(void **state) {
  static const char *const endings[] = {".wav", NULL};
  char folder[TEST_PATH_BYTES], inner[TEST_PATH_BYTES + 16];
  pk_file_names names;
  pk_error error = {0};
  (void)state;
  test_folder_path(folder, "listed");
  data_case_make_folder(folder);
  snprintf(inner, sizeof inner, "%s/sub", folder);
  data_case_make_folder(inner);
  for (const char *const *name = (const char *const[]){"10.wav", "9.WAV", "x.txt", ".a.wav", NULL};
       *name; name++) {
    snprintf(inner, sizeof inner, "%s/%s", folder, *name);
    data_case_write_text(inner, "x");
  }
  assert_true(pk_file_names_read(&names, folder, endings, &error));
  assert_int_equal(names.count, 2);
  assert_string_equal(names.names[0], "9.WAV");
  assert_string_equal(names.names[1], "10.wav");
  pk_file_names_free(&names);
  assert_true(pk_file_names_read(&names, folder, NULL, &error));
  assert_int_equal(names.count, 1);
  assert_string_equal(names.names[0], "sub");
  pk_file_names_free(&names);
  assert_false(pk_file_names_read(&names, "/nowhere", endings, &error));
  assert_int_equal(error.code, PK_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wav_formats_are_read),
      cmocka_unit_test(broken_wav_files_are_refused),
      cmocka_unit_test(wav_errors_tell_what_to_do),
      cmocka_unit_test(arrays_of_pictures_are_read),
      cmocka_unit_test(other_arrays_are_refused),
      cmocka_unit_test(broken_arrays_are_refused),
      cmocka_unit_test(files_without_header_take_a_side),
      cmocka_unit_test(names_are_in_natural_order),
      cmocka_unit_test(folders_and_files_are_told_apart),
  };
  return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
