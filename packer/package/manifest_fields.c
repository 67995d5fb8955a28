#include "manifest_fields.h"

#include <stdlib.h>
#include <string.h>

bool pk_field_bad(const pk_field_reader *r, const char *where, const char *field,
                  const char *expected) {
  return pk_fail(r->error, r->code, "%s: %s%s%s must be %s; %s", r->source, where,
                 *where && *field ? "." : "", field, expected, r->remedy);
}

bool pk_field_integer(int64_t *value, const pk_field_reader *r, const json_t *object,
                      const char *where, const char *field, int64_t minimum, int64_t maximum) {
  char expected[96];
  const json_t *json = json_object_get(object, field);
  *value = json_is_integer(json) ? json_integer_value(json) : minimum;
  if (json_is_integer(json) && *value >= minimum && *value <= maximum) return true;
  snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)minimum,
           (long long)maximum);
  return pk_field_bad(r, where, field, expected);
}

static bool read_name(uint32_t *word, const pk_field_rule *rule, const pk_field_reader *r,
                      const json_t *value, const char *where) {
  char expected[160] = "one of";
  const char *text = json_string_value(value);
  for (uint32_t i = 0; rule->names[i]; i++) {
    const size_t length = strlen(expected);
    if (text && strcmp(text, rule->names[i]) == 0) {
      *word = i;
      return true;
    }
    snprintf(expected + length, sizeof expected - length, " %s", rule->names[i]);
  }
  return pk_field_bad(r, where, rule->name, expected);
}

static bool read_field(uint32_t *word, const pk_field_rule *rule, const pk_field_reader *r,
                       const json_t *object, const char *where) {
  char expected[96];
  int64_t whole;
  const json_t *value = json_object_get(object, rule->name);
  switch (rule->kind) {
    case PK_FIELD_INTEGER:
      if (!pk_field_integer(&whole, r, object, where, rule->name, (int64_t)rule->minimum,
                            (int64_t)rule->maximum)) {
        return false;
      }
      *word = (uint32_t)whole;
      return true;
    case PK_FIELD_BOOLEAN:
      *word = json_is_true(value);
      return json_is_boolean(value) || pk_field_bad(r, where, rule->name, "true or false");
    case PK_FIELD_NAME:
      return read_name(word, rule, r, value, where);
    case PK_FIELD_NUMBER:
      break;
  }
  const double number = json_number_value(value);
  const float stored = (float)number;
  if (!json_is_number(value) || !(number >= rule->minimum && number <= rule->maximum)) {
    snprintf(expected, sizeof expected, "a number from %g to %g", rule->minimum, rule->maximum);
    return pk_field_bad(r, where, rule->name, expected);
  }
  memcpy(word, &stored, sizeof stored);
  return true;
}

bool pk_name_is_listed(const char *const *names, const char *name) {
  for (; names && *names; names++) {
    if (strcmp(*names, name) == 0) return true;
  }
  return false;
}

static bool refuse_unknown(const pk_field_rule *rules, size_t rule_count,
                           const char *const *also_known, const pk_field_reader *r,
                           const json_t *object, const char *where) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    bool is_known = pk_name_is_listed(also_known, key);
    for (size_t i = 0; i < rule_count; i++) is_known |= strcmp(rules[i].name, key) == 0;
    if (!is_known) return pk_field_bad(r, where, key, "left out: there is no such field");
  }
  return true;
}

bool pk_field_read_rules(void *members, const pk_field_rule *rules, size_t rule_count,
                         const char *const *also_known, const pk_field_reader *r,
                         const json_t *object, const char *where) {
  if (!json_is_object(object)) return pk_field_bad(r, where, "", "an object");
  if (r->refuses_unknown && !refuse_unknown(rules, rule_count, also_known, r, object, where)) {
    return false;
  }
  for (size_t i = 0; i < rule_count; i++) {
    uint32_t word = 0;
    if (!rules[i].is_required && !json_object_get(object, rules[i].name)) continue;
    if (!read_field(&word, &rules[i], r, object, where)) return false;
    memcpy((char *)members + rules[i].offset, &word, sizeof word);
  }
  return true;
}

// The shortest decimal number that gives this float32 again.
static double shortest(float value) {
  char text[32];
  double number = (double)value;
  for (int digits = 1; digits <= 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, (double)value);
    number = strtod(text, NULL);
    if ((float)number == value) break;
  }
  return number;
}

json_t *pk_field_write_rules(const void *members, const void *defaults, const pk_field_rule *rules,
                             size_t rule_count) {
  json_t *object = json_object();
  for (size_t i = 0; i < rule_count; i++) {
    const pk_field_rule *rule = &rules[i];
    uint32_t word;
    float number;
    memcpy(&word, (const char *)members + rule->offset, sizeof word);
    memcpy(&number, &word, sizeof number);
    const bool is_default = memcmp(&word, (const char *)defaults + rule->offset, sizeof word) == 0;
    if (is_default && !rule->is_required) continue;
    json_t *value = rule->kind == PK_FIELD_BOOLEAN  ? json_boolean(word)
                    : rule->kind == PK_FIELD_NAME   ? json_string(rule->names[word])
                    : rule->kind == PK_FIELD_NUMBER ? json_real(shortest(number))
                                                    : json_integer((int32_t)word);
    json_object_set_new(object, rule->name, value);
  }
  return object;
}
