#include "augment_text.h"

#include <stddef.h>
#include <string.h>

enum { MIN_TYPO_LETTERS = 4, FIRST_DENSE_SCRIPT = 0x2e80 };

// A word with the blanks in front of it.
typedef struct text_word {
  uint32_t blank_at, at, end;
} text_word;

#define NUMBER(name, member) \
  { name, PK_FIELD_NUMBER, false, offsetof(pk_text_augment, member), 0, 1, NULL }
static const pk_field_rule rules[] = {
    NUMBER("dropout", dropout),
    NUMBER("swap", swap),
    NUMBER("typos", typos),
    NUMBER("case", change_case),
};
#undef NUMBER

bool pk_text_augment_read(pk_text_augment *augment, const json_t *json, pk_error *error) {
  const pk_field_reader r = pk_augment_reader(error);
  *augment = (pk_text_augment){0};
  return !json ||
         pk_field_read_rules(augment, rules, sizeof rules / sizeof *rules, NULL, &r, json, "");
}

size_t pk_text_altered_bytes(size_t size) {
  return 2 * size + 2;  // each word may get a blank and a letter
}

size_t pk_text_scratch_bytes(size_t size) {
  return (size + 1) * sizeof(text_word);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t character_bytes(const char *text, size_t left) {
  const uint8_t lead = (uint8_t)text[0];
  const size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return bytes < left ? bytes : left;
}

static bool is_dense(const char *text, size_t bytes) {
  if (bytes == 4) return true;
  if (bytes != 3) return false;
  const uint32_t code = ((uint32_t)(uint8_t)text[0] & 15) << 12 |
                        ((uint32_t)(uint8_t)text[1] & 63) << 6 | ((uint32_t)(uint8_t)text[2] & 63);
  return code >= FIRST_DENSE_SCRIPT;
}

static size_t find_words(text_word *words, const char *text, size_t size) {
  size_t count = 0, at = 0;
  while (at < size) {
    text_word word = {(uint32_t)at, 0, 0};
    while (at < size && is_blank(text[at])) at++;
    if (at == size) break;
    word.at = (uint32_t)at;
    size_t bytes = character_bytes(text + at, size - at);
    const bool is_single = is_dense(text + at, bytes);
    at += bytes;
    while (!is_single && at < size && !is_blank(text[at])) {
      bytes = character_bytes(text + at, size - at);
      if (is_dense(text + at, bytes)) break;
      at += bytes;
    }
    word.end = (uint32_t)at;
    words[count++] = word;
  }
  return count;
}

static size_t drop_words(text_word *words, size_t count, double share, pk_random *random) {
  const size_t saved = pk_random_below(random, count);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    const bool is_dropped = pk_random_chance(random, share);
    if (!is_dropped || i == saved) words[kept++] = words[i];
  }
  return kept;
}

// Words change places, the blanks between them do not.
static void swap_words(text_word *words, size_t count, double share, pk_random *random) {
  for (size_t i = 0; i + 1 < count; i++) {
    if (!pk_random_chance(random, share)) continue;
    const text_word left = words[i];
    words[i].at = words[i + 1].at;
    words[i].end = words[i + 1].end;
    words[i + 1].at = left.at;
    words[i + 1].end = left.end;
    i++;
  }
}

static bool is_plain(const char *word, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if ((uint8_t)word[i] >= 0x80) return false;
  }
  return size >= MIN_TYPO_LETTERS;
}

// Two letters change places, one is doubled, left out or another one.
static size_t make_typo(char *word, size_t size, pk_random *random) {
  const size_t kind = pk_random_below(random, 4), at = pk_random_below(random, size - 1);
  const char letter = (char)('a' + pk_random_below(random, 26));
  if (kind == 0) {
    const char kept = word[at];
    word[at] = word[at + 1];
    word[at + 1] = kept;
  } else if (kind == 1) {
    memmove(word + at + 1, word + at, size - at);
    return size + 1;
  } else if (kind == 2) {
    memmove(word + at, word + at + 1, size - at - 1);
    return size - 1;
  } else {
    word[at] = letter;
  }
  return size;
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// All small, all capitals, or capitals where words begin.
static void change_case(char *text, size_t size, pk_random *random) {
  const size_t kind = pk_random_below(random, 3);
  for (size_t i = 0; i < size; i++) {
    if (!is_letter(text[i])) continue;
    const bool is_capital = kind == 1 || (kind == 2 && (i == 0 || is_blank(text[i - 1])));
    text[i] = (char)(is_capital ? text[i] & ~0x20 : text[i] | 0x20);
  }
}

size_t pk_text_alter(char *out, const char *text, size_t size, void *scratch,
                     const pk_text_augment *augment, pk_random *random) {
  text_word *words = scratch;
  size_t count = find_words(words, text, size), written = 0;
  if (count == 0) {
    memcpy(out, text, size);
    return size;
  }
  const size_t tail = words[count - 1].end;
  count = drop_words(words, count, (double)augment->dropout, random);
  swap_words(words, count, (double)augment->swap, random);
  for (size_t i = 0; i < count; i++) {
    const size_t blank_end = words[i].blank_at;
    size_t blanks = 0;
    while (is_blank(text[blank_end + blanks])) blanks++;
    memcpy(out + written, text + blank_end, blanks);
    written += blanks;
    size_t bytes = words[i].end - words[i].at;
    memcpy(out + written, text + words[i].at, bytes);
    const bool has_typo = pk_random_chance(random, (double)augment->typos);
    if (has_typo && is_plain(out + written, bytes)) bytes = make_typo(out + written, bytes, random);
    written += bytes;
  }
  memcpy(out + written, text + tail, size - tail);
  written += size - tail;
  if (pk_random_chance(random, (double)augment->change_case)) change_case(out, written, random);
  return written;
}
