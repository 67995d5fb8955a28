#include "caffe_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../import_text.h"

enum { MAX_DEPTH = 16 };

typedef struct text_parser {
  pk_arena *arena;
  const char *at, *end, *file;
  int line;
  pk_error *error;
} text_parser;

__attribute__((format(printf, 2, 3))) static bool fail(text_parser *p, const char *format, ...) {
  char text[200];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return pk_fail(p->error, PK_BAD_MODEL, "%s, line %d: %s", p->file, p->line, text);
}

static void skip_space(text_parser *p) {
  for (; p->at < p->end; p->at++) {
    if (*p->at == '#') {
      while (p->at + 1 < p->end && p->at[1] != '\n') p->at++;
    } else if (*p->at == '\n') {
      p->line++;
    } else if (*p->at != ' ' && *p->at != '\t' && *p->at != '\r') {
      return;
    }
  }
}

static bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '+';
}

static bool take(text_parser *p, char c) {
  skip_space(p);
  if (p->at == p->end || *p->at != c) return false;
  p->at++;
  return true;
}

static const char *copy_text(text_parser *p, const char *from) {
  char text[PK_NAME_MAX_BYTES + 1];
  const size_t bytes = (size_t)(p->at - from);
  const size_t length = pk_text_clean(text, (const uint8_t *)from, bytes);
  if (length != bytes || memcmp(text, from, bytes) != 0) {
    fail(p, "a text is longer than %d bytes or holds other than plain characters",
         PK_NAME_MAX_BYTES);
    return NULL;
  }
  return pk_arena_copy(p->arena, text, length + 1, 1, p->error);
}

// A name, number or word. NULL: error filled.
static const char *read_word(text_parser *p, const char *what) {
  skip_space(p);
  const char *from = p->at;
  while (p->at < p->end && is_word_character(*p->at)) p->at++;
  if (p->at > from) return copy_text(p, from);
  if (p->at == p->end) {
    fail(p, "the file ends where %s is expected", what);
  } else {
    fail(p, "%s is expected", what);
  }
  return NULL;
}

static bool read_string(text_parser *p, pk_caffe_field *field, char quote) {
  const char *from = ++p->at;
  while (p->at < p->end && *p->at != quote && *p->at != '\\' && *p->at != '\n') p->at++;
  if (p->at == p->end || *p->at != quote) {
    return fail(p, "a string does not end in its line, or holds a backslash");
  }
  field->is_string = true;
  field->text = copy_text(p, from);
  p->at++;
  return field->text != NULL;
}

static bool read_value(text_parser *p, pk_caffe_field *field) {
  skip_space(p);
  if (p->at < p->end && (*p->at == '"' || *p->at == '\'')) return read_string(p, field, *p->at);
  field->text = read_word(p, "a value");
  return field->text != NULL;
}

// One field; sets *is_open where it is a message whose fields follow.
static pk_caffe_field *read_field(text_parser *p, bool *is_open) {
  pk_caffe_field *field = pk_arena_alloc(p->arena, 1, sizeof *field, p->error);
  if (!field) return NULL;
  field->name = read_word(p, "a field's name");
  field->line = p->line;
  if (!field->name) return NULL;
  const bool has_colon = take(p, ':');
  *is_open = take(p, '{');
  if (*is_open) return field;
  if (!has_colon) {
    fail(p, "\"%.60s\" is followed by neither \":\" nor \"{\"", field->name);
    return NULL;
  }
  if (!read_value(p, field)) return NULL;
  if (!take(p, ',')) take(p, ';');
  return field;
}

pk_caffe_field *pk_caffe_parse(pk_arena *arena, const char *text, size_t size_bytes,
                               const char *file, pk_error *error) {
  text_parser p = {.arena = arena,
                   .at = text,
                   .end = text + size_bytes,
                   .file = file,
                   .line = 1,
                   .error = error};
  pk_caffe_field *root = pk_arena_alloc(arena, 1, sizeof *root, error);
  pk_caffe_field **ends[MAX_DEPTH] = {root ? &root->children : NULL};
  int depth = 0;
  if (!root) return NULL;
  for (;;) {
    bool is_open = false;
    if (depth > 0 && take(&p, '}')) {
      depth--;
      continue;
    }
    skip_space(&p);
    if (p.at == p.end && depth == 0) return root;
    pk_caffe_field *field = read_field(&p, &is_open);
    if (!field) return NULL;
    *ends[depth] = field;
    ends[depth] = &field->next;
    if (!is_open) continue;
    if (++depth == MAX_DEPTH) {
      fail(&p, "messages are nested %d deep", MAX_DEPTH);
      return NULL;
    }
    ends[depth] = &field->children;
  }
}

pk_caffe_field *pk_caffe_next(pk_caffe_field *message, pk_caffe_field *after, const char *name) {
  pk_caffe_field *field = after ? after->next : message->children;
  while (field && strcmp(field->name, name) != 0) field = field->next;
  if (field) field->is_used = true;
  return field;
}

const pk_caffe_field *pk_caffe_find_unused(const pk_caffe_field *message) {
  const pk_caffe_field *stack[MAX_DEPTH];
  int depth = 0;
  const pk_caffe_field *field = message->children;
  while (field || depth > 0) {
    if (!field) {
      field = stack[--depth]->next;
    } else if (!field->is_used) {
      return field;
    } else if (field->children && depth < MAX_DEPTH) {
      stack[depth++] = field;
      field = field->children;
    } else {
      field = field->next;
    }
  }
  return NULL;
}
