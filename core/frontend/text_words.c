// Follows BasicTokenizer of google-research/bert (tokenization.py): control characters and U+FFFD
// are dropped, white space separates, ideographs and punctuation are words of their own.
#include "text_words.h"

#include "unicode.h"

void mnw_words_start(mnw_words *words, const mnw_text_options *options, const void *utf8,
                     size_t size_bytes) {
  words->bytes = utf8;
  words->size = size_bytes;
  words->at = 0;
  words->is_lowercase = options->is_lowercase != 0;
  words->strips_accents = options->strips_accents != 0;
  words->pending = 0;
}

static void append(mnw_words *words, uint32_t code) {
  if (words->word_chars++ < MNW_MAX_WORD_CHARS) {
    words->word_bytes += mnw_utf8_put(words->word + words->word_bytes, code);
  }
}

// BERT counts every printable ASCII character that is no letter or digit as punctuation.
static bool is_punctuation(uint32_t code, mnw_char_class kind) {
  if (code < 0x80) return kind == MNW_CHAR_PUNCTUATION || kind == MNW_CHAR_OTHER;
  return kind == MNW_CHAR_PUNCTUATION;
}

bool mnw_words_next(mnw_words *words) {
  words->word_bytes = words->word_chars = 0;
  if (words->pending) {
    append(words, words->pending);
    words->pending = 0;
    return true;
  }
  while (words->at < words->size) {
    uint32_t parts[3];
    const uint32_t code = mnw_utf8_next(&words->at, words->bytes, words->size);
    const mnw_char_class kind = mnw_char_class_of(code);
    if (code == MNW_REPLACEMENT || kind == MNW_CHAR_CONTROL) continue;
    if (kind == MNW_CHAR_SPACE) {
      if (words->word_chars > 0) return true;
      continue;
    }
    parts[0] = code;
    const uint32_t count = words->strips_accents ? mnw_char_base(parts, code) : 1;
    if (mnw_char_is_ideograph(code) || is_punctuation(code, kind)) {
      words->pending = parts[0];
      if (words->word_chars > 0) return true;
      return mnw_words_next(words);
    }
    for (uint32_t i = 0; i < count; i++) {
      append(words, words->is_lowercase ? mnw_char_lower(parts[i]) : parts[i]);
    }
  }
  return words->word_chars > 0;
}
