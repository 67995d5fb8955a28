#include "sample_set.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../core/format/graph.h"
#include "../package/file_io.h"
#include "../picture/picture_file.h"

enum { MAX_SAMPLE_BYTES = 1 << 28, VIEWS = 2 };
static const double closer_view = 0.8;  // share of the usual view that the second sample sees

// --- classes by name ---

static const char *skip_identifier(const char *name) {
  const char *p = name;
  if (isalpha((unsigned char)*p)) p++;
  const char *digits = p;
  while (isdigit((unsigned char)*p)) p++;
  return p > digits && *p == '_' ? p + 1 : name;
}

// Whether `line` up to its first comma is `name` of `length`, underscores counting as blanks.
static bool is_name(const char *line, size_t line_bytes, const char *name, size_t length) {
  if (line_bytes < length || (line_bytes > length && line[length] != ',')) return false;
  for (size_t i = 0; i < length; i++) {
    const char letter = name[i] == '_' ? ' ' : name[i];
    if (tolower((unsigned char)letter) != tolower((unsigned char)line[i])) return false;
  }
  return true;
}

int32_t pk_class_of_file(const char *file, const pk_bytes *labels) {
  const char *name = skip_identifier(pk_path_base(file)), *dot = strrchr(name, '.');
  const size_t length = dot ? (size_t)(dot - name) : strlen(name);
  int32_t found = PK_NO_CLASS, line_number = 0;
  size_t at = 0;
  while (labels && length > 0 && at < labels->size) {
    const char *line = (const char *)labels->data + at;
    const char *end = memchr(line, '\n', labels->size - at);
    size_t bytes = end ? (size_t)(end - line) : labels->size - at;
    at += bytes + 1;
    if (bytes > 0 && line[bytes - 1] == '\r') bytes--;
    if (is_name(line, bytes, name, length)) {
      if (found != PK_NO_CLASS) return PK_NO_CLASS;  // two classes of one name
      found = line_number;
    }
    line_number++;
  }
  return found;
}

// "tst_000_yes_3.bin": 3
static int32_t class_of_tensor_file(const char *file) {
  const char *dot = strrchr(file, '.'), *mark = strrchr(file, '_');
  if (!dot || !mark || mark + 1 >= dot || dot - mark > 6) return PK_NO_CLASS;
  for (const char *p = mark + 1; p < dot; p++) {
    if (!isdigit((unsigned char)*p)) return PK_NO_CLASS;
  }
  return (int32_t)strtol(mark + 1, NULL, 10);
}

// --- the folder ---

typedef struct file_list {
  char **names;
  size_t count;
} file_list;

static void free_list(file_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->names[i]);
  free(list->names);
}

static bool has_ending(const char *name, bool wants_pictures) {
  static const char *const pictures[] = {".jpg", ".jpeg", ".png", ".bmp"};
  const char *dot = strrchr(name, '.');
  if (!dot || name[0] == '.') return false;
  if (!wants_pictures) return strcasecmp(dot, ".bin") == 0;
  for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
    if (strcasecmp(dot, pictures[i]) == 0) return true;
  }
  return false;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_files(file_list *list, const char *folder, bool wants_pictures, pk_error *error) {
  DIR *handle = opendir(folder);
  size_t capacity = 0;
  bool ok = true;
  if (!handle) return pk_fail(error, PK_IO, "%s: cannot be read as a folder of samples", folder);
  for (struct dirent *entry; ok && (entry = readdir(handle)) != NULL;) {
    if (!has_ending(entry->d_name, wants_pictures)) continue;
    if (list->count == capacity) {
      capacity = capacity ? 2 * capacity : 64;
      char **names = realloc(list->names, capacity * sizeof *names);
      if (!names) ok = false;
      if (names) list->names = names;
    }
    if (ok) list->names[list->count] = strdup(entry->d_name);
    ok = ok && list->names[list->count];
    if (ok) list->count++;
  }
  closedir(handle);
  if (!ok) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its file names", folder);
  if (list->count == 0) {
    return pk_fail(error, PK_USAGE, "%s: there is no %s in this folder to calibrate with", folder,
                   wants_pictures ? "picture (.jpg, .png, .bmp)" : "tensor file (.bin)");
  }
  qsort(list->names, list->count, sizeof *list->names, compare_names);
  return true;
}

// --- samples ---

static void mirror(uint8_t *bytes, const pk_manifest_tensor *tensor) {
  const size_t pixel = (size_t)tensor->dims[3] * mnw_dtype_bytes(tensor->dtype);
  const size_t width = (size_t)tensor->dims[2];
  for (size_t row = 0; row < (size_t)tensor->dims[1]; row++) {
    uint8_t *start = bytes + row * width * pixel;
    for (size_t x = 0; x < width / 2; x++) {
      for (size_t i = 0; i < pixel; i++) {
        const uint8_t kept = start[x * pixel + i];
        start[x * pixel + i] = start[(width - 1 - x) * pixel + i];
        start[(width - 1 - x) * pixel + i] = kept;
      }
    }
  }
}

static pk_sample *new_sample(pk_sample_set *set, pk_error *error) {
  pk_sample *sample = set->items ? &set->items[set->count] : NULL;
  if (sample) sample->bytes = malloc(set->bytes_each);
  if (!sample || !sample->bytes) {
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu samples", set->count + 1);
    return NULL;
  }
  set->count++;
  return sample;
}

static bool add_picture(pk_sample_set *set, const pk_manifest_tensor *input, const char *path,
                        size_t file, int32_t label, pk_error *error) {
  pk_picture picture;
  bool ok = pk_picture_read(&picture, path, error);
  for (int view = 0; ok && view < VIEWS; view++) {
    pk_manifest_tensor seen = *input;
    pk_sample *sample = new_sample(set, error);
    if (view == 1) seen.crop *= closer_view;
    ok = sample && pk_picture_to_input(sample->bytes, &seen, &picture, path, error);
    if (ok && view == 1) mirror(sample->bytes, input);
    if (ok) sample->label = label;
    if (ok) sample->file = file;
  }
  pk_picture_free(&picture);
  return ok;
}

static bool add_tensor_file(pk_sample_set *set, const char *path, size_t file, pk_error *error) {
  pk_bytes bytes = {0};
  pk_sample *sample = NULL;
  bool ok = pk_file_read(&bytes, path, MAX_SAMPLE_BYTES, error);
  if (ok && bytes.size != set->bytes_each) {
    ok = pk_fail(error, PK_USAGE, "%s has %zu bytes; the inputs of the model take %zu", path,
                 bytes.size, set->bytes_each);
  }
  if (ok) sample = new_sample(set, error);
  if (sample) {
    memcpy(sample->bytes, bytes.data, bytes.size);
    sample->label = class_of_tensor_file(path);
    sample->file = file;
  }
  pk_bytes_free(&bytes);
  return sample != NULL;
}

static bool read_files(pk_sample_set *set, const pk_manifest *manifest, const file_list *list,
                       const pk_sample_options *options, pk_error *error) {
  const bool is_picture = manifest->inputs[0].is_image;
  bool ok = true;
  for (size_t i = 0; ok && i < set->file_count; i++) {
    const char *name = list->names[i * list->count / set->file_count];
    char *path = pk_path_join(options->folder, name, error);
    const int32_t label = is_picture ? pk_class_of_file(name, options->labels) : PK_NO_CLASS;
    set->files[i] = strdup(name);
    if (!set->files[i]) ok = pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its name", name);
    ok = ok && path &&
         (is_picture ? add_picture(set, &manifest->inputs[0], path, i, label, error)
                     : add_tensor_file(set, path, i, error));
    free(path);
    if (ok && set->items[set->count - 1].label != PK_NO_CLASS) set->labelled_count++;
    if (ok && options->progress) {
      options->progress(options->progress_user, "reading samples", i + 1, set->file_count);
    }
  }
  return ok;
}

bool pk_sample_set_read(pk_sample_set *set, const pk_manifest *manifest,
                        const pk_sample_options *options, pk_error *error) {
  file_list list = {0};
  const bool is_picture = manifest->input_count == 1 && manifest->inputs[0].is_image;
  *set = (pk_sample_set){0};
  bool ok = list_files(&list, options->folder, is_picture, error);
  if (ok) {
    set->file_count = list.count < options->max_files ? list.count : options->max_files;
    for (size_t i = 0; i < manifest->input_count; i++) {
      set->bytes_each += pk_manifest_tensor_bytes(&manifest->inputs[i]);
    }
    set->items = calloc(set->file_count * VIEWS + 1, sizeof *set->items);
    set->files = calloc(set->file_count + 1, sizeof *set->files);
    if (!set->items || !set->files) ok = pk_fail(error, PK_OUT_OF_MEMORY, "no memory for samples");
  }
  ok = ok && read_files(set, manifest, &list, options, error);
  free_list(&list);
  if (!ok) pk_sample_set_free(set);
  return ok;
}

void pk_sample_set_free(pk_sample_set *set) {
  for (size_t i = 0; set->items && i < set->count; i++) free(set->items[i].bytes);
  for (size_t i = 0; set->files && i < set->file_count; i++) free(set->files[i]);
  free(set->files);
  free(set->items);
  *set = (pk_sample_set){0};
}
