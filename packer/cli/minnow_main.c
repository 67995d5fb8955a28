// minnow: packs models and looks at, runs and times packages.
#include <sodium.h>
#include <string.h>

#include "cli_common.h"

#define MINNOW_VERSION "0.1.0"

static const char help[] =
    "minnow packs neural networks for the web and runs the packages natively.\n"
    "\n"
    "usage: minnow COMMAND …\n"
    "\n"
    "  pack MODEL -o FOLDER     turn a model (.tflite, .onnx, .net) into a package\n"
    "  inspect FOLDER|MODEL     show layers, sizes and entropy\n"
    "  run FOLDER FILE…         recognise pictures, sounds and texts, or run raw tensors\n"
    "  eval FOLDER --data …     judge a classifier on labelled examples\n"
    "  train FOLDER             train a model from its description\n"
    "  distill FOLDER           the same, from what larger models say\n"
    "  search FOLDER            find widths, depths and bits for a budget\n"
    "  bench FOLDER             time loading and running\n"
    "  check FOLDER…            run conformance cases\n"
    "  keygen -o NAME           make a pair of keys to sign packages with\n"
    "  sign FOLDER --key …      sign a package\n"
    "  verify FOLDER …          check that a package is as it was signed\n"
    "\n"
    "  minnow COMMAND --help    options and examples of a command\n"
    "  minnow --version\n";

static const struct {
  const char *name;
  pk_command *run;
} commands[] = {
    {"pack", pk_command_pack},     {"inspect", pk_command_inspect}, {"run", pk_command_run},
    {"eval", pk_command_eval},     {"bench", pk_command_bench},     {"check", pk_command_check},
    {"train", pk_command_train},   {"distill", pk_command_distill}, {"search", pk_command_search},
    {"keygen", pk_command_keygen}, {"sign", pk_command_sign},       {"verify", pk_command_verify}};

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  if (sodium_init() < 0) {
    fputs("minnow: libsodium cannot start\n", stderr);
    return PK_OUT_OF_MEMORY;
  }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
  }
  if (strcmp(name, "--version") == 0) {
    printf("minnow %s (package format %d)\n", MINNOW_VERSION, MNW_FORMAT_VERSION);
    return PK_OK;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    fputs(help, stdout);
    return PK_OK;
  }
  if (*name) fprintf(stderr, "minnow: there is no command \"%s\"\n\n", name);
  fputs(help, stderr);
  return PK_USAGE;
}
