#include "base64_line.h"

#include <sodium.h>
#include <string.h>

_Static_assert(PK_KEY_TEXT_BYTES == sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL),
               "of libsodium");
_Static_assert(PK_SIGNATURE_TEXT_BYTES ==
                   sodium_base64_ENCODED_LEN(64, sodium_base64_VARIANT_ORIGINAL),
               "of libsodium");

// Length of the text without the white space at its end.
static size_t line_length(const char *text, size_t text_bytes) {
  static const char spaces[] = {' ', '\t', '\r', '\n'};
  while (text_bytes > 0 && memchr(spaces, text[text_bytes - 1], sizeof spaces)) text_bytes--;
  return text_bytes;
}

static bool starts_with(const char *text, size_t length, const char *start) {
  return length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

// What is decoded must give the same text again: libsodium 1.0.18 takes some bytes above 127 for
// letters.
static bool decode(uint8_t decoded[PK_BASE64_LINE_MAX], size_t *got, const char *text,
                   size_t length) {
  char again[PK_BASE64_LINE_MAX + 1];
  if (length == 0 || length > PK_BASE64_LINE_MAX ||
      sodium_base642bin(decoded, PK_BASE64_LINE_MAX, text, length, NULL, got, NULL,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return false;
  }
  sodium_bin2base64(again, sizeof again, decoded, *got, sodium_base64_VARIANT_ORIGINAL);
  const bool is_same = strlen(again) == length && sodium_memcmp(again, text, length) == 0;
  sodium_memzero(again, sizeof again);
  return is_same;
}

bool pk_base64_line_read(uint8_t *bytes, size_t count, const char *text, size_t text_bytes,
                         const char *what, const char *kind, pk_code code, pk_error *error) {
  uint8_t decoded[PK_BASE64_LINE_MAX];
  size_t got = 0;
  const size_t length = line_length(text, text_bytes);
  if (starts_with(text, length, "-----BEGIN")) {
    return pk_fail(error, code,
                   "%s is PEM, where %s as one line of base64 is needed: docs/SIGNING.md tells how "
                   "to convert it",
                   what, kind);
  }
  const bool is_base64 = decode(decoded, &got, text, length);
  if (is_base64 && got == count) memcpy(bytes, decoded, count);
  sodium_memzero(decoded, sizeof decoded);  // it may be a secret
  if (!is_base64) {
    return pk_fail(error, code,
                   "%s is not %s: %zu bytes as one line of base64 (A-Z a-z 0-9 + / and = at the "
                   "end) are needed; copy it again as it was written",
                   what, kind, count);
  }
  return got == count ||
         pk_fail(error, code, "%s has %zu bytes, %s has %zu: copy it again as it was written", what,
                 got, kind, count);
}

void pk_base64_line_write(char *text, size_t text_bytes, const uint8_t *bytes, size_t count) {
  sodium_bin2base64(text, text_bytes, bytes, count, sodium_base64_VARIANT_ORIGINAL);
}
