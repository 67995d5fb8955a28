#include "import_text.h"

#include <string.h>

// Bytes of the valid UTF-8 character at p, 0 if there is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
static size_t character_bytes(const uint8_t *p, size_t left) {
  const uint8_t lead = p[0];
  if (lead < 0x80) return 1;
  const size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || bytes > left) return 0;
  for (size_t i = 1; i < bytes; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
  }
  if ((lead == 0xe0 && p[1] < 0xa0) || (lead == 0xed && p[1] > 0x9f) ||
      (lead == 0xf0 && p[1] < 0x90) || (lead == 0xf4 && p[1] > 0x8f)) {
    return 0;
  }
  return bytes;
}

size_t pk_text_clean(char *name, const uint8_t *bytes, size_t size_bytes) {
  size_t length = 0, read = 0;
  while (read < size_bytes) {
    const size_t width = character_bytes(bytes + read, size_bytes - read);
    if (length + (width ? width : 1) > PK_NAME_MAX_BYTES) break;
    const uint8_t lead = bytes[read];
    if (width == 0 || lead < 0x20 || lead == 0x7f || lead == '"' || lead == '\\') {
      name[length++] = '?';
      read++;
    } else {
      memcpy(name + length, bytes + read, width);
      length += width;
      read += width;
    }
  }
  name[length] = '\0';
  return length;
}

size_t pk_text_prefix(const char *text, size_t max_bytes) {
  const size_t length = strlen(text);
  if (length <= max_bytes) return length;
  size_t cut = max_bytes;
  while (cut > 0 && ((uint8_t)text[cut] & 0xc0) == 0x80) cut--;
  return cut;
}
