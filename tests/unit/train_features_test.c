// Distillation by features: the loss of attention maps, its gradient through a network, and that
// students come to look where their teacher looks.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "../../packer/pk_random.h"
#include "../../packer/train/attention.h"
#include "../../packer/train/checkpoint.h"
#include "../../packer/train/trained_file.h"
#include "test_folder.h"
#include "train_bench.h"
#include "train_case.h"

enum { SIDE = 10, CLASSES = 3, PICTURES = 200, EPOCHS = 20 };

// --- the loss ---

static void test_maps(void **state) {
  (void)state;
  const float values[] = {1.0f, -1.0f, 0.0f, 0.0f, 2.0f, 0.0f}, zeros[6] = {0.0f};
  float map[3];
  assert_true(fabsf(pk_attention_map(map, values, 3, 2) - sqrtf(20.0f)) < 1e-6f);
  assert_true(fabsf(map[0] - 2.0f / sqrtf(20.0f)) < 1e-6f && map[1] == 0.0f);
  assert_true(fabsf(map[2] - 4.0f / sqrtf(20.0f)) < 1e-6f);
  assert_true(pk_attention_map(map, zeros, 3, 2) == 0.0f);
  assert_true(map[0] == 0.0f && map[1] == 0.0f && map[2] == 0.0f);
}

static void test_loss_gradient(void **state) {
  enum { MOST = 12 * 5 };
  const float step = 1e-2f;
  pk_random random = {6};
  (void)state;
  for (int round = 0; round < 60; round++) {
    const size_t positions = 2 + pk_random_below(&random, 11);
    const size_t channels = 1 + pk_random_below(&random, 5);
    float values[MOST], other[MOST], target[12], scratch[12], gradient[MOST] = {0.0f}, unused[MOST];
    for (size_t i = 0; i < positions * channels; i++) {
      values[i] = (float)pk_random_normal(&random);
      other[i] = (float)pk_random_normal(&random);
    }
    pk_attention_map(target, other, positions, channels);
    pk_attention_loss(gradient, values, target, positions, channels, 1.5f, scratch);
    for (size_t i = 0; i < positions * channels; i++) {
      const float here = values[i];
      values[i] = here + step;
      const float above =
          pk_attention_loss(unused, values, target, positions, channels, 0.0f, scratch);
      values[i] = here - step;
      const float below =
          pk_attention_loss(unused, values, target, positions, channels, 0.0f, scratch);
      values[i] = here;
      const float slope = 1.5f * (above - below) / (2.0f * step);
      assert_true(fabsf(slope - gradient[i]) < 2e-3f + 0.02f * fabsf(slope));
    }
  }
}

// Where nothing is active there is no direction to go to.
static void test_dead_layer(void **state) {
  (void)state;
  const float values[4] = {0.0f}, target[] = {0.6f, 0.8f};
  float gradient[4] = {0.0f}, scratch[2];
  assert_true(fabsf(pk_attention_loss(gradient, values, target, 2, 2, 1.0f, scratch) - 1.0f) <
              1e-6f);
  for (size_t i = 0; i < 4; i++) assert_true(gradient[i] == 0.0f);
}

// --- through a network ---

typedef struct matched_bench {
  train_bench student;
  pk_teacher teacher;
  pk_feature_match match;
} matched_bench;

static const float bench_weight = 3.0f;

static pk_field_reader reader_of(pk_error *error) {
  return (pk_field_reader){"test", "nothing", PK_USAGE, true, error};
}

// The teacher is a bench's network; its tape ran on its own random picture once.
static void open_matched(matched_bench *m, train_bench *teacher, const char *features) {
  pk_error error = {0};
  const pk_field_reader reader = reader_of(&error);
  json_t *json = json_loads(features, 0, NULL);
  train_bench_open(
      teacher, "[5, 4, 2]",
      "{\"conv\": 7, \"activation\": \"tanh\", \"name\": \"eye\"},"
      "{\"pool\": \"average\", \"name\": \"small\"}, {\"pool\": \"mean\"}, {\"dense\": 3}");
  train_bench_loss(teacher);
  m->teacher = (pk_teacher){.graph = teacher->graph, .has_layers = true, .rows = TRAIN_BENCH_BATCH};
  m->teacher.tapes[0] = teacher->tape;
  train_bench_open(&m->student, "[5, 4, 2]",
                   "{\"conv\": 3, \"activation\": \"swish\"},"
                   "{\"residual\": [{\"conv\": 3, \"kernel\": 3, \"activation\": \"tanh\"}]},"
                   "{\"pool\": \"max\"}, {\"pool\": \"mean\"}, {\"dense\": 3}");
  if (!pk_feature_match_init(&m->match, json, &m->student.graph, &m->teacher, 1, &reader)) {
    fail_msg("%s", error.message);
  }
  json_decref(json);
}

static double matched_loss(matched_bench *m, bool wants_gradient) {
  pk_error error = {0};
  const double classes = train_bench_loss(&m->student);
  const double maps = pk_feature_match_seed(&m->match, &m->student.tape, 0, bench_weight, &error);
  assert_true(maps > 0.0);
  memset(m->student.hooks.gradients, 0,
         m->student.parameters.total * sizeof *m->student.hooks.gradients);
  if (wants_gradient) assert_true(pk_diff_backward(&m->student.tape, &error));
  return classes + (double)bench_weight * maps;
}

static void test_gradient_through_network(void **state) {
  (void)state;
  const float step = 2e-3f;
  static train_bench teacher;
  static matched_bench m;
  open_matched(&m, &teacher, "{\"0\": \"eye\", \"1\": \"eye\", \"2\": \"small\"}");
  assert_int_equal(m.match.count, 3);
  train_bench *b = &m.student;
  float *analytic = calloc(b->parameters.total, sizeof *analytic);
  assert_non_null(analytic);
  matched_loss(&m, true);
  for (size_t i = 0; i < b->parameters.count; i++) {
    const pk_parameter *p = &b->parameters.items[i];
    const float *from =
        p->tensor == PK_NO_TENSOR ? b->hooks.gradients + p->offset : b->tape.grads[p->tensor];
    memcpy(analytic + p->offset, from, p->count * sizeof *from);
  }
  for (size_t i = 0; i < b->parameters.total; i++) {
    const float here = b->values[i];
    b->values[i] = here + step;
    const double above = matched_loss(&m, false);
    b->values[i] = here - step;
    const double below = matched_loss(&m, false);
    b->values[i] = here;
    const double slope = (above - below) / (2.0 * (double)step);
    if (!(fabs(slope - (double)analytic[i]) <= 4e-3 + 0.03 * fabs(slope))) {
      fail_msg("parameter %zu: %g by differences, %g", i, slope, (double)analytic[i]);
    }
  }
  free(analytic);
  pk_feature_match_deinit(&m.match);
  train_bench_close(&m.student);
  train_bench_close(&teacher);
}

// --- trainings ---

// A shape somewhere on noise: a cross, a square, a bar.
static void draw(uint8_t *pixels, uint32_t side, int32_t label, uint32_t index) {
  pk_random random = pk_random_of((uint64_t)label + 7, index);
  const uint32_t top = (uint32_t)pk_random_below(&random, side - 4);
  const uint32_t left = (uint32_t)pk_random_below(&random, side - 4);
  for (uint32_t i = 0; i < side * side; i++) pixels[i] = (uint8_t)pk_random_below(&random, 90);
  for (uint32_t y = 0; y < 5; y++) {
    for (uint32_t x = 0; x < 5; x++) {
      const bool on = label == 0   ? x == 2 || y == 2
                      : label == 1 ? x == 0 || x == 4 || y == 0 || y == 4
                                   : y == 2 || y == 3;
      if (on) pixels[(top + y) * side + left + x] += 130;
    }
  }
}

static const char student_network[] =
    "{'input': [10, 10, 1], 'layers': [{'conv': 4, 'kernel': 3, 'activation': 'relu', 'name': 'a'},"
    "{'conv': 6, 'kernel': 3, 'stride': 2, 'activation': 'relu'}, {'pool': 'mean'}, {'dense': 3}]}";
static const char training[] = "{'epochs': 20, 'batch': 32, 'rate': 0.01, 'average': 0.95}";
static char teacher_file[TEST_PATH_BYTES];

static void train_teacher(void) {
  static train_case c;
  pk_error error = {0};
  size_t size_bytes = 0;
  train_case_write_data(SIDE, CLASSES, PICTURES, draw);
  train_case_write_recipe(
      "{'input': [10, 10, 1], 'layers': [{'conv': 12, 'kernel': 3, 'activation': 'relu'},"
      "{'conv': 16, 'kernel': 3, 'stride': 2, 'activation': 'relu', 'name': 'late'},"
      "{'residual': [{'conv': 16, 'kernel': 3, 'activation': 'relu'}], 'name': 'sum'},"
      "{'pool': 'mean'}, {'dense': 3}]}",
      training);
  train_case_open(&c, NULL);
  train_case_train(&c, 0, EPOCHS);
  uint8_t *bytes = pk_trained_bytes(&c.session, &size_bytes, &error);
  assert_non_null(bytes);
  test_folder_path(teacher_file, "teacher.safetensors");
  test_file_write(teacher_file, bytes, size_bytes);
  free(bytes);
  train_case_close(&c);
  train_case_write_recipe(student_network, training);
}

// The student's maps on the test part, less the teacher's: the mean squared distance of a picture.
static double distance(train_case *c, const json_t *features) {
  pk_train_session *s = &c->session;
  pk_train_worker *w = &s->workers[0];
  pk_feature_match match;
  pk_error error = {0};
  const pk_field_reader reader = reader_of(&error);
  float *scores = calloc(s->half * s->classes, sizeof *scores);
  assert_non_null(scores);
  train_case_accuracy(c, PK_DATA_TEST);  // leaves the folded network as it would be used
  if (!pk_feature_match_init(&match, features, &s->graph, s->teachers, 1, &reader)) {
    fail_msg("%s", error.message);
  }
  for (size_t i = 0; i < s->half; i++) {
    const size_t index = i * pk_data_set_count(s->data, PK_DATA_TEST) / s->half;
    assert_true(pk_data_reader_fill(w->plain_reader, PK_DATA_TEST, index, 0,
                                    w->inputs + i * s->input_elements, &error));
  }
  assert_true(pk_diff_set_input(&w->folded_tape, 0, w->inputs, &error));
  assert_true(pk_diff_forward(&w->folded_tape, &error));
  assert_true(pk_teacher_add(scores, &s->teachers[0], 0, w->inputs, s->half, 1.0f, &error));
  const double loss = pk_feature_match_seed(&match, &w->folded_tape, 0, 0.0f, &error);
  assert_true(loss >= 0.0);
  pk_feature_match_deinit(&match);
  free(scores);
  return loss / (double)s->half;
}

static void test_students(void **state) {
  (void)state;
  static train_case alone, matched;
  json_t *features = json_loads("{\"a\": \"0\", \"1\": \"sum\"}", 0, NULL);
  char *files[] = {teacher_file};
  const pk_lesson_plan plain = {.files = files, .count = 1, .temperature = 3.0f, .share = 0.5f};
  pk_lesson_plan plan = plain;
  plan.features = features;
  plan.feature_weight = 0.3f;
  train_teacher();
  train_case_open(&alone, &plain);
  train_case_open(&matched, &plan);
  assert_int_equal(matched.session.features.count, 2);
  train_case_train(&alone, 0, EPOCHS);
  train_case_train(&matched, 0, EPOCHS);
  const double without = distance(&alone, features), with = distance(&matched, features);
  print_message("distance of the maps: %.3f without the loss, %.3f with it; accuracy %.3f, %.3f\n",
                without, with, train_case_accuracy(&alone, PK_DATA_TEST),
                train_case_accuracy(&matched, PK_DATA_TEST));
  assert_true(with < 0.5 * without);
  assert_true(train_case_accuracy(&matched, PK_DATA_TEST) >= 0.9);
  train_case_close(&alone);
  train_case_close(&matched);
  json_decref(features);
}

// From a checkpoint on the same bytes; the checkpoint of another weight is not gone on from.
static void test_going_on(void **state) {
  (void)state;
  static train_case whole, first, second;
  json_t *features = json_loads("{\"1\": \"late\"}", 0, NULL);
  char *files[] = {teacher_file}, path[TEST_PATH_BYTES];
  pk_lesson_plan plan = {.files = files,
                         .count = 1,
                         .temperature = 3.0f,
                         .share = 0.5f,
                         .features = features,
                         .feature_weight = 2.0f};
  pk_error error = {0};
  size_t sizes[2], epochs = 0;
  train_teacher();
  test_folder_path(path, "checkpoint");
  train_case_open(&whole, &plan);
  train_case_open(&first, &plan);
  train_case_train(&whole, 0, EPOCHS);
  train_case_train(&first, 0, 3);
  assert_true(pk_checkpoint_write(&first.session, 3, path, &error));
  train_case_open(&second, &plan);
  assert_true(pk_checkpoint_read(&second.session, &epochs, path, &error));
  train_case_train(&second, 3, EPOCHS);
  uint8_t *expected = pk_trained_bytes(&whole.session, &sizes[0], &error);
  uint8_t *got = pk_trained_bytes(&second.session, &sizes[1], &error);
  assert_int_equal(sizes[0], sizes[1]);
  assert_memory_equal(got, expected, sizes[0]);
  free(expected);
  free(got);
  train_case_close(&first);
  plan.feature_weight = 3.0f;
  train_case_open(&first, &plan);
  assert_false(pk_checkpoint_read(&first.session, &epochs, path, &error));
  assert_int_equal(error.code, PK_USAGE);
  train_case_close(&whole);
  train_case_close(&first);
  train_case_close(&second);
  json_decref(features);
}

static void test_refusals(void **state) {
  static const struct {
    const char *features, *message;
  } cases[] = {
      {"{\"b\": \"0\"}", "distill.features.b must be left out: the network has no layer"},
      {"{\"a\": \"first\"}", "distill.features.a must be the name, or the place, of a layer of"},
      {"{\"a\": 0}", "distill.features.a must be the name, or the place, of a teacher's layer"},
      {"{\"a\": \"late\"}", "distill.features.a must be a teacher's layer of the same height"},
      {"{\"3\": \"4\"}", "distill.features.3 must be left out: this layer's result has no height"},
      {"[\"a\"]", "distill.features must be an object"}};
  static train_case c;
  pk_error error;
  char *files[] = {teacher_file};
  (void)state;
  train_teacher();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *features = json_loads(cases[i].features, 0, NULL);
    const pk_lesson_plan plan = {
        .files = files, .count = 1, .temperature = 3.0f, .share = 0.5f, .features = features};
    assert_false(train_case_try_open(&c, &plan, &error));
    assert_int_equal(error.code, PK_USAGE);
    if (!strstr(error.message, cases[i].message)) fail_msg("%s", error.message);
    train_case_close(&c);
    json_decref(features);
  }
}

static void test_plans(void **state) {
  static const struct {
    const char *distill, *message;
  } cases[] = {{"{'temperature': 0}", "distill.temperature must be a number from 0.1 to 100"},
               {"{'share': 2}", "distill.share"},
               {"{'featureWeight': -1}", "distill.featureWeight must be a number from"},
               {"{'feature': {}}", "distill.feature must be left out"},
               {"{'teachers': 'x'}", "distill.teachers must be a list of files"},
               {"{'teachers': []}", "no teacher"}};
  char folder[] = "/f", source[] = "test";
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[256], *quote;
    pk_error error = {0};
    pk_lesson_plan plan;
    snprintf(text, sizeof text, "{'distill': %s}", cases[i].distill);
    while ((quote = strchr(text, '\'')) != NULL) *quote = '"';
    pk_recipe recipe = {.json = json_loads(text, 0, NULL), .folder = folder, .source = source};
    assert_non_null(recipe.json);
    assert_false(pk_lesson_plan_read(&plan, &recipe, NULL, 0, &error));
    assert_int_equal(error.code, PK_USAGE);
    if (!strstr(error.message, cases[i].message)) fail_msg("%s", error.message);
    json_decref(recipe.json);
  }
  pk_error error = {0};
  pk_lesson_plan plan;
  const char *named[] = {"here.onnx"};
  pk_recipe recipe = {.json = json_loads("{\"distill\": {\"teachers\": [\"a\", \"/b\"]}}", 0, NULL),
                      .folder = folder,
                      .source = source};
  assert_true(pk_lesson_plan_read(&plan, &recipe, NULL, 0, &error));
  assert_int_equal(plan.count, 2);
  assert_string_equal(plan.files[0], "/f/a");
  assert_string_equal(plan.files[1], "/b");
  pk_lesson_plan_free(&plan);
  assert_true(pk_lesson_plan_read(&plan, &recipe, named, 1, &error));
  assert_int_equal(plan.count, 1);
  assert_string_equal(plan.files[0], "here.onnx");
  pk_lesson_plan_free(&plan);
  json_decref(recipe.json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_maps),       cmocka_unit_test(test_loss_gradient),
      cmocka_unit_test(test_dead_layer), cmocka_unit_test(test_gradient_through_network),
      cmocka_unit_test(test_students),   cmocka_unit_test(test_going_on),
      cmocka_unit_test(test_refusals),   cmocka_unit_test(test_plans)};
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
