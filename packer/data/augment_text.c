#include <string.h>

#include "augment.h"

enum { MAX_WORDS = 512 };

typedef struct word {
  const char *at;
  size_t bytes;
  bool has_blank;  // before it
} word;

// Words end at blanks; characters of scripts without blanks (from U+2E80 on, three bytes and more)
// are words of their own.
static size_t find_words(word words[MAX_WORDS], const char *text, size_t text_bytes) {
  size_t count = 0;
  bool has_blank = false, in_word = false;
  for (size_t i = 0; i < text_bytes && count < MAX_WORDS;) {
    const uint8_t byte = (uint8_t)text[i];
    const size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    const size_t length = wanted < text_bytes - i ? wanted : text_bytes - i;
    const bool is_own =
        byte >= 0xe3 || (byte == 0xe2 && length > 1 && (uint8_t)text[i + 1] >= 0xba);
    if (byte == ' ' || byte == '\t') {
      has_blank = true;
      in_word = false;
    } else if (in_word && !is_own) {
      words[count - 1].bytes += length;
    } else {
      words[count++] = (word){text + i, length, has_blank};
      has_blank = false;
      in_word = !is_own;
    }
    i += length;
  }
  return count;
}

static size_t append(char *out, size_t size, size_t capacity, const char *bytes, size_t count) {
  if (count > capacity - size) count = capacity - size;
  memcpy(out + size, bytes, count);
  return size + count;
}

// A letter left out, doubled, or another one in its place.
static size_t append_word(char *out, size_t size, size_t capacity, const word *w, float typos,
                          pk_random *random) {
  for (size_t i = 0; i < w->bytes; i++) {
    const char letter = w->at[i];
    const bool is_ascii = (uint8_t)letter < 0x80;
    if (!is_ascii || w->bytes < 3 || !pk_draw_share(random, typos)) {
      size = append(out, size, capacity, &letter, 1);
      continue;
    }
    const uint64_t kind = pk_random_below(random, 3);
    const char other = (char)('a' + pk_random_below(random, 26));
    if (kind == 1) size = append(out, size, capacity, &letter, 1);
    if (kind != 0) size = append(out, size, capacity, kind == 1 ? &letter : &other, 1);
  }
  return size;
}

size_t pk_text_augment_apply(char *out, size_t capacity, const char *text, size_t text_bytes,
                             const pk_text_augment *augment, pk_random *random) {
  word words[MAX_WORDS];
  size_t count = find_words(words, text, text_bytes), kept = 0, size = 0;
  const size_t saved = count ? pk_random_below(random, count) : 0;
  for (size_t i = 0; i < count; i++) {
    const bool goes = pk_draw_share(random, augment->dropout) && i != saved;
    if (!goes) words[kept++] = words[i];
  }
  for (size_t i = 1; i < kept; i++) {
    if (!pk_draw_share(random, augment->swap)) continue;
    const word other = words[i];
    words[i] = words[i - 1];
    words[i - 1] = other;
  }
  for (size_t i = 0; i < kept; i++) {
    if (i > 0 && words[i].has_blank) size = append(out, size, capacity, " ", 1);
    size = append_word(out, size, capacity, &words[i], augment->typos, random);
  }
  return size;
}
