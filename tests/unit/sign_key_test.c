// Ed25519 as we call it, and keys as text and files.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "sign/key_files.h"
#include "test_folder.h"

// RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc).
static const struct {
  const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
     "ebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
     "e0303dca179c138ac17ad9bef1177331a704"}};

static const char seed_text[] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";    // TEST 1
static const char public_text[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";  // TEST 1

static size_t from_hex(uint8_t *bytes, size_t room, const char *hex) {
  size_t size = 0;
  assert_int_equal(sodium_hex2bin(bytes, room, hex, strlen(hex), NULL, &size, NULL), 0);
  return size;
}

static void the_vectors_of_rfc_8032_hold(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    uint8_t seed[PK_SEED_BYTES], expected[PK_SIGNATURE_BYTES], got[PK_SIGNATURE_BYTES];
    uint8_t public_key[PK_PUBLIC_KEY_BYTES], message[65];
    from_hex(seed, sizeof seed, vectors[i].seed);
    from_hex(expected, sizeof expected, vectors[i].public_key);
    pk_ed25519_public_key(public_key, seed);
    assert_memory_equal(public_key, expected, sizeof public_key);
    assert_true(pk_ed25519_is_point(public_key));
    const size_t size = from_hex(message, sizeof message, vectors[i].message);
    from_hex(expected, sizeof expected, vectors[i].signature);
    pk_ed25519_sign(got, message, size, seed);
    assert_memory_equal(got, expected, sizeof got);
    assert_true(pk_ed25519_verify(got, message, size, public_key));
    for (size_t bit = 0; bit < 8 * sizeof got; bit++) {
      got[bit / 8] ^= (uint8_t)(1u << bit % 8);
      assert_false(pk_ed25519_verify(got, message, size, public_key));
      got[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    message[size] = 0;
    assert_false(pk_ed25519_verify(got, message, size + 1, public_key));
  }
}

// A public key of small order verifies one signature for many messages: the one of 0 and itself.
static void keys_of_small_order_are_refused(void **state) {
  static const uint8_t identity[PK_PUBLIC_KEY_BYTES] = {1};
  uint8_t signature[PK_SIGNATURE_BYTES] = {1};
  (void)state;
  assert_false(pk_ed25519_is_point(identity));
  assert_false(pk_ed25519_verify(signature, "any", 3, identity));
}

static pk_error read_line(const char *text) {
  uint8_t bytes[32];
  pk_error error = {.code = PK_OK};
  const bool ok = pk_base64_line_read(bytes, sizeof bytes, text, strlen(text), "it", "a key",
                                      PK_BAD_KEY, &error);
  assert_true(ok == (error.code == PK_OK));
  assert_true(ok || error.code == PK_BAD_KEY);
  return error;
}

static void expect_line(const char *text, const char *part) {
  const pk_error error = read_line(text);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
  assert_int_not_equal(error.code, PK_OK);
}

static void one_line_of_base64_is_taken_and_nothing_else(void **state) {
  char text[400];
  (void)state;
  static const char *const endings[] = {"", "\n", "\r\n", " \t\n\n"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    snprintf(text, sizeof text, "%s%s", public_text, endings[i]);
    assert_int_equal(read_line(text).code, PK_OK);
  }
  expect_line("", "32 bytes");
  expect_line("\n", "32 bytes");
  expect_line("=", "one line of base64");
  expect_line("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo", "one line of base64");   // no padding
  expect_line("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURp=", "one line of base64");  // bits left
  expect_line("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
              "one line of base64");  // URLs' letters
  expect_line(" 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "one line of base64");  // in front
  expect_line("11qYAYKxCrfVS/7TyWQH\nOg7hcvPapiMlrwIaaPcHURo=", "one line of base64");
  expect_line("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaa\260cHURo=", "one line of base64");
  expect_line("AAAA", "has 3 bytes, a key has 32");
  expect_line("-----BEGIN PRIVATE KEY-----", "is PEM");
  memset(text, 'A', 388);
  text[388] = '\0';
  expect_line(text, "one line of base64");  // longer than anything of ours
  text[88] = '\0';
  expect_line(text, "has 66 bytes");
}

static void path_of(char path[TEST_PATH_BYTES], const char *name, const char *text) {
  test_folder_path(path, name);
  if (text) test_file_write(path, text, strlen(text));
}

static bool make(char text[PK_KEY_TEXT_BYTES], const char *name, bool overwrites, pk_error *error) {
  char path[TEST_PATH_BYTES];
  test_folder_path(path, name);
  *error = (pk_error){.code = PK_OK};
  return pk_key_files_make(text, path, overwrites, error);
}

static unsigned mode_of(const char *path) {
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  return status.st_mode & 0777u;
}

static void a_pair_is_written_for_its_owner_alone(void **state) {
  char made[PK_KEY_TEXT_BYTES], derived_text[PK_KEY_TEXT_BYTES], path[TEST_PATH_BYTES];
  uint8_t derived[PK_PUBLIC_KEY_BYTES];
  pk_secret_key key;
  pk_public_keys keys = {.count = 0};
  pk_error error;
  size_t size;
  (void)state;
  const mode_t mask = umask(0);
  assert_true(make(made, "pair", false, &error));
  umask(mask);
  path_of(path, "pair.key", NULL);
  assert_int_equal(mode_of(path), 0600);
  if (!pk_secret_key_read(&key, path, &error)) fail_msg("%s", error.message);
  assert_int_equal(key.open_mode, 0);
  pk_ed25519_public_key(derived, key.seed);
  pk_base64_line_write(derived_text, sizeof derived_text, derived, sizeof derived);
  assert_string_equal(derived_text, made);
  unsigned char *line = test_file_read(&size, path);
  assert_int_equal(size, 45);
  assert_int_equal(line[44], '\n');
  free(line);
  path_of(path, "pair.pub", NULL);
  assert_true(pk_public_keys_add(&keys, path, &error));
  assert_true(pk_public_keys_add(&keys, made, &error));
  assert_memory_equal(keys.keys[0], derived, sizeof derived);
  assert_memory_equal(keys.keys[1], derived, sizeof derived);
  pk_secret_key_wipe(&key);
  assert_true(sodium_is_zero(key.seed, sizeof key.seed));
}

static void older_keys_are_kept_unless_forced(void **state) {
  char first[PK_KEY_TEXT_BYTES], second[PK_KEY_TEXT_BYTES], path[TEST_PATH_BYTES];
  pk_error error;
  size_t size;
  (void)state;
  assert_true(make(first, "kept", false, &error));
  assert_false(make(second, "kept", false, &error));
  assert_int_equal(error.code, PK_IO);
  assert_non_null(strstr(error.message, "kept.key is there already"));
  path_of(path, "kept.key", NULL);
  assert_int_equal(remove(path), 0);
  assert_false(make(second, "kept", false, &error));
  assert_non_null(strstr(error.message, "kept.pub is there already"));
  assert_false(test_file_exists(path));
  // A link that leads nowhere is not followed, and not overwritten either.
  assert_int_equal(symlink("/tmp/minnow-no-such-file", path), 0);
  assert_false(make(second, "kept", false, &error));
  path_of(path, "kept.pub", NULL);
  unsigned char *line = test_file_read(&size, path);
  assert_memory_equal(line, first, sizeof first - 1);
  free(line);
  assert_true(make(second, "kept", true, &error));
  assert_string_not_equal(first, second);
  path_of(path, "kept.key", NULL);
  assert_int_equal(mode_of(path), 0600);
  path_of(path, "kept.key.tmp", NULL);
  assert_false(test_file_exists(path));
  assert_false(make(second, "no/such/folder", false, &error));
  assert_int_equal(error.code, PK_IO);
}

// What reading the file as a secret key fails with.
static pk_error read_secret(const char *name, const char *text) {
  char path[TEST_PATH_BYTES];
  pk_secret_key key;
  pk_error error = {.code = PK_OK};
  path_of(path, name, text);
  memset(&key, 0xAA, sizeof key);
  const bool ok = pk_secret_key_read(&key, path, &error);
  assert_true(ok == (error.code == PK_OK));
  assert_true(ok || sodium_is_zero(key.seed, sizeof key.seed));
  pk_secret_key_wipe(&key);
  return error;
}

static void expect(const pk_error error, pk_code code, const char *part) {
  assert_int_equal(error.code, code);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
  // No message repeats a secret.
  assert_null(strstr(error.message, seed_text));
}

static void wrong_secret_keys_are_explained(void **state) {
  char text[200];
  (void)state;
  expect(read_secret("none.key", NULL), PK_IO, "none.key");
  expect(read_secret("short.key", "AAAA\n"), PK_BAD_KEY, "has 3 bytes");
  expect(read_secret("text.key", "my secret"), PK_BAD_KEY, "base64");
  expect(read_secret("some.pub", public_text), PK_BAD_KEY, "is the file of a public key");
  expect(read_secret("mixed.pub", public_text), PK_BAD_KEY, "is the file of a public key");
  expect(read_secret("mixed.key", public_text), PK_BAD_KEY, "holds the public key");
  snprintf(text, sizeof text, "%.43s=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  expect(read_secret("mixed.key", text), PK_BAD_KEY, "is not the secret key of");
  assert_int_equal(read_secret("mixed.key", seed_text).code, PK_OK);
  assert_int_equal(read_secret("without-ending", seed_text).code, PK_OK);
  expect(read_secret("", NULL), PK_IO, "cannot read the key file");
  // Both halves in a row, as libsodium itself keeps a secret key.
  expect(
      read_secret("both.key",
                  "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo"
                  "9wdRGg=="),
      PK_BAD_KEY, "has 64 bytes");
}

static void files_open_to_others_are_noticed(void **state) {
  char path[TEST_PATH_BYTES];
  pk_secret_key key;
  pk_error error = {.code = PK_OK};
  (void)state;
  path_of(path, "open.key", seed_text);
  assert_int_equal(chmod(path, 0640), 0);
  assert_true(pk_secret_key_read(&key, path, &error));
  assert_int_equal(key.open_mode, 0640);
  assert_int_equal(chmod(path, 0400), 0);
  assert_true(pk_secret_key_read(&key, path, &error));
  assert_int_equal(key.open_mode, 0);
}

static pk_error add(pk_public_keys *keys, const char *text) {
  pk_error error = {.code = PK_OK};
  const size_t before = keys->count;
  const bool ok = pk_public_keys_add(keys, text, &error);
  assert_int_equal(keys->count, before + ok);
  return error;
}

static void wrong_public_keys_are_explained(void **state) {
  char path[TEST_PATH_BYTES];
  pk_public_keys keys = {.count = 0};
  (void)state;
  expect(add(&keys, seed_text), PK_BAD_KEY, "perhaps a secret key");
  path_of(path, "secret.pub", seed_text);
  expect(add(&keys, path), PK_BAD_KEY, "perhaps a secret key");
  path_of(path, "secret.key", seed_text);
  expect(add(&keys, path), PK_BAD_KEY, "is the file of a secret key");
  path_of(path, "missing.pub", NULL);
  expect(add(&keys, path), PK_IO, "missing.pub");
  expect(add(&keys, "AAAA="), PK_BAD_KEY, "the public key is not");
  expect(add(&keys, "AAA="), PK_BAD_KEY, "the public key has 2 bytes");
  for (size_t i = 0; i < PK_MAX_PUBLIC_KEYS; i++) {
    assert_int_equal(add(&keys, public_text).code, PK_OK);
  }
  expect(add(&keys, public_text), PK_USAGE, "at most 8");
}

static int start(void **state) {
  return sodium_init() < 0 ? -1 : test_folder_make(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_vectors_of_rfc_8032_hold),
      cmocka_unit_test(keys_of_small_order_are_refused),
      cmocka_unit_test(one_line_of_base64_is_taken_and_nothing_else),
      cmocka_unit_test(a_pair_is_written_for_its_owner_alone),
      cmocka_unit_test(older_keys_are_kept_unless_forced),
      cmocka_unit_test(wrong_secret_keys_are_explained),
      cmocka_unit_test(files_open_to_others_are_noticed),
      cmocka_unit_test(wrong_public_keys_are_explained),
  };
  return cmocka_run_group_tests(tests, start, test_folder_remove);
}
