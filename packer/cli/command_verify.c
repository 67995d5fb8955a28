// Checks a package's signature and files.
#include "../sign/package_verify.h"
#include "cli_common.h"

static const char help[] =
    "minnow verify: check that a package is as it was signed\n"
    "\n"
    "usage: minnow verify PACKAGE --public-key KEY_OR_FILE [--min-release N] [--json]\n"
    "\n"
    "Checks manifest.sig against manifest.json and every file's length and SHA-256. Exit status 0\n"
    "where all of it holds; 81 (BAD_SIGNATURE) for a package that is not signed or not by this "
    "key,\n"
    "or whose manifest was changed; 76 (BAD_PACKAGE) for a damaged file; 82 (OLD_RELEASE).\n"
    "\n"
    "  --public-key KEY   the public key, 44 characters of base64, or the file NAME.pub; given\n"
    "                     several times, any one of the keys may have signed\n"
    "  --min-release N    refuse a release below N\n"
    "  --json             print what was found as JSON\n"
    "\n"
    "examples:\n"
    "  minnow verify out --public-key models-2026.pub\n"
    "  minnow verify out --public-key old.pub --public-key new.pub --min-release 7\n";

enum { OPTION_KEY = 256, OPTION_MIN_RELEASE, OPTION_JSON };

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"public-key", required_argument, NULL, OPTION_KEY},
    {"min-release", required_argument, NULL, OPTION_MIN_RELEASE},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0}};

typedef struct verify_arguments {
  const char *folder;
  pk_public_keys keys;
  pk_verify_options options;
  bool as_json, wants_help;
} verify_arguments;

static bool parse(verify_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":h", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        return true;
      case OPTION_KEY:
        ok = pk_public_keys_add(&arguments->keys, optarg, error);
        break;
      case OPTION_MIN_RELEASE:
        arguments->options.has_min_release = true;
        ok = pk_parse_release(&arguments->options.min_release, optarg, "min-release", error);
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      default:
        return false;
    }
  }
  if (!ok || !pk_parse_folder(&arguments->folder, argc, argv, error)) return false;
  return arguments->keys.count > 0 ||
         pk_fail(error, PK_USAGE, "--public-key NAME.pub is needed: the key of who signed");
}

static void print_outcome(const verify_arguments *arguments, const pk_verify_outcome *outcome) {
  char key[PK_KEY_TEXT_BYTES];
  pk_base64_line_write(key, sizeof key, arguments->keys.keys[outcome->key_number],
                       PK_PUBLIC_KEY_BYTES);
  if (arguments->as_json) {
    json_t *release = outcome->has_release ? json_integer(outcome->release) : NULL;
    pk_print_json(json_pack("{s:s, s:b, s:o*, s:I, s:I, s:s}", "folder", arguments->folder,
                            "verified", 1, "release", release, "files",
                            (json_int_t)outcome->sums.files, "bytes",
                            (json_int_t)outcome->sums.bytes, "publicKey", key));
    return;
  }
  printf("%s: the signature holds, by %s", arguments->folder, key);
  if (outcome->has_release) printf(", release %lld", (long long)outcome->release);
  printf("; %zu files intact, %s\n", outcome->sums.files, pk_format_size(outcome->sums.bytes).text);
}

int pk_command_verify(int argc, char **argv) {
  verify_arguments arguments = {.folder = NULL};
  pk_error error = {.code = PK_OK};
  pk_verify_outcome outcome;
  bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  ok = ok &&
       pk_package_verify(&outcome, arguments.folder, &arguments.keys, &arguments.options, &error);
  if (!ok) return pk_tell_error(&error, "verify", arguments.as_json);
  print_outcome(&arguments, &outcome);
  return PK_OK;
}
