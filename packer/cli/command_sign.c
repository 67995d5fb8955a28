// Signs a package's manifest.
#include "../package/package_folder.h"
#include "../sign/package_sign.h"
#include "cli_common.h"

static const char help[] =
    "minnow sign: sign a package, so that pages take no other in its place\n"
    "\n"
    "usage: minnow sign PACKAGE --key NAME.key [--release N] [--json]\n"
    "\n"
    "Checks every file of the package and writes manifest.sig beside manifest.json, which has the\n"
    "SHA-256 of all the others. Sign last: whatever is packed into the folder later takes the\n"
    "signature away. Of a split package the whole is signed, not its parts.\n"
    "\n"
    "  --key FILE    the secret key that minnow keygen wrote; /dev/stdin takes it from a pipe\n"
    "  --release N   a number that rises with each release, 0 to 2^53 - 1, written into the "
    "manifest\n"
    "                first: pages can refuse to go back to a lower one\n"
    "  --json        print what was signed as JSON\n"
    "\n"
    "examples:\n"
    "  minnow sign out --key models-2026.key --release 7\n"
    "  minnow verify out --public-key models-2026.pub\n";

enum { OPTION_KEY = 256, OPTION_RELEASE, OPTION_JSON };

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                             {"key", required_argument, NULL, OPTION_KEY},
                                             {"release", required_argument, NULL, OPTION_RELEASE},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {NULL, 0, NULL, 0}};

typedef struct sign_arguments {
  const char *folder, *key_file;
  pk_sign_options options;
  bool as_json, wants_help;
} sign_arguments;

static bool parse(sign_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":h", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        return true;
      case OPTION_KEY:
        arguments->key_file = optarg;
        break;
      case OPTION_RELEASE:
        arguments->options.has_release = true;
        ok = pk_parse_release(&arguments->options.release, optarg, "release", error);
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      default:
        return false;
    }
  }
  if (!ok || !pk_parse_folder(&arguments->folder, argc, argv, error)) return false;
  return arguments->key_file != NULL ||
         pk_fail(error, PK_USAGE, "--key NAME.key is needed; minnow keygen makes one");
}

static void warn(const sign_arguments *arguments, unsigned open_mode,
                 const pk_sign_outcome *outcome) {
  if (open_mode) {
    fprintf(stderr,
            "minnow sign: warning: others than you may use %s (mode %03o): chmod 600 %s, and if "
            "somebody may have read it, sign with a new key\n",
            arguments->key_file, open_mode, arguments->key_file);
  }
  if (outcome->had_release && outcome->old_release > outcome->release) {
    fprintf(stderr,
            "minnow sign: warning: the release went back from %lld to %lld: pages that had the "
            "higher one may refuse this\n",
            (long long)outcome->old_release, (long long)outcome->release);
  }
}

static void print_outcome(const sign_arguments *arguments, const pk_sign_outcome *outcome,
                          const char *public_key) {
  if (arguments->as_json) {
    json_t *release = outcome->has_release ? json_integer(outcome->release) : NULL;
    pk_print_json(json_pack("{s:s, s:o*, s:I, s:I, s:s, s:s}", "folder", arguments->folder,
                            "release", release, "files", (json_int_t)outcome->sums.files, "bytes",
                            (json_int_t)outcome->sums.bytes, "publicKey", public_key, "signature",
                            outcome->signature));
    return;
  }
  printf("%s: signed, " PK_SIGNATURE_FILE " written\n", arguments->folder);
  if (outcome->has_release) printf("  release     %lld\n", (long long)outcome->release);
  printf("  intact      %zu files, %s\n", outcome->sums.files,
         pk_format_size(outcome->sums.bytes).text);
  printf("  public key  %s\n", public_key);
}

int pk_command_sign(int argc, char **argv) {
  sign_arguments arguments = {.folder = NULL};
  pk_error error = {.code = PK_OK};
  pk_secret_key key;
  pk_sign_outcome outcome;
  uint8_t public_key[PK_PUBLIC_KEY_BYTES];
  char public_text[PK_KEY_TEXT_BYTES];
  bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  if (!ok || !pk_secret_key_read(&key, arguments.key_file, &error)) {
    return pk_tell_error(&error, "sign", arguments.as_json);
  }
  ok = pk_package_sign(&outcome, arguments.folder, &key, &arguments.options, &error);
  const unsigned open_mode = key.open_mode;
  pk_ed25519_public_key(public_key, key.seed);
  pk_secret_key_wipe(&key);
  if (!ok) return pk_tell_error(&error, "sign", arguments.as_json);
  pk_base64_line_write(public_text, sizeof public_text, public_key, sizeof public_key);
  print_outcome(&arguments, &outcome, public_text);
  warn(&arguments, open_mode, &outcome);
  return PK_OK;
}
