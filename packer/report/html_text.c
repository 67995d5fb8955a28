#include "html_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void pk_html(pk_bytes *page, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = vsnprintf(NULL, 0, format, arguments);
  uint8_t *room = length < 0 ? NULL : pk_bytes_reserve(page, (size_t)length + 1);
  if (room) {
    vsnprintf((char *)room, (size_t)length + 1, format, again);
    page->size += (size_t)length;
  }
  va_end(again);
  va_end(arguments);
}

void pk_html_escaped(pk_bytes *page, const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    switch (text[i]) {
      case '<':
        pk_bytes_append(page, "&lt;", 4);
        break;
      case '>':
        pk_bytes_append(page, "&gt;", 4);
        break;
      case '&':
        pk_bytes_append(page, "&amp;", 5);
        break;
      case '"':
        pk_bytes_append(page, "&quot;", 6);
        break;
      case '\'':
        pk_bytes_append(page, "&#39;", 5);
        break;
      default:
        pk_bytes_append(page, (unsigned char)text[i] < 32 ? " " : &text[i], 1);
    }
  }
}
