// Trainings of their own in the folder of test_folder.h: grey pictures drawn here, a recipe, a
// session. In JSON text, ' stands for ".
#ifndef MINNOW_TESTS_TRAIN_CASE_H_
#define MINNOW_TESTS_TRAIN_CASE_H_

#include "../../packer/train/train_session.h"

// Draws picture `index` of class `label` into pixels [side][side], which are 0.
typedef void train_case_draw_fn(uint8_t *pixels, uint32_t side, int32_t label, uint32_t index);

typedef struct train_case {
  pk_recipe recipe;
  pk_train_session session;
} train_case;

// Writes labels, front end and `count` pictures of each class; a fifth is for tests.
void train_case_write_data(uint32_t side, int32_t classes, uint32_t count,
                           train_case_draw_fn *draw);

// "{'name': …}" with the network and the training (JSON), and the data above.
void train_case_write_recipe(const char *network, const char *training);

// Opens what has been written last. `plan` NULL: labels alone. The case must not move.
bool train_case_try_open(train_case *c, const pk_lesson_plan *plan, pk_error *error);
void train_case_open(train_case *c, const pk_lesson_plan *plan);
void train_case_close(train_case *c);

// Epochs first … last - 1.
void train_case_train(train_case *c, size_t first, size_t last);
// Share of the part's examples that the network as it would be used takes for what they are.
double train_case_accuracy(train_case *c, pk_data_part part);

#endif  // MINNOW_TESTS_TRAIN_CASE_H_
