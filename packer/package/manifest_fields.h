// Reading JSON fields one by one: presence, type and range, with messages that name the field.
#ifndef MINNOW_PACKER_MANIFEST_FIELDS_H_
#define MINNOW_PACKER_MANIFEST_FIELDS_H_

#include <jansson.h>

#include "../pk_error.h"

typedef struct pk_field_reader {
  const char *source;  // names the file
  const char *remedy;  // what to do about a wrong field
  pk_code code;
  bool refuses_unknown;  // fields that no rule names are errors
  pk_error *error;
} pk_field_reader;

typedef enum pk_field_kind {
  PK_FIELD_INTEGER,  // int32_t or uint32_t
  PK_FIELD_BOOLEAN,  // uint32_t 0 or 1
  PK_FIELD_NUMBER,   // float
  PK_FIELD_NAME,     // a 4-byte enumeration: the number of the name in `names`
} pk_field_kind;

// Whether `names` (NULL-terminated, or NULL) has the name.
bool pk_name_is_listed(const char *const *names, const char *name);

// One field of an object and the 4-byte member of a struct that it becomes.
typedef struct pk_field_rule {
  const char *name;
  pk_field_kind kind;
  bool is_required;
  size_t offset;
  double minimum, maximum;
  const char *const *names;  // NULL-terminated
} pk_field_rule;

// "<source>: <where>.<field> must be <expected>; <remedy>". Returns false.
bool pk_field_bad(const pk_field_reader *r, const char *where, const char *field,
                  const char *expected);

bool pk_field_integer(int64_t *value, const pk_field_reader *r, const json_t *object,
                      const char *where, const char *field, int64_t minimum, int64_t maximum);

// Fills the members whose fields are there; the others keep what they have. `also_known`
// (NULL-terminated, or NULL) names fields that the caller reads.
bool pk_field_read_rules(void *members, const pk_field_rule *rules, size_t rule_count,
                         const char *const *also_known, const pk_field_reader *r,
                         const json_t *object, const char *where);

// The object of the members that are required or differ from those of `defaults`.
json_t *pk_field_write_rules(const void *members, const void *defaults, const pk_field_rule *rules,
                             size_t rule_count);

#endif  // MINNOW_PACKER_MANIFEST_FIELDS_H_
