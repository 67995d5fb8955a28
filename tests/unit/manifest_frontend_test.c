// The front end fields: what a JSON file says reaches the manifest and comes back from it, and a
// wrong field is named.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "package/manifest_frontend.h"

static char *copy(const char *text) {
  char *made = malloc(strlen(text) + 1);
  return strcpy(made, text);
}

// A manifest of `input_count` inputs like `input`, and one row of 12 scores.
static pk_manifest make(const pk_manifest_tensor *input, size_t input_count) {
  pk_manifest manifest = {.name = copy("m"), .input_count = input_count, .output_count = 1};
  manifest.inputs = calloc(input_count, sizeof *manifest.inputs);
  manifest.outputs = calloc(1, sizeof *manifest.outputs);
  manifest.shards = calloc(1, sizeof *manifest.shards);
  for (size_t i = 0; i < input_count; i++) {
    manifest.inputs[i] = *input;
    manifest.inputs[i].name = copy("in");
  }
  manifest.outputs[0] =
      (pk_manifest_tensor){.name = copy("out"), .dtype = MNW_DTYPE_F32, .rank = 2, .dims = {1, 12}};
  manifest.shard_count = 1;
  strcpy(manifest.shards[0].file, "000-0123456789abcdef.mnw");
  memset(manifest.shards[0].sha256, 'a', 64);
  return manifest;
}

static const pk_manifest_tensor sound = {
    .dtype = MNW_DTYPE_S8, .rank = 4, .dims = {1, 49, 10, 1}, .scale = 0.5f, .zero_point = 83};
static const pk_manifest_tensor planar = {
    .dtype = MNW_DTYPE_F32, .rank = 4, .dims = {1, 3, 240, 320}};
static const pk_manifest_tensor tokens = {.dtype = MNW_DTYPE_S32, .rank = 2, .dims = {1, 128}};

#define MFCC(more)                                                                             \
  "{\"inputs\":[{\"audio\":{\"sampleRate\":16000,\"features\":\"mfcc\",\"frames\":49,"         \
  "\"frameLength\":480,\"frameStep\":320,\"fftLength\":512,\"window\":\"hann-periodic\"," more \
  "\"melBins\":40,\"lowerHz\":20,\"upperHz\":4000,\"log\":\"ln\",\"logOffset\":1e-6,"          \
  "\"coefficients\":10}}]}"
#define IMAGE(fields) "{\"inputs\":[{\"image\":{" fields "}}]}"
#define TEXT(role, more)                                                                       \
  "{\"text\":{\"tokenizer\":\"wordpiece\",\"role\":\"" role                                    \
  "\",\"maxTokens\":128,\"lowercase\":true,\"stripAccents\":true,\"cls\":101,\"sep\":102" more \
  "}}"

static bool apply(pk_manifest *manifest, const char *text, pk_error *error) {
  return pk_frontend_apply(manifest, text, strlen(text), "front.json", error);
}

// Applies, writes and reads back.
static pk_manifest round_trip(const pk_manifest_tensor *input, size_t count, const char *text) {
  pk_error error = {0};
  pk_manifest read, manifest = make(input, count);
  if (!apply(&manifest, text, &error)) fail_msg("%s", error.message);
  manifest.has_vocabulary = manifest.inputs[0].is_text;
  if (manifest.has_vocabulary) manifest.vocabulary = manifest.shards[0];
  char *json = pk_manifest_write(&manifest);
  if (!pk_manifest_read(&read, json, strlen(json), "manifest", &error)) {
    fail_msg("%s\n%s", error.message, json);
  }
  free(json);
  pk_manifest_free(&manifest);
  return read;
}

static void sound_comes_back(void **state) {
  (void)state;
  pk_manifest read = round_trip(&sound, 1, MFCC("\"normalize\":\"standard\",\"hopSamples\":3200,"));
  const mnw_audio_options expected = {.sample_rate = 16000,
                                      .features = MNW_AUDIO_MFCC,
                                      .frames = 49,
                                      .hop_samples = 3200,
                                      .frame_length = 480,
                                      .frame_step = 320,
                                      .fft_length = 512,
                                      .window = MNW_WINDOW_HANN_PERIODIC,
                                      .mel_bins = 40,
                                      .lower_hz = 20,
                                      .upper_hz = 4000,
                                      .log = MNW_LOG_LN,
                                      .log_offset = 1e-6f,
                                      .coefficients = 10,
                                      .normalize = MNW_NORMALIZE_STANDARD};
  assert_int_equal(read.task, PK_TASK_AUDIO_CLASSIFICATION);
  assert_true(read.inputs[0].is_audio);
  assert_memory_equal(&read.inputs[0].audio, &expected, sizeof expected);
  pk_manifest_free(&read);
}

static void pictures_come_back(void **state) {
  (void)state;
  pk_manifest read = round_trip(
      &planar, 1,
      "{\"task\":\"object-detection\",\"inputs\":[{\"image\":{\"layout\":\"nchw\",\"order\":"
      "\"bgr\",\"fit\":\"letterbox\",\"pad\":114,\"scale\":[0.5,0.25,2],\"offset\":-1}}],"
      "\"detection\":{\"kind\":\"yolo\",\"boxes\":0,\"iouThreshold\":0.45}}");
  const pk_manifest_tensor *input = &read.inputs[0];
  assert_true(input->is_image && input->is_planar && input->is_bgr);
  assert_int_equal(input->fit, MNW_IMAGE_LETTERBOX);
  assert_int_equal(input->pad, 114);
  assert_true(input->image_scale[1] == 0.25 && input->image_scale[2] == 2.0);
  assert_true(input->image_offset[0] == -1.0 && input->image_offset[2] == -1.0);
  assert_int_equal(read.task, PK_TASK_OBJECT_DETECTION);
  assert_non_null(read.detection);
  pk_manifest_free(&read);
}

static void text_comes_back(void **state) {
  (void)state;
  pk_manifest read = round_trip(&tokens, 2,
                                "{\"inputs\":[" TEXT("ids", "") "," TEXT("mask", "")
                                "],\"embedding\":{\"output\":0,\"pooling\":\"mean\",\"normalize\":"
                                "true}}");
  assert_int_equal(read.task, PK_TASK_TEXT_EMBEDDING);
  assert_int_equal(read.inputs[1].text.role, MNW_TEXT_MASK);
  assert_int_equal(read.inputs[1].text.options.cls_id, 101);
  assert_int_equal(read.inputs[1].text.options.unk_id, MNW_TEXT_NO_TOKEN);
  assert_int_equal(read.inputs[1].text.options.pad_id, 0);
  assert_true(read.has_vocabulary);
  pk_manifest_free(&read);
}

static void refuse(const pk_manifest_tensor *input, size_t count, const char *text,
                   const char *named) {
  pk_error error = {0};
  pk_manifest manifest = make(input, count);
  assert_false(apply(&manifest, text, &error));
  if (!strstr(error.message, named)) fail_msg("%s: %s is not named", error.message, named);
  assert_int_equal(error.code, PK_USAGE);
  pk_manifest_free(&manifest);
}

static void wrong_fields_are_named(void **state) {
  (void)state;
  refuse(&sound, 1, "{", "JSON");
  refuse(&sound, 1, "[]", "object");
  refuse(&sound, 1, "{\"input\":[]}", "input");
  refuse(&sound, 1, "{\"inputs\":[]}", "inputs");
  refuse(&sound, 1, "{\"task\":\"hear\"}", "task");
  refuse(&sound, 1, MFCC("\"melbins\":3,"), "melbins");
  refuse(&sound, 1, MFCC("\"power\":3,"), "inputs[0].audio.power");
  refuse(&sound, 1, MFCC("\"mel\":\"bark\","), "htk slaney");
  refuse(&sound, 1, MFCC("\"center\":1,"), "true or false");
  refuse(&sound, 1, MFCC("\"frames\":50,"), "");  // a field twice
  refuse(&tokens, 1, MFCC(""), "as large as the tensor");
  refuse(&sound, 1,
         "{\"inputs\":[{\"audio\":{\"sampleRate\":16000,\"features\":\"log-mel\",\"frames\":49}}]}",
         "fft_length");
  refuse(&planar, 1, IMAGE("\"fit\":\"crop\""), "image");  // not NHWC
  refuse(&planar, 1, IMAGE("\"layout\":\"nchw\",\"scale\":[1,2]"), "scale");
  refuse(&planar, 1, IMAGE("\"layout\":\"nchw\",\"scale\":0"), "scale");
  refuse(&planar, 1, IMAGE("\"layout\":\"nchw\",\"crop\":1.5"), "crop");
  refuse(&planar, 1, IMAGE("\"layout\":\"nchw\",\"width\":3"), "width");
  refuse(&planar, 1, "{\"inputs\":[{\"image\":{\"layout\":\"nchw\"},\"audio\":{}}]}", "only");
  refuse(&planar, 1, "{\"detection\":{\"kind\":\"yolo\",\"boxes\":1}}", "outputs");
  refuse(&planar, 1, "{\"detection\":{\"kind\":\"boxes-scores\",\"boxes\":0}}", "scores");
  refuse(&planar, 1, "{\"detection\":{\"kind\":\"ssd-anchors\",\"boxes\":0,\"scores\":0}}",
         "anchors");
  refuse(&planar, 1,
         "{\"detection\":{\"kind\":\"ssd-anchors\",\"boxes\":0,\"scores\":0,\"anchors\":{"
         "\"strides\":[]}}}",
         "strides");
  refuse(&planar, 1, "{\"task\":\"image-segmentation\"}", "segmentation");
  refuse(&planar, 1, "{\"task\":\"image-classification\"}", "image input");
  refuse(&tokens, 1, "{\"inputs\":[" TEXT("counts", "") "]}", "role");
  refuse(&tokens, 1, "{\"inputs\":[" TEXT("ids", ",\"sep\":-5") "]}", "");
  refuse(&tokens, 2, "{\"inputs\":[" TEXT("ids", "") "," TEXT("mask", ",\"unk\":3") "]}", "same");
  refuse(&tokens, 1,
         "{\"inputs\":[{\"text\":{\"tokenizer\":\"hash\",\"role\":\"ids\",\"maxTokens\":128,"
         "\"buckets\":7}}]}",
         "ngrams");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_comes_back),
      cmocka_unit_test(pictures_come_back),
      cmocka_unit_test(text_comes_back),
      cmocka_unit_test(wrong_fields_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
