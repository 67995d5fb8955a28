// BERT's basic tokenizer: UTF-8 bytes → cleaned words.
#ifndef MINNOW_FRONTEND_TEXT_WORDS_H_
#define MINNOW_FRONTEND_TEXT_WORDS_H_

#include <minnow/minnow.h>

enum { MNW_MAX_WORD_CHARS = 100, MNW_MAX_WORD_BYTES = 4 * MNW_MAX_WORD_CHARS };

typedef struct mnw_words {
  const uint8_t *bytes;
  size_t size, at;
  bool is_lowercase, strips_accents;
  uint32_t pending;  // a character that is a word of its own and ended the word before it; 0: none
  uint8_t word[MNW_MAX_WORD_BYTES];
  uint32_t word_bytes, word_chars;  // chars: also those that no longer found room
} mnw_words;

void mnw_words_start(mnw_words *words, const mnw_text_options *options, const void *utf8,
                     size_t size_bytes);
// The next word in words->word; false at the end. A word of more than MNW_MAX_WORD_CHARS
// characters comes cut, with its true number of characters.
bool mnw_words_next(mnw_words *words);

#endif  // MINNOW_FRONTEND_TEXT_WORDS_H_
