#include "pk_error.h"

#include <stdarg.h>
#include <stdio.h>

const char *pk_code_name(pk_code code) {
  switch (code) {
    case PK_OK:
      return "OK";
    case PK_USAGE:
      return "USAGE";
    case PK_BAD_MODEL:
      return "BAD_MODEL";
    case PK_UNSUPPORTED:
      return "UNSUPPORTED";
    case PK_IO:
      return "IO";
    case PK_BAD_IMAGE:
      return "BAD_IMAGE";
    case PK_BAD_PACKAGE:
      return "BAD_PACKAGE";
    case PK_OUT_OF_MEMORY:
      return "OUT_OF_MEMORY";
    case PK_BAD_SOUND:
      return "BAD_SOUND";
    case PK_BAD_TEXT:
      return "BAD_TEXT";
    case PK_BAD_KEY:
      return "BAD_KEY";
    case PK_BAD_SIGNATURE:
      return "BAD_SIGNATURE";
    case PK_OLD_RELEASE:
      return "OLD_RELEASE";
  }
  return "UNKNOWN";
}

bool pk_fail(pk_error *error, pk_code code, const char *format, ...) {
  if (error && error->code == PK_OK) {
    va_list args;
    error->code = code;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
  }
  return false;
}
