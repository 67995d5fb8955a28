// Split packages on disk: they run as the whole does, replace and are replaced safely, and are
// refused when parts are missing, damaged or mixed.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dense_graph.h"
#include "package/package_chain.h"
#include "split/split_package.h"
#include "test_folder.h"
#include "test_random.h"

enum { SIDE = 16, CLASSES = 10, RUNS = 5 };

static const dense_layer layers[] = {{60, DENSE_BELL}, {50, DENSE_BELL}, {CLASSES, DENSE_UNIFORM}};

// Packs into the test's folder `name` in so many parts; 1: whole. Returns the error.
static pk_error try_store(const char *name, size_t parts, int32_t side) {
  char folder[TEST_PATH_BYTES];
  pk_error error = {0};
  pk_package package = {0};
  pk_split_package *split = calloc(1, sizeof *split);
  pk_lowered_graph graph = dense_graph(side, layers, 3);
  const pk_pack_options options = {.shard_bytes = PK_SHARD_BYTES_MIN};
  test_folder_path(folder, name);
  const bool ok = parts == 1 ? pk_package_encode(&package, &graph, &options, &error) &&
                                   pk_package_store(&package, folder, &error)
                             : pk_split_encode(split, &graph, parts, &options, &error) &&
                                   pk_split_store(split, folder, &error);
  assert_true(ok == (error.code == PK_OK));
  pk_package_free(&package);
  pk_split_free(split);
  free(split);
  pk_lowered_graph_free(&graph);
  return error;
}

static void store(const char *name, size_t parts) {
  const pk_error error = try_store(name, parts, SIDE);
  if (error.code != PK_OK) fail_msg("%s", error.message);
}

// The outputs of several runs on random input.
static pk_error run(uint8_t outputs[RUNS * CLASSES], const char *name) {
  char folder[TEST_PATH_BYTES];
  pk_chain chain;
  pk_error error = {0};
  uint32_t seed = 99;
  size_t bytes;
  test_folder_path(folder, name);
  if (!pk_chain_open(&chain, folder, mnw_kernels_get(0), 1, &error)) return error;
  for (size_t i = 0; i < RUNS; i++) {
    random_bytes(&seed, pk_chain_input(&chain, 0), pk_chain_input_bytes(&chain, 0));
    assert_true(pk_chain_run(&chain, &error));
    const void *output = pk_chain_output(&chain, 0, &bytes);
    assert_int_equal(bytes, CLASSES);
    memcpy(outputs + i * CLASSES, output, CLASSES);
  }
  pk_chain_close(&chain);
  return error;
}

static void expect_refusal(const char *name, const char *part) {
  uint8_t outputs[RUNS * CLASSES];
  const pk_error error = run(outputs, name);
  assert_int_equal(error.code, PK_BAD_PACKAGE);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static size_t count_files(const char *name) {
  char folder[TEST_PATH_BYTES];
  test_folder_path(folder, name);
  return test_folder_count(folder);
}

static void a_split_package_gives_the_bytes_of_the_whole(void **state) {
  uint8_t whole[RUNS * CLASSES], parts[RUNS * CLASSES];
  (void)state;
  store("whole", 1);
  assert_int_equal(run(whole, "whole").code, PK_OK);
  for (size_t count = 2; count <= 4; count++) {
    char name[32];
    snprintf(name, sizeof name, "split%zu", count);
    store(name, count);
    memset(parts, 0, sizeof parts);
    assert_int_equal(run(parts, name).code, PK_OK);
    assert_memory_equal(parts, whole, sizeof whole);
    assert_int_equal(count_files(name), count + 1);
  }
  assert_memory_not_equal(whole, whole + CLASSES, CLASSES);
}

static void each_part_is_a_package_of_its_own(void **state) {
  char folder[TEST_PATH_BYTES];
  pk_loaded_package part;
  pk_error error = {0};
  (void)state;
  store("alone", 3);
  test_folder_path(folder, "alone/part-0");
  assert_true(pk_package_load(&part, folder, mnw_kernels_get(0), &error));
  assert_string_equal(part.manifest.name, "dense, part 1 of 3");
  assert_true(part.manifest.inputs[0].is_image);
  assert_int_equal(part.manifest.task, PK_TASK_TENSORS);
  pk_package_unload(&part);
  test_folder_path(folder, "alone/part-1");
  assert_true(pk_package_load(&part, folder, mnw_kernels_get(0), &error));
  assert_int_equal(part.manifest.inputs[0].dtype, MNW_DTYPE_S8);
  assert_true(part.manifest.inputs[0].scale == 0.05f);
  assert_false(part.manifest.inputs[0].is_image);
  pk_package_unload(&part);
  test_folder_path(folder, "alone");
  assert_false(pk_package_load(&part, folder, mnw_kernels_get(0), &error));
  assert_non_null(strstr(error.message, "split into 3 parts"));
}

static void packages_replace_each_other(void **state) {
  char path[TEST_PATH_BYTES];
  uint8_t outputs[RUNS * CLASSES];
  (void)state;
  store("replaced", 1);
  store("replaced", 4);
  assert_int_equal(count_files("replaced"), 5);
  test_folder_path(path, "replaced/part-3/notes.txt");
  test_file_write(path, "mine", 4);
  store("replaced", 2);
  assert_true(test_file_exists(path));
  assert_int_equal(count_files("replaced"), 4);
  assert_int_equal(count_files("replaced/part-3"), 1);
  assert_int_equal(run(outputs, "replaced").code, PK_OK);
  remove(path);
  store("replaced", 1);
  assert_int_equal(run(outputs, "replaced").code, PK_OK);
  test_folder_path(path, "replaced/part-0");
  assert_false(test_file_exists(path));
}

static void the_rest_of_an_interrupted_pack_is_replaced(void **state) {
  char path[TEST_PATH_BYTES];
  uint8_t outputs[RUNS * CLASSES];
  (void)state;
  store("interrupted", 3);
  test_folder_path(path, "interrupted/manifest.json");
  assert_int_equal(remove(path), 0);
  expect_refusal("interrupted", "manifest.json is missing");
  test_folder_path(path, "interrupted/part-1/manifest.json");
  assert_int_equal(remove(path), 0);
  store("interrupted", 2);
  assert_int_equal(count_files("interrupted"), 3);
  assert_int_equal(run(outputs, "interrupted").code, PK_OK);
}

// A folder that has a part's name and somebody's files: nothing is written, the old package works.
static void other_folders_are_left_alone(void **state) {
  char path[TEST_PATH_BYTES];
  uint8_t outputs[RUNS * CLASSES];
  (void)state;
  store("other", 2);
  test_folder_path(path, "other/part-2");
  assert_int_equal(try_store("other/part-2", 1, SIDE).code, PK_OK);
  test_folder_empty(path);
  test_folder_path(path, "other/part-2/thesis.txt");
  test_file_write(path, "years of work", 13);
  const pk_error error = try_store("other", 3, 20);
  assert_int_equal(error.code, PK_IO);
  assert_non_null(strstr(error.message, "thesis.txt"));
  assert_int_equal(run(outputs, "other").code, PK_OK);
  store("other", 2);
  assert_true(test_file_exists(path));
}

static void missing_and_mixed_parts_are_named(void **state) {
  char path[TEST_PATH_BYTES], other[TEST_PATH_BYTES];
  (void)state;
  store("broken", 3);
  assert_int_equal(try_store("larger", 3, 20).code, PK_OK);
  test_folder_path(path, "broken/part-1/manifest.json");
  test_folder_path(other, "broken/part-1/manifest.away");
  assert_int_equal(rename(path, other), 0);
  expect_refusal("broken", "part-1/manifest.json is missing");
  assert_int_equal(rename(other, path), 0);
  // The first part of another packing in the place of this one's.
  test_folder_path(path, "broken/part-0");
  test_folder_path(other, "broken/away");
  assert_int_equal(rename(path, other), 0);
  test_folder_path(other, "larger/part-0");
  assert_int_equal(rename(other, path), 0);
  expect_refusal("broken", "part-0/manifest.json is not the file");
}

static void expect_manifest_refusal(const char *from, const char *to, const char *part) {
  char path[TEST_PATH_BYTES];
  size_t size;
  test_folder_path(path, "manifest/manifest.json");
  char *text = (char *)test_file_read(&size, path);
  text[size] = '\0';
  const char *at = strstr(text, from);
  if (!at) fail_msg("the manifest lacks %s", from);
  const size_t before = (size_t)(at - text);
  char *changed = malloc(size + strlen(to) + 1);
  const int length = sprintf(changed, "%.*s%s%s", (int)before, text, to, at + strlen(from));
  test_file_write(path, changed, (size_t)length);
  expect_refusal("manifest", part);
  test_file_write(path, text, size);
  free(changed);
  free(text);
}

static void wrong_manifests_are_explained(void **state) {
  uint8_t outputs[RUNS * CLASSES];
  (void)state;
  store("manifest", 3);
  expect_manifest_refusal("\"parts\": [", "\"parts\": [], \"p\": [", "parts must be");
  expect_manifest_refusal("\"folder\": \"part-1\"", "\"folder\": \"../x\"", "parts[1].folder");
  expect_manifest_refusal("\"folder\": \"part-1\"", "\"folder\": \"part-2\"", "is not the file");
  expect_manifest_refusal("\"input\": 0", "\"input\": 1", "parts[0].inputs[0].input");
  expect_manifest_refusal("\"input\": 0", "\"part\": 0", "parts[0].inputs[0].input");
  expect_manifest_refusal("\"part\": 1", "\"part\": 2", "parts[2].inputs[0].part");
  expect_manifest_refusal("\"part\": 1", "\"part\": 0", "part-2 does not take");
  expect_manifest_refusal("\"output\": 0", "\"output\": 1", "part-1 does not take");
  expect_manifest_refusal("\"output\": 0", "\"output\": -1", "parts[1].inputs[0].output");
  expect_manifest_refusal("\"results\": [", "\"results\": [{\"input\": 0}, ", "results must be");
  expect_manifest_refusal("\"part\": 2", "\"part\": 3", "results[0].part");
  expect_manifest_refusal("\"part\": 2", "\"part\": 1", "the output does not take");
  assert_int_equal(run(outputs, "manifest").code, PK_OK);
}

// Whatever bit flips in the manifest: it loads, or a typed error comes back.
static void flipped_bits_in_the_manifest_are_survived(void **state) {
  char path[TEST_PATH_BYTES];
  uint8_t outputs[RUNS * CLASSES];
  size_t size;
  (void)state;
  store("flipped", 2);
  test_folder_path(path, "flipped/manifest.json");
  unsigned char *text = test_file_read(&size, path);
  for (size_t i = 0; i < size; i++) {
    const unsigned char kept = text[i];
    text[i] ^= (unsigned char)(1u << (i * 5 % 8));
    test_file_write(path, text, size);
    const pk_error error = run(outputs, "flipped");
    assert_true(error.code == PK_OK || error.code == PK_BAD_PACKAGE);
    text[i] = kept;
  }
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_split_package_gives_the_bytes_of_the_whole),
      cmocka_unit_test(each_part_is_a_package_of_its_own),
      cmocka_unit_test(packages_replace_each_other),
      cmocka_unit_test(the_rest_of_an_interrupted_pack_is_replaced),
      cmocka_unit_test(other_folders_are_left_alone),
      cmocka_unit_test(missing_and_mixed_parts_are_named),
      cmocka_unit_test(wrong_manifests_are_explained),
      cmocka_unit_test(flipped_bits_in_the_manifest_are_survived),
  };
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
