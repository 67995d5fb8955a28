#include "class_names.h"

#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../package/manifest_fields.h"

enum { MAX_GROUPS_BYTES = 16 << 20 };

bool pk_class_fail(const pk_data_set *set, const char *where, const char *name, pk_error *error) {
  char labels[2048] = "";
  for (size_t i = 0; i < set->label_count; i++) {
    const size_t length = strlen(labels);
    if (length + strlen(set->labels[i]) + 8 > sizeof labels) {
      snprintf(labels + length, sizeof labels - length, ", …");
      break;
    }
    snprintf(labels + length, sizeof labels - length, "%s%s", i ? ", " : "", set->labels[i]);
  }
  return pk_fail(error, PK_USAGE,
                 "data: %s names the class \"%s\", which is none of the labels: %s; correct the "
                 "name, or tell its class by `map` or `rest`",
                 where, name, labels);
}

bool pk_class_field(int32_t *label, const pk_data_set *set, const json_t *source, const char *field,
                    bool is_required, const char *where, pk_error *error) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, error};
  const json_t *json = json_object_get(source, field);
  char inner[96];
  *label = PK_CLASS_NONE;
  if (!json && !is_required) return true;
  if (!json_is_string(json)) return pk_field_bad(&r, where, field, "the name of a class");
  snprintf(inner, sizeof inner, "%s.%s", where, field);
  *label = pk_label_find(set, json_string_value(json));
  return *label >= 0 || pk_class_fail(set, inner, json_string_value(json), error);
}

static bool remember(pk_class_names *names, const char *name, int32_t label, pk_error *error) {
  if (json_object_set_new(names->known, name, json_integer(label)) == 0) return true;
  return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for class names");
}

static bool read_map(pk_class_names *names, const json_t *map, const char *where, pk_error *error) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, error};
  const char *key;
  json_t *value;
  char inner[96];
  if (!map) return true;
  names->drops_unknown = true;
  if (!json_is_object(map)) return pk_field_bad(&r, where, "map", "an object of class names");
  snprintf(inner, sizeof inner, "%s.map", where);
  json_object_foreach((json_t *)map, key, value) {
    if (!json_is_string(value)) return pk_field_bad(&r, inner, key, "the name of a class");
    const int32_t label = pk_label_find(names->set, json_string_value(value));
    if (label < 0) return pk_class_fail(names->set, inner, json_string_value(value), error);
    if (!remember(names, key, label, error)) return false;
  }
  return true;
}

static bool take_groups(pk_class_names *names, const json_t *groups, const char *path,
                        pk_error *error) {
  const char *group;
  json_t *members, *member;
  size_t i;
  json_object_foreach((json_t *)groups, group, members) {
    const int32_t label = pk_label_find(names->set, group);
    if (label < 0) return pk_class_fail(names->set, path, group, error);
    json_array_foreach(members, i, member) {
      const char *name = json_string_value(member);
      if (name && !remember(names, name, label, error)) return false;
    }
  }
  return true;
}

static bool read_groups(pk_class_names *names, const json_t *file, const char *where,
                        pk_error *error) {
  const pk_field_reader r = {"data", PK_DATA_REMEDY, PK_USAGE, true, error};
  pk_bytes bytes = {0};
  names->takes_labels = !file;
  if (!file) return true;
  if (!json_is_string(file)) return pk_field_bad(&r, where, "groups", "the path of a JSON file");
  char *path = pk_data_path(names->set, json_string_value(file), error);
  bool ok = path && pk_file_read(&bytes, path, MAX_GROUPS_BYTES, error);
  json_t *groups = ok ? json_loadb((const char *)bytes.data, bytes.size, 0, NULL) : NULL;
  if (ok && !json_is_object(groups)) {
    ok = pk_fail(error, PK_BAD_TEXT, "%s is no JSON object of lists of labels; correct it", path);
  }
  ok = ok && take_groups(names, groups, path, error);
  json_decref(groups);
  pk_bytes_free(&bytes);
  free(path);
  return ok;
}

bool pk_class_names_read(pk_class_names *names, const pk_data_set *set, const json_t *source,
                         const char *where, pk_error *error) {
  *names = (pk_class_names){.set = set,
                            .known = json_object(),
                            .ignore = json_object_get(source, "ignore"),
                            .drops_lines = json_is_true(json_object_get(source, "one"))};
  if (!names->known) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for class names");
  return read_map(names, json_object_get(source, "map"), where, error) &&
         read_groups(names, json_object_get(source, "groups"), where, error) &&
         pk_class_field(&names->rest, set, source, "rest", false, where, error) &&
         pk_class_field(&names->empty, set, source, "empty", false, where, error);
}

void pk_class_names_free(pk_class_names *names) {
  json_decref(names->known);
  *names = (pk_class_names){0};
}

int32_t pk_class_of_name(const pk_class_names *names, const char *name) {
  const json_t *known = json_object_get(names->known, name);
  if (known) return (int32_t)json_integer_value(known);
  const int32_t label = names->takes_labels ? pk_label_find(names->set, name) : -1;
  if (label >= 0) return label;
  return names->rest >= 0 ? names->rest : PK_CLASS_UNKNOWN;
}

static bool is_ignored(const pk_class_names *names, const char *name) {
  size_t i;
  json_t *value;
  json_array_foreach(names->ignore, i, value) {
    if (json_is_string(value) && strcmp(json_string_value(value), name) == 0) return true;
  }
  return false;
}

// What the names of a list say together.
typedef struct label_votes {
  int32_t label;     // of the last one that counts
  bool is_several;   // they say different classes
  const char *none;  // a name without class
} label_votes;

static label_votes count_votes(const pk_class_names *names, const json_t *list, bool with_ignored) {
  label_votes votes = {.label = PK_CLASS_NONE};
  size_t i;
  json_t *value;
  json_array_foreach(list, i, value) {
    const char *name = json_string_value(value);
    if (!with_ignored && is_ignored(names, name)) continue;
    const int32_t label = pk_class_of_name(names, name);
    if (label < 0) {
      votes.none = name;
      continue;
    }
    votes.is_several |= votes.label >= 0 && votes.label != label;
    votes.label = label;
  }
  return votes;
}

static bool decide(int32_t *label, const pk_class_names *names, const label_votes *votes,
                   const char *where, pk_error *error) {
  *label = votes->label;
  if (votes->none && !names->drops_unknown) {
    return pk_class_fail(names->set, where, votes->none, error);
  }
  if (votes->label >= 0 && !votes->is_several) return true;
  *label = PK_CLASS_NONE;
  if (names->drops_lines) return true;
  return pk_fail(error, PK_USAGE,
                 "data: %s has %s; leave such examples out by \"one\": true, or tell `ignore` or "
                 "`empty`",
                 where, votes->is_several ? "labels of several classes" : "no label of a class");
}

bool pk_class_of_label(int32_t *label, const pk_class_names *names, const json_t *json,
                       const char *where, pk_error *error) {
  size_t i;
  json_t *value;
  *label = PK_CLASS_NONE;
  if (json_is_string(json)) {
    const int32_t found = pk_class_of_name(names, json_string_value(json));
    const label_votes votes = {.label = found, .none = found < 0 ? json_string_value(json) : NULL};
    return decide(label, names, &votes, where, error);
  }
  bool is_list = json_is_array(json);
  json_array_foreach(json, i, value) is_list &= json_is_string(value);
  if (!is_list) {
    return pk_fail(error, PK_BAD_TEXT,
                   "%s: its label is neither a string nor a list of strings; correct it", where);
  }
  if (json_array_size(json) == 0 && names->empty >= 0) {
    *label = names->empty;
    return true;
  }
  label_votes votes = count_votes(names, json, false);
  if (votes.label < 0) votes = count_votes(names, json, true);
  return decide(label, names, &votes, where, error);
}
