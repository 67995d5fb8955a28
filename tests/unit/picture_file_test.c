// JPEG, PNG and BMP files made here and read back; damaged and hostile ones.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>

#include "encode/byte_buffer.h"
#include "picture/picture_file.h"
#include "test_folder.h"
#include "test_random.h"

static char picture_path[TEST_PATH_BYTES];

static int make_folder(void **state) {
  const int result = test_folder_make(state);
  test_folder_path(picture_path, "picture");
  return result;
}

static pk_error read_picture(pk_picture *picture) {
  pk_error error = {0};
  const bool ok = pk_picture_read(picture, picture_path, &error);
  assert_true(ok == (error.code == PK_OK));
  assert_true(ok == (picture->rgba != NULL));
  return error;
}

static void expect_pixel(const pk_picture *picture, uint32_t x, uint32_t y, int r, int g, int b,
                         int tolerance) {
  const uint8_t *p = picture->rgba + ((size_t)y * picture->width + x) * 4;
  if (abs(p[0] - r) > tolerance || abs(p[1] - g) > tolerance || abs(p[2] - b) > tolerance) {
    fail_msg("pixel %u,%u is %d %d %d, not %d %d %d", x, y, p[0], p[1], p[2], r, g, b);
  }
}

static void expect_bad_image(const char *part) {
  pk_picture picture;
  const pk_error error = read_picture(&picture);
  assert_int_equal(error.code, PK_BAD_IMAGE);
  assert_non_null(strstr(error.message, picture_path));
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

// A BMP of 3 x 2 pixels: red green blue / white black grey.
static pk_bytes make_bmp(uint32_t bits, bool is_top_down, uint32_t compression) {
  static const uint8_t colours[6][3] = {{255, 0, 0},     {0, 255, 0}, {0, 0, 255},
                                        {255, 255, 255}, {0, 0, 0},   {128, 128, 128}};
  const uint32_t palette_count = bits <= 8 ? 1u << bits : 0;
  const uint32_t masks_bytes = compression == 3 ? 12 : 0;
  const uint32_t row_bytes = (3 * bits + 31) / 32 * 4;
  const uint32_t pixels_at = 54 + masks_bytes + 4 * palette_count;
  pk_bytes bmp = {0};
  pk_bytes_append(&bmp, "BM", 2);
  pk_bytes_append_u32(&bmp, pixels_at + 2 * row_bytes);
  pk_bytes_append_u32(&bmp, 0);
  pk_bytes_append_u32(&bmp, pixels_at);
  pk_bytes_append_u32(&bmp, 40);
  pk_bytes_append_u32(&bmp, 3);
  pk_bytes_append_u32(&bmp, is_top_down ? 0u - 2u : 2u);
  pk_bytes_append_u32(&bmp, 1 | bits << 16);
  pk_bytes_append_u32(&bmp, compression);
  for (int i = 0; i < 5; i++) pk_bytes_append_u32(&bmp, 0);
  if (compression == 3) {  // blue, green, red from the top, 5 bits each
    pk_bytes_append_u32(&bmp, 0x001f);
    pk_bytes_append_u32(&bmp, 0x03e0);
    pk_bytes_append_u32(&bmp, 0x7c00);
  }
  for (uint32_t i = 0; i < palette_count; i++) {
    const uint8_t *c = colours[i % 6];
    const uint8_t entry[4] = {c[2], c[1], c[0], 0};
    pk_bytes_append(&bmp, entry, 4);
  }
  for (uint32_t stored = 0; stored < 2; stored++) {
    uint8_t row[16] = {0};
    const uint32_t y = is_top_down ? stored : 1 - stored;
    for (uint32_t x = 0; x < 3; x++) {
      const uint8_t *c = colours[y * 3 + x];
      if (bits <= 8) {
        const uint32_t index = bits == 1 ? (y * 3 + x) % 2 : y * 3 + x, per_byte = 8 / bits;
        row[x / per_byte] |= (uint8_t)(index << (8 - bits * (x % per_byte + 1)));
      } else if (bits == 16) {
        const uint32_t red = c[0] >> 3, green = c[1] >> 3, blue = c[2] >> 3;
        const uint32_t pixel =
            compression == 3 ? blue << 10 | green << 5 | red : red << 10 | green << 5 | blue;
        row[2 * x] = (uint8_t)pixel;
        row[2 * x + 1] = (uint8_t)(pixel >> 8);
      } else {
        for (int k = 0; k < 3; k++) row[x * bits / 8 + (uint32_t)k] = c[2 - k];
      }
    }
    pk_bytes_append(&bmp, row, row_bytes);
  }
  return bmp;
}

static void bmp_of_every_depth(void **state) {
  static const struct {
    uint32_t bits, compression;
    bool is_top_down;
  } kinds[] = {{4, 0, false},  {8, 0, false},  {8, 0, true},  {16, 0, false},
               {16, 3, false}, {24, 0, false}, {24, 0, true}, {32, 0, false}};
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    pk_picture picture;
    pk_bytes bmp = make_bmp(kinds[i].bits, kinds[i].is_top_down, kinds[i].compression);
    test_file_write(picture_path, bmp.data, bmp.size);
    const pk_error error = read_picture(&picture);
    if (error.code != PK_OK) fail_msg("%s", error.message);
    assert_int_equal(picture.width, 3);
    assert_int_equal(picture.height, 2);
    expect_pixel(&picture, 0, 0, 255, 0, 0, 0);
    expect_pixel(&picture, 1, 0, 0, 255, 0, 0);
    expect_pixel(&picture, 2, 0, 0, 0, 255, 0);
    expect_pixel(&picture, 0, 1, 255, 255, 255, 0);
    expect_pixel(&picture, 2, 1, 128, 128, 128, 4);
    assert_int_equal(picture.rgba[3], 255);
    // Cut anywhere it is refused; whatever header byte is changed, nothing bad happens.
    for (size_t size = 0; size < bmp.size; size++) {
      pk_picture cut;
      test_file_write(picture_path, bmp.data, size);
      assert_int_equal(read_picture(&cut).code, PK_BAD_IMAGE);
    }
    for (size_t at = 2; at < 66 && at < bmp.size; at++) {
      pk_picture changed;
      bmp.data[at] ^= 0xff;
      test_file_write(picture_path, bmp.data, bmp.size);
      read_picture(&changed);
      pk_picture_free(&changed);
      bmp.data[at] ^= 0xff;
    }
    pk_picture_free(&picture);
    pk_bytes_free(&bmp);
  }
}

static void large_pictures_are_refused(void **state) {
  (void)state;
  pk_bytes bmp = make_bmp(24, false, 0);
  bmp.data[18] = 0;
  bmp.data[20] = 1;  // 65536 wide
  test_file_write(picture_path, bmp.data, bmp.size);
  expect_bad_image("65536 x 2");
  bmp.data[18] = bmp.data[20] = 0;
  test_file_write(picture_path, bmp.data, bmp.size);
  expect_bad_image("no pixels");
  pk_bytes_free(&bmp);
}

static void png_with_transparency(void **state) {
  static const uint8_t pixels[] = {200, 100, 50, 255, 9, 9, 9, 0, 10, 20, 30, 128};
  png_image image = {
      .version = PNG_IMAGE_VERSION, .width = 3, .height = 1, .format = PNG_FORMAT_RGBA};
  pk_picture picture;
  size_t size;
  (void)state;
  assert_true(png_image_write_to_file(&image, picture_path, 0, pixels, 0, NULL));
  assert_int_equal(read_picture(&picture).code, PK_OK);
  expect_pixel(&picture, 0, 0, 200, 100, 50, 0);
  expect_pixel(&picture, 1, 0, 0, 0, 0, 0);
  expect_pixel(&picture, 2, 0, 10, 20, 30, 0);
  pk_picture_free(&picture);
  unsigned char *bytes = test_file_read(&size, picture_path);
  for (size_t cut = 8; cut + 12 < size; cut++) {
    test_file_write(picture_path, bytes, cut);
    expect_bad_image("PNG file is damaged");
  }
  free(bytes);
}

// A JPEG of 32 x 16 pixels, its left half of one colour, its right half of another. The components
// are what libjpeg takes for `space`.
static void write_jpeg(J_COLOR_SPACE space, int components, const uint8_t *left,
                       const uint8_t *right, int orientation, bool inverted_marker) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  uint8_t exif[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
  FILE *file = fopen(picture_path, "wb");
  assert_non_null(file);
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_stdio_dest(&info, file);
  info.image_width = 32;
  info.image_height = 16;
  info.input_components = components;
  info.in_color_space = space;
  jpeg_set_defaults(&info);
  info.write_Adobe_marker = inverted_marker;
  jpeg_set_quality(&info, 98, TRUE);
  jpeg_start_compress(&info, TRUE);
  exif[24] = (uint8_t)orientation;
  if (orientation > 0) jpeg_write_marker(&info, JPEG_APP0 + 1, exif, sizeof exif - 1);
  for (int y = 0; y < 16; y++) {
    uint8_t row[32 * 4];
    for (int x = 0; x < 32; x++)
      memcpy(row + x * components, x < 16 ? left : right, (size_t)components);
    JSAMPROW rows[] = {row};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  fclose(file);
}

static void jpeg_of_every_colour_space(void **state) {
  static const uint8_t rgb[2][3] = {{200, 40, 60}, {20, 180, 90}};
  static const uint8_t grey[2][1] = {{30}, {220}};
  static const uint8_t cmyk[2][4] = {{0, 255, 255, 0}, {255, 0, 0, 128}};  // red; dark cyan
  static const uint8_t adobe[2][4] = {{255, 0, 0, 255}, {0, 255, 255, 127}};
  pk_picture picture;
  (void)state;
  write_jpeg(JCS_RGB, 3, rgb[0], rgb[1], 0, false);
  assert_int_equal(read_picture(&picture).code, PK_OK);
  expect_pixel(&picture, 4, 8, 200, 40, 60, 4);
  expect_pixel(&picture, 28, 8, 20, 180, 90, 4);
  pk_picture_free(&picture);
  write_jpeg(JCS_GRAYSCALE, 1, grey[0], grey[1], 0, false);
  assert_int_equal(read_picture(&picture).code, PK_OK);
  expect_pixel(&picture, 4, 8, 30, 30, 30, 2);
  expect_pixel(&picture, 28, 8, 220, 220, 220, 2);
  pk_picture_free(&picture);
  for (int is_adobe = 0; is_adobe < 2; is_adobe++) {
    write_jpeg(JCS_CMYK, 4, is_adobe ? adobe[0] : cmyk[0], is_adobe ? adobe[1] : cmyk[1], 0,
               is_adobe);
    assert_int_equal(read_picture(&picture).code, PK_OK);
    expect_pixel(&picture, 4, 8, 255, 0, 0, 6);
    expect_pixel(&picture, 28, 8, 0, 127, 127, 6);
    pk_picture_free(&picture);
  }
}

// For each EXIF orientation: is the upright picture transposed, and where its dark half lies.
static void jpeg_is_turned_upright(void **state) {
  static const uint8_t dark[] = {10}, light[] = {240};
  // The stored picture is dark on the left. Upright that is: left, right, right, left, top, top,
  // bottom, bottom.
  static const char *const dark_side[] = {"left", "right", "right",  "left",
                                          "top",  "top",   "bottom", "bottom"};
  (void)state;
  for (int orientation = 1; orientation <= 8; orientation++) {
    pk_picture picture;
    const char *side = dark_side[orientation - 1];
    write_jpeg(JCS_GRAYSCALE, 1, dark, light, orientation, false);
    assert_int_equal(read_picture(&picture).code, PK_OK);
    assert_int_equal(picture.width, orientation < 5 ? 32 : 16);
    assert_int_equal(picture.height, orientation < 5 ? 16 : 32);
    const uint32_t last_x = picture.width - 3, last_y = picture.height - 3;
    const bool is_far = strcmp(side, "right") == 0 || strcmp(side, "bottom") == 0;
    expect_pixel(&picture, 2, 2, is_far ? 240 : 10, is_far ? 240 : 10, is_far ? 240 : 10, 3);
    expect_pixel(&picture, last_x, last_y, is_far ? 10 : 240, is_far ? 10 : 240, is_far ? 10 : 240,
                 3);
    pk_picture_free(&picture);
  }
}

static void damaged_jpegs_are_refused(void **state) {
  static const uint8_t dark[] = {10}, light[] = {240};
  uint32_t seed = 5;
  size_t size;
  (void)state;
  write_jpeg(JCS_GRAYSCALE, 1, dark, light, 1, false);
  unsigned char *bytes = test_file_read(&size, picture_path);
  test_file_write(picture_path, bytes, size - 6);
  expect_bad_image("ends early");
  test_file_write(picture_path, bytes, 30);
  expect_bad_image("JPEG");
  test_file_write(picture_path, bytes, 2);
  expect_bad_image("JPEG, PNG and BMP files work");
  for (int round = 0; round < 500; round++) {
    pk_picture picture;
    const size_t at = 3 + random_next(&seed) % (size - 3);
    const unsigned char kept = bytes[at];
    bytes[at] = (unsigned char)random_next(&seed);
    test_file_write(picture_path, bytes, size);
    const pk_error error = read_picture(&picture);
    assert_true(error.code == PK_OK || error.code == PK_BAD_IMAGE);
    pk_picture_free(&picture);
    bytes[at] = kept;
  }
  free(bytes);
}

static void other_files_are_no_pictures(void **state) {
  pk_picture picture;
  pk_error error = {0};
  (void)state;
  test_file_write(picture_path, "GIF89a, which is not read", 25);
  expect_bad_image("JPEG, PNG and BMP files work");
  test_file_write(picture_path, "", 0);
  expect_bad_image("JPEG, PNG and BMP files work");
  assert_false(pk_picture_read(&picture, "/nowhere/photo.jpg", &error));
  assert_int_equal(error.code, PK_IO);
}

// A picture with one bright column in each third: the crop decides which are seen.
static void the_centred_crop_reaches_the_tensor(void **state) {
  uint8_t rgba[6 * 2 * 4];
  int8_t tensor[2 * 2 * 3];
  const pk_picture picture = {6, 2, rgba};
  pk_manifest_tensor input = {
      .dtype = MNW_DTYPE_S8, .rank = 4, .dims = {1, 2, 2, 3}, .is_image = true, .crop = 1.0};
  pk_error error = {0};
  (void)state;
  for (int i = 0; i < 12; i++) memset(rgba + 4 * i, i % 6 * 40, 4);
  // 6 x 2 to a square: the middle 2 x 2, columns 2 and 3.
  assert_true(pk_picture_to_input(tensor, &input, &picture, "p", &error));
  for (int i = 0; i < 12; i++) assert_int_equal(tensor[i], (i / 3 % 2 ? 120 : 80) - 128);
  input.dims[3] = 1;
  input.dtype = MNW_DTYPE_U8;
  assert_true(pk_picture_to_input(tensor, &input, &picture, "p", &error));
  for (int i = 0; i < 4; i++) assert_int_equal((uint8_t)tensor[i], i % 2 ? 120 : 80);
}

static void float_pictures_have_a_range(void **state) {
  uint8_t rgba[2 * 1 * 4] = {0, 51, 255, 255, 102, 153, 204, 255};
  float tensor[6];
  const pk_picture picture = {2, 1, rgba};
  const pk_manifest_tensor input = {.dtype = MNW_DTYPE_F32,
                                    .rank = 4,
                                    .dims = {1, 1, 2, 3},
                                    .is_image = true,
                                    .crop = 1.0,
                                    .image_scale = {2.0 / 255.0, 2.0 / 255.0, 2.0 / 255.0},
                                    .image_offset = {-1.0, -1.0, -1.0}};
  static const float expected[] = {-1.0f, -0.6f, 1.0f, -0.2f, 0.2f, 0.6f};
  pk_error error = {0};
  (void)state;
  assert_true(pk_picture_to_input(tensor, &input, &picture, "p", &error));
  for (int i = 0; i < 6; i++) assert_true(fabsf(tensor[i] - expected[i]) < 1e-6f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bmp_of_every_depth),
      cmocka_unit_test(large_pictures_are_refused),
      cmocka_unit_test(png_with_transparency),
      cmocka_unit_test(jpeg_of_every_colour_space),
      cmocka_unit_test(jpeg_is_turned_upright),
      cmocka_unit_test(damaged_jpegs_are_refused),
      cmocka_unit_test(other_files_are_no_pictures),
      cmocka_unit_test(the_centred_crop_reaches_the_tensor),
      cmocka_unit_test(float_pictures_have_a_range),
  };
  return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
