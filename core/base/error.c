#include "error.h"

#include <string.h>

mnw_status mnw_fail(mnw_error *error, mnw_status status, const char *what, int64_t a, int64_t b,
                    int64_t c) {
  if (error) {
    error->status = status;
    error->what = what;
    error->args[0] = a;
    error->args[1] = b;
    error->args[2] = c;
  }
  return status;
}

const char *mnw_status_name(mnw_status status) {
  switch (status) {
#define MNW_STATUS(code, name, summary) \
  case MNW_STATUS_##name:               \
    return #name;
#include <minnow/status_list.inc>
#undef MNW_STATUS
  }
  return "UNKNOWN";
}

typedef struct text_sink {
  char *text;
  size_t capacity_bytes, length;
} text_sink;

static void put_char(text_sink *sink, char c) {
  if (sink->length + 1 < sink->capacity_bytes) sink->text[sink->length++] = c;
}

static void put_text(text_sink *sink, const char *text) {
  while (*text) put_char(sink, *text++);
}

static void put_number(text_sink *sink, int64_t value) {
  char digits[20];
  size_t count = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  if (value < 0) put_char(sink, '-');
  do digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  while (count) put_char(sink, digits[--count]);
}

size_t mnw_error_message(const mnw_error *error, char *text, size_t text_bytes) {
  text_sink sink = {text, text_bytes, 0};
  if (text_bytes == 0) return 0;
  put_text(&sink, mnw_status_name(error->status));
  if (error->what) put_text(&sink, ": ");
  for (const char *p = error->what ? error->what : ""; *p; p++) {
    if (p[0] == '%' && p[1] >= '0' && p[1] <= '2') {
      put_number(&sink, error->args[*++p - '0']);
    } else {
      put_char(&sink, *p);
    }
  }
  text[sink.length] = '\0';
  return sink.length;
}
