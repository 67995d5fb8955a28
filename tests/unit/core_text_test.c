// The text front end: tokens as BERT's and GPT-2's own tokenizers give them, and bytes of any kind.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_random.h"

#include <minnow/minnow.h>

enum { MAX_TOKENS = 64, MAX_VOCABULARY = 1 << 14 };

// [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, then words and pieces.
static const char words[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\nun\n##aff\n##able\nhello\nworld\n,\n!\ncafe\n\xe4\xb8\xad\n"
    "\xe5\x9b\xbd\n\xd0\xb5\xd0\xb6\n\xce\xb1\n$\n##a\na\n\xe3\x81\x8b\n";

static const mnw_text_options bert = {.tokenizer = MNW_TEXT_WORDPIECE,
                                      .max_tokens = MAX_TOKENS,
                                      .is_lowercase = 1,
                                      .strips_accents = 1,
                                      .cls_id = 2,
                                      .sep_id = 3,
                                      .pad_id = 0,
                                      .unk_id = 1};

static mnw_text *open_text(void **memory, const mnw_text_options *options, const void *vocabulary,
                           size_t vocabulary_bytes) {
  mnw_text *text;
  mnw_error error = {0};
  char message[MNW_ERROR_MESSAGE_BYTES] = "";
  const size_t bytes = mnw_text_bytes(options, vocabulary, vocabulary_bytes);
  *memory = aligned_alloc(MNW_ALIGNMENT, bytes ? bytes : MNW_ALIGNMENT);
  if (mnw_text_init(&text, *memory, bytes, options, vocabulary, vocabulary_bytes, &error) !=
      MNW_STATUS_OK) {
    mnw_error_message(&error, message, sizeof message);
    fail_msg("%s", message);
  }
  return text;
}

// Compares with a list of numbers ended by -1.
static void check_tokens(mnw_text *text, const char *utf8, size_t size, const int32_t *expected) {
  size_t count = 0;
  while (expected[count] >= 0) count++;
  assert_int_equal(mnw_text_encode(text, utf8, size), count);
  assert_memory_equal(mnw_text_ids(text), expected, count * sizeof(int32_t));
}

#define CHECK_TOKENS(text, utf8, ...) \
  check_tokens(text, utf8, sizeof(utf8) - 1, (const int32_t[]){__VA_ARGS__, -1})

static void test_wordpiece(void **state) {
  (void)state;
  void *memory;
  mnw_text *text = open_text(&memory, &bert, words, sizeof words - 1);
  CHECK_TOKENS(text, "", 2, 3);
  CHECK_TOKENS(text, " \t\r\n\x00\x7f\xef\xbf\xbd\xe2\x80\x8b", 2, 3);
  CHECK_TOKENS(text, "UNaffable", 2, 4, 5, 6, 3);
  CHECK_TOKENS(text, "unaffablex hello", 2, 1, 7, 3);
  CHECK_TOKENS(text, "Hello, world!", 2, 7, 9, 8, 10, 3);
  CHECK_TOKENS(text, "hello$\xc2\xa0WORLD", 2, 7, 16, 8, 3);
  CHECK_TOKENS(text, "Caf\xc3\xa9 cafe\xcc\x81", 2, 11, 11, 3);
  CHECK_TOKENS(text,
               "\xe4\xb8\xad\xe5\x9b\xbd"
               "a",
               2, 12, 13, 18, 3);
  CHECK_TOKENS(text, "\xd0\x81\xd0\x96 \xce\x86 \xe1\xbc\x80", 2, 14, 15, 15, 3);
  CHECK_TOKENS(text, "\xe3\x81\x8c", 2, 19, 3);  // ga = ka and a mark
  CHECK_TOKENS(text,
               "h\xff"
               "ello\xc3 hello\xe2\x82",
               2, 7, 7, 3);
  CHECK_TOKENS(text, "\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80", 2, 3);  // no characters
  free(memory);
}

static void test_without_lowercase_and_special_tokens(void **state) {
  (void)state;
  void *memory;
  mnw_text_options o = bert;
  o.is_lowercase = o.strips_accents = 0;
  o.cls_id = o.sep_id = o.unk_id = MNW_TEXT_NO_TOKEN;
  mnw_text *text = open_text(&memory, &o, words, sizeof words - 1);
  CHECK_TOKENS(text, "Hello hello caf\xc3\xa9", 7);
  free(memory);
}

static void test_long_words_and_texts(void **state) {
  (void)state;
  static char many[400];
  void *memory;
  mnw_text *text = open_text(&memory, &bert, words, sizeof words - 1);
  memset(many, 'a', sizeof many);
  int32_t expected[MAX_TOKENS + 1] = {2, 18};
  for (int i = 2; i < MAX_TOKENS - 1; i++) expected[i] = 17;
  expected[MAX_TOKENS - 1] = 3;
  expected[MAX_TOKENS] = -1;
  check_tokens(text, many, 100, expected);  // cut at max_tokens
  CHECK_TOKENS(text, "a", 2, 18, 3);
  check_tokens(text, many, 101, (const int32_t[]){2, 1, 3, -1});
  check_tokens(text, many, sizeof many, (const int32_t[]){2, 1, 3, -1});
  free(memory);
}

static void test_lines_of_a_vocabulary(void **state) {
  (void)state;
  static const char lines[] = "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n\r\ntwo\r\ntwo\r\nlast";
  void *memory;
  mnw_text *text = open_text(&memory, &bert, lines, sizeof lines - 1);
  CHECK_TOKENS(text, "two last", 2, 6, 7, 3);  // of equal lines the last
  free(memory);
}

static void test_tensors(void **state) {
  (void)state;
  void *memory;
  int64_t wide[MAX_TOKENS];
  float real[MAX_TOKENS];
  uint8_t bytes[MAX_TOKENS];
  mnw_text *text = open_text(&memory, &bert, words, sizeof words - 1);
  mnw_tensor_info info = {.dtype = MNW_DTYPE_S64, .rank = 2, .dims = {1, MAX_TOKENS}};
  mnw_text_encode(text, "hello world", 11);
  assert_int_equal(mnw_text_write(text, MNW_TEXT_IDS, wide, &info, NULL), MNW_STATUS_OK);
  for (int i = 0; i < MAX_TOKENS; i++) assert_int_equal(wide[i], i < 4 ? mnw_text_ids(text)[i] : 0);
  info.dtype = MNW_DTYPE_F32;
  assert_int_equal(mnw_text_write(text, MNW_TEXT_MASK, real, &info, NULL), MNW_STATUS_OK);
  for (int i = 0; i < MAX_TOKENS; i++) assert_true(real[i] == (i < 4 ? 1.0f : 0.0f));
  info.dtype = MNW_DTYPE_BOOL;
  assert_int_equal(mnw_text_write(text, MNW_TEXT_MASK, bytes, &info, NULL), MNW_STATUS_OK);
  assert_int_equal(mnw_text_write(text, MNW_TEXT_IDS, bytes, &info, NULL),
                   MNW_STATUS_INVALID_ARGUMENT);
  assert_true(bytes[3] == 1 && bytes[4] == 0);
  info.dtype = MNW_DTYPE_S32;
  assert_int_equal(mnw_text_write(text, MNW_TEXT_COUNTS, wide, &info, NULL),
                   MNW_STATUS_INVALID_ARGUMENT);
  info.dims[1] = MAX_TOKENS + 1;
  assert_int_equal(mnw_text_write(text, MNW_TEXT_IDS, wide, &info, NULL),
                   MNW_STATUS_INVALID_ARGUMENT);
  free(memory);
}

// A byte-level vocabulary: byte b is token b (GPT-2 numbers them otherwise), then merged ones.
static char bpe_lines[MAX_VOCABULARY];

static size_t put_code(char *at, uint32_t code) {
  if (code < 0x80) {
    at[0] = (char)code;
    return 1;
  }
  at[0] = (char)(0xc0 | code >> 6);
  at[1] = (char)(0x80 | (code & 0x3f));
  return 2;
}

static size_t make_bpe_lines(void) {
  static const char merges[] =
      "he\nll\nhell\nhello\n\xc4\xa0h\n\xc4\xa0hello\n's\n\n#version: 0.2\nl l\nh e\nhe ll\nhell "
      "o\n\xc4\xa0 h\n\xc4\xa0 hello\n' s\n";
  size_t size = 0;
  uint32_t unprintable = 256;
  for (uint32_t byte = 0; byte < 256; byte++) {
    const int is_printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    size += put_code(bpe_lines + size, is_printable ? byte : unprintable++);
    bpe_lines[size++] = '\n';
  }
  memcpy(bpe_lines + size, merges, sizeof merges - 1);
  return size + sizeof merges - 1;
}

static const mnw_text_options gpt = {.tokenizer = MNW_TEXT_BPE,
                                     .max_tokens = MAX_TOKENS,
                                     .cls_id = MNW_TEXT_NO_TOKEN,
                                     .sep_id = MNW_TEXT_NO_TOKEN,
                                     .unk_id = MNW_TEXT_NO_TOKEN};

static void test_byte_pairs(void **state) {
  (void)state;
  enum { HE = 256, LL, HELL, HELLO, SPACE_H, SPACE_HELLO, S_FORM };
  void *memory;
  const size_t size = make_bpe_lines();
  mnw_text *text = open_text(&memory, &gpt, bpe_lines, size);
  CHECK_TOKENS(text, "hello", HELLO);
  CHECK_TOKENS(text, " hello", SPACE_HELLO);
  CHECK_TOKENS(text, "  hello", ' ', SPACE_HELLO);
  CHECK_TOKENS(text, "hello  \nhello", HELLO, ' ', ' ', '\n', HELLO);
  CHECK_TOKENS(text, "hello's hell 12x", HELLO, S_FORM, ' ', HELL, ' ', '1', '2', 'x');
  CHECK_TOKENS(text, "\xff\x00z ", 255, 0, 'z', ' ');
  CHECK_TOKENS(text, "\xc3\xa9!", 0xc3, 0xa9, '!');
  assert_int_equal(mnw_text_encode(text, "", 0), 0);
  free(memory);
}

static void test_hashed_ngrams(void **state) {
  (void)state;
  void *memory;
  uint32_t expected[97] = {0};
  int32_t counts[97];
  uint8_t bytes[97];
  const char joined[] = " ab cd ";
  const mnw_text_options o = {.tokenizer = MNW_TEXT_HASH,
                              .max_tokens = 4,
                              .is_lowercase = 1,
                              .cls_id = MNW_TEXT_NO_TOKEN,
                              .sep_id = MNW_TEXT_NO_TOKEN,
                              .buckets = 97,
                              .ngram_min = 2,
                              .ngram_max = 3};
  for (size_t n = 2; n <= 3; n++) {
    for (size_t at = 0; at + n <= sizeof joined - 1; at++) {
      uint32_t hash = 2166136261u;
      for (size_t i = 0; i < n; i++) hash = (hash ^ (uint8_t)joined[at + i]) * 16777619u;
      expected[hash % 97]++;
    }
  }
  mnw_text *text = open_text(&memory, &o, NULL, 0);
  mnw_tensor_info info = {.dtype = MNW_DTYPE_S32, .rank = 1, .dims = {97}};
  for (int i = 0; i < 2; i++) {
    assert_int_equal(mnw_text_encode(text, "AB  cd", 6), 4);
    assert_int_equal(mnw_text_write(text, MNW_TEXT_COUNTS, counts, &info, NULL), MNW_STATUS_OK);
    assert_memory_equal(counts, expected, sizeof counts);
  }
  info.dtype = MNW_DTYPE_U8;
  info.scale = 0.5f;
  info.zero_point = 1;
  assert_int_equal(mnw_text_write(text, MNW_TEXT_COUNTS, bytes, &info, NULL), MNW_STATUS_OK);
  for (int i = 0; i < 97; i++) assert_int_equal(bytes[i], 2 * expected[i] + 1);
  free(memory);
}

// Any bytes end in tokens, no more than asked for.
static void test_any_bytes(void **state) {
  (void)state;
  uint8_t bytes[300];
  uint32_t seed = 77;
  void *memory[2];
  const size_t size = make_bpe_lines();
  mnw_text *texts[2] = {open_text(&memory[0], &bert, words, sizeof words - 1),
                        open_text(&memory[1], &gpt, bpe_lines, size)};
  for (int i = 0; i < 2000; i++) {
    const size_t count = (size_t)random_between(&seed, 0, sizeof bytes);
    random_bytes(&seed, bytes, count);
    for (int t = 0; t < 2; t++) {
      assert_in_range(mnw_text_encode(texts[t], bytes, count), 0, MAX_TOKENS);
    }
  }
  free(memory[0]);
  free(memory[1]);
}

static void refuse(const mnw_text_options *options, const char *vocabulary, size_t size) {
  static _Alignas(MNW_ALIGNMENT) uint8_t memory[1 << 16];
  mnw_text *text;
  assert_int_equal(mnw_text_init(&text, memory, sizeof memory, options, vocabulary, size, NULL),
                   MNW_STATUS_INVALID_ARGUMENT);
  assert_null(text);
}

static void test_refusals(void **state) {
  (void)state;
  static _Alignas(MNW_ALIGNMENT) uint8_t memory[64];
  mnw_text *text;
  mnw_text_options o = bert;
  refuse(&bert, "", 0);
  o.max_tokens = 2;
  refuse(&o, words, sizeof words - 1);
  o = bert;
  o.pad_id = -1;
  refuse(&o, words, sizeof words - 1);
  o = bert;
  o.tokenizer = (mnw_text_tokenizer)3;
  refuse(&o, words, sizeof words - 1);
  o = gpt;
  refuse(&o, words, sizeof words - 1);  // no token for most bytes
  const size_t size = make_bpe_lines();
  memcpy(bpe_lines + size, "h q\n", 4);
  refuse(&o, bpe_lines, size + 4);
  memcpy(bpe_lines + size, "hello", 5);
  refuse(&o, bpe_lines, size + 5);
  o.is_lowercase = 1;
  refuse(&o, bpe_lines, size);
  o = (mnw_text_options){.tokenizer = MNW_TEXT_HASH, .max_tokens = 4, .buckets = 8, .ngram_max = 3};
  refuse(&o, NULL, 0);
  o.ngram_min = 4;
  refuse(&o, NULL, 0);
  o.ngram_min = 1;
  refuse(&o, words, 5);
  assert_int_equal(
      mnw_text_init(&text, memory, sizeof memory, &bert, words, sizeof words - 1, NULL),
      MNW_STATUS_OUT_OF_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wordpiece),
      cmocka_unit_test(test_without_lowercase_and_special_tokens),
      cmocka_unit_test(test_long_words_and_texts),
      cmocka_unit_test(test_lines_of_a_vocabulary),
      cmocka_unit_test(test_tensors),
      cmocka_unit_test(test_byte_pairs),
      cmocka_unit_test(test_hashed_ngrams),
      cmocka_unit_test(test_any_bytes),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
