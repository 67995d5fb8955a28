// What the text front end knows about characters. Tables: tools/unicode_tables.mjs.
#ifndef MINNOW_FRONTEND_UNICODE_H_
#define MINNOW_FRONTEND_UNICODE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// General categories, as far as tokenizers tell them apart. The numbers stand in the tables.
typedef enum mnw_char_class {
  MNW_CHAR_OTHER = 0,  // symbols, spacing marks
  MNW_CHAR_LETTER = 1,
  MNW_CHAR_NUMBER = 2,
  MNW_CHAR_MARK = 3,  // Mn
  MNW_CHAR_PUNCTUATION = 4,
  MNW_CHAR_CONTROL = 5,  // C*, unassigned included
  MNW_CHAR_SPACE = 6,    // Z* and the white space among the controls
} mnw_char_class;

enum { MNW_UTF8_MAX = 4, MNW_REPLACEMENT = 0xfffd };

// Reads the code point at bytes[*at] (*at < size) and moves behind it; U+FFFD for one byte that
// begins no well-formed sequence.
uint32_t mnw_utf8_next(size_t *at, const uint8_t *bytes, size_t size);
// Returns how many of the MNW_UTF8_MAX bytes were written.
uint32_t mnw_utf8_put(uint8_t *bytes, uint32_t code);

// Outside the Basic Multilingual Plane by blocks only.
mnw_char_class mnw_char_class_of(uint32_t code);
uint32_t mnw_char_lower(uint32_t code);

// The character's canonical decomposition without its marks, at most 3 code points; returns their
// number, 0 for a mark itself. Latin, Greek, Cyrillic, kana and Hangul; others stay as they are.
uint32_t mnw_char_base(uint32_t parts[3], uint32_t code);

bool mnw_char_is_ideograph(uint32_t code);  // as BERT: words of their own

#endif  // MINNOW_FRONTEND_UNICODE_H_
