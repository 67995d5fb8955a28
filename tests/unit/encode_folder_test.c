// Packages on disk: written, replaced, loaded, and refused when something is wrong with them.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dense_graph.h"
#include "encode/package_writer.h"
#include "package/package_folder.h"
#include "package/package_load.h"
#include "test_folder.h"

static const dense_layer layers[] = {{200, DENSE_BELL}, {10, DENSE_BELL}};

// Packs into the test's folder `name`.
static pk_package store(const char *name, int32_t side, size_t shard_bytes) {
  char folder[TEST_PATH_BYTES];
  pk_package package;
  pk_error error = {0};
  pk_lowered_graph graph = dense_graph(side, layers, 2);
  const pk_pack_options options = {.shard_bytes = shard_bytes};
  test_folder_path(folder, name);
  if (!pk_package_encode(&package, &graph, &options, &error) ||
      !pk_package_store(&package, folder, &error)) {
    fail_msg("%s", error.message);
  }
  pk_lowered_graph_free(&graph);
  return package;
}

// Loads the folder `name`; returns the error.
static pk_error load(const char *name) {
  char folder[TEST_PATH_BYTES];
  pk_loaded_package package;
  pk_error error = {0};
  test_folder_path(folder, name);
  if (pk_package_load(&package, folder, mnw_kernels_get(0), &error)) {
    assert_true(mnw_model_is_ready(package.core.model));
    pk_package_unload(&package);
  } else {
    assert_int_not_equal(error.code, PK_OK);
  }
  return error;
}

static void expect_refusal(const char *name, const char *part) {
  const pk_error error = load(name);
  assert_int_equal(error.code, PK_BAD_PACKAGE);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void shard_path(char path[TEST_PATH_BYTES], const char *folder, const pk_package *package,
                       size_t shard) {
  char name[TEST_PATH_BYTES];
  snprintf(name, sizeof name, "%s/%s", folder, package->manifest.shards[shard].file);
  test_folder_path(path, name);
}

static void a_stored_package_loads_and_runs(void **state) {
  char folder[TEST_PATH_BYTES];
  pk_loaded_package loaded;
  pk_error error = {0};
  void *memory;
  (void)state;
  pk_package package = store("deep/er/good", 16, 32 * 1024);
  test_folder_path(folder, "deep/er/good");
  assert_true(package.shards.count > 3);
  assert_int_equal(test_folder_count(folder), 3 * package.shards.count + 1);
  if (!pk_package_load(&loaded, folder, mnw_kernels_get(0), &error)) fail_msg("%s", error.message);
  mnw_session *session = pk_core_session_open(&memory, &loaded.core, folder, &error);
  assert_non_null(session);
  memset(mnw_session_input(session, 0), 5, 16 * 16 * 3);
  assert_int_equal(mnw_session_run(session, NULL), MNW_STATUS_OK);
  free(memory);
  pk_package_unload(&loaded);
  pk_package_free(&package);
}

static void replacing_leaves_nothing_of_the_old_package(void **state) {
  char folder[TEST_PATH_BYTES], path[TEST_PATH_BYTES];
  (void)state;
  pk_package old = store("replaced", 16, PK_SHARD_BYTES_MIN);
  test_folder_path(path, "replaced/007-0123456789abcdef.mnw.tmp");
  test_file_write(path, "x", 1);
  test_folder_path(path, "replaced/notes.txt");
  test_file_write(path, "mine", 4);
  pk_package new = store("replaced", 20, 0);
  test_folder_path(folder, "replaced");
  assert_true(test_file_exists(path));
  assert_int_equal(test_folder_count(folder), 3 * new.shards.count + 2);
  assert_int_equal(load("replaced").code, PK_OK);
  pk_package_free(&old);
  pk_package_free(&new);
}

static void other_folders_are_left_alone(void **state) {
  char folder[TEST_PATH_BYTES], path[TEST_PATH_BYTES];
  pk_error error = {0};
  (void)state;
  pk_package package = store("other", 16, 0);
  test_folder_path(folder, "other");
  test_folder_empty(folder);
  test_folder_path(path, "other/thesis.txt");
  test_file_write(path, "years of work", 13);
  assert_false(pk_package_store(&package, folder, &error));
  assert_int_equal(error.code, PK_IO);
  assert_non_null(strstr(error.message, "thesis.txt"));
  assert_int_equal(test_folder_count(folder), 1);
  test_folder_path(path, "other/manifest.json");
  test_file_write(path, "{\"name\": \"web app\"}", 19);
  error = (pk_error){0};
  assert_false(pk_package_store(&package, folder, &error));
  // A file where the folder should be.
  test_folder_path(folder, "other/thesis.txt");
  error = (pk_error){0};
  assert_false(pk_package_store(&package, folder, &error));
  assert_int_equal(error.code, PK_IO);
  pk_package_free(&package);
}

static void the_rest_of_an_interrupted_pack_is_replaced(void **state) {
  char path[TEST_PATH_BYTES];
  (void)state;
  pk_package package = store("interrupted", 16, 0);
  test_folder_path(path, "interrupted/manifest.json");
  assert_int_equal(remove(path), 0);
  expect_refusal("interrupted", "manifest.json is missing");
  pk_package again = store("interrupted", 16, 0);
  assert_int_equal(load("interrupted").code, PK_OK);
  pk_package_free(&package);
  pk_package_free(&again);
}

static void damaged_shards_are_named(void **state) {
  char path[TEST_PATH_BYTES];
  size_t size;
  (void)state;
  pk_package package = store("damaged", 16, 32 * 1024);
  shard_path(path, "damaged", &package, 1);
  unsigned char *bytes = test_file_read(&size, path);
  const char *file = package.manifest.shards[1].file;

  test_file_write(path, bytes, size - 1);
  expect_refusal("damaged", file);
  expect_refusal("damaged", "the manifest says");
  bytes[size / 2] ^= 16;
  test_file_write(path, bytes, size);
  expect_refusal("damaged", file);
  expect_refusal("damaged", "SHA-256");
  remove(path);
  expect_refusal("damaged", file);
  expect_refusal("damaged", "is missing");
  bytes[size / 2] ^= 16;
  test_file_write(path, bytes, size);
  assert_int_equal(load("damaged").code, PK_OK);
  free(bytes);
  pk_package_free(&package);
}

// Writes the manifest with `from` replaced by `to` and expects a refusal that has `part`.
static void expect_manifest_refusal(const char *from, const char *to, const char *part) {
  char path[TEST_PATH_BYTES];
  size_t size;
  test_folder_path(path, "manifest/manifest.json");
  char *text = (char *)test_file_read(&size, path);
  text[size] = '\0';
  const char *at = strstr(text, from);
  if (!at) fail_msg("the manifest lacks %s", from);
  const size_t before = (size_t)(at - text), after = size - before - strlen(from);
  char *changed = malloc(before + strlen(to) + after + 1);
  snprintf(changed, before + strlen(to) + after + 1, "%.*s%s%s", (int)before, text, to,
           at + strlen(from));
  test_file_write(path, changed, strlen(changed));
  expect_refusal("manifest", part);
  test_file_write(path, text, size);
  free(changed);
  free(text);
}

static void wrong_manifests_are_explained(void **state) {
  (void)state;
  pk_package package = store("manifest", 16, 64 * 1024);
  expect_manifest_refusal("\"format\": \"minnow\"", "\"format\": \"tfjs\"", "not the manifest");
  expect_manifest_refusal("\"version\": 2", "\"version\": 3", "versions up to 2");
  expect_manifest_refusal("{", "[", "not valid JSON");
  expect_manifest_refusal("\"name\": \"dense\"", "\"name\": 7", "name must be");
  expect_manifest_refusal("image-classification", "telepathy", "task must be");
  expect_manifest_refusal("\"activations\": ", "\"activations\": -", "memory.activations");
  expect_manifest_refusal("\"dtype\": \"int8\"", "\"dtype\": \"int9\"", "inputs[0].dtype");
  expect_manifest_refusal("\"channels\": 3", "\"channels\": 4", "inputs[0].image.channels");
  expect_manifest_refusal("\"crop\": 1.0", "\"crop\": 1.5", "image.crop");
  expect_manifest_refusal("\"file\": \"000-", "\"file\": \"../000-", "shards[0].file");
  expect_manifest_refusal("\"bytes\": ", "\"bytes\": 1e3, \"b\": ", "shards[0].bytes");
  expect_manifest_refusal("\"sha256\": \"", "\"sha256\": \"x", "shards[0].sha256");
  expect_manifest_refusal("\"zeroPoint\": -128", "\"zeroPoint\": 3", "not those of the shards");
  expect_manifest_refusal("\"shards\": [", "\"shards\": [], \"more\": [", "shards must be");
  assert_int_equal(load("manifest").code, PK_OK);
  pk_package_free(&package);
}

// Whatever bit flips in the manifest: it loads, or a typed error comes back.
static void flipped_bits_in_the_manifest_are_survived(void **state) {
  char path[TEST_PATH_BYTES];
  size_t size;
  (void)state;
  pk_package package = store("flipped", 16, 0);
  test_folder_path(path, "flipped/manifest.json");
  unsigned char *text = test_file_read(&size, path);
  for (size_t i = 0; i < size; i++) {
    const unsigned char kept = text[i];
    text[i] ^= (unsigned char)(1u << (i * 5 % 8));
    test_file_write(path, text, size);
    const pk_error error = load("flipped");
    if (error.code != PK_OK && error.code != PK_BAD_PACKAGE) {
      fail_msg("byte %zu, %d: %s", i, error.code, error.message);
    }
    text[i] = kept;
  }
  free(text);
  pk_package_free(&package);
}

static void no_packages_are_told_so(void **state) {
  char path[TEST_PATH_BYTES];
  (void)state;
  expect_refusal("nowhere", "minnow pack");
  test_folder_path(path, "model.tflite");
  test_file_write(path, "TFL3", 4);
  expect_refusal("model.tflite", "minnow pack");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stored_package_loads_and_runs),
      cmocka_unit_test(replacing_leaves_nothing_of_the_old_package),
      cmocka_unit_test(other_folders_are_left_alone),
      cmocka_unit_test(the_rest_of_an_interrupted_pack_is_replaced),
      cmocka_unit_test(damaged_shards_are_named),
      cmocka_unit_test(wrong_manifests_are_explained),
      cmocka_unit_test(flipped_bits_in_the_manifest_are_survived),
      cmocka_unit_test(no_packages_are_told_so),
  };
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
