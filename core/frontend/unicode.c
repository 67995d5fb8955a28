#include "unicode.h"

#include "unicode_tables.inc"

uint32_t mnw_utf8_next(size_t *at, const uint8_t *bytes, size_t size) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  const uint8_t first = bytes[(*at)++];
  const uint32_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;
  if (length == 1) return first;
  if (length == 0 || size - *at < length - 1) return MNW_REPLACEMENT;
  uint32_t code = first & (0x7fu >> length);
  for (uint32_t i = 0; i < length - 1; i++) {
    const uint8_t next = bytes[*at + i];
    if ((next & 0xc0) != 0x80) return MNW_REPLACEMENT;
    code = code << 6 | (next & 0x3f);
  }
  if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    return MNW_REPLACEMENT;
  }
  *at += length - 1;
  return code;
}

uint32_t mnw_utf8_put(uint8_t *bytes, uint32_t code) {
  const uint32_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const uint8_t leads[MNW_UTF8_MAX] = {0, 0xc0, 0xe0, 0xf0};
  for (uint32_t i = more; i > 0; i--, code >>= 6) bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
  bytes[0] = (uint8_t)(leads[more] | code);
  return more + 1;
}

static uint32_t take_number(const uint8_t **at) {
  uint32_t value = 0, shift = 0;
  for (; **at & 128; shift += 7) value |= (uint32_t)(*(*at)++ & 127) << shift;
  return value | (uint32_t) * (*at)++ << shift;
}

static uint32_t take_signed(const uint8_t **at) {
  const uint32_t value = take_number(at);
  return value & 1 ? ~(value >> 1) : value >> 1;
}

static mnw_char_class class_beyond_plane(uint32_t code) {
  if (code >= 0xe0100 && code < 0xe01f0) return MNW_CHAR_MARK;
  if (code >= 0xe0000) return MNW_CHAR_CONTROL;
  if (code >= 0x1d7ce && code < 0x1d800) return MNW_CHAR_NUMBER;
  if (code >= 0x1d400 && code < 0x1d7ce) return MNW_CHAR_LETTER;
  return code >= 0x1d000 && code < 0x20000 ? MNW_CHAR_OTHER : MNW_CHAR_LETTER;
}

mnw_char_class mnw_char_class_of(uint32_t code) {
  if ((code >= 9 && code <= 13) || code == 0x85) return MNW_CHAR_SPACE;
  if (code >= 0x10000) return class_beyond_plane(code);
  uint32_t checkpoint = 0;
  while (checkpoint + 1 < CHECKPOINT_COUNT && checkpoint_codes[checkpoint + 1] <= code)
    checkpoint++;
  const uint8_t *at = class_runs + checkpoint_offsets[checkpoint];
  for (uint32_t end = checkpoint_codes[checkpoint];;) {
    const uint8_t run = *at++;
    end += run & 15 ? run & 15u : take_number(&at);
    if (code < end) return (mnw_char_class)(run >> 4);
  }
}

uint32_t mnw_char_lower(uint32_t code) {
  const uint8_t *at = lower_runs;
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  for (uint32_t start = 0; at < lower_runs + sizeof lower_runs;) {
    start += take_number(&at);
    const uint32_t form = take_number(&at), count = form >> 1, stride = (form & 1) + 1;
    const uint32_t distance = take_signed(&at);
    if (code < start) break;
    const uint32_t step = (code - start) / stride;
    if (step < count && start + step * stride == code) return code + distance;
  }
  return code;
}

// Syllables are made of 19 leads, 21 vowels and 28 tails (the first: none).
static uint32_t split_hangul(uint32_t parts[3], uint32_t syllable) {
  const uint32_t tail = syllable % 28;
  parts[0] = 0x1100 + syllable / 588;
  parts[1] = 0x1161 + syllable % 588 / 28;
  parts[2] = 0x11a7 + tail;
  return tail ? 3 : 2;
}

uint32_t mnw_char_base(uint32_t parts[3], uint32_t code) {
  const uint8_t *at = base_letters;
  parts[0] = code;
  if (code < 0xc0) return 1;
  if (code >= 0xac00 && code < 0xd7a4) return split_hangul(parts, code - 0xac00);
  if (mnw_char_class_of(code) == MNW_CHAR_MARK) return 0;
  for (uint32_t letter = 0, base = 0; letter < code && at < base_letters + sizeof base_letters;) {
    letter += take_number(&at);
    base += take_signed(&at);
    if (letter == code) parts[0] = base;
  }
  return 1;
}

bool mnw_char_is_ideograph(uint32_t code) {
  return (code >= 0x4e00 && code < 0xa000) || (code >= 0x3400 && code < 0x4dc0) ||
         (code >= 0xf900 && code < 0xfb00) || (code >= 0x20000 && code < 0x2a6e0) ||
         (code >= 0x2a700 && code < 0x2ceb0) || (code >= 0x2f800 && code < 0x2fa20);
}
