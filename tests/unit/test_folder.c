#include "test_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char folder_path[] = "/tmp/minnow-test-XXXXXX";

int test_folder_make(void **state) {
  (void)state;
  return mkdtemp(folder_path) ? 0 : -1;
}

static void for_each(const char *folder, void (*visit)(const char *path, void *user), void *user) {
  const struct dirent *entry;
  DIR *directory = opendir(folder);
  assert_non_null(directory);
  while ((entry = readdir(directory)) != NULL) {
    char path[TEST_PATH_BYTES + 256];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    visit(path, user);
  }
  closedir(directory);
}

static void remove_tree(const char *path, void *user) {
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) for_each(path, remove_tree, user);
  remove(path);
}

static void count_one(const char *path, void *user) {
  (void)path;
  ++*(size_t *)user;
}

int test_folder_remove(void **state) {
  (void)state;
  remove_tree(folder_path, NULL);
  return 0;
}

void test_folder_empty(const char *folder) {
  for_each(folder, remove_tree, NULL);
}

size_t test_folder_count(const char *folder) {
  size_t count = 0;
  for_each(folder, count_one, &count);
  return count;
}

void test_folder_path(char path[TEST_PATH_BYTES], const char *name) {
  snprintf(path, TEST_PATH_BYTES, "%s/%s", folder_path, name);
}

void test_file_write(const char *path, const void *bytes, size_t size_bytes) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
  assert_int_equal(fclose(file), 0);
}

unsigned char *test_file_read(size_t *size_bytes, const char *path) {
  struct stat status;
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(stat(path, &status), 0);
  *size_bytes = (size_t)status.st_size;
  unsigned char *bytes = malloc(*size_bytes + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *size_bytes, file), *size_bytes);
  fclose(file);
  return bytes;
}

bool test_file_exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0;
}
