#include "model_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool pk_binding_add(pk_binding_list *list, const char *text, const char *option, pk_error *error) {
  const char *equals = strrchr(text, '=');
  if (!equals || equals == text || equals[1] == '\0') {
    return pk_fail(error, PK_USAGE, "--%s takes NAME=VALUES, not \"%.200s\"", option, text);
  }
  if (list->count == PK_MAX_BINDINGS) {
    return pk_fail(error, PK_USAGE, "--%s is given more than %d times", option, PK_MAX_BINDINGS);
  }
  list->texts[list->count++] = text;
  return true;
}

const char *pk_binding_find(const pk_binding_list *list, const char *name) {
  const size_t length = strlen(name);
  for (size_t i = 0; i < list->count; i++) {
    const char *text = list->texts[i], *equals = strrchr(text, '=');
    if ((size_t)(equals - text) == length && memcmp(text, name, length) == 0) return equals + 1;
  }
  return NULL;
}

static bool step(const char **text, const char *end) {
  const bool ok = end != *text && errno == 0 && (*end == ',' || *end == '\0');
  *text = *end == ',' ? end + 1 : end;
  return ok;
}

bool pk_binding_next_int(const char **text, long long *value) {
  char *end;
  errno = 0;
  *value = strtoll(*text, &end, 10);
  return step(text, end);
}

bool pk_binding_next_float(const char **text, double *value) {
  char *end;
  errno = 0;
  *value = strtod(*text, &end);
  return step(text, end);
}
