// Judging: counts by hand, a package in the runtime against the same examples run one by one, and
// the page.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dense_graph.h"
#include "encode/package_writer.h"
#include "eval/evaluate.h"
#include "fake_data_set.h"
#include "package/class_scores.h"
#include "package/package_folder.h"
#include "report/eval_page.h"
#include "report/tensor_picture.h"
#include "test_folder.h"
#include "test_random.h"

enum { SIDE = 8, INPUT_BYTES = SIDE * SIDE * 3, CLASSES = 5, EXAMPLES = 41 };

static void test_counts(void **state) {
  (void)state;
  // Of class 0 two of three are found, class 1 gets one answer too many, class 2 is never seen.
  static const size_t pairs[][2] = {{0, 0}, {0, 0}, {0, 1}, {1, 1}};
  pk_judgement j;
  pk_error error = {0};
  assert_true(pk_judgement_init(&j, 3, &error));
  assert_true(isnan(pk_judgement_macro_f1(&j)));
  for (size_t i = 0; i < 4; i++) pk_judgement_add(&j, pairs[i][0], pairs[i][1]);
  assert_int_equal(j.examples, 4);
  assert_int_equal(j.right, 3);
  assert_int_equal(pk_judgement_count(&j, 0, 1), 1);
  assert_int_equal(pk_judgement_count(&j, 1, 0), 0);
  const pk_class_judgement first = pk_judgement_of_class(&j, 0);
  assert_true(first.precision == 1.0 && fabs(first.recall - 2.0 / 3.0) < 1e-12);
  assert_true(fabs(first.f1 - 0.8) < 1e-12);
  const pk_class_judgement second = pk_judgement_of_class(&j, 1);
  assert_true(second.precision == 0.5 && second.recall == 1.0);
  const pk_class_judgement third = pk_judgement_of_class(&j, 2);
  assert_true(isnan(third.precision) && isnan(third.recall) && isnan(third.f1));
  assert_true(fabs(pk_judgement_macro_f1(&j) - (0.8 + 2.0 / 3.0) / 2.0) < 1e-12);
  pk_judgement_deinit(&j);
}

typedef struct sample_data {
  char folder[TEST_PATH_BYTES];
  int8_t inputs[EXAMPLES][INPUT_BYTES];
  fake_example examples[EXAMPLES];
  pk_data_set set;
} sample_data;

// A random package of CLASSES classes in the test's folder and random examples.
static sample_data *make_samples(void) {
  static const dense_layer layers[] = {{CLASSES, DENSE_BELL}};
  sample_data *data = calloc(1, sizeof *data);
  pk_error error = {0};
  uint32_t seed = 77;
  pk_package package;
  pk_lowered_graph graph = dense_graph(SIDE, layers, 1);
  const pk_pack_options options = {.shard_bytes = 1 << 16};
  assert_non_null(data);
  test_folder_path(data->folder, "judged");
  if (!pk_package_encode(&package, &graph, &options, &error) ||
      !pk_package_store(&package, data->folder, &error)) {
    fail_msg("%s", error.message);
  }
  pk_package_free(&package);
  pk_lowered_graph_free(&graph);
  random_bytes(&seed, data->inputs, sizeof data->inputs);
  for (size_t i = 0; i < EXAMPLES; i++) {
    data->examples[i] = (fake_example){random_between(&seed, 0, CLASSES - 1),
                                       i % 2 ? "odd" : "even <b>", data->inputs[i]};
  }
  data->set = (pk_data_set){data->examples, EXAMPLES, INPUT_BYTES, SIZE_MAX};
  return data;
}

static pk_evaluate_options options_of(const sample_data *data) {
  return (pk_evaluate_options){.folder = data->folder,
                               .kernels = mnw_kernels_get(0),
                               .set = &data->set,
                               .part = PK_DATA_TEST};
}

static void test_against_single_runs(void **state) {
  (void)state;
  sample_data *data = make_samples();
  const pk_evaluate_options options = options_of(data);
  pk_evaluation evaluation;
  pk_error error = {0};
  pk_chain chain = {0};
  size_t right = 0, bytes, other_answers = 0;
  if (!pk_evaluate(&evaluation, &options, &error)) fail_msg("%s", error.message);
  assert_int_equal(evaluation.count, EXAMPLES);
  assert_true(pk_chain_open(&chain, data->folder, options.kernels, 1, &error));
  for (size_t i = 0; i < EXAMPLES; i++) {
    pk_class_score best;
    memcpy(pk_chain_input(&chain, 0), data->inputs[i], INPUT_BYTES);
    assert_true(pk_chain_run(&chain, &error));
    const void *scores = pk_chain_output(&chain, 0, &bytes);
    pk_top_classes(&best, 1, &chain.whole.manifest.outputs[0], scores);
    assert_int_equal(evaluation.answers[i].answer, best.index);
    assert_true(evaluation.answers[i].score == best.score);
    assert_int_equal(evaluation.answers[i].label, data->examples[i].label);
    assert_true(evaluation.answers[i].label_score <= best.score);
    right += best.index == (size_t)data->examples[i].label;
    other_answers += best.index != evaluation.answers[0].answer;
  }
  assert_true(other_answers > 0);  // the answers tell the examples apart
  assert_int_equal(evaluation.judgement.right, right);
  pk_chain_close(&chain);
  pk_evaluation_deinit(&evaluation);
  free(data);
}

static void expect_refusal(const pk_evaluate_options *options, pk_code code, const char *part) {
  pk_evaluation evaluation;
  pk_error error = {0};
  assert_false(pk_evaluate(&evaluation, options, &error));
  assert_null(evaluation.answers);
  assert_int_equal(error.code, code);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void test_refusals(void **state) {
  (void)state;
  sample_data *data = make_samples();
  pk_evaluate_options options = options_of(data);
  data->set.broken = EXAMPLES - 1;
  expect_refusal(&options, PK_IO, "example 40 is broken");
  data->set.broken = SIZE_MAX;
  data->examples[3].label = CLASSES;
  expect_refusal(&options, PK_USAGE, "of class 5, but the package gives scores of 5");
  options.part = PK_DATA_TRAIN;
  expect_refusal(&options, PK_USAGE, "no examples");
  options = options_of(data);
  options.folder = "nowhere";
  expect_refusal(&options, PK_BAD_PACKAGE, "nowhere");
  free(data);
}

static size_t count_of(const pk_bytes *page, const char *part) {
  size_t count = 0;
  for (size_t i = 0; i + strlen(part) <= page->size; i++) {
    count += memcmp(page->data + i, part, strlen(part)) == 0;
  }
  return count;
}

static bool text_of(void *user, size_t index, pk_bytes *text) {
  (void)user;
  if (index % 2) return false;
  pk_bytes_append(text, "a & b", 5);
  return true;
}

static void test_page(void **state) {
  (void)state;
  static const char *const labels[CLASSES] = {"<one>", "two", "three", "four", "five"};
  sample_data *data = make_samples();
  const pk_evaluate_options options = options_of(data);
  pk_evaluation evaluation;
  pk_error error = {0};
  pk_bytes page = {0};
  pk_loaded_package head;
  assert_true(pk_evaluate(&evaluation, &options, &error));
  assert_true(pk_package_load_head(&head, data->folder, &error));
  head.manifest.inputs[0].is_image = true;
  const pk_eval_subject subject = {.name = "model",
                                   .data = "all & everything",
                                   .evaluation = &evaluation,
                                   .manifest = &head.manifest,
                                   .set = &data->set,
                                   .part = PK_DATA_TEST,
                                   .labels = labels,
                                   .text_of = text_of};
  if (!pk_eval_page(&page, &subject, &error)) fail_msg("%s", error.message);
  const size_t mistakes = evaluation.judgement.examples - evaluation.judgement.right;
  size_t even = 0;
  for (size_t i = 0; i < EXAMPLES; i += 2) {
    even += evaluation.answers[i].label != evaluation.answers[i].answer;
  }
  assert_false(page.failed);
  assert_int_equal(count_of(&page, "<li>"), mistakes);
  assert_int_equal(count_of(&page, "data:image/jpeg;base64,"), mistakes);
  assert_int_equal(count_of(&page, "a &amp; b"), even);
  assert_int_equal(count_of(&page, "color-mix"), CLASSES * CLASSES);
  assert_int_equal(count_of(&page, "<one>") + count_of(&page, "<b>"), 0);
  assert_true(count_of(&page, "&lt;one&gt;") > 1);
  assert_int_equal(count_of(&page, "all &amp; everything"), 1);
  assert_int_equal(count_of(&page, "nan"), 0);
  assert_int_equal(count_of(&page, "</html>"), 1);
  pk_bytes_free(&page);
  pk_package_unload(&head);
  pk_evaluation_deinit(&evaluation);
  free(data);
}

static void test_tensor_pictures(void **state) {
  (void)state;
  const float spectrum[] = {0, 1, 2, 3, 4, 8};  // 3 frames of 2 bands
  const pk_manifest_tensor sound = {
      .dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, 3, 2}, .is_audio = true};
  pk_picture picture;
  assert_true(pk_tensor_picture(&picture, &sound, spectrum));
  assert_int_equal(picture.width, 3);
  assert_int_equal(picture.height, 2);
  assert_int_equal(picture.rgba[0], 32);           // the higher band of the first frame: 1 of 8
  assert_int_equal(picture.rgba[4 * 2 + 1], 255);  // of the last one
  assert_int_equal(picture.rgba[4 * 3], 0);        // the lower one
  pk_picture_free(&picture);
  const uint8_t planes[] = {0, 10, 20, 30, 0, 255};  // planar BGR, 1 x 2
  const pk_manifest_tensor planar = {.dtype = MNW_DTYPE_U8,
                                     .rank = 4,
                                     .dims = {1, 3, 1, 2},
                                     .is_image = true,
                                     .is_planar = true,
                                     .is_bgr = true};
  assert_true(pk_tensor_picture(&picture, &planar, planes));
  const uint8_t expected[] = {0, 20, 0, 255, 255, 30, 10, 255};
  assert_memory_equal(picture.rgba, expected, sizeof expected);
  pk_picture_free(&picture);
  const pk_manifest_tensor wave = {
      .dtype = MNW_DTYPE_F32, .rank = 2, .dims = {1, 6}, .is_audio = true};
  assert_false(pk_tensor_picture(&picture, &wave, spectrum));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),          cmocka_unit_test(test_against_single_runs),
      cmocka_unit_test(test_refusals),        cmocka_unit_test(test_page),
      cmocka_unit_test(test_tensor_pictures),
  };
  return cmocka_run_group_tests_name("evaluate", tests, test_folder_make, test_folder_remove);
}
