// From a source of the description to examples.
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "../package/file_io.h"
#include "data_items.h"
#include "picture_array.h"
#include "wav_file.h"

enum { MAX_FILE_BYTES = 512 << 20, MAX_FILES = 1000000, MAX_GENERATED = 1000000 };

typedef struct name_list {
  char **names;
  size_t count, capacity;
} name_list;

// Runs of digits by their value, the rest by bytes: IMG_9 before IMG_10.
static int compare_natural(const void *left, const void *right) {
  const char *a = *(char *const *)left, *b = *(char *const *)right;
  while (*a && *b) {
    if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
      char *after_a, *after_b;
      const unsigned long long x = strtoull(a, &after_a, 10), y = strtoull(b, &after_b, 10);
      if (x != y) return x < y ? -1 : 1;
      a = after_a;
      b = after_b;
      continue;
    }
    if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
    a++;
    b++;
  }
  return (unsigned char)*a - (unsigned char)*b;
}

static bool has_ending(const char *name, pk_data_format format) {
  static const char *const pictures[] = {".jpg", ".jpeg", ".png", ".bmp", NULL};
  static const char *const sounds[] = {".wav", NULL};
  const char *dot = strrchr(name, '.');
  for (const char *const *e = format == PK_DATA_SOUNDS ? sounds : pictures; dot && *e; e++) {
    if (strcasecmp(dot, *e) == 0) return true;
  }
  return false;
}

static void free_list(name_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->names[i]);
  free(list->names);
  *list = (name_list){0};
}

// Entries of a folder whose name begins with no dot, in natural order.
static bool list_folder(name_list *list, const char *folder, pk_error *error) {
  DIR *handle = opendir(folder);
  bool ok = true;
  *list = (name_list){0};
  if (!handle) return pk_fail(error, PK_IO, "%s: cannot be read as a folder of examples", folder);
  for (struct dirent *entry; ok && (entry = readdir(handle)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    if (list->count == list->capacity) {
      list->capacity = list->capacity ? 2 * list->capacity : 64;
      char **names = realloc(list->names, list->capacity * sizeof *names);
      if (names) list->names = names;
      ok = names != NULL;
    }
    if (ok) list->names[list->count] = strdup(entry->d_name);
    ok = ok && list->names[list->count];
    if (ok) list->count++;
    ok = ok && list->count < MAX_FILES;
  }
  closedir(handle);
  if (!ok) free_list(list);
  if (!ok) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its file names", folder);
  qsort(list->names, list->count, sizeof *list->names, compare_natural);
  return true;
}

static bool read_sound(pk_data_item *item, const char *path, pk_error *error) {
  pk_bytes bytes = {0};
  pk_sound sound = {0};
  bool ok = pk_file_read(&bytes, path, MAX_FILE_BYTES, error) &&
            pk_wav_read(&sound, bytes.data, bytes.size, path, error);
  if (ok && sound.rate != PK_DATA_RATE) {
    item->samples = pk_sound_resample(&item->sample_count, sound.samples, sound.count, sound.rate,
                                      PK_DATA_RATE, error);
    ok = item->samples != NULL;
  } else if (ok) {
    item->samples = sound.samples;
    item->sample_count = sound.count;
    sound.samples = NULL;
  }
  pk_sound_free(&sound);
  pk_bytes_free(&bytes);
  return ok;
}

static bool read_folder(pk_data_set *set, const char *folder, int32_t label, size_t limit,
                        pk_error *error) {
  name_list list;
  size_t taken = 0;
  bool ok = list_folder(&list, folder, error);
  for (size_t i = 0; ok && i < list.count && taken < limit; i++) {
    if (!has_ending(list.names[i], set->format)) continue;
    char *path = pk_path_join(folder, list.names[i], error);
    pk_data_item *item = path ? pk_data_add(set, path, label, error) : NULL;
    ok = item && (set->format == PK_DATA_SOUNDS ? read_sound(item, path, error)
                                                : pk_picture_read(&item->picture, path, error));
    free(path);
    taken++;
  }
  if (ok && taken == 0) {
    ok = pk_fail(error, PK_USAGE, "%s: there is no %s in this folder", folder,
                 set->format == PK_DATA_SOUNDS ? "sound (.wav)" : "picture (.jpg, .png, .bmp)");
  }
  free_list(&list);
  return ok;
}

static bool unknown_class(pk_data_set *set, const char *where, const char *name, pk_error *error) {
  char labels[1024] = "";
  for (size_t i = 0; i < set->label_count; i++) {
    const size_t length = strlen(labels);
    snprintf(labels + length, sizeof labels - length, "%s%s", i ? ", " : "", set->labels[i]);
  }
  return pk_fail(error, PK_USAGE, "%s: \"%s\" is none of the class names (%s)", where, name,
                 labels);
}

// The class that "class" names.
static bool read_class(int32_t *label, pk_data_set *set, const json_t *source, const char *where,
                       pk_error *error) {
  const char *name = json_string_value(json_object_get(source, "class"));
  if (!name) return pk_data_bad(error, where, "class", "the name of a class");
  *label = pk_data_class(set, name);
  return *label >= 0 || unknown_class(set, where, name, error);
}

static bool read_class_folders(pk_data_set *set, const char *folder, const char *where,
                               size_t limit, pk_error *error) {
  name_list list;
  bool ok = list_folder(&list, folder, error);
  for (size_t i = 0; ok && i < list.count; i++) {
    struct stat status;
    char *path = pk_path_join(folder, list.names[i], error);
    ok = path != NULL;
    if (ok && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
      const int32_t label = pk_data_class(set, list.names[i]);
      ok = label >= 0 ? read_folder(set, path, label, limit, error)
                      : unknown_class(set, where, list.names[i], error);
    }
    free(path);
  }
  free_list(&list);
  return ok;
}

static bool read_array(pk_data_set *set, const json_t *source, const char *where, const char *path,
                       size_t limit, pk_error *error) {
  pk_bytes bytes = {0};
  pk_picture_array array;
  int32_t label = -1;
  const uint32_t side = (uint32_t)json_integer_value(json_object_get(source, "side"));
  if (!read_class(&label, set, source, where, error)) return false;
  bool ok = pk_file_read(&bytes, path, MAX_FILE_BYTES, error) &&
            pk_picture_array_read(&array, bytes.data, bytes.size, side, path, error);
  for (size_t i = 0; ok && i < array.count && i < limit; i++) {
    char name[512];
    snprintf(name, sizeof name, "%.480s:%zu", path, i);
    pk_data_item *item = pk_data_add(set, name, label, error);
    ok = item && pk_picture_array_get(&item->picture, &array, i, error);
  }
  pk_bytes_free(&bytes);
  return ok;
}

static bool add_generated(pk_data_set *set, const json_t *source, const char *where,
                          pk_error *error) {
  const char *kind = json_string_value(json_object_get(source, "generate"));
  const json_int_t count = json_integer_value(json_object_get(source, "count"));
  const bool is_noise = kind && strcmp(kind, "noise") == 0;
  int32_t label = -1;
  if ((!is_noise && !(kind && strcmp(kind, "pieces") == 0)) || set->format == PK_DATA_TEXTS) {
    return pk_data_bad(error, where, "generate", "noise or pieces, for pictures or sounds");
  }
  if (count < 1 || count > MAX_GENERATED) {
    return pk_data_bad(error, where, "count", "a number from 1 to 1000000");
  }
  if (!read_class(&label, set, source, where, error)) return false;
  for (json_int_t i = 0; i < count; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s %lld", kind, (long long)i);
    pk_data_item *item = pk_data_add(set, name, label, error);
    if (!item) return false;
    item->kind = is_noise ? PK_ITEM_NOISE : PK_ITEM_PIECES;
  }
  return true;
}

static char *path_of(const json_t *source, const char *field, const char *root, pk_error *error) {
  const char *path = json_string_value(json_object_get(source, field));
  if (!path) return NULL;
  if (*path != '/') return pk_path_join(root, path, error);
  char *copy = strdup(path);
  if (!copy) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a path");
  return copy;
}

static bool add_items(pk_data_set *set, const json_t *source, const char *where,
                      const pk_data_options *options, pk_error *error) {
  const json_t *most = json_object_get(source, "limit");
  const size_t limit = json_is_integer(most) ? (size_t)json_integer_value(most) : MAX_FILES;
  char *folder = path_of(source, "folder", options->root, error);
  char *file = path_of(source, "file", options->root, error);
  const json_t *classes = json_object_get(source, "classes");
  int32_t label = -1;
  bool ok;
  if (json_object_get(source, "generate")) {
    ok = add_generated(set, source, where, error);
  } else if (file && set->format == PK_DATA_TEXTS) {
    ok = pk_data_read_texts(set, source, where, file, options->root, error);
  } else if (file && set->format == PK_DATA_PICTURES) {
    ok = read_array(set, source, where, file, limit, error);
  } else if (folder && set->format != PK_DATA_TEXTS && classes) {
    ok = read_class_folders(set, folder, where, limit, error);
  } else if (folder && set->format != PK_DATA_TEXTS) {
    ok = read_class(&label, set, source, where, error) &&
         read_folder(set, folder, label, limit, error);
  } else {
    ok = pk_data_bad(error, where, "",
                     "a source: an object with folder, file or generate that fits the format");
  }
  free(folder);
  free(file);
  return ok;
}

bool pk_data_read_source(pk_data_set *set, const json_t *source, const char *where,
                         const pk_data_options *options, pk_error *error) {
  const size_t first = set->count;
  const json_t *repeat = json_object_get(source, "repeat");
  const json_int_t times = repeat ? json_integer_value(repeat) : 1;
  if (times < 1 || times > 1000) {
    return pk_data_bad(error, where, "repeat", "a number from 1 to 1000");
  }
  if (!add_items(set, source, where, options, error) ||
      !pk_data_split(set, first, source, where, error)) {
    return false;
  }
  for (size_t i = first; i < set->count; i++) {
    // Judging counts everything once.
    if (set->items[i].part == PK_DATA_TRAIN) set->items[i].repeats = (uint32_t)times;
  }
  return true;
}
