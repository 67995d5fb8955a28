#include "cli_common.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

void pk_options_start(void) {
  optind = 1;
  opterr = 0;
}

int pk_options_next(int argc, char **argv, const char *letters, const struct option *options,
                    pk_error *error) {
  const int option = getopt_long(argc, argv, letters, options, NULL);
  const char *text = optind > 0 && optind <= argc ? argv[optind - 1] : "";
  if (option == ':') {
    pk_fail(error, PK_USAGE, "option %s needs a value", text);
  } else if (option == '?' && optopt > UCHAR_MAX) {
    pk_fail(error, PK_USAGE, "option %s takes no value", text);
  } else if (option == '?' && optopt != 0) {
    pk_fail(error, PK_USAGE, "unknown option -%c", optopt);
  } else if (option == '?') {
    pk_fail(error, PK_USAGE, "unknown option %s", text);
  } else {
    return option;
  }
  return '?';
}

bool pk_parse_folder(const char **folder, int argc, char **argv, pk_error *error) {
  if (optind + 1 != argc) return pk_fail(error, PK_USAGE, "one package folder is needed");
  *folder = argv[optind];
  return true;
}

bool pk_parse_size(size_t *value, const char *text, const char *name, size_t minimum,
                   size_t maximum, pk_error *error) {
  char *end = NULL;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  unsigned long long unit = 1;
  bool ok = errno == 0 && end != text && text[0] != '-';
  if (ok && (*end == 'k' || *end == 'K')) unit = 1024, end++;
  if (ok && *end == 'M') unit = 1024 * 1024, end++;
  ok = ok && *end == '\0' && number <= maximum / unit && number * unit >= minimum;
  *value = ok ? (size_t)(number * unit) : 0;
  return ok || pk_fail(error, PK_USAGE, "--%s %s: a whole number from %zu to %zu is needed", name,
                       text, minimum, maximum);
}

bool pk_parse_name(size_t *place, const char *text, const char *name, const char *const *names,
                   pk_error *error) {
  char needed[160] = "";
  for (*place = 0; names[*place]; ++*place) {
    if (strcmp(text, names[*place]) == 0) return true;
    const char *before = *place == 0 ? "" : names[*place + 1] ? ", " : " or ";
    const size_t length = strlen(needed);
    snprintf(needed + length, sizeof needed - length, "%s%s", before, names[*place]);
  }
  return pk_fail(error, PK_USAGE, "--%s %s: %s is needed", name, text, needed);
}

bool pk_parse_release(int64_t *value, const char *text, const char *name, pk_error *error) {
  const size_t digits = strspn(text, "0123456789");
  const bool is_number = digits > 0 && digits <= 16 && text[digits] == '\0';
  *value = is_number ? (int64_t)strtoll(text, NULL, 10) : -1;
  return (*value >= 0 && *value <= PK_MAX_RELEASE) ||
         pk_fail(error, PK_USAGE, "--%s %s: a whole number from 0 to %lld is needed", name, text,
                 (long long)PK_MAX_RELEASE);
}

bool pk_parse_bytes(size_t *value, const char *text, const char *name, pk_error *error) {
  char *end;
  double number = strtod(text, &end);
  if (end != text && (*end == 'k' || *end == 'M')) number *= *end++ == 'k' ? 1e3 : 1e6;
  if (end != text && *end == '\0' && number >= 1e3 && number <= 1e9) {
    *value = (size_t)number;
    return true;
  }
  return pk_fail(error, PK_USAGE, "--%s %s: bytes from 1k to 1000M are needed, as 1.2M or 900k",
                 name, text);
}

bool pk_parse_milliseconds(double *value, const char *text, const char *name, pk_error *error) {
  char *end;
  *value = strtod(text, &end);
  return (end != text && *end == '\0' && *value > 0.0 && *value <= 1e6) ||
         pk_fail(error, PK_USAGE, "--%s: \"%s\" is no number of milliseconds above 0", name, text);
}

bool pk_parse_points(double *value, const char *text, const char *name, pk_error *error) {
  char *end;
  const double number = strtod(text, &end);
  if (end != text && *end == '\0' && number > 0.0 && number <= 100.0) {
    *value = number;
    return true;
  }
  return pk_fail(error, PK_USAGE, "--%s: \"%s\" is no number of points above 0 and up to 100", name,
                 text);
}

bool pk_parse_fraction(double *value, const char *text, const char *name, pk_error *error) {
  char *end = NULL;
  *value = strtod(text, &end);
  return (end != text && *end == '\0' && *value > 0.0 && *value <= 1.0) ||
         pk_fail(error, PK_USAGE, "--%s %s: a number above 0 and at most 1 is needed", name, text);
}

bool pk_parse_range(double *low, double *high, const char *text, const char *name,
                    pk_error *error) {
  char *comma = NULL, *end = NULL;
  *low = strtod(text, &comma);
  const bool has_two = comma != text && *comma == ',';
  *high = has_two ? strtod(comma + 1, &end) : 0.0;
  const bool ok = has_two && end != comma + 1 && *end == '\0' && isfinite(*low) &&
                  isfinite(*high) && fabs(*low) <= 1e6 && fabs(*high) <= 1e6 && *low != *high;
  return ok || pk_fail(error, PK_USAGE,
                       "--%s %s: two different numbers up to a million are needed, as in 0,1", name,
                       text);
}

int pk_tell_error(const pk_error *error, const char *command, bool as_json) {
  pk_progress_end();
  fprintf(stderr, "minnow %s: %s: %s\n", command, pk_code_name(error->code), error->message);
  if (error->code == PK_USAGE) fprintf(stderr, "See minnow %s --help.\n", command);
  if (as_json) {
    json_t *text = json_string(error->message);
    if (!text) text = json_string("(message is not UTF-8)");
    pk_print_json(json_pack("{s:{s:s, s:s, s:o}}", "error", "code", pk_code_name(error->code),
                            "coreStatus", mnw_status_name(error->core_status), "message", text));
  }
  return (int)error->code;
}

void pk_tell_signature_gone(bool was_signed, const char *command, const char *folder) {
  if (!was_signed) return;
  fprintf(stderr,
          "minnow %s: note: manifest.sig was removed, it was that of the package before: sign the "
          "new one with minnow sign %s --key NAME.key\n",
          command, folder);
}

bool pk_print_json(json_t *object) {
  char *text = object ? json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
  if (text) puts(text);
  free(text);
  json_decref(object);
  return text != NULL;
}

void pk_progress_show(void *unused, const char *what, size_t done, size_t total) {
  char bar[BAR_WIDTH + 1];
  (void)unused;
  if (total == 0 || !isatty(STDERR_FILENO)) return;
  const size_t filled = (size_t)((double)done / (double)total * BAR_WIDTH);
  memset(bar, '-', BAR_WIDTH);
  memset(bar, '#', filled < BAR_WIDTH ? filled : BAR_WIDTH);
  bar[BAR_WIDTH] = '\0';
  fprintf(stderr, "\r%s [%s] %3.0f %%", what, bar, 100.0 * (double)done / (double)total);
  fflush(stderr);
}

void pk_progress_end(void) {
  if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}

pk_size_text pk_format_size(uint64_t bytes) {
  pk_size_text size;
  const double value = (double)bytes;
  if (bytes < 1000) {
    snprintf(size.text, sizeof size.text, "%llu B", (unsigned long long)bytes);
  } else if (bytes < 1000 * 1000) {
    snprintf(size.text, sizeof size.text, "%.1f kB", value / 1e3);
  } else {
    snprintf(size.text, sizeof size.text, "%.2f MB", value / 1e6);
  }
  return size;
}
