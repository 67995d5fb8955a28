#include "file_order.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "../package/file_io.h"

static size_t digit_count(const char *text) {
  size_t count = 0;
  while (isdigit((unsigned char)text[count])) count++;
  return count;
}

int pk_natural_compare(const char *a, const char *b) {
  const char *left = a, *right = b;
  while (*left && *right) {
    if (isdigit((unsigned char)*left) && isdigit((unsigned char)*right)) {
      while (*left == '0' && isdigit((unsigned char)left[1])) left++;
      while (*right == '0' && isdigit((unsigned char)right[1])) right++;
      const size_t digits = digit_count(left), others = digit_count(right);
      if (digits != others) return digits < others ? -1 : 1;
      const int order = memcmp(left, right, digits);
      if (order != 0) return order;
      left += digits;
      right += digits;
    } else {
      if (*left != *right) break;
      left++;
      right++;
    }
  }
  const int order = (int)(unsigned char)*left - (int)(unsigned char)*right;
  return order != 0 ? order : strcmp(a, b);
}

static int compare_names(const void *a, const void *b) {
  return pk_natural_compare(*(char *const *)a, *(char *const *)b);
}

static bool has_ending(const char *name, const char *const *endings) {
  const char *dot = strrchr(name, '.');
  for (; dot && *endings; endings++) {
    if (strcasecmp(dot, *endings) == 0) return true;
  }
  return false;
}

static bool is_wanted(const char *folder, const char *name, const char *const *endings,
                      pk_error *error) {
  struct stat status;
  if (name[0] == '.') return false;
  if (endings) return has_ending(name, endings);
  char *path = pk_path_join(folder, name, error);
  const bool is_folder = path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
  free(path);
  return is_folder;
}

bool pk_file_names_read(pk_file_names *names, const char *folder, const char *const *endings,
                        pk_error *error) {
  DIR *handle = opendir(folder);
  size_t capacity = 0;
  bool ok = true;
  *names = (pk_file_names){0};
  if (!handle) return pk_fail(error, PK_IO, "%s: cannot be read as a folder of examples", folder);
  for (const struct dirent *entry; ok && (entry = readdir(handle)) != NULL;) {
    if (!is_wanted(folder, entry->d_name, endings, error)) continue;
    if (names->count == capacity) {
      capacity = capacity ? 2 * capacity : 64;
      char **grown = realloc(names->names, capacity * sizeof *grown);
      ok = grown != NULL;
      if (grown) names->names = grown;
    }
    char *name = ok ? strdup(entry->d_name) : NULL;
    ok = name != NULL;
    if (ok) names->names[names->count++] = name;
  }
  closedir(handle);
  if (!ok) {
    pk_file_names_free(names);
    return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its file names", folder);
  }
  if (names->count > 1) qsort(names->names, names->count, sizeof *names->names, compare_names);
  return true;
}

void pk_file_names_free(pk_file_names *names) {
  for (size_t i = 0; i < names->count; i++) free(names->names[i]);
  free(names->names);
  *names = (pk_file_names){0};
}
