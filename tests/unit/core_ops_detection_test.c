// Non-maximum suppression and detection post-processing against a search that looks through all
// boxes again for each one it picks.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op_case.h"
#include "ops/op_params.h"
#include "test_random.h"

enum { MAX_BOXES = 40, MAX_CLASSES = 7, MAX_ROWS = 400 };

static float boxes[8 * MAX_BOXES], scores[MAX_BOXES * MAX_CLASSES * 2], anchors[4 * MAX_BOXES];
static float corners[4 * MAX_BOXES], got_floats[4 * MAX_ROWS], expected_floats[4 * MAX_ROWS];
static int64_t got[3 * MAX_ROWS], expected[3 * MAX_ROWS];

static int32_t bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double overlap(const float *a, const float *b) {
  const double height = fmin((double)a[2], (double)b[2]) - fmax((double)a[0], (double)b[0]);
  const double width = fmin((double)a[3], (double)b[3]) - fmax((double)a[1], (double)b[1]);
  const double common = fmax(height, 0.0) * fmax(width, 0.0);
  const double areas = ((double)a[2] - (double)a[0]) * ((double)a[3] - (double)a[1]) +
                       ((double)b[2] - (double)b[0]) * ((double)b[3] - (double)b[1]);
  return common / (areas - common);
}

// Picks boxes of the highest score (the lower number first) that overlap no picked one.
static int32_t pick(int32_t *picked, const float *of_box, int32_t count, double above,
                    double threshold, int32_t limit) {
  bool is_gone[MAX_BOXES] = {false};
  int32_t found = 0;
  while (found < limit) {
    int32_t best = -1;
    for (int32_t i = 0; i < count; i++) {
      if (is_gone[i] || !((double)of_box[i] > above)) continue;
      if (best < 0 || of_box[i] > of_box[best]) best = i;
    }
    if (best < 0) break;
    picked[found++] = best;
    for (int32_t i = 0; i < count; i++) {
      if (overlap(corners + 4 * best, corners + 4 * i) > threshold) is_gone[i] = true;
    }
    is_gone[best] = true;
  }
  return found;
}

// Eighths, so that centres and corners are exact and scores tie.
static float eighths(uint32_t *seed, int32_t low, int32_t high) {
  return (float)random_between(seed, low, high) / 8.0f;
}

static void test_non_max_suppression(void **state) {
  uint32_t seed = 31;
  (void)state;
  for (int round = 0; round < 200; round++) {
    const int32_t batches = random_between(&seed, 1, 2),
                  count = random_between(&seed, 1, MAX_BOXES);
    const int32_t classes = random_between(&seed, 1, 3), per_class = random_between(&seed, 0, 9);
    const int32_t rows = random_between(&seed, 1, 60);
    const bool is_centred = round & 1;
    const double iou = 0.43, score = 0.3;
    op_case test = {.code = MNW_OP_NON_MAX_SUPPRESSION,
                    .param_count = 4,
                    .input_count = 2,
                    .params = {per_class, bits_of((float)iou), bits_of((float)score), is_centred}};
    test.inputs[0] =
        (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {batches, count, 4}, .data = boxes};
    test.inputs[1] = (op_tensor){
        .dtype = MNW_DTYPE_F32, .rank = 3, .dims = {batches, classes, count}, .data = scores};
    test.output = (op_tensor){.dtype = MNW_DTYPE_S64, .rank = 2, .dims = {rows, 3}};
    for (int32_t i = 0; i < batches * classes * count; i++) scores[i] = eighths(&seed, 0, 64) / 8;
    for (int32_t i = 0; i < 3 * rows; i++) expected[i] = -1;
    int32_t row = 0;
    for (int32_t b = 0; b < batches; b++) {
      for (int32_t i = 0; i < count; i++) {
        float *box = boxes + 4 * (b * count + i), *corner = corners + 4 * i;
        for (int32_t k = 0; k < 2; k++) {
          const float centre = eighths(&seed, 0, 20), half = eighths(&seed, 1, 12);
          const bool is_flipped = random_next(&seed) & 1;
          corner[k] = centre - half;
          corner[2 + k] = centre + half;
          box[k] = is_centred ? centre : is_flipped ? corner[2 + k] : corner[k];
          box[2 + k] = is_centred ? 2 * half : is_flipped ? corner[k] : corner[2 + k];
        }
      }
      for (int32_t c = 0; c < classes; c++) {
        int32_t picked[MAX_BOXES];
        const int32_t found = pick(picked, scores + (b * classes + c) * count, count,
                                   (double)(float)score, (double)(float)iou, per_class);
        for (int32_t i = 0; i < found && row < rows; i++, row++) {
          expected[3 * row] = b;
          expected[3 * row + 1] = c;
          expected[3 * row + 2] = picked[i];
        }
      }
    }
    for (size_t set = 0; op_case_run(&test, set, got); set++) {
      assert_memory_equal(got, expected, op_tensor_bytes(&test.output));
    }
  }
}

typedef struct row {
  int32_t box, class_number;
} row;

static int32_t fast_rows(row *rows, int32_t count, int32_t classes, int32_t stride,
                         int32_t detections, int32_t per_detection, double threshold, double iou) {
  float best[MAX_BOXES];
  int32_t picked[MAX_BOXES];
  const float *first = scores + stride - classes;
  for (int32_t i = 0; i < count; i++) {
    best[i] = first[i * stride];
    for (int32_t c = 1; c < classes; c++) best[i] = fmaxf(best[i], first[i * stride + c]);
  }
  const int32_t found = pick(picked, best, count, threshold - 1e-6, iou, detections);
  for (int32_t i = 0; i < found; i++) {
    for (int32_t c = 0; c < classes; c++) {  // a class stands where its rank says
      int32_t rank = 0;
      const float score = first[picked[i] * stride + c];
      for (int32_t o = 0; o < classes; o++) {
        const float other = first[picked[i] * stride + o];
        rank += other > score || (other == score && o < c);
      }
      if (rank < per_detection) rows[i * per_detection + rank] = (row){picked[i], c};
    }
  }
  return found;
}

static int32_t regular_rows(row *rows, int32_t count, int32_t classes, int32_t stride,
                            int32_t detections, int32_t per_class, double threshold, double iou) {
  row all[MAX_BOXES * MAX_CLASSES];
  float score[MAX_BOXES];
  int32_t total = 0, picked[MAX_BOXES];
  const float *first = scores + stride - classes;
  for (int32_t c = 0; c < classes; c++) {
    for (int32_t i = 0; i < count; i++) score[i] = first[i * stride + c];
    const int32_t found = pick(picked, score, count, threshold - 1e-6, iou, per_class);
    for (int32_t i = 0; i < found; i++) all[total++] = (row){picked[i], c};
  }
  for (int32_t i = 0; i < total; i++) {
    int32_t rank = 0;
    const row a = all[i];
    for (int32_t k = 0; k < total; k++) {
      const row b = all[k];
      const float a_score = first[a.box * stride + a.class_number];
      const float b_score = first[b.box * stride + b.class_number];
      const int32_t a_number = a.class_number * count + a.box;
      const int32_t b_number = b.class_number * count + b.box;
      rank += b_score > a_score || (b_score == a_score && b_number < a_number);
    }
    if (rank < detections) rows[rank] = a;
  }
  return total < detections ? total : detections;
}

static const float scales[4] = {10.0f, 10.0f, 5.0f, 5.0f};

static void random_detector(uint32_t *seed, int32_t count, int32_t values, int32_t stride) {
  for (int32_t i = 0; i < count * stride; i++) scores[i] = eighths(seed, 0, 64) / 8;
  for (int32_t i = 0; i < count; i++) {
    float *code = boxes + values * i, *anchor = anchors + 4 * i;
    for (int32_t k = 0; k < 2; k++) {
      anchor[k] = eighths(seed, 0, 20);
      anchor[2 + k] = eighths(seed, 2, 12);
      code[k] = (float)random_between(seed, -100, 100) / 20.0f;
      code[2 + k] = (float)random_between(seed, -100, 100) / 30.0f;
      const double centre = (double)(code[k] / scales[k] * anchor[2 + k] + anchor[k]);
      const double half = 0.5 * exp((double)(code[2 + k] / scales[2 + k])) * (double)anchor[2 + k];
      corners[4 * i + k] = (float)(centre - half);
      corners[4 * i + 2 + k] = (float)(centre + half);
    }
  }
}

static op_case detector_case(int32_t count, int32_t values, int32_t stride, int32_t classes,
                             int32_t output, int32_t detections, int32_t per_detection,
                             int32_t per_class, bool is_regular) {
  const int32_t rows = detections * per_detection;
  op_case test = {.code = MNW_OP_DETECTION_POST_PROCESS, .param_count = 12, .input_count = 3};
  const int32_t params[] = {output,
                            detections,
                            per_detection,
                            per_class,
                            is_regular,
                            classes,
                            bits_of(0.3f),
                            bits_of(0.437f),
                            bits_of(scales[0]),
                            bits_of(scales[1]),
                            bits_of(scales[2]),
                            bits_of(scales[3])};
  memcpy(test.params, params, sizeof params);
  test.inputs[0] =
      (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, count, values}, .data = boxes};
  test.inputs[1] =
      (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, count, stride}, .data = scores};
  test.inputs[2] =
      (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {count, 4}, .data = anchors};
  test.inputs[2].is_constant = true;
  test.output = (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, rows, 4}};
  if (output == 1 || output == 2) test.output.rank = 2;
  if (output == 3) test.output = (op_tensor){.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {1}};
  return test;
}

static void test_detection_post_process(void **state) {
  uint32_t seed = 37;
  (void)state;
  for (int round = 0; round < 200; round++) {
    const int32_t count = random_between(&seed, 1, MAX_BOXES);
    const int32_t values = round % 8 == 0 ? 6 : 4;
    const int32_t classes = random_between(&seed, 1, MAX_CLASSES - 1);
    const int32_t stride = classes + random_between(&seed, 0, 1);
    const int32_t detections = random_between(&seed, 1, 12);
    const int32_t per_detection = random_between(&seed, 1, 3), output = round % 4;
    const int32_t per_class = random_between(&seed, 1, 6);
    const bool is_regular = random_next(&seed) & 1;
    random_detector(&seed, count, values, stride);
    const op_case test = detector_case(count, values, stride, classes, output, detections,
                                       per_detection, per_class, is_regular);
    row rows[MAX_ROWS];
    for (size_t i = 0; i < MAX_ROWS; i++) rows[i].box = -1;
    const int32_t found = is_regular ? regular_rows(rows, count, classes, stride, detections,
                                                    per_class, (double)0.3f, (double)0.437f)
                                     : fast_rows(rows, count, classes, stride, detections,
                                                 per_detection, (double)0.3f, (double)0.437f);
    memset(expected_floats, 0, sizeof expected_floats);
    for (int32_t i = 0; i < detections * per_detection; i++) {
      const row r = rows[i];
      if (r.box < 0) continue;
      if (output == 0) memcpy(expected_floats + 4 * i, corners + 4 * r.box, 4 * sizeof(float));
      if (output == 1) expected_floats[i] = (float)r.class_number;
      if (output == 2)
        expected_floats[i] = scores[r.box * stride + stride - classes + r.class_number];
    }
    if (output == 3) expected_floats[0] = (float)found;
    for (size_t set = 0; op_case_run(&test, set, got_floats); set++) {
      for (size_t i = 0; i < op_tensor_elements(&test.output); i++) {
        if (!(fabsf(got_floats[i] - expected_floats[i]) <= 1e-5f)) {
          fail_msg("round %d (output %d, regular %d), element %zu: %.9g, expected %.9g", round,
                   output, is_regular, i, (double)got_floats[i], (double)expected_floats[i]);
        }
      }
    }
  }
}

static void expect_refused(const op_case *test) {
  mnw_error error;
  assert_int_equal(op_case_load(test, &error), MNW_STATUS_INVALID_GRAPH);
}

static void test_hostile_detectors(void **state) {
  (void)state;
  mnw_error error;
  const op_case good = detector_case(9, 4, 4, 3, 0, 5, 2, 3, false);
  assert_int_equal(op_case_load(&good, &error), MNW_STATUS_OK);
  static const int32_t bad[][2] = {{0, 4},         {0, -1}, {0, 1}, {1, 0},   {1, 6},
                                   {1, INT32_MAX}, {2, 0},  {2, 3}, {3, 0},   {5, 0},
                                   {5, 5},         {8, 0},  {9, 0}, {10, -1}, {11, 0x7fc00000}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    op_case test = good;
    test.params[bad[i][0]] = bad[i][1];
    expect_refused(&test);
  }
  for (uint32_t input = 0; input < 3; input++) {
    op_case test = good;
    test.inputs[input].dims[input == 2 ? 0 : 1]++;
    expect_refused(&test);
    test = good;
    test.inputs[input].rank--;
    expect_refused(&test);
    test = good;
    test.inputs[input].data = NULL;
    expect_refused(&test);
    test = good;
    test.inputs[input].dtype = MNW_DTYPE_S32;
    expect_refused(&test);
  }
  // Whatever the values are, nothing breaks.
  uint32_t seed = 41;
  for (int round = 0; round < 30; round++) {
    random_bytes(&seed, boxes, sizeof boxes);
    random_bytes(&seed, scores, sizeof scores);
    random_bytes(&seed, anchors, sizeof anchors);
    scores[3] = boxes[5] = NAN;
    const op_case test = detector_case(40, 4, 7, 6, round % 4, 12, 3, 4, round & 1);
    assert_true(op_case_run(&test, 0, got_floats));
  }
}

static void test_hostile_suppression(void **state) {
  (void)state;
  mnw_error error;
  const op_case good = {MNW_OP_NON_MAX_SUPPRESSION,
                        4,
                        2,
                        {3, 0, 0, 0},
                        {{.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, 9, 4}, .data = boxes},
                         {.dtype = MNW_DTYPE_F32, .rank = 3, .dims = {1, 2, 9}, .data = scores}},
                        {.dtype = MNW_DTYPE_S64, .rank = 2, .dims = {6, 3}}};
  assert_int_equal(op_case_load(&good, &error), MNW_STATUS_OK);
  op_case test = good;
  test.params[0] = -1;
  expect_refused(&test);
  test = good;
  test.inputs[0].dims[2] = 3;
  expect_refused(&test);
  test = good;
  test.inputs[1].dims[2] = 10;
  expect_refused(&test);
  test = good;
  test.inputs[1].dims[0] = 2;
  expect_refused(&test);
  test = good;
  test.output.dims[1] = 4;
  expect_refused(&test);
  test = good;
  test.output.dtype = MNW_DTYPE_F32;
  expect_refused(&test);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_non_max_suppression), cmocka_unit_test(test_detection_post_process),
      cmocka_unit_test(test_hostile_detectors), cmocka_unit_test(test_hostile_suppression)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
