// Typed reading of a layer's fields.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caffe_import.h"

bool pk_caffe_single(pk_caffe *c, pk_caffe_field *message, const char *name,
                     pk_caffe_field **field) {
  *field = message ? pk_caffe_next(message, NULL, name) : NULL;
  if (!*field || !pk_caffe_next(message, *field, name)) return true;
  return pk_caffe_fail(c, PK_BAD_MODEL, "\"%s\" stands twice (line %d)", name, (*field)->line);
}

bool pk_caffe_message(pk_caffe *c, pk_caffe_field *message, const char *name,
                      pk_caffe_field **child) {
  if (!pk_caffe_single(c, message, name, child)) return false;
  return !*child || !(*child)->text ||
         pk_caffe_fail(c, PK_BAD_MODEL, "\"%s\" is no message (line %d)", name, (*child)->line);
}

static bool to_int(pk_caffe *c, const pk_caffe_field *field, int32_t low, int32_t high,
                   int32_t *value) {
  char *end = NULL;
  errno = 0;
  const long number = field->text && !field->is_string ? strtol(field->text, &end, 10) : 0;
  if (!end || end == field->text || *end || errno || number < low || number > high) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "\"%s\" must be a whole number from %d to %d (line %d)",
                         field->name, low, high, field->line);
  }
  *value = (int32_t)number;
  return true;
}

bool pk_caffe_int(pk_caffe *c, pk_caffe_field *message, const char *name, int32_t low, int32_t high,
                  int32_t *value) {
  pk_caffe_field *field;
  return pk_caffe_single(c, message, name, &field) &&
         (!field || to_int(c, field, low, high, value));
}

bool pk_caffe_text(pk_caffe *c, pk_caffe_field *message, const char *name, const char **text) {
  pk_caffe_field *field;
  if (!pk_caffe_single(c, message, name, &field)) return false;
  *text = field ? field->text : NULL;
  return !field || *text ||
         pk_caffe_fail(c, PK_BAD_MODEL, "\"%s\" is a message instead of a value (line %d)", name,
                       field->line);
}

bool pk_caffe_pair(pk_caffe *c, pk_caffe_field *message, const char *both, const char *height,
                   const char *width, int32_t low, int32_t pair[2], bool *is_given) {
  enum { MOST = 1 << 15 };
  pk_caffe_field *field = message ? pk_caffe_next(message, NULL, both) : NULL, *h = NULL, *w = NULL;
  int count = 0;
  for (; field; field = pk_caffe_next(message, field, both)) {
    if (count == 2) return pk_caffe_fail(c, PK_UNSUPPORTED, "\"%s\" of more than two axes", both);
    if (!to_int(c, field, low, MOST, &pair[count++])) return false;
  }
  if (count == 1) pair[1] = pair[0];
  if ((height && !pk_caffe_single(c, message, height, &h)) ||
      (width && !pk_caffe_single(c, message, width, &w))) {
    return false;
  }
  *is_given = count > 0 || h;
  if (!h && !w) return true;
  if (!h || !w || count > 0) {
    return pk_caffe_fail(c, PK_BAD_MODEL, "either \"%s\" or both \"%s\" and \"%s\" are needed",
                         both, height, width);
  }
  return to_int(c, h, low, MOST, &pair[0]) && to_int(c, w, low, MOST, &pair[1]);
}

void pk_caffe_ignore(pk_caffe_field *message, const char *name) {
  if (!message) return;
  pk_caffe_field *field = pk_caffe_next(message, NULL, name);
  for (; field; field = pk_caffe_next(message, field, name)) field->children = NULL;
}
