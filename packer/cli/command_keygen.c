// A pair of keys to sign packages with.
#include <limits.h>
#include <string.h>

#include "../sign/key_files.h"
#include "cli_common.h"

static const char help[] =
    "minnow keygen: make a pair of keys to sign packages with\n"
    "\n"
    "usage: minnow keygen --output NAME [--force] [--json]\n"
    "\n"
    "Writes NAME.key, the secret key, for minnow sign, readable by you alone, and NAME.pub, the\n"
    "public key, for the page and minnow verify. Keep NAME.key off the server and out of the\n"
    "repository, with a copy in a safe place: who has it can sign in your name, and without it "
    "you\n"
    "cannot sign for pages that trust NAME.pub. docs/SIGNING.md tells more.\n"
    "\n"
    "  -o, --output NAME   where to write, without ending\n"
    "  --force             overwrite older keys of that name\n"
    "  --json              print the public key and the files' names as JSON\n"
    "\n"
    "examples:\n"
    "  minnow keygen --output models-2026\n"
    "  minnow keygen -o ~/keys/models --json\n";

enum { OPTION_FORCE = 256, OPTION_JSON };

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"force", no_argument, NULL, OPTION_FORCE},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {NULL, 0, NULL, 0}};

typedef struct keygen_arguments {
  const char *name;
  bool overwrites, as_json, wants_help;
} keygen_arguments;

static bool parse(keygen_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  pk_options_start();
  while ((option = pk_options_next(argc, argv, ":ho:", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        return true;
      case 'o':
        arguments->name = optarg;
        break;
      case OPTION_FORCE:
        arguments->overwrites = true;
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      default:
        return false;
    }
  }
  if (optind < argc)
    return pk_fail(error, PK_USAGE, "there is nothing to do with %s", argv[optind]);
  const size_t length = arguments->name ? strlen(arguments->name) : 0;
  return (length > 0 && arguments->name[length - 1] != '/') ||
         pk_fail(error, PK_USAGE, "name the keys with --output NAME");
}

static void print_pair(const keygen_arguments *arguments, const char *public_key) {
  printf("%s" PK_SECRET_KEY_ENDING "  the secret key: keep it safe, and off the server\n",
         arguments->name);
  printf("%s" PK_PUBLIC_KEY_ENDING "  the public key: %s\n\n", arguments->name, public_key);
  printf("Sign a package:       minnow sign PACKAGE --key %s" PK_SECRET_KEY_ENDING " --release 1\n",
         arguments->name);
  printf("Trust it in the page: Model.create(url, { publicKey: '%s' })\n", public_key);
}

int pk_command_keygen(int argc, char **argv) {
  keygen_arguments arguments = {.name = NULL};
  pk_error error = {.code = PK_OK};
  char public_key[PK_KEY_TEXT_BYTES], secret_file[PATH_MAX], public_file[PATH_MAX];
  bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  ok = ok && pk_key_files_make(public_key, arguments.name, arguments.overwrites, &error);
  if (!ok) return pk_tell_error(&error, "keygen", arguments.as_json);
  if (arguments.as_json) {
    snprintf(secret_file, sizeof secret_file, "%s" PK_SECRET_KEY_ENDING, arguments.name);
    snprintf(public_file, sizeof public_file, "%s" PK_PUBLIC_KEY_ENDING, arguments.name);
    pk_print_json(json_pack("{s:s, s:s, s:s}", "publicKey", public_key, "secretKeyFile",
                            secret_file, "publicKeyFile", public_file));
  } else {
    print_pair(&arguments, public_key);
  }
  return PK_OK;
}
