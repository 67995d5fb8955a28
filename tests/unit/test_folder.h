// A folder of its own for a group of tests, removed afterwards.
#ifndef MINNOW_TESTS_TEST_FOLDER_H_
#define MINNOW_TESTS_TEST_FOLDER_H_

#include <stdbool.h>
#include <stddef.h>

enum { TEST_PATH_BYTES = 512 };

// Group setup and teardown of cmocka.
int test_folder_make(void **state);
int test_folder_remove(void **state);

// Path of `name` in the folder.
void test_folder_path(char path[TEST_PATH_BYTES], const char *name);

void test_file_write(const char *path, const void *bytes, size_t size_bytes);
// Heap memory, to be freed; fails the test when there is no such file.
unsigned char *test_file_read(size_t *size_bytes, const char *path);
bool test_file_exists(const char *path);
size_t test_folder_count(const char *folder);  // entries
void test_folder_empty(const char *folder);    // removes its files

#endif  // MINNOW_TESTS_TEST_FOLDER_H_
