// Descriptions of data: which files become which examples, in which part; every wrong field is
// named.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_case.h"
#include "test_folder.h"

enum { SHOTS = 20, ROWS = 40 };
static char root[TEST_PATH_BYTES];
static const char *const labels[] = {"big cat", "dog", "other", NULL};

#define PICTURES(sources) "{'format':'pictures','sources':[" sources "]}"
#define SOUNDS(sources) "{'format':'sounds','sources':[" sources "]}"
#define TEXTS(sources) "{'format':'texts','sources':[" sources "]}"

static const char *path_of(const char *name) {
  static char path[2 * TEST_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

// pictures/{Big_Cat,dog}/shot_<n>.png, sounds/s<n>.wav of 2 s, rows.npy, lines.jsonl, lists.json
static int make_files(void **state) {
  uint8_t rows[ROWS * 16], pixels[12] = {0};
  int16_t samples[4000];
  if (test_folder_make(state) != 0) return -1;
  test_folder_path(root, "data");
  data_case_make_folder(root);
  data_case_make_folder(path_of("pictures"));
  data_case_make_folder(path_of("pictures/Big_Cat"));
  data_case_make_folder(path_of("pictures/dog"));
  data_case_make_folder(path_of("sounds"));
  data_case_make_folder(path_of("empty"));
  for (int i = 0; i < 2 * SHOTS; i++) {
    char name[64];
    pixels[0] = (uint8_t)i;
    snprintf(name, sizeof name, "pictures/%s/shot_%d.png", i % 2 ? "dog" : "Big_Cat", i / 2 + 1);
    data_case_write_png(path_of(name), pixels, 2, 2, 3);
  }
  for (int i = 0; i < 4000; i++) samples[i] = (int16_t)(i * 8);
  data_case_write_wav(path_of("sounds/s1.wav"), samples, 4000, 2000, 1);
  data_case_write_wav(path_of("sounds/s2.wav"), samples, 1300, 2000, 1);
  for (int i = 0; i < ROWS * 16; i++) rows[i] = (uint8_t)(i / 16);
  data_case_write_npy(path_of("rows.npy"), rows, ROWS, 4);
  data_case_write_text(path_of("lines.jsonl"),
                       "{\"text\":\"one\",\"label\":\"dog\",\"talk\":\"a\"}\n"
                       "{\"text\":\"two\",\"label\":[\"cat\",\"hello\"],\"talk\":\"a\"}\r\n\n"
                       "{\"text\":\"three\",\"label\":[\"hello\"],\"talk\":\"b\"}\n"
                       "{\"text\":\"four\",\"label\":[],\"talk\":\"b\"}\n"
                       "{\"text\":\"five\",\"label\":[\"cat\",\"dog\"],\"talk\":\"c\"}\n"
                       "{\"text\":\"six\",\"label\":[\"bird\"],\"talk\":\"c\"}");
  data_case_write_text(path_of("lists.json"),
                       "{\"train\":[[\"it barks\",\"bark\"],[\"it purrs\",\"purr\"]],"
                       "\"odd\":[[\"it rains\",\"rain\"]],\"bad\":[[\"alone\"]]}");
  data_case_write_text(path_of("groups.json"),
                       "{\"dog\":[\"bark\",\"growl\"],\"big_cat\":[\"purr\"]}");
  data_case_write_text(path_of("broken.jsonl"), "{\"text\":\"one\",\"label\":\"dog\"}\n{\"text\":");
  data_case_write_text(path_of("no_text.jsonl"), "{\"label\":\"dog\"}\n");
  data_case_write_text(path_of("wrong_label.jsonl"), "{\"text\":\"x\",\"label\":{}}\n");
  data_case_write_text(path_of("list_line.jsonl"), "[1]\n");
  return 0;
}

static void expect_counts(const data_case *c, size_t train, size_t validation, size_t test) {
  assert_int_equal(pk_data_set_count(c->set, PK_DATA_TRAIN), train);
  assert_int_equal(pk_data_set_count(c->set, PK_DATA_VALIDATION), validation);
  assert_int_equal(pk_data_set_count(c->set, PK_DATA_TEST), test);
}

static void expect_example(const data_case *c, pk_data_part part, size_t index, int32_t label,
                           const char *name) {
  const pk_data_example example = pk_data_set_example(c->set, part, index);
  assert_int_equal(example.label, label);
  assert_string_equal(example.name, name);
}

static void numbers_split_by_capture(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c,
                 PICTURES("{'folder':'pictures','classes':'folders',"
                          "'split':{'validation':0.1,'test':0.2,'by':'number'}}"),
                 root, labels);
  expect_counts(&c, 28, 4, 8);
  expect_example(&c, PK_DATA_TRAIN, 0, 0, "pictures/Big_Cat/shot_1.png");
  expect_example(&c, PK_DATA_TRAIN, 13, 0, "pictures/Big_Cat/shot_14.png");
  expect_example(&c, PK_DATA_TRAIN, 14, 1, "pictures/dog/shot_1.png");
  expect_example(&c, PK_DATA_VALIDATION, 0, 0, "pictures/Big_Cat/shot_15.png");
  expect_example(&c, PK_DATA_TEST, 0, 0, "pictures/Big_Cat/shot_17.png");
  expect_example(&c, PK_DATA_TEST, 7, 1, "pictures/dog/shot_20.png");
  data_case_close(&c);
}

// The part that holds a file, found by its name; PK_DATA_PARTS: none.
static int part_of(const data_case *c, const char *name) {
  int found = PK_DATA_PARTS;
  for (int part = 0; part < PK_DATA_PARTS; part++) {
    for (size_t i = 0; i < pk_data_set_count(c->set, (pk_data_part)part); i++) {
      if (strcmp(pk_data_set_example(c->set, (pk_data_part)part, i).name, name) != 0) continue;
      assert_int_equal(found, PK_DATA_PARTS);  // once only
      found = part;
    }
  }
  return found;
}

static void hashes_split_each_file_for_itself(void **state) {
  data_case all, some;
  size_t counts[PK_DATA_PARTS + 1] = {0};
  (void)state;
  data_case_open(&all,
                 PICTURES("{'folder':'pictures','classes':'folders',"
                          "'split':{'validation':0.3,'test':0.3,'by':'hash'}}"),
                 root, labels);
  data_case_open(&some,
                 PICTURES("{'folder':'pictures/dog','class':'dog',"
                          "'split':{'validation':0.3,'test':0.3,'by':'hash'}}"),
                 root, labels);
  for (int i = 1; i <= SHOTS; i++) {
    char name[64], twin[64];
    snprintf(name, sizeof name, "pictures/dog/shot_%d.png", i);
    snprintf(twin, sizeof twin, "pictures/Big_Cat/shot_%d.png", i);
    // Neither other files nor other folders change it.
    assert_int_equal(part_of(&all, name), part_of(&some, name));
    assert_int_equal(part_of(&all, name), part_of(&all, twin));
    counts[part_of(&some, name)]++;
  }
  assert_int_equal(counts[PK_DATA_PARTS], 0);
  for (int part = 0; part < PK_DATA_PARTS; part++) assert_in_range(counts[part], 2, 12);
  data_case_close(&all);
  data_case_close(&some);
}

static void rows_split_by_order(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c,
                 PICTURES("{'file':'rows.npy','class':'dog','repeat':3,"
                          "'split':{'validation':0.25,'test':0.25,'by':'order'}}"),
                 root, labels);
  expect_counts(&c, 60, 10, 10);  // what judges counts everything once
  expect_example(&c, PK_DATA_TRAIN, 59, 1, "rows.npy:20");
  expect_example(&c, PK_DATA_VALIDATION, 0, 1, "rows.npy:21");
  expect_example(&c, PK_DATA_TEST, 9, 1, "rows.npy:40");
  data_case_close(&c);
  data_case_open(&c, PICTURES("{'file':'rows.npy','class':'dog','limit':4,'part':'test'}"), root,
                 labels);
  expect_counts(&c, 0, 0, 4);
  expect_example(&c, PK_DATA_TEST, 1, 1, "rows.npy:11");
  data_case_close(&c);
}

static void generated_examples_are_split(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c,
                 SOUNDS("{'generate':'noise','count':200,'class':'other',"
                        "'split':{'validation':0.25,'test':0.25,'by':'hash'}}"),
                 root, labels);
  assert_in_range(pk_data_set_count(c.set, PK_DATA_VALIDATION), 30, 70);
  assert_in_range(pk_data_set_count(c.set, PK_DATA_TEST), 30, 70);
  data_case_close(&c);
}

static void labels_of_lines_become_classes(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c,
                 TEXTS("{'file':'lines.jsonl','part':'train','one':true,'empty':'other',"
                       "'map':{'cat':'big cat','hello':'other'},'ignore':['hello']}"),
                 root, labels);
  expect_counts(&c, 4, 0, 0);
  expect_example(&c, PK_DATA_TRAIN, 0, 1, "lines.jsonl:1");
  expect_example(&c, PK_DATA_TRAIN, 1, 0, "lines.jsonl:2");
  expect_example(&c, PK_DATA_TRAIN, 2, 2, "lines.jsonl:4");
  expect_example(&c, PK_DATA_TRAIN, 3, 2, "lines.jsonl:5");
  data_case_close(&c);
  // Without `ignore` the second line has two classes; without `empty` the fifth has none.
  data_case_open(&c,
                 TEXTS("{'file':'lines.jsonl','part':'train','one':true,"
                       "'map':{'cat':'big cat','hello':'other'}}"),
                 root, labels);
  expect_counts(&c, 2, 0, 0);
  expect_example(&c, PK_DATA_TRAIN, 1, 2, "lines.jsonl:4");
  data_case_close(&c);
}

static void dialogues_stay_whole(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c,
                 TEXTS("{'file':'lines.jsonl','rest':'other','empty':'other','one':true,"
                       "'split':{'validation':0.34,'test':0.33,'by':'group','field':'talk'}}"),
                 root, labels);
  assert_true(part_of(&c, "lines.jsonl:1") != PK_DATA_PARTS);
  assert_true(part_of(&c, "lines.jsonl:4") != PK_DATA_PARTS);
  assert_int_equal(part_of(&c, "lines.jsonl:1"), part_of(&c, "lines.jsonl:2"));
  assert_int_equal(part_of(&c, "lines.jsonl:4"), part_of(&c, "lines.jsonl:5"));
  data_case_close(&c);
}

static void groups_of_intents_become_classes(void **state) {
  data_case c;
  (void)state;
  data_case_open(&c,
                 TEXTS("{'file':'lists.json','list':'train','groups':'groups.json','part':'train'},"
                       "{'file':'lists.json','list':'odd','groups':'groups.json','rest':'other',"
                       "'part':'validation'}"),
                 root, labels);
  expect_counts(&c, 2, 1, 0);
  expect_example(&c, PK_DATA_TRAIN, 0, 1, "lists.json#train:1");
  expect_example(&c, PK_DATA_TRAIN, 1, 0, "lists.json#train:2");
  expect_example(&c, PK_DATA_VALIDATION, 0, 2, "lists.json#odd:1");
  data_case_close(&c);
}

static void sounds_are_cut_into_seconds(void **state) {
  data_case c;
  (void)state;
  // 2 s and 0.65 s in pieces of half a second: four, and one; 0.15 s are left out.
  data_case_open(&c, SOUNDS("{'folder':'sounds','class':'dog','seconds':0.5,'part':'train'}"), root,
                 labels);
  expect_counts(&c, 5, 0, 0);
  data_case_close(&c);
}

static void one_file_is_never_in_two_parts(void **state) {
  data_case c;
  pk_error error;
  (void)state;
  assert_false(data_case_try_open(
      &c,
      PICTURES("{'folder':'pictures','classes':'folders','part':'train'},"
               "{'folder':'pictures/../pictures/dog','class':'other','part':'test'}"),
      root, labels, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "dog/shot_"));
  assert_non_null(strstr(error.message, "train and in test"));
  assert_false(data_case_try_open(&c,
                                  PICTURES("{'file':'rows.npy','class':'dog','part':'train'},"
                                           "{'file':'rows.npy','class':'dog',"
                                           "'split':{'test':0.5,'by':'order'}}"),
                                  root, labels, &error));
  assert_int_equal(error.code, PK_USAGE);
  // Twice in the same part is nothing wrong.
  data_case_open(&c,
                 PICTURES("{'file':'rows.npy','class':'dog','part':'test'},"
                          "{'file':'rows.npy','class':'other','part':'test'}"),
                 root, labels);
  expect_counts(&c, 0, 0, 80);
  data_case_close(&c);
}

static void wrong_fields_are_named(void **state) {
  static const struct {
    const char *description, *part;
    pk_code code;
  } cases[] = {
      {"{'sources':[{}]}", "format", PK_USAGE},
      {"{'format':'films','sources':[{}]}", "pictures sounds texts", PK_USAGE},
      {"{'format':'texts'}", "sources", PK_USAGE},
      {"{'format':'texts','sources':[],'more':1}", "more", PK_USAGE},
      {TEXTS(""), "sources", PK_USAGE},
      {TEXTS("1"), "sources[0]", PK_USAGE},
      {TEXTS("{'part':'train'}"), "`folder`, a `file`", PK_USAGE},
      {TEXTS("{'folder':'a','file':'b','part':'train'}"), "`folder`, a `file`", PK_USAGE},
      {TEXTS("{'folder':'a','part':'train'}"), "sources[0].folder", PK_USAGE},
      {TEXTS("{'generate':'noise','count':1,'class':'dog','part':'train'}"), "generate", PK_USAGE},
      {SOUNDS("{'file':'a','class':'dog','part':'train'}"), "sources[0].file", PK_USAGE},
      {PICTURES("{'folder':'pictures','part':'train'}"), "sources[0].class", PK_USAGE},
      {PICTURES("{'folder':7,'class':'dog','part':'train'}"), "sources[0].folder", PK_USAGE},
      {PICTURES("{'folder':'pictures/dog','class':'dog'}"), "`part`", PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','part':'some'}"), "train validation test", PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','part':'train','split':{'by':'hash'}}"), "not both",
       PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','split':{'test':0.5}}"), "split.by", PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','split':{'test':2,'by':'hash'}}"), "split.test",
       PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','split':{'test':0.6,'validation':0.6,'by':'hash'}}"),
       "at most 1", PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','split':{'test':0.6,'by':'group'}}"), "split.field",
       PK_USAGE},
      {PICTURES("{'folder':'x','class':'dog','split':{'test':0.6,'by':'group','field':'f'}}"),
       "JSON lines", PK_USAGE},
      {PICTURES("{'file':'rows.npy','class':'dog','split':{'test':0.6,'by':'number'}}"),
       "have numbers", PK_USAGE},
      {PICTURES("{'folder':'pictures/dog','class':'fish','part':'train'}"),
       "\"fish\", which is none of the labels: big cat, dog, other", PK_USAGE},
      {PICTURES("{'folder':'.','classes':'folders','part':'train'}"), "\"", PK_USAGE},
      {PICTURES("{'folder':'empty','class':'dog','part':'train'}"), "examples in it", PK_USAGE},
      {PICTURES("{'folder':'missing','class':'dog','part':'train'}"), "missing", PK_IO},
      {PICTURES("{'folder':'pictures/dog','class':'dog','part':'train','size':3}"), "size",
       PK_USAGE},
      {PICTURES("{'file':'rows.npy','class':'dog','part':'train','side':0}"), "side", PK_USAGE},
      {PICTURES("{'file':'lines.jsonl','class':'dog','part':'train'}"), "NumPy", PK_BAD_IMAGE},
      {PICTURES("{'generate':'noise','class':'dog','part':'train'}"), "count", PK_USAGE},
      {PICTURES("{'generate':'dreams','count':1,'class':'dog','part':'train'}"), "noise pieces",
       PK_USAGE},
      {PICTURES("{'generate':'pieces','of':[],'count':1,'class':'dog','part':'train'}"), "of",
       PK_USAGE},
      {PICTURES("{'generate':'pieces','of':['cow'],'count':1,'class':'dog','part':'train'}"),
       "\"cow\"", PK_USAGE},
      {PICTURES("{'folder':'pictures/dog','class':'dog','part':'train'},"
                "{'generate':'pieces','of':['dog'],'count':1,'class':'other','part':'test'}"),
       "the part test has no files", PK_USAGE},
      {TEXTS("{'file':'lines.jsonl','part':'train'}"), "lines.jsonl:2", PK_USAGE},
      {TEXTS("{'file':'lines.jsonl','part':'train','map':{'cat':'dog'}}"), "lines.jsonl:4",
       PK_USAGE},
      {TEXTS("{'file':'lines.jsonl','part':'train','rest':'cow'}"), "sources[0].rest", PK_USAGE},
      {TEXTS("{'file':'lines.jsonl','part':'train','map':{'cat':'cow'}}"), "sources[0].map",
       PK_USAGE},
      {TEXTS("{'file':'lines.jsonl','part':'train','map':1}"), "sources[0].map", PK_USAGE},
      {TEXTS("{'file':'lines.jsonl','rest':'other','one':true,"
             "'split':{'test':0.5,'by':'group','field':'speaker'}}"),
       "no \"speaker\"", PK_BAD_TEXT},
      {TEXTS("{'file':'broken.jsonl','part':'train'}"), "broken.jsonl:2", PK_BAD_TEXT},
      {TEXTS("{'file':'no_text.jsonl','part':'train'}"), "no_text.jsonl:1", PK_BAD_TEXT},
      {TEXTS("{'file':'wrong_label.jsonl','part':'train'}"), "wrong_label.jsonl:1", PK_BAD_TEXT},
      {TEXTS("{'file':'list_line.jsonl','part':'train'}"), "list_line.jsonl:1", PK_BAD_TEXT},
      {TEXTS("{'file':'lists.json','list':'some','part':'train'}"), "no list \"some\"",
       PK_BAD_TEXT},
      {TEXTS("{'file':'lists.json','list':'bad','part':'train'}"), "lists.json#bad:1", PK_BAD_TEXT},
      {TEXTS("{'file':'lists.json','list':'odd','groups':'groups.json','part':'train'}"),
       "\"rain\"", PK_USAGE},
      {TEXTS("{'file':'lists.json','list':'odd','groups':'lists.json','part':'train'}"),
       "\"train\"", PK_USAGE},
      {TEXTS("{'file':'lists.json','list':'odd','groups':'list_line.jsonl','part':'train'}"),
       "no JSON object", PK_BAD_TEXT},
      {TEXTS("{'file':'missing.json','part':'train'}"), "missing.json", PK_IO},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    data_case c;
    pk_error error;
    if (data_case_try_open(&c, cases[i].description, root, labels, &error)) {
      fail_msg("%s is taken", cases[i].description);
    }
    if (error.code != cases[i].code || !strstr(error.message, cases[i].part)) {
      fail_msg("%s: %s \"%s\" lacks \"%s\"", cases[i].description, pk_code_name(error.code),
               error.message, cases[i].part);
    }
  }
}

static void a_file_without_number_is_named(void **state) {
  data_case c;
  pk_error error;
  const uint8_t pixel[3] = {0};
  (void)state;
  data_case_make_folder(path_of("unnumbered"));
  data_case_write_png(path_of("unnumbered/dog.png"), pixel, 1, 1, 3);
  assert_false(data_case_try_open(&c,
                                  PICTURES("{'folder':'unnumbered','class':'dog',"
                                           "'split':{'test':0.5,'by':'number'}}"),
                                  root, labels, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "unnumbered/dog.png has no number"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_split_by_capture),
      cmocka_unit_test(hashes_split_each_file_for_itself),
      cmocka_unit_test(rows_split_by_order),
      cmocka_unit_test(generated_examples_are_split),
      cmocka_unit_test(labels_of_lines_become_classes),
      cmocka_unit_test(dialogues_stay_whole),
      cmocka_unit_test(groups_of_intents_become_classes),
      cmocka_unit_test(sounds_are_cut_into_seconds),
      cmocka_unit_test(one_file_is_never_in_two_parts),
      cmocka_unit_test(wrong_fields_are_named),
      cmocka_unit_test(a_file_without_number_is_named),
  };
  return cmocka_run_group_tests(tests, make_files, test_folder_remove);
}
