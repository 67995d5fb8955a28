// The flatbuffer and TFLite reader: what it reads, and how it names what is broken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "import/import_text.h"
#include "import/tflite_reader.h"
#include "import_samples.h"

static tflite_builder builder;

// Opens, then reads every tensor and operator.
static bool read_all(const uint8_t *bytes, size_t size, pk_error *error) {
  pk_tflite_model model;
  *error = (pk_error){.code = PK_OK};
  if (!pk_tflite_open(&model, bytes, size, error)) return false;
  for (size_t i = 0; i < model.tensors.count; i++) {
    pk_tflite_tensor tensor;
    if (!pk_tflite_read_tensor(&tensor, &model, i)) return false;
  }
  for (size_t i = 0; i < model.operators.count; i++) {
    pk_tflite_operator op;
    if (!pk_tflite_read_operator(&op, &model, i)) return false;
  }
  return true;
}

static void assert_refused(const uint8_t *bytes, size_t size, pk_code code, const char *message) {
  pk_error error;
  assert_false(read_all(bytes, size, &error));
  assert_int_equal(error.code, code);
  if (!strstr(error.message, message)) fail_msg("\"%s\" lacks \"%s\"", error.message, message);
}

static void test_reads_tensors(void **state) {
  (void)state;
  size_t size;
  pk_error error = {.code = PK_OK};
  pk_tflite_model model;
  pk_tflite_tensor tensor;
  import_sample_conv(&builder);
  builder.tensors[0].open_batch = true;
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_true(pk_tflite_open(&model, bytes, size, &error));
  assert_int_equal(model.tensors.count, 4);
  assert_true(pk_tflite_read_tensor(&tensor, &model, 0));
  assert_int_equal(tensor.type, TFLITE_INT8);
  assert_int_equal(tensor.shape.count, 4);
  assert_int_equal(pk_fb_list_s32(tensor.shape, 2), 6);
  assert_int_equal(pk_fb_list_s32(tensor.shape_signature, 0), -1);
  assert_int_equal(pk_fb_list_s64(tensor.zero_points, 0), 3);
  assert_null(tensor.data);
  assert_true(pk_tflite_read_tensor(&tensor, &model, 1));
  assert_int_equal(tensor.name.count, strlen("weights"));
  assert_memory_equal(pk_fb_list_bytes(tensor.name), "weights", tensor.name.count);
  assert_int_equal(tensor.scales.count, 5);
  assert_true(pk_fb_list_f32(tensor.scales, 4) == 0.05f);
  assert_int_equal(tensor.data_bytes, 5 * 27);
  assert_memory_equal(tensor.data, builder.tensors[1].data, tensor.data_bytes);
  free(bytes);
}

static void test_reads_operators(void **state) {
  (void)state;
  size_t size;
  pk_error error = {.code = PK_OK};
  pk_tflite_model model;
  pk_tflite_operator op;
  import_sample_conv(&builder);
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_true(pk_tflite_open(&model, bytes, size, &error));
  assert_true(pk_tflite_read_operator(&op, &model, 0));
  assert_int_equal(op.builtin, PK_TFLITE_CONV_2D);
  assert_string_equal(op.builtin_name, "CONV_2D");
  assert_int_equal(op.inputs.count, 3);
  assert_int_equal(pk_fb_list_s32(op.outputs, 0), 3);
  assert_int_equal(pk_fb_s32(op.options, PK_TFLITE_CONV_STRIDE_W, 0, "stride_w"), 2);
  assert_int_equal(pk_fb_u8(op.options, PK_TFLITE_CONV_ACTIVATION, 0, "activation"),
                   PK_TFLITE_ACTIVATION_RELU6);
  assert_int_equal(pk_fb_s32(op.options, 15, 42, "absent"), 42);
  free(bytes);
}

static void test_reads_builtins_above_127(void **state) {
  (void)state;
  size_t size;
  pk_error error = {.code = PK_OK};
  pk_tflite_model model;
  pk_tflite_operator op;
  import_sample_conv(&builder);
  builder.operators[0].builtin = PK_TFLITE_GELU;
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_true(pk_tflite_open(&model, bytes, size, &error));
  assert_true(pk_tflite_read_operator(&op, &model, 0));
  assert_string_equal(op.builtin_name, "GELU");
  free(bytes);
  builder.operators[0].builtin = 5000;
  bytes = tflite_build(&builder, &size);
  assert_true(pk_tflite_open(&model, bytes, size, &error));
  assert_true(pk_tflite_read_operator(&op, &model, 0));
  assert_string_equal(op.builtin_name, "builtin operator 5000");
  free(bytes);
}

static void test_reads_data_behind_the_flatbuffer(void **state) {
  (void)state;
  size_t size;
  pk_error error = {.code = PK_OK};
  pk_tflite_model model;
  pk_tflite_tensor tensor;
  import_sample_conv(&builder);
  builder.tensors[1].is_outside = true;
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_true(pk_tflite_open(&model, bytes, size, &error));
  assert_true(pk_tflite_read_tensor(&tensor, &model, 1));
  assert_int_equal(tensor.data_bytes, 135);
  assert_ptr_equal(tensor.data, bytes + size - 135);
  assert_memory_equal(tensor.data, builder.tensors[1].data, 135);
  // One byte less and the data leaves the file.
  assert_refused(bytes, size - 1, PK_BAD_MODEL, "buffer 2: its 135 bytes at offset");

  // Offsets and sizes whose sum overflows 64 bits.
  uint8_t *field = NULL;
  for (size_t i = 0; i + 16 <= size; i++) {
    uint64_t words[2];
    memcpy(words, bytes + i, sizeof words);
    if (words[0] == size - 135 && words[1] == 135) field = bytes + i;
  }
  assert_non_null(field);
  const uint64_t far[2] = {UINT64_MAX - 64, 135}, huge[2] = {size - 135, UINT64_MAX};
  memcpy(field, far, sizeof far);
  assert_refused(bytes, size, PK_BAD_MODEL, "buffer 2: its");
  memcpy(field, huge, sizeof huge);
  assert_refused(bytes, size, PK_BAD_MODEL, "buffer 2: its");
  free(bytes);
}

static void test_names_bad_numbers(void **state) {
  (void)state;
  size_t size;
  import_sample_conv(&builder);
  builder.operators[0].inputs[1] = 999;
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_refused(bytes, size, PK_BAD_MODEL,
                 "operator 0 (CONV_2D): input tensor number 999 is out of range (model has 4 "
                 "tensors)");
  free(bytes);
  import_sample_conv(&builder);
  builder.operators[0].output = -1;
  bytes = tflite_build(&builder, &size);
  assert_refused(bytes, size, PK_BAD_MODEL, "operator 0 (CONV_2D): output tensor number -1");
  free(bytes);
  import_sample_conv(&builder);
  builder.outputs[0] = 4;
  bytes = tflite_build(&builder, &size);
  assert_refused(bytes, size, PK_BAD_MODEL, "subgraph 0: output tensor number 4");
  free(bytes);
}

static void test_refuses_other_files(void **state) {
  (void)state;
  size_t size;
  import_sample_conv(&builder);
  builder.version = 2;
  uint8_t *bytes = tflite_build(&builder, &size);
  assert_refused(bytes, size, PK_UNSUPPORTED, "schema version 2");
  bytes[7] = '2';
  assert_refused(bytes, size, PK_BAD_MODEL, "TFL3");
  assert_refused(bytes, 7, PK_BAD_MODEL, "TFL3");
  free(bytes);
}

// A root table at 8 whose vtable stands at 24; `patch` spoils it.
static void assert_broken_root(void (*patch)(uint8_t *bytes), const char *message) {
  uint8_t bytes[48] = {8, 0, 0, 0, 'T', 'F', 'L', '3'};
  const int32_t distance = 8 - 24;
  memcpy(bytes + 8, &distance, 4);
  bytes[12] = 3;   // version
  bytes[24] = 14;  // vtable: five slots
  bytes[26] = 16;  // table: 16 bytes
  bytes[28] = 4;   // slot 0 at offset 4
  patch(bytes);
  assert_refused(bytes, sizeof bytes, PK_BAD_MODEL, message);
}

static void patch_nothing(uint8_t *bytes) {
  (void)bytes;
}
static void patch_root(uint8_t *bytes) {
  bytes[3] = 0x7f;
}
static void patch_zero_root(uint8_t *bytes) {
  bytes[0] = 0;
}
static void patch_vtable_before(uint8_t *bytes) {
  memset(bytes + 8, 0x10, 4);
}
static void patch_vtable_behind(uint8_t *bytes) {
  memset(bytes + 8, 0xc0, 4);
}
static void patch_vtable_size(uint8_t *bytes) {
  bytes[25] = 1;
}
static void patch_tiny_vtable(uint8_t *bytes) {
  bytes[24] = 2;
}
static void patch_table_size(uint8_t *bytes) {
  bytes[27] = 1;
}
static void patch_field(uint8_t *bytes) {
  bytes[28] = 14;
}
static void patch_field_into_header(uint8_t *bytes) {
  bytes[28] = 2;
}

static void patch_vector(uint8_t *bytes) {  // slot 2, subgraphs, at offset 8: count far too large
  bytes[32] = 8;
  bytes[16] = 24;  // to offset 40
  memset(bytes + 40, 0xff, 4);
}

static void patch_zero_offset(uint8_t *bytes) {
  bytes[32] = 8;
}

static void test_checks_tables(void **state) {
  (void)state;
  assert_broken_root(patch_nothing, "no subgraph");
  assert_broken_root(patch_root, "root table lies outside the file");
  assert_broken_root(patch_zero_root, "the offset of root table is 0");
  assert_broken_root(patch_vtable_before, "before the file's start");
  assert_broken_root(patch_vtable_behind, "root table lies outside the file");
  assert_broken_root(patch_vtable_size, "root table lies outside the file");
  assert_broken_root(patch_tiny_vtable, "too few for any table");
  assert_broken_root(patch_table_size, "root table lies outside the file");
  assert_broken_root(patch_field, "field version lies outside its table");
  assert_broken_root(patch_field_into_header, "field version lies outside its table");
  assert_broken_root(patch_vector, "subgraphs lies outside the file");
  assert_broken_root(patch_zero_offset, "the offset of subgraphs is 0");
}

static void assert_clean(const char *bytes, size_t size, const char *expected) {
  char name[PK_NAME_MAX_BYTES + 1];
  assert_int_equal(pk_text_clean(name, (const uint8_t *)bytes, size), strlen(expected));
  assert_string_equal(name, expected);
}

static void test_cleans_names(void **state) {
  (void)state;
  char longest[2 * PK_NAME_MAX_BYTES], name[PK_NAME_MAX_BYTES + 1];
  assert_clean("conv/Relu6;bn", 13, "conv/Relu6;bn");
  assert_clean("a\0b\n\x1b[31m\"\\\x7f", 12, "a?b??[31m???");
  assert_clean("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  assert_clean("\xc3", 1, "?");                                // cut off
  assert_clean("\xc0\xaf\xe0\x80\xaf", 5, "?????");            // overlong
  assert_clean("\xed\xa0\x80\xf4\x90\x80\x80", 7, "???????");  // surrogate, above U+10FFFF
  memset(longest, 'x', sizeof longest);
  memcpy(longest + PK_NAME_MAX_BYTES - 1, "\xc3\xa9", 2);
  assert_int_equal(pk_text_clean(name, (const uint8_t *)longest, sizeof longest),
                   PK_NAME_MAX_BYTES - 1);
  assert_int_equal(pk_text_prefix("a\xe2\x82\xac", 3), 1);
  assert_int_equal(pk_text_prefix("a\xe2\x82\xac", 4), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reads_tensors),
      cmocka_unit_test(test_reads_operators),
      cmocka_unit_test(test_reads_builtins_above_127),
      cmocka_unit_test(test_reads_data_behind_the_flatbuffer),
      cmocka_unit_test(test_names_bad_numbers),
      cmocka_unit_test(test_refuses_other_files),
      cmocka_unit_test(test_checks_tables),
      cmocka_unit_test(test_cleans_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
