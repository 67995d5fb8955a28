// The training data of MINNOW_DATA (default: ../shared/data beside the repository) as the
// descriptions of docs/TRAINING.md read them; skipped, with words, where they are missing.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_case.h"
#include "test_folder.h"

#ifndef MINNOW_SOURCE_DIR
#define MINNOW_SOURCE_DIR "."
#endif

static const pk_manifest_tensor grey28 = {.dtype = MNW_DTYPE_S8,
                                          .rank = 4,
                                          .dims = {1, 28, 28, 1},
                                          .scale = 1.0f / 255.0f,
                                          .zero_point = -128};
static const pk_manifest_tensor colour96 = {
    .dtype = MNW_DTYPE_F32, .rank = 4, .dims = {1, 96, 96, 3}};
static const pk_manifest_tensor mel = {
    .dtype = MNW_DTYPE_S8, .rank = 4, .dims = {1, 59, 40, 1}, .scale = 0.1f, .zero_point = 60};
static const pk_manifest_tensor words = {
    .dtype = MNW_DTYPE_U8, .rank = 2, .dims = {1, 2048}, .scale = 1.0f};

#define IMAGE "{'inputs':[{'image':{}}]}"
#define LOG_MEL                                                                              \
  "{'inputs':[{'audio':{'sampleRate':16000,'features':'log-mel','frames':59,"                \
  "'frameLength':480,'frameStep':320,'fftLength':512,'window':'hann-periodic','melBins':40," \
  "'lowerHz':20,'upperHz':7600,'log':'ln','logOffset':1e-6}}]}"
#define HASH                                                                                 \
  "{'inputs':[{'text':{'tokenizer':'hash','role':'counts','maxTokens':256,'lowercase':true," \
  "'buckets':2048,'ngrams':[2,4]}}]}"

// Opens below the folder of training data; skips the test where `needed` is not in it.
static void open_real(data_case *c, const char *needed, const char *description,
                      const char *const *labels) {
  const char *data = getenv("MINNOW_DATA");
  char root[256], path[512];
  snprintf(root, sizeof root, "%s/train", data ? data : MINNOW_SOURCE_DIR "/../shared/data");
  snprintf(path, sizeof path, "%s/%s", root, needed);
  if (!test_file_exists(path)) {
    print_message("%s is missing: the test of it is skipped\n", path);
    skip();
  }
  data_case_open(c, description, root, labels);
}

static void expect_counts(const data_case *c, size_t train, size_t validation, size_t test) {
  assert_int_equal(pk_data_set_count(c->set, PK_DATA_TRAIN), train);
  assert_int_equal(pk_data_set_count(c->set, PK_DATA_VALIDATION), validation);
  assert_int_equal(pk_data_set_count(c->set, PK_DATA_TEST), test);
}

// Reads each example of the parts twice, plain and altered; all must differ from one value.
static void read_all(data_case *c, size_t step) {
  uint8_t *bytes = malloc(c->input_bytes);
  for (int part = 0; part < PK_DATA_PARTS; part++) {
    for (size_t i = 0; i < pk_data_set_count(c->set, (pk_data_part)part); i += step) {
      size_t same = 1;
      data_case_fill(c, (pk_data_part)part, i, 0, bytes);
      while (same < c->input_bytes && bytes[same] == bytes[0]) same++;
      if (same == c->input_bytes && c->inputs.inputs[0].is_text) {
        fail_msg("%s is empty", pk_data_set_example(c->set, (pk_data_part)part, i).name);
      }
      data_case_fill(c, (pk_data_part)part, i, i + 1, bytes);
    }
  }
  free(bytes);
}

static void reads_hand_signs(void **state) {
  static const char *const labels[] = {"0", "1", "2", "3", "4",    "5",
                                       "6", "7", "8", "9", "none", NULL};
  data_case c;
  (void)state;
  open_real(&c, "sign_digits",
            "{'format':'pictures','sources':["
            "{'folder':'sign_digits','classes':'folders',"
            "'split':{'validation':0.1,'test':0.1,'by':'number'}},"
            "{'generate':'noise','count':100,'class':'none','part':'train'},"
            "{'generate':'pieces','of':'*','count':100,'class':'none','part':'train'}]}",
            labels);
  size_t total = 0;
  for (int part = 0; part < PK_DATA_PARTS; part++) {
    total += pk_data_set_count(c.set, (pk_data_part)part);
  }
  assert_int_equal(total, 1653 + 200);
  assert_in_range(pk_data_set_count(c.set, PK_DATA_TEST), 155, 175);
  data_case_read(&c, &colour96, 1, IMAGE,
                 "{'shift':0.1,'scale':[0.8,1.2],'rotate':15,'mirror':true,'brightness':0.1,"
                 "'contrast':0.2,'saturation':0.2,'gamma':0.2,'noise':0.03,'blur':1}");
  read_all(&c, 7);
  data_case_close(&c);
}

static void reads_drawings(void **state) {
  static const char *const labels[] = {"apple", "cat", "train", "none", NULL};
  data_case c;
  (void)state;
  open_real(&c, "quickdraw",
            "{'format':'pictures','sources':["
            "{'file':'quickdraw/apple.npy','class':'apple',"
            "'split':{'validation':0.1,'test':0.1,'by':'order'}},"
            "{'file':'quickdraw/cat.npy','class':'cat','limit':1200,"
            "'split':{'validation':0.1,'test':0.1,'by':'order'}},"
            "{'file':'quickdraw/trains.bin','side':28,'class':'train',"
            "'split':{'validation':0.1,'test':0.1,'by':'order'}},"
            "{'generate':'noise','count':50,'class':'none','part':'train'}]}",
            labels);
  expect_counts(&c, 1920 + 960 + 640 + 50, 240 + 120 + 80, 240 + 120 + 80);
  data_case_read(&c, &grey28, 1, IMAGE,
                 "{'shift':0.1,'scale':[0.8,1.2],'rotate':15,'shear':10,'stroke':0.6,"
                 "'background':[0,0,0]}");
  read_all(&c, 5);
  data_case_close(&c);
}

static void reads_wake_words(void **state) {
  static const char *const labels[] = {
      "computer", "jarvis", "smart mirror", "snowboy", "view glass", "other", NULL};
  data_case c;
  (void)state;
  open_real(&c, "wake_words",
            "{'format':'sounds','sources':["
            "{'folder':'wake_words','classes':'folders',"
            "'split':{'validation':0.1,'test':0.1,'by':'hash'}},"
            "{'folder':'speech_negatives','class':'other','repeat':2,"
            "'split':{'validation':0.1,'test':0.1,'by':'order'}},"
            "{'generate':'noise','count':100,'class':'other','part':'train'},"
            "{'generate':'pieces','of':'*','count':100,'class':'other','part':'train'}]}",
            labels);
  size_t total = 0;
  for (int part = 0; part < PK_DATA_PARTS; part++) {
    total += pk_data_set_count(c.set, (pk_data_part)part);
  }
  assert_int_equal(total, 1568 + 2 * 400 + 100 + 200);  // those that judge count once
  data_case_read(&c, &mel, 1, LOG_MEL,
                 "{'shift':0.1,'gain':[-10,6],'noise':{'share':0.5,'snr':[3,25],'clips':'other'},"
                 "'speed':[0.85,1.15],'filter':0.3,'reverb':0.3,"
                 "'spec':{'timeMasks':1,'time':8,'frequencyMasks':1,'frequency':6}}");
  read_all(&c, 9);
  data_case_close(&c);
}

static void reads_intents(void **state) {
  static const char *const labels[] = {
      "banking", "credit cards", "kitchen and dining", "home", "auto and commute", "travel",
      "utility", "work",         "small talk",         "meta", "out of scope",     NULL};
  data_case c;
  (void)state;
  open_real(&c, "intents/domains.json",
            "{'format':'texts','sources':["
            "{'file':'intents/data_full.json','list':'train','groups':'intents/domains.json',"
            "'rest':'out of scope','part':'train'},"
            "{'file':'intents/data_full.json','list':'oos_train','groups':'intents/domains.json',"
            "'rest':'out of scope','part':'train'},"
            "{'file':'intents/data_full.json','list':'val','groups':'intents/domains.json',"
            "'rest':'out of scope','part':'validation'}]}",
            labels);
  expect_counts(&c, 15100, 3000, 0);
  data_case_read(&c, &words, 1, HASH, "{'dropout':0.1,'swap':0.1,'typos':0.1,'case':0.1}");
  read_all(&c, 31);
  data_case_close(&c);
}

static void reads_chinese_turns(void **state) {
  static const char *const labels[] = {"restaurant", "sight",   "hotel", "taxi",
                                       "metro",      "general", NULL};
  data_case c;
  (void)state;
  open_real(&c, "intents_zh",
            "{'format':'texts','sources':["
            "{'file':'intents_zh/train.jsonl','text':'text','label':'domains','one':true,"
            "'ignore':['General'],'map':{'餐馆':'restaurant','景点':'sight','酒店':'hotel',"
            "'出租':'taxi','地铁':'metro','General':'general'},"
            "'split':{'validation':0.1,'test':0,'by':'group','field':'dialogue'}},"
            "{'file':'intents_zh/val.jsonl','text':'text','label':'domains','one':true,"
            "'ignore':['General'],'map':{'餐馆':'restaurant','景点':'sight','酒店':'hotel',"
            "'出租':'taxi','地铁':'metro','General':'general'},'part':'test'}]}",
            labels);
  assert_in_range(pk_data_set_count(c.set, PK_DATA_TRAIN), 2500, 3700);
  assert_in_range(pk_data_set_count(c.set, PK_DATA_VALIDATION), 200, 600);
  assert_in_range(pk_data_set_count(c.set, PK_DATA_TEST), 250, 404);
  data_case_read(&c, &words, 1, HASH, "{'dropout':0.1,'swap':0.05}");
  read_all(&c, 5);
  data_case_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_hand_signs),    cmocka_unit_test(reads_drawings),
      cmocka_unit_test(reads_wake_words),    cmocka_unit_test(reads_intents),
      cmocka_unit_test(reads_chinese_turns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
