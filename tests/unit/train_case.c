#include "train_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka needs those above
#include <cmocka.h>

#include "test_folder.h"

enum { TEXT_BYTES = 4096 };

static uint32_t written_side;
static int32_t written_classes;

// Into the test's folder, with " for '.
static void write_text(const char *name, const char *text) {
  char path[TEST_PATH_BYTES], quoted[TEXT_BYTES];
  const size_t length = strlen(text);
  assert_true(length < sizeof quoted);
  for (size_t i = 0; i <= length; i++) quoted[i] = text[i] == '\'' ? '"' : text[i];
  test_folder_path(path, name);
  test_file_write(path, quoted, length);
}

static void write_pictures(uint32_t side, int32_t label, uint32_t count, train_case_draw_fn *draw) {
  char path[TEST_PATH_BYTES], name[32];
  const size_t each = (size_t)side * side;
  uint8_t *pixels = calloc(count * each, 1);
  assert_non_null(pixels);
  for (uint32_t i = 0; i < count; i++) draw(pixels + i * each, side, label, i);
  snprintf(name, sizeof name, "class%d.bin", (int)label);
  test_folder_path(path, name);
  test_file_write(path, pixels, count * each);
  free(pixels);
}

void train_case_write_data(uint32_t side, int32_t classes, uint32_t count,
                           train_case_draw_fn *draw) {
  char text[TEXT_BYTES] = "";
  for (int32_t i = 0; i < classes; i++) {
    snprintf(text + strlen(text), sizeof text - strlen(text), "class%d\n", (int)i);
    write_pictures(side, i, count, draw);
  }
  write_text("labels.txt", text);
  snprintf(text, sizeof text,
           "{'task': 'image-classification', 'inputs': [{'image': {'width': %u, 'height': %u,"
           "'channels': 1, 'crop': 1.0, 'fit': 'stretch', 'scale': 0.00784313725490196,"
           "'offset': -1.0}}]}",
           (unsigned)side, (unsigned)side);
  write_text("frontend.json", text);
  written_side = side;
  written_classes = classes;
}

void train_case_write_recipe(const char *network, const char *training) {
  char text[TEXT_BYTES], sources[TEXT_BYTES / 2] = "";
  for (int32_t i = 0; i < written_classes; i++) {
    snprintf(sources + strlen(sources), sizeof sources - strlen(sources),
             "%s{'file': './class%d.bin', 'side': %u, 'class': 'class%d',"
             "'split': {'by': 'order', 'validation': 0.1, 'test': 0.2}}",
             i ? ", " : "", (int)i, (unsigned)written_side, (int)i);
  }
  snprintf(text, sizeof text,
           "{'name': 'case', 'labels': 'labels.txt', 'frontend': 'frontend.json', 'network': %s,"
           "'data': {'format': 'pictures', 'sources': [%s]}, 'training': %s,"
           "'pack': {'maxDrop': 0.5, 'samples': 64}}",
           network, sources, training);
  write_text("model.json", text);
}

bool train_case_try_open(train_case *c, const pk_lesson_plan *plan, pk_error *error) {
  const pk_lesson_plan alone = {0};
  char folder[TEST_PATH_BYTES];
  test_folder_path(folder, "");
  *c = (train_case){0};
  *error = (pk_error){0};
  return pk_recipe_read(&c->recipe, folder, NULL, error) &&
         pk_train_session_init(&c->session, &c->recipe, plan ? plan : &alone, error);
}

void train_case_open(train_case *c, const pk_lesson_plan *plan) {
  pk_error error;
  if (!train_case_try_open(c, plan, &error)) fail_msg("%s", error.message);
}

void train_case_close(train_case *c) {
  pk_train_session_deinit(&c->session);
  pk_recipe_free(&c->recipe);
}

void train_case_train(train_case *c, size_t first, size_t last) {
  pk_error error = {0};
  for (size_t epoch = first; epoch < last; epoch++) {
    pk_train_score score = {0};
    pk_train_shuffle(&c->session, epoch);
    for (size_t batch = 0; batch < c->session.batches; batch++) {
      if (!pk_train_batch(&c->session, epoch, batch, &score, &error)) fail_msg("%s", error.message);
    }
  }
}

double train_case_accuracy(train_case *c, pk_data_part part) {
  pk_train_score score;
  pk_error error = {0};
  if (!pk_train_judge(&c->session, part, &score, &error)) fail_msg("%s", error.message);
  assert_true(score.count > 0);
  return (double)score.right / (double)score.count;
}
