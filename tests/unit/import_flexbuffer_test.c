// The FlexBuffers map of a custom operator's options: read as written, and never past its end; and
// the operator that has them, TFLite_Detection_PostProcess.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../core/ops/op_params.h"
#include "import/flexbuffer_reader.h"
#include "import/import.h"
#include "import_samples.h"
#include "test_random.h"

// {"a": -3, "bb": 0.5, "c": true, "d": 7 (unsigned), "e": 2.25 (indirect)}, values 4 bytes wide.
static size_t write_map(uint8_t *bytes) {
  static const char text[] = "a\0bb\0c\0d\0e";  // keys, zero-terminated
  static const uint8_t starts[] = {0, 2, 5, 7, 9};
  static const float half = 0.5f, indirect = 2.25f;
  static const uint8_t types[] = {1 << 2 | 2, 3 << 2 | 2, 26 << 2 | 2, 2 << 2 | 2, 8 << 2 | 2};
  size_t at = 0;
  memcpy(bytes, &indirect, 4);
  memcpy(bytes + 4, text, sizeof text);
  at = 4 + sizeof text;
  bytes[at++] = 5;  // number of keys
  const size_t keys = at;
  for (size_t i = 0; i < 5; i++, at++) bytes[at] = (uint8_t)(at - (4 + starts[i]));
  const uint32_t head[] = {(uint32_t)(at - keys), 1, 5};
  memcpy(bytes + at, head, sizeof head);
  at += sizeof head;
  const uint32_t values[] = {(uint32_t)-3, 0, 1, 7, (uint32_t)(at + 16)};
  memcpy(bytes + at, values, sizeof values);
  memcpy(bytes + at + 4, &half, 4);
  const size_t map = at;
  at += sizeof values;
  memcpy(bytes + at, types, sizeof types);
  at += sizeof types;
  bytes[at] = (uint8_t)(at - map);
  bytes[at + 1] = 9 << 2 | 2;
  bytes[at + 2] = 1;
  return at + 3;
}

static void test_reads_every_kind(void **state) {
  uint8_t bytes[128];
  pk_flex_map map;
  (void)state;
  const size_t size = write_map(bytes);
  assert_true(pk_flex_open(&map, bytes, size));
  assert_true(pk_flex_number(&map, "a", 99) == -3.0);
  assert_true(pk_flex_number(&map, "bb", 99) == 0.5);
  assert_true(pk_flex_number(&map, "c", 99) == 1.0);
  assert_true(pk_flex_number(&map, "d", 99) == 7.0);
  assert_true(pk_flex_number(&map, "e", 99) == 2.25);
  assert_true(pk_flex_number(&map, "b", 99) == 99.0);
  assert_true(pk_flex_number(&map, "", 99) == 99.0);
}

static void test_survives_damage(void **state) {
  uint8_t good[128];
  uint32_t seed = 43;
  (void)state;
  const size_t size = write_map(good);
  pk_flex_map map;
  assert_false(pk_flex_open(&map, NULL, 0));
  for (int round = 0; round < 20000; round++) {
    const size_t kept = round % 3 ? size : (size_t)random_between(&seed, 1, (int32_t)size);
    uint8_t *bytes = malloc(kept);  // exact, so that the sanitizer sees every read past it
    assert_non_null(bytes);
    memcpy(bytes, good + (size - kept), kept);
    for (int i = round % 5; i > 0; i--) bytes[random_next(&seed) % kept] ^= random_next(&seed);
    if (pk_flex_open(&map, bytes, kept)) {
      pk_flex_number(&map, "a", 0);
      pk_flex_number(&map, "bb", 0);
      pk_flex_number(&map, "e", 0);
      pk_flex_number(&map, "missing", 0);
    }
    free(bytes);
  }
}

typedef struct flex_number {
  const char *key;
  uint32_t bits;
  uint8_t type;
} flex_number;

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// A map of 4-byte values, as TFLite's converter writes them.
static size_t write_numbers(uint8_t *bytes, const flex_number *numbers, size_t count) {
  size_t at = 0, starts[16];
  for (size_t i = 0; i < count; i++) {
    starts[i] = at;
    memcpy(bytes + at, numbers[i].key, strlen(numbers[i].key) + 1);
    at += strlen(numbers[i].key) + 1;
  }
  bytes[at++] = (uint8_t)count;
  bytes[at++] = 0;
  const size_t keys = at;
  for (size_t i = 0; i < count; i++, at += 2) {
    bytes[at] = (uint8_t)((at - starts[i]) & 255);
    bytes[at + 1] = (uint8_t)((at - starts[i]) >> 8);
  }
  const uint32_t head[] = {(uint32_t)(at - keys), 2, (uint32_t)count};
  memcpy(bytes + at, head, sizeof head);
  at += sizeof head;
  const size_t map = at;
  for (size_t i = 0; i < count; i++, at += 4) memcpy(bytes + at, &numbers[i].bits, 4);
  for (size_t i = 0; i < count; i++) bytes[at++] = (uint8_t)(numbers[i].type << 2 | 2);
  bytes[at] = (uint8_t)(at - map);
  bytes[at + 1] = 9 << 2 | 2;
  bytes[at + 2] = 1;
  return at + 3;
}

static tflite_builder builder;

static uint8_t *build_detector(uint32_t detections, size_t *size) {
  static uint8_t options[512], anchors[36];
  const flex_number numbers[] = {{"detections_per_class", 50, 1},
                                 {"h_scale", bits_of(5.0f), 3},
                                 {"max_classes_per_detection", 1, 1},
                                 {"max_detections", detections, 1},
                                 {"nms_iou_threshold", bits_of(0.6f), 3},
                                 {"nms_score_threshold", bits_of(0.25f), 3},
                                 {"num_classes", 3, 1},
                                 {"use_regular_nms", 0, 26},
                                 {"w_scale", bits_of(5.0f), 3},
                                 {"x_scale", bits_of(10.0f), 3},
                                 {"y_scale", bits_of(10.0f), 3}};
  const size_t bytes = write_numbers(options, numbers, sizeof numbers / sizeof *numbers);
  tflite_builder_init(&builder);
  tflite_add_tensor(&builder, &(tflite_tensor_spec){.name = "boxes",
                                                    .type = TFLITE_UINT8,
                                                    .rank = 3,
                                                    .dims = {1, 9, 4},
                                                    .scale = 0.1f,
                                                    .zero_point = 128});
  tflite_add_tensor(&builder,
                    &(tflite_tensor_spec){
                        .name = "scores", .type = TFLITE_FLOAT32, .rank = 3, .dims = {1, 9, 4}});
  tflite_add_tensor(&builder, &(tflite_tensor_spec){.name = "anchors",
                                                    .type = TFLITE_UINT8,
                                                    .rank = 2,
                                                    .dims = {9, 4},
                                                    .scale = 0.01f,
                                                    .data = anchors,
                                                    .data_bytes = sizeof anchors});
  static const char *const outputs[] = {"found", "classes", "certainty", "count"};
  tflite_operator_spec op = {.builtin = PK_TFLITE_CUSTOM,
                             .custom_name = "TFLite_Detection_PostProcess",
                             .custom_options = options,
                             .custom_option_bytes = bytes,
                             .input_count = 3,
                             .inputs = {0, 1, 2},
                             .output = 3,
                             .extra_output_count = 3,
                             .extra_outputs = {4, 5, 6}};
  for (int i = 0; i < 4; i++) {  // of no shape, as converters leave them
    tflite_add_tensor(&builder, &(tflite_tensor_spec){.name = outputs[i], .type = TFLITE_FLOAT32});
    builder.outputs[i] = 3 + i;
  }
  tflite_add_operator(&builder, &op);
  builder.inputs[0] = 0;
  builder.inputs[1] = 1;
  builder.input_count = 2;
  builder.output_count = 4;
  return tflite_build(&builder, size);
}

static void test_detection_post_process(void **state) {
  size_t size;
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  uint8_t *bytes = build_detector(7, &size);
  int32_t found = 0;
  (void)state;
  if (!pk_import_tflite(&graph, bytes, size, "m.tflite", &error)) fail_msg("%s", error.message);
  for (size_t i = 0; i < graph.op_count; i++) {
    const pk_lowered_op *op = &graph.ops[i];
    if (op->code == MNW_OP_DEQUANTIZE) continue;
    assert_int_equal(op->code, MNW_OP_DETECTION_POST_PROCESS);
    assert_int_equal(op->params[MNW_DETECTION_OUTPUT], found++);
    assert_int_equal(op->params[MNW_DETECTION_DETECTIONS], 7);
    assert_int_equal(op->params[MNW_DETECTION_CLASSES], 3);
    assert_int_equal(op->params[MNW_DETECTION_IOU], (int32_t)bits_of(0.6f));
    assert_int_equal(op->params[MNW_DETECTION_SCALE_W], (int32_t)bits_of(5.0f));
    assert_int_equal(op->params[MNW_DETECTION_SCALE_X], (int32_t)bits_of(10.0f));
  }
  assert_int_equal(found, 4);
  pk_lowered_graph_free(&graph);
  free(bytes);

  bytes = build_detector(0, &size);
  assert_false(pk_import_tflite(&graph, bytes, size, "m.tflite", &error));
  assert_int_equal(error.code, PK_BAD_MODEL);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_every_kind),
                                     cmocka_unit_test(test_survives_damage),
                                     cmocka_unit_test(test_detection_post_process)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
