// Runs test cases in the layout of the ONNX backend tests: model.onnx, test_data_set_*/input_*.pb
// and output_*.pb.
#include <stdlib.h>
#include <string.h>

#include "../package/core_model.h"
#include "check_case.h"
#include "cli_common.h"

static const char help[] =
    "minnow check: run conformance cases\n"
    "\n"
    "usage: minnow check FOLDER… [--json] [--kernels NAME] [--keep FOLDER]\n"
    "\n"
    "Each FOLDER holds model.onnx and test_data_set_*/ with input_*.pb and output_*.pb, as the "
    "ONNX\n"
    "backend tests do. The model is packed and run; a case passes where every output is within\n"
    "1e-3 relative and 1e-7 absolute of the expected one, integers exactly. Exit status 0 unless "
    "a\n"
    "case failed; cases that cannot be packed are told as refused, with the reason.\n"
    "\n"
    "  --json          print {\"cases\": [{name, status, reason, max_abs_error, operators}], "
    "passed,\n"
    "                  failed, refused}\n"
    "  --kernels NAME  scalar, simd128 or relaxed (default: the best of this machine)\n"
    "  --keep FOLDER   leave each data set that passes in NAME-NUMBER.case there: shards, inputs,\n"
    "                  native and expected outputs, for other engines to run\n"
    "\n"
    "example:\n"
    "  minnow check node/test_conv_with_strides_padding node/test_softmax_axis_1\n";

enum { OPTION_JSON = 256, OPTION_KERNELS, OPTION_KEEP, FAILED_STATUS = 1 };

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {"kernels", required_argument, NULL, OPTION_KERNELS},
                                             {"keep", required_argument, NULL, OPTION_KEEP},
                                             {NULL, 0, NULL, 0}};

static const char *const status_names[] = {"pass", "fail", "refused"};

static json_t *operators_json(const char *list) {
  json_t *names = json_array();
  while (*list) {
    const size_t bytes = strcspn(list, ",");
    json_array_append_new(names, json_stringn(list, bytes));
    list += bytes + (list[bytes] == ',');
  }
  return names;
}

static json_t *case_json(const char *name, const pk_check_result *result) {
  const char *reason = result->error.code == PK_OK ? "" : result->error.message;
  json_t *text = json_string(reason);
  if (!text) text = json_string("(message is not UTF-8)");
  json_t *error = result->has_error_figure ? json_real(result->max_abs_error) : json_null();
  return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", name, "status",
                   status_names[result->status], "reason", text, "max_abs_error", error,
                   "operators", operators_json(result->operators));
}

// "node/test_abs/" -> "test_abs"
static void folder_name(char *name, size_t size_bytes, const char *path) {
  size_t end = strlen(path);
  while (end > 1 && path[end - 1] == '/') end--;
  size_t start = end;
  while (start > 0 && path[start - 1] != '/') start--;
  snprintf(name, size_bytes, "%.*s", (int)(end - start), path + start);
}

static int check_all(int count, char **folders, bool as_json, const pk_check_options *options) {
  size_t totals[3] = {0, 0, 0};
  json_t *cases = as_json ? json_array() : NULL;
  for (int i = 0; i < count; i++) {
    pk_check_result result;
    char name[256];
    folder_name(name, sizeof name, folders[i]);
    pk_check_case(&result, folders[i], name, options);
    totals[result.status]++;
    if (as_json) {
      json_array_append_new(cases, case_json(name, &result));
    } else {
      printf("%-8s %s", status_names[result.status], name);
      if (result.error.code != PK_OK) printf(": %s", result.error.message);
      putchar('\n');
    }
  }
  if (as_json) {
    pk_print_json(json_pack("{s:o, s:I, s:I, s:I}", "cases", cases, "passed",
                            (json_int_t)totals[PK_CHECK_PASS], "failed",
                            (json_int_t)totals[PK_CHECK_FAIL], "refused",
                            (json_int_t)totals[PK_CHECK_REFUSED]));
  } else {
    printf("%zu passed, %zu failed, %zu refused\n", totals[PK_CHECK_PASS], totals[PK_CHECK_FAIL],
           totals[PK_CHECK_REFUSED]);
  }
  return totals[PK_CHECK_FAIL] ? FAILED_STATUS : PK_OK;
}

int pk_command_check(int argc, char **argv) {
  pk_error error = {.code = PK_OK};
  pk_check_options options = {.kernels = NULL};
  bool as_json = false;
  int option;
  pk_options_start();
  while ((option = pk_options_next(argc, argv, ":h", long_options, &error)) != -1) {
    if (option == 'h') {
      fputs(help, stdout);
      return PK_OK;
    }
    switch (option) {
      case OPTION_JSON:
        as_json = true;
        break;
      case OPTION_KERNELS:
        options.kernels = optarg;
        break;
      case OPTION_KEEP:
        options.keep_folder = optarg;
        break;
      default:
        return pk_tell_error(&error, "check", as_json);
    }
  }
  if (!pk_kernels_find(options.kernels, &error)) return pk_tell_error(&error, "check", as_json);
  if (optind >= argc) {
    pk_fail(&error, PK_USAGE, "at least one folder is needed");
    return pk_tell_error(&error, "check", as_json);
  }
  return check_all(argc - optind, argv + optind, as_json, &options);
}
