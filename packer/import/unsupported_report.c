#include "unsupported_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "import_text.h"

// Leaves room for the file's name, which is put before the message.
enum { MAX_REPORT_BYTES = sizeof((pk_error *)0)->message - 320 };

static pk_report_group *find_group(pk_report *report, const char *what, const char *noun) {
  for (size_t i = 0; i < report->group_count; i++) {
    if (strcmp(report->groups[i].what, what) == 0) return &report->groups[i];
  }
  if (report->group_count == PK_REPORT_MAX_GROUPS) return NULL;
  pk_report_group *group = &report->groups[report->group_count++];
  memset(group, 0, sizeof *group);
  group->noun = noun;
  snprintf(group->what, sizeof group->what, "%s", what);
  return group;
}

void pk_report_add(pk_report *report, const char *what, const char *noun, size_t number,
                   const char *name) {
  char key[sizeof report->groups[0].what];
  snprintf(key, sizeof key, "%.*s", (int)pk_text_prefix(what, sizeof key - 1), what);
  pk_report_group *group = find_group(report, key, noun);
  if (!group) {
    report->dropped_count++;
    return;
  }
  char item[160];
  const size_t name_bytes = pk_text_prefix(name, 80);
  const int bytes = snprintf(item, sizeof item, "%s%zu \"%.*s%s\"", group->use_count ? ", " : "",
                             number, (int)name_bytes, name, name[name_bytes] ? "..." : "");
  group->use_count++;
  const size_t length = strlen(group->where);
  // Whole items only, then an ellipsis; a list that has one grows no more.
  if (length >= 3 && strcmp(group->where + length - 3, "...") == 0) return;
  const bool fits = length + (size_t)bytes + sizeof ", ..." <= sizeof group->where;
  snprintf(group->where + length, sizeof group->where - length, "%s", fits ? item : ", ...");
}

bool pk_report_is_empty(const pk_report *report) {
  return report->group_count == 0 && report->dropped_count == 0;
}

typedef struct text_sink {
  char text[sizeof((pk_error *)0)->message];
  size_t length;
} text_sink;

__attribute__((format(printf, 2, 3))) static void put(text_sink *sink, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int bytes =
      vsnprintf(sink->text + sink->length, sizeof sink->text - sink->length, format, args);
  va_end(args);
  if (bytes > 0) sink->length += (size_t)bytes;
  if (sink->length >= sizeof sink->text) sink->length = sizeof sink->text - 1;
}

bool pk_report_fail(const pk_report *report, pk_error *error) {
  static const char float_header[] =
      "the model computes in a floating-point type other than float32: convert it with float32 "
      "activations (float16 weights are fine), or quantise it to int8.\nNot supported in it:";
  static const char remedy[] =
      "\nWhat to do: change the model so that it does without, or add it to Minnow: "
      "docs/ADDING_AN_OP.md tells how, docs/OPERATORS.md what there is.";
  enum { KEEP_BYTES = sizeof remedy + sizeof "\n  and more" };
  text_sink sink = {.length = 0};
  put(&sink, "%s", report->has_float ? float_header : "the model needs what is not supported:");
  size_t shown = 0;
  for (; shown < report->group_count; shown++) {
    const pk_report_group *group = &report->groups[shown];
    const size_t group_bytes = strlen(group->what) + strlen(group->where) + 40;
    if (sink.length + group_bytes + KEEP_BYTES > MAX_REPORT_BYTES) break;
    put(&sink, "\n  %s, %zu use%s: %s %s", group->what, group->use_count,
        group->use_count == 1 ? "" : "s", group->noun, group->where);
  }
  if (shown < report->group_count || report->dropped_count > 0) put(&sink, "\n  and more");
  put(&sink, "%s", remedy);
  return pk_fail(error, PK_UNSUPPORTED, "%s", sink.text);
}
