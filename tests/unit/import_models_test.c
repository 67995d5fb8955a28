// Real models from MINNOW_DATA (default: ../shared/data beside the repository), skipped when they
// are absent, and damaged files: cut off everywhere, bytes flipped. None may crash, and what is
// refused must say why.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/ops/op_params.h"
#include "import/import.h"
#include "import_invariants.h"
#include "import_samples.h"
#include "test_random.h"

#ifndef MINNOW_SOURCE_DIR
#define MINNOW_SOURCE_DIR "."
#endif

static tflite_builder builder;

// NULL: no such file.
static uint8_t *read_model(const char *name, size_t *size) {
  char path[4096];
  const char *data = getenv("MINNOW_DATA");
  snprintf(path, sizeof path, "%s/models/%s", data ? data : MINNOW_SOURCE_DIR "/../shared/data",
           name);
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*size);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

// Whether the bytes are accepted; either way all promises hold.
static bool import_any(const uint8_t *bytes, size_t size, pk_error *error) {
  pk_lowered_graph graph;
  *error = (pk_error){.code = PK_OK};
  // An exact copy, so that the address sanitizer sees the first byte read past the end.
  uint8_t *exact = malloc(size ? size : 1);
  assert_non_null(exact);
  memcpy(exact, bytes, size);
  const bool ok = pk_import_model(&graph, exact, size, "model.tflite", error);
  free(exact);
  if (ok) {
    assert_null(import_broken_invariant(&graph));
    assert_int_equal(error->code, PK_OK);
  } else {
    assert_int_not_equal(error->code, PK_OK);
    assert_true(strlen(error->message) > strlen("model.tflite: "));
    assert_null(graph.tensors);
  }
  pk_lowered_graph_free(&graph);
  return ok;
}

static void damage(const uint8_t *bytes, size_t size, int cuts, int flips) {
  pk_error error;
  uint32_t seed = 12345;
  for (int i = 0; i < cuts; i++) {
    const size_t cut = size / (size_t)cuts * (size_t)i;
    assert_false(import_any(bytes, cut, &error));
    assert_int_equal(error.code, PK_BAD_MODEL);
  }
  uint8_t *damaged = malloc(size);
  assert_non_null(damaged);
  for (int i = 0; i < flips; i++) {
    memcpy(damaged, bytes, size);
    for (uint32_t count = 1 + random_next(&seed) % 4; count > 0; count--) {
      damaged[random_next(&seed) % size] = (uint8_t)random_next(&seed);
    }
    import_any(damaged, size, &error);
  }
  free(damaged);
}

static void test_damaged_samples(void **state) {
  (void)state;
  for (int i = 0; i < IMPORT_SAMPLE_COUNT; i++) {
    size_t size;
    import_samples[i].describe(&builder);
    uint8_t *bytes = tflite_build(&builder, &size);
    // Everything refers forwards, so the last bytes always count.
    damage(bytes, size, 50, 2000);
    free(bytes);
  }
}

// Each byte of a small model set to each of a few values that make offsets and counts extreme.
static void test_every_byte_matters_or_not(void **state) {
  (void)state;
  static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
  size_t size;
  pk_error error;
  import_sample_conv(&builder);
  uint8_t *bytes = tflite_build(&builder, &size);
  for (size_t i = 0; i < size; i++) {
    const uint8_t kept = bytes[i];
    for (size_t v = 0; v < sizeof values; v++) {
      bytes[i] = values[v];
      import_any(bytes, size, &error);
    }
    bytes[i] = kept;
  }
  assert_true(import_any(bytes, size, &error));
  free(bytes);
}

typedef struct model_row {
  const char *name;
  size_t op_count;      // of the lowered graph; 0: not supported
  const char *message;  // of the refusal
} model_row;

static const model_row model_rows[] = {
    {"coral/tf2_mobilenet_v2_1.0_224_ptq.tflite", 68, NULL},
    {"coral/mobilenet_v1_0.25_128_quant.tflite", 33, NULL},
    {"coral/mobilenet_v2_1.0_224_quant.tflite", 68, NULL},
    {"mlperf_tiny/kws_ref_model.tflite", 13, NULL},
    {"mlperf_tiny/vww_96_int8.tflite", 31, NULL},
    {"mlperf_tiny/pretrainedResnet_quant.tflite", 16, NULL},
    {"mlperf_tiny/pretrainedResnet_large_int8.tflite", 16, NULL},
    {"mlperf_tiny/ad01_int8.tflite", 10, NULL},
    {"mlperf_tiny/str_ww_ref_model.tflite", 11, NULL},
    {"person_detection/person_detect.tflite", 31, NULL},
    {"micro_speech/micro_speech_quantized.tflite", 5, NULL},
    {"coral/deeplabv3_mnv2_dm05_pascal_quant.tflite", 73, NULL},
    {"coral/keras_lstm_mnist_ptq.tflite", 6, NULL},
    {"micro_speech/audio_preprocessor_int8.tflite", 0, "custom operator \"SignalWindow\", 1 use"},
    {"mlperf_tiny/ad01_fp32.tflite", 10, NULL},
    {"mlperf_tiny/kws_ref_model_float32.tflite", 13, NULL},
    {"mediapipe/face_detection_short_range_f32.tflite", 73, NULL},
    {"mediapipe/selfie_segmentation_f16.tflite", 114, NULL},
    {"seanet_int16/add/add12.tflite", 1, NULL},
};

static void test_real_models(void **state) {
  (void)state;
  size_t found = 0;
  for (size_t i = 0; i < sizeof model_rows / sizeof *model_rows; i++) {
    const model_row *row = &model_rows[i];
    size_t size;
    pk_error error = {.code = PK_OK};
    pk_lowered_graph graph;
    uint8_t *bytes = read_model(row->name, &size);
    if (!bytes) {
      print_message("%s is absent, skipped\n", row->name);
      continue;
    }
    found++;
    const bool ok = pk_import_model(&graph, bytes, size, row->name, &error);
    free(bytes);
    if (ok != (row->op_count > 0)) fail_msg("%s: %s", row->name, error.message);
    if (ok) {
      assert_null(import_broken_invariant(&graph));
      assert_int_equal(graph.op_count, row->op_count);
    } else {
      assert_int_equal(error.code, PK_UNSUPPORTED);
      if (!strstr(error.message, row->message)) fail_msg("%s", error.message);
    }
    pk_lowered_graph_free(&graph);
  }
  if (found == 0) skip();
}

// No model with a zip archive of labels behind the flatbuffer: it stands without its tail.
static void test_damaged_real_models(void **state) {
  (void)state;
  static const char *const names[] = {"micro_speech/micro_speech_quantized.tflite",
                                      "mlperf_tiny/kws_ref_model.tflite",
                                      "mlperf_tiny/pretrainedResnet_quant.tflite"};
  size_t found = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size;
    uint8_t *bytes = read_model(names[i], &size);
    if (!bytes) continue;
    found++;
    damage(bytes, size, 50, 60);
    free(bytes);
  }
  if (found == 0) {
    print_message("no models found, skipped\n");
    skip();
  }
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

// The weights that Deep Compression shared reach the encoder as the few values that they were, and
// as many of them pruned; all between only moves them.
static void test_shared_weights_stay_shared(void **state) {
  (void)state;
  enum { WEIGHTS = 1244448, ENTRIES = 422083, FILLERS = 6162 };
  pk_caffe_files files = {.weights_name = "squeezenet.net", .prototxt_name = "deploy.prototxt"};
  uint8_t *net =
      read_model("squeezenet_deep_compression/compressed_SqueezeNet.net", &files.weights_bytes);
  uint8_t *text =
      read_model("squeezenet_deep_compression/SqueezeNet_deploy.prototxt", &files.prototxt_bytes);
  pk_lowered_graph graph;
  pk_error error = {.code = PK_OK};
  size_t layers = 0, weights = 0, kept = 0;
  if (!net || !text) skip();
  files.weights = net;
  files.prototxt = text;
  if (!pk_import_caffe(&graph, &files, NULL, &error)) fail_msg("%s", error.message);
  for (size_t i = 0; i < graph.op_count; i++) {
    if (graph.ops[i].code != MNW_OP_CONV_2D) continue;
    const pk_lowered_tensor *tensor = &graph.tensors[graph.ops[i].inputs[1]];
    const size_t count = tensor->data_bytes / 4;
    uint32_t *values = malloc(tensor->data_bytes);
    size_t different = 1;
    assert_non_null(values);
    memcpy(values, tensor->data, tensor->data_bytes);
    qsort(values, count, sizeof *values, compare_u32);
    for (size_t j = 0; j < count; j++) {
      different += j > 0 && values[j] != values[j - 1];
      kept += values[j] != 0;
    }
    assert_in_range(different, 2, 256);
    free(values);
    weights += count;
    layers++;
  }
  assert_int_equal(layers, 26);
  assert_int_equal(weights, WEIGHTS);  // all outputs come in eights: nothing is padded
  assert_int_equal(kept, ENTRIES - FILLERS);
  pk_lowered_graph_free(&graph);
  free(net);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shared_weights_stay_shared), cmocka_unit_test(test_damaged_samples),
      cmocka_unit_test(test_every_byte_matters_or_not),  cmocka_unit_test(test_real_models),
      cmocka_unit_test(test_damaged_real_models),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
