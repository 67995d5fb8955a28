// The text is edited, not written anew: numbers keep their digits and fields that this tool does
// not know stay. The bytes are valid JSON, so a scan that follows strings and brackets finds the
// fields of the outermost object; what comes out is read again and compared as a whole.
#include "manifest_release.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char spaces[] = " \t\r\n";
static const char field[] = "\"release\"";

// Where a piece of the text begins and ends.
typedef struct span {
  size_t begin, end;
} span;

// Behind the string that begins at `at`.
static size_t skip_string(const char *text, size_t size, size_t at) {
  for (at++; at < size && text[at] != '"'; at++) at += text[at] == '\\';
  return at < size ? at + 1 : size;
}

static size_t skip_any(const char *text, size_t size, size_t at, const char *set) {
  while (at < size && text[at] && strchr(set, text[at])) at++;
  return at;
}

// The digits of the outermost object's release; empty where it has none.
static span find_release(const char *text, size_t size) {
  size_t depth = 0;
  for (size_t at = 0; at < size; at++) {
    if (strchr("{[", text[at]) && text[at]) depth++;
    if (strchr("}]", text[at]) && text[at]) depth--;
    if (text[at] != '"') continue;
    const size_t end = skip_string(text, size, at);
    const size_t colon = skip_any(text, size, end, spaces);
    const bool is_field = depth == 1 && end - at == strlen(field) &&
                          memcmp(text + at, field, end - at) == 0 && colon < size &&
                          text[colon] == ':';
    if (is_field) {
      const size_t begin = skip_any(text, size, colon + 1, spaces);
      return (span){begin, skip_any(text, size, begin, "-0123456789")};
    }
    at = end - 1;
  }
  return (span){0, 0};
}

static void write_edited(pk_bytes *edited, const char *text, size_t size, int64_t release) {
  char number[32];
  if (size == 0) return;  // nothing to point into
  span place = find_release(text, size);
  snprintf(number, sizeof number, "%lld", (long long)release);
  const bool is_new = place.begin == place.end;
  if (is_new) {
    // Behind the last field: in front of the white space before the closing brace.
    size_t last = size;
    while (last > 0 && text[last - 1] != '}') last--;
    if (last > 0) last--;
    while (last > 0 && strchr(spaces, text[last - 1]) && text[last - 1]) last--;
    place = (span){last, last};
  }
  pk_bytes_append(edited, text, place.begin);
  if (is_new) {
    // Indented as the first field is.
    size_t first = skip_any(text, size, 0, spaces);
    first += first < size;
    pk_bytes_append(edited, ",", 1);
    pk_bytes_append(edited, text + first, skip_any(text, size, first, spaces) - first);
    pk_bytes_append(edited, field, strlen(field));
    pk_bytes_append(edited, ": ", 2);
  }
  pk_bytes_append(edited, number, strlen(number));
  pk_bytes_append(edited, text + place.end, size - place.end);
}

// Whether the edited text is the old one with this release and no other difference.
static bool is_as_meant(const pk_bytes *edited, const pk_bytes *text, int64_t release) {
  json_t *before = json_loadb((const char *)text->data, text->size, JSON_REJECT_DUPLICATES, NULL);
  json_t *after =
      json_loadb((const char *)edited->data, edited->size, JSON_REJECT_DUPLICATES, NULL);
  const bool ok = json_is_object(before) && json_is_object(after) &&
                  json_object_set_new(before, "release", json_integer(release)) == 0 &&
                  json_equal(before, after);
  json_decref(before);
  json_decref(after);
  return ok;
}

bool pk_manifest_set_release(pk_bytes *edited, const pk_bytes *text, int64_t release,
                             pk_error *error) {
  *edited = (pk_bytes){0};
  write_edited(edited, (const char *)text->data, text->size, release);
  const bool ok = edited->failed ? pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the manifest")
                                 : is_as_meant(edited, text, release) ||
                                       pk_fail(error, PK_BAD_PACKAGE,
                                               "the manifest's release cannot be set: write the "
                                               "field's name as \"release\", without escapes");
  if (!ok) pk_bytes_free(edited);
  return ok;
}
