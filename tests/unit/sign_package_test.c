// Packages signed and verified: the format to the byte, releases, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "dense_graph.h"
#include "package/package_folder.h"
#include "package/package_load.h"
#include "sign/manifest_release.h"
#include "sign/manifest_signature.h"
#include "sign/package_sign.h"
#include "sign/package_verify.h"
#include "split/split_package.h"
#include "test_folder.h"

static const dense_layer layers[] = {{60, DENSE_BELL}, {50, DENSE_BELL}, {10, DENSE_UNIFORM}};

static pk_secret_key key_of(uint8_t first) {
  pk_secret_key key = {.seed = {first, 2, 3}};
  return key;
}

static pk_public_keys public_of(uint8_t first) {
  pk_public_keys keys = {.count = 1};
  const pk_secret_key key = key_of(first);
  pk_ed25519_public_key(keys.keys[0], key.seed);
  return keys;
}

// Packs into the test's folder `name` in so many parts; 1: whole.
static void store(const char *name, size_t parts) {
  char folder[TEST_PATH_BYTES];
  pk_error error = {.code = PK_OK};
  pk_package package = {0};
  pk_split_package *split = calloc(1, sizeof *split);
  pk_lowered_graph graph = dense_graph(16, layers, 3);
  const pk_pack_options options = {.shard_bytes = PK_SHARD_BYTES_MIN};
  test_folder_path(folder, name);
  const bool ok = parts == 1 ? pk_package_encode(&package, &graph, &options, &error) &&
                                   pk_package_store(&package, folder, &error)
                             : pk_split_encode(split, &graph, parts, &options, &error) &&
                                   pk_split_store(split, folder, &error);
  if (!ok) fail_msg("%s", error.message);
  pk_package_free(&package);
  pk_split_free(split);
  free(split);
  pk_lowered_graph_free(&graph);
}

// `release` below 0: none.
static pk_error sign(pk_sign_outcome *outcome, const char *name, int64_t release) {
  char folder[TEST_PATH_BYTES];
  pk_error error = {.code = PK_OK};
  const pk_secret_key key = key_of(1);
  const pk_sign_options options = {release >= 0, release >= 0 ? release : 0};
  test_folder_path(folder, name);
  const bool ok = pk_package_sign(outcome, folder, &key, &options, &error);
  assert_true(ok == (error.code == PK_OK));
  return error;
}

static void sign_well(const char *name, int64_t release) {
  pk_sign_outcome outcome;
  const pk_error error = sign(&outcome, name, release);
  if (error.code != PK_OK) fail_msg("%s", error.message);
}

static pk_error verify(const char *name, const pk_public_keys *keys, int64_t min_release) {
  char folder[TEST_PATH_BYTES];
  pk_error error = {.code = PK_OK};
  pk_verify_outcome outcome;
  const pk_verify_options options = {min_release >= 0, min_release};
  test_folder_path(folder, name);
  const bool ok = pk_package_verify(&outcome, folder, keys, &options, &error);
  assert_true(ok == (error.code == PK_OK));
  return error;
}

static void expect(const pk_error error, pk_code code, const char *part) {
  if (error.code != code || !strstr(error.message, part)) {
    fail_msg("%s: \"%s\" instead of %s with \"%s\"", pk_code_name(error.code), error.message,
             pk_code_name(code), part);
  }
}

static void expect_verified(const char *name) {
  const pk_public_keys keys = public_of(1);
  const pk_error error = verify(name, &keys, -1);
  if (error.code != PK_OK) fail_msg("%s", error.message);
}

static void path_in(char path[TEST_PATH_BYTES], const char *folder, const char *name) {
  char both[TEST_PATH_BYTES];
  snprintf(both, sizeof both, "%s/%s", folder, name);
  test_folder_path(path, both);
}

static pk_bytes read_in(const char *folder, const char *name) {
  char path[TEST_PATH_BYTES];
  size_t size;
  pk_bytes bytes = {0};
  path_in(path, folder, name);
  unsigned char *data = test_file_read(&size, path);
  pk_bytes_append(&bytes, data, size);
  free(data);
  return bytes;
}

static void write_in(const char *folder, const char *name, const void *data, size_t size) {
  char path[TEST_PATH_BYTES];
  path_in(path, folder, name);
  test_file_write(path, data, size);
}

// Name of the last shard of a package.
static void last_shard(char name[PK_FILE_NAME_BYTES], const char *folder) {
  char path[TEST_PATH_BYTES];
  pk_error error = {.code = PK_OK};
  pk_loaded_package package;
  test_folder_path(path, folder);
  assert_true(pk_package_load_head(&package, path, &error));
  assert_true(package.manifest.shard_count > 0);
  snprintf(name, PK_FILE_NAME_BYTES, "%s",
           package.manifest.shards[package.manifest.shard_count - 1].file);
  pk_package_unload(&package);
}

static bool exists_in(const char *folder, const char *name) {
  char path[TEST_PATH_BYTES];
  path_in(path, folder, name);
  return test_file_exists(path);
}

// Made by another implementation: openssl's, through Node's crypto.sign(), with the seed of RFC
// 8032's TEST 1, over "minnow-manifest-v1\n" and these bytes.
static void the_format_is_known_to_the_byte(void **state) {
  static const char manifest[] =
      "{\n  \"format\": \"minnow\",\n  \"version\": 1,\n  \"release\": 7\n}\n";
  static const char expected[] =
      "97QnUvw90175t/OH6/W/pwrb9diZ5/7TP+y7yz44Vy4AcrrcDtYVkDl3Smxzqc1DEX+iJQ2OWDsdztFCsQx3DA==";
  pk_secret_key key = {.open_mode = 0};
  pk_public_keys keys = {.count = 0};
  pk_error error = {.code = PK_OK};
  pk_bytes text = {0};
  char signature[PK_SIGNATURE_TEXT_BYTES];
  size_t number = 9;
  (void)state;
  pk_bytes_append(&text, manifest, strlen(manifest));
  assert_true(pk_base64_line_read(key.seed, sizeof key.seed,
                                  "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=", 44, "it", "a key",
                                  PK_BAD_KEY, &error));
  assert_true(pk_manifest_signature_make(signature, &text, &key, &error));
  assert_string_equal(signature, expected);
  assert_true(pk_public_keys_add(&keys, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", &error));
  assert_true(
      pk_manifest_signature_check(&number, expected, strlen(expected), "it", &text, &keys, &error));
  assert_int_equal(number, 0);
  // The prefix is signed too: the same key's signature over the manifest alone is not ours.
  uint8_t bare[PK_SIGNATURE_BYTES];
  pk_ed25519_sign(bare, text.data, text.size, key.seed);
  pk_base64_line_write(signature, sizeof signature, bare, sizeof bare);
  assert_false(pk_manifest_signature_check(&number, signature, strlen(signature), "it", &text,
                                           &keys, &error));
  assert_int_equal(error.code, PK_BAD_SIGNATURE);
  pk_bytes_free(&text);
}

static void expect_release(const char *before, int64_t release, const char *after) {
  pk_bytes text = {0}, edited = {0};
  pk_error error = {.code = PK_OK};
  pk_bytes_append(&text, before, strlen(before));
  const bool ok = pk_manifest_set_release(&edited, &text, release, &error);
  if (after) {
    if (!ok) fail_msg("%s: %s", before, error.message);
    pk_bytes_append(&edited, "", 1);
    assert_string_equal((const char *)edited.data, after);
  } else {
    assert_false(ok);
    assert_int_equal(error.code, PK_BAD_PACKAGE);
  }
  pk_bytes_free(&edited);
  pk_bytes_free(&text);
}

static void a_release_changes_its_digits_alone(void **state) {
  (void)state;
  expect_release("{\n  \"a\": 0.10000000000000001\n}\n", 7,
                 "{\n  \"a\": 0.10000000000000001,\n  \"release\": 7\n}\n");
  expect_release("{\"a\":1}", 0, "{\"a\":1,\"release\": 0}");
  expect_release("{\"release\":5,\"a\":1e2}", 12, "{\"release\":12,\"a\":1e2}");
  expect_release("{ \"a\": 1, \"release\" :\n 123 }", PK_MAX_RELEASE,
                 "{ \"a\": 1, \"release\" :\n 9007199254740991 }");
  // Fields of that name elsewhere, and texts that look like it.
  expect_release("{\"a\":{\"release\":5},\"b\":[{\"release\":6}],\"release\":4}", 9,
                 "{\"a\":{\"release\":5},\"b\":[{\"release\":6}],\"release\":9}");
  expect_release("{\"a\":\"\\\"release\\\": 3}\",\"b\":\"release\"}", 9,
                 "{\"a\":\"\\\"release\\\": 3}\",\"b\":\"release\",\"release\": 9}");
  expect_release("{\"a\":\"}\\\\\"}\r\n ", 9, "{\"a\":\"}\\\\\",\"release\": 9}\r\n ");
  expect_release("{\"rel\\u0065ase\":5}", 9, NULL);
  expect_release("{}", 9, NULL);
  expect_release("{\"release\":\"5\"}", 9, NULL);
}

static void a_signed_package_verifies_and_runs(void **state) {
  char folder[TEST_PATH_BYTES];
  pk_loaded_package package;
  pk_sign_outcome outcome;
  pk_error error = {.code = PK_OK};
  (void)state;
  store("signed", 1);
  pk_bytes before = read_in("signed", PK_MANIFEST_FILE);
  sign_well("signed", -1);
  expect_verified("signed");
  pk_bytes after = read_in("signed", PK_MANIFEST_FILE);
  assert_int_equal(before.size, after.size);
  assert_memory_equal(before.data, after.data, after.size);
  pk_bytes line = read_in("signed", PK_SIGNATURE_FILE);
  assert_int_equal(line.size, PK_SIGNATURE_TEXT_BYTES);
  assert_int_equal(line.data[line.size - 1], '\n');
  assert_int_equal(sign(&outcome, "signed", 41).code, PK_OK);
  assert_true(outcome.has_release && !outcome.had_release && outcome.release == 41);
  assert_true(outcome.sums.files > 3 && outcome.sums.bytes > 4096);
  expect_verified("signed");
  // A release stays when it is signed again without one; the tool still reads the package.
  assert_int_equal(sign(&outcome, "signed", -1).code, PK_OK);
  assert_true(outcome.has_release && outcome.release == 41);
  test_folder_path(folder, "signed");
  if (!pk_package_load(&package, folder, mnw_kernels_get(0), &error)) fail_msg("%s", error.message);
  assert_true(package.manifest.has_release && package.manifest.release == 41);
  // The writer keeps it, in the bytes that signing wrote.
  pk_bytes written = {0}, signed_text = read_in("signed", PK_MANIFEST_FILE);
  assert_true(pk_manifest_text(&written, &package.manifest, &error));
  assert_int_equal(written.size, signed_text.size);
  assert_memory_equal(written.data, signed_text.data, written.size);
  pk_package_unload(&package);
  pk_bytes *all[] = {&before, &after, &line, &written, &signed_text};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) pk_bytes_free(all[i]);
}

static void wrong_signatures_are_explained(void **state) {
  pk_public_keys right = public_of(1), other = public_of(7), both = public_of(7), secret;
  const pk_secret_key key = key_of(1);
  (void)state;
  store("refused", 1);
  expect(verify("refused", &right, -1), PK_BAD_SIGNATURE, "is not signed");
  sign_well("refused", 5);
  expect(verify("refused", &other, -1), PK_BAD_SIGNATURE, "another key signed it");
  memcpy(both.keys[both.count++], right.keys[0], PK_PUBLIC_KEY_BYTES);
  assert_int_equal(verify("refused", &both, 5).code, PK_OK);
  expect(verify("refused", &right, 6), PK_OLD_RELEASE, "release 5, at least 6");
  memcpy(secret.keys[0], key.seed, PK_SEED_BYTES);
  secret.count = 1;
  expect(verify("refused", &secret, -1), PK_BAD_KEY, "is the secret key that signed");
  pk_bytes line = read_in("refused", PK_SIGNATURE_FILE);
  write_in("refused", PK_SIGNATURE_FILE, line.data, 40);
  expect(verify("refused", &right, -1), PK_BAD_SIGNATURE, "has 30 bytes");
  write_in("refused", PK_SIGNATURE_FILE, "<!doctype html>", 15);
  expect(verify("refused", &right, -1), PK_BAD_SIGNATURE, "manifest.sig is not a signature");
  write_in("refused", PK_SIGNATURE_FILE, "", 0);
  expect(verify("refused", &right, -1), PK_BAD_SIGNATURE, "manifest.sig");
  write_in("refused", PK_SIGNATURE_FILE, line.data, line.size);
  expect_verified("refused");
  pk_bytes_free(&line);
  store("plain", 1);
  sign_well("plain", -1);
  expect(verify("plain", &right, 0), PK_OLD_RELEASE, "has no release");
}

static void every_byte_of_the_manifest_is_signed(void **state) {
  const pk_public_keys keys = public_of(1);
  (void)state;
  store("flipped", 1);
  sign_well("flipped", 3);
  pk_bytes text = read_in("flipped", PK_MANIFEST_FILE);
  for (size_t i = 0; i < text.size; i += 7) {
    text.data[i] ^= 4;
    write_in("flipped", PK_MANIFEST_FILE, text.data, text.size);
    expect(verify("flipped", &keys, -1), PK_BAD_SIGNATURE, "manifest was changed");
    text.data[i] ^= 4;
  }
  // Spaces at the end as well, which no reader of JSON would see.
  pk_bytes_append(&text, " ", 1);
  write_in("flipped", PK_MANIFEST_FILE, text.data, text.size);
  expect(verify("flipped", &keys, -1), PK_BAD_SIGNATURE, "manifest was changed");
  pk_bytes_free(&text);
}

// Damages a file of the package in several ways; signing and verifying must name it.
static void expect_damage_found(const char *package, const char *folder, const char *file) {
  const pk_public_keys keys = public_of(1);
  pk_sign_outcome outcome;
  char path[TEST_PATH_BYTES];
  pk_bytes bytes = read_in(folder, file), signature = read_in(package, PK_SIGNATURE_FILE);
  bytes.data[bytes.size / 2] ^= 1;
  write_in(folder, file, bytes.data, bytes.size);
  expect(sign(&outcome, package, 99), PK_BAD_PACKAGE, file);
  expect(verify(package, &keys, -1), PK_BAD_PACKAGE, file);
  bytes.data[bytes.size / 2] ^= 1;
  write_in(folder, file, bytes.data, bytes.size - 1);
  expect(sign(&outcome, package, 99), PK_BAD_PACKAGE, file);
  expect(verify(package, &keys, -1), PK_BAD_PACKAGE, file);
  path_in(path, folder, file);
  assert_int_equal(remove(path), 0);
  expect(sign(&outcome, package, 99), PK_BAD_PACKAGE, "is missing");
  expect(verify(package, &keys, -1), PK_BAD_PACKAGE, "is missing");
  // Nothing was written, so that with the file all is well again.
  write_in(folder, file, bytes.data, bytes.size);
  pk_bytes after = read_in(package, PK_SIGNATURE_FILE);
  assert_memory_equal(after.data, signature.data, signature.size);
  expect_verified(package);
  pk_bytes_free(&bytes);
  pk_bytes_free(&after);
  pk_bytes_free(&signature);
}

static void damaged_files_are_neither_signed_nor_verified(void **state) {
  char shard[PK_FILE_NAME_BYTES];
  (void)state;
  store("damaged", 1);
  sign_well("damaged", 2);
  last_shard(shard, "damaged");
  expect_damage_found("damaged", "damaged", shard);
}

static void a_split_package_is_signed_as_a_whole(void **state) {
  char shard[PK_FILE_NAME_BYTES];
  pk_sign_outcome outcome;
  (void)state;
  store("split", 3);
  assert_int_equal(sign(&outcome, "split", 8).code, PK_OK);
  assert_true(outcome.sums.files >= 6);
  expect_verified("split");
  assert_false(exists_in("split/part-1", PK_SIGNATURE_FILE));
  last_shard(shard, "split/part-2");
  expect_damage_found("split", "split/part-2", shard);
  expect_damage_found("split", "split/part-1", PK_MANIFEST_FILE);
  // A part's manifest is fixed by the whole's: its release cannot be set, but it can be signed.
  expect(sign(&outcome, "split/part-1", 9), PK_USAGE, "sign the whole");
  expect_verified("split");
  sign_well("split/part-1", -1);
  expect_verified("split");
}

static void packing_again_takes_the_signature_away(void **state) {
  char folder[TEST_PATH_BYTES];
  (void)state;
  store("again", 1);
  sign_well("again", 1);
  store("again", 1);
  assert_false(exists_in("again", PK_SIGNATURE_FILE));
  sign_well("again", 1);
  store("again", 2);
  assert_false(exists_in("again", PK_SIGNATURE_FILE));
  sign_well("again", 1);
  sign_well("again/part-1", -1);
  write_in("again", "manifest.sig.tmp", "x", 1);
  store("again", 1);
  assert_false(exists_in("again", PK_SIGNATURE_FILE));
  assert_false(exists_in("again", "manifest.sig.tmp"));
  assert_false(exists_in("again", "part-1"));
  test_folder_path(folder, "again");
  assert_false(pk_package_has_signature(folder));
}

// The signature goes before the manifest comes, not with the cleaning afterwards: an interrupted
// pack leaves no signature beside the manifest of another package.
static void a_manifest_written_alone_takes_it_away_too(void **state) {
  char folder[TEST_PATH_BYTES];
  pk_loaded_package package;
  pk_error error = {.code = PK_OK};
  (void)state;
  store("alone", 1);
  sign_well("alone", 1);
  test_folder_path(folder, "alone");
  assert_true(pk_package_load_head(&package, folder, &error));
  assert_true(pk_package_store_manifest(&package.manifest, folder, &error));
  assert_false(exists_in("alone", PK_SIGNATURE_FILE));
  pk_package_unload(&package);
}

static void wrong_releases_are_named(void **state) {
  static const char *const wrong[] = {"-1",  "9007199254740992", "1.0", "1e3", "\"7\"", "null",
                                      "true"};
  pk_manifest manifest;
  pk_sign_outcome outcome;
  (void)state;
  store("hostile", 1);
  pk_bytes text = read_in("hostile", PK_MANIFEST_FILE);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    pk_bytes edited = {0};
    char field[64];
    pk_error error = {.code = PK_OK};
    snprintf(field, sizeof field, "{\"release\": %s,", wrong[i]);
    pk_bytes_append(&edited, field, strlen(field));
    pk_bytes_append(&edited, text.data + 1, text.size - 1);
    assert_false(pk_manifest_read(&manifest, (const char *)edited.data, edited.size, "it", &error));
    expect(error, PK_BAD_PACKAGE, "release must be a whole number from 0 to 9007199254740991");
    write_in("hostile", PK_MANIFEST_FILE, edited.data, edited.size);
    expect(sign(&outcome, "hostile", 1), PK_BAD_PACKAGE, "release must be");
    pk_bytes_free(&edited);
  }
  pk_bytes_free(&text);
  expect(sign(&outcome, "nowhere", 1), PK_BAD_PACKAGE, "is no Minnow package");
  const pk_public_keys keys = public_of(1);
  expect(verify("nowhere", &keys, 1), PK_BAD_PACKAGE, "is no Minnow package");
}

static int start(void **state) {
  return sodium_init() < 0 ? -1 : test_folder_make(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_format_is_known_to_the_byte),
      cmocka_unit_test(a_release_changes_its_digits_alone),
      cmocka_unit_test(a_signed_package_verifies_and_runs),
      cmocka_unit_test(wrong_signatures_are_explained),
      cmocka_unit_test(every_byte_of_the_manifest_is_signed),
      cmocka_unit_test(damaged_files_are_neither_signed_nor_verified),
      cmocka_unit_test(a_split_package_is_signed_as_a_whole),
      cmocka_unit_test(packing_again_takes_the_signature_away),
      cmocka_unit_test(a_manifest_written_alone_takes_it_away_too),
      cmocka_unit_test(wrong_releases_are_named),
  };
  return cmocka_run_group_tests(tests, start, test_folder_remove);
}
