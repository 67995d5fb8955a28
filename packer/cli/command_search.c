#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../report/search_page.h"
#include "../search/search_run.h"
#include "cli_common.h"

static const char help[] =
    "minnow search: find widths, depths, kernels and bits for a budget\n"
    "\n"
    "usage: minnow search FOLDER [options]\n"
    "\n"
    "FOLDER/model.json says in \"search\" what may change and how much the package may weigh and\n"
    "take (docs/TRAINING.md). Candidates are trained for a few epochs, packed, and timed in the\n"
    "runtime on this machine; the best of recent ones have children. FOLDER/search.jsonl "
    "remembers\n"
    "every candidate: the same command goes on where it stood.\n"
    "\n"
    "  --candidates N        how many to try in all (default: the recipe's, or 40)\n"
    "  --data FOLDER         that the paths of the recipe's data start from\n"
    "  --report FILE         writes the candidates and their front as a page\n"
    "  --best FILE           writes model.json of the best one\n"
    "  --json                print what came of it as JSON\n"
    "\n"
    "examples:\n"
    "  minnow search models/doodles --report search.html --best smaller/model.json\n";

enum { OPTION_CANDIDATES = 256, OPTION_DATA, OPTION_REPORT, OPTION_BEST, OPTION_JSON };

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"candidates", required_argument, NULL, OPTION_CANDIDATES},
    {"data", required_argument, NULL, OPTION_DATA},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"best", required_argument, NULL, OPTION_BEST},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0}};

typedef struct search_arguments {
  pk_search_options options;
  const char *report, *best;
  bool as_json, wants_help;
} search_arguments;

static bool parse(search_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":h", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        break;
      case OPTION_CANDIDATES:
        ok = pk_parse_size(&arguments->options.candidates, optarg, "candidates", 1, 10000, error);
        break;
      case OPTION_DATA:
        arguments->options.data_root = optarg;
        break;
      case OPTION_REPORT:
        arguments->report = optarg;
        break;
      case OPTION_BEST:
        arguments->best = optarg;
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      default:
        return false;
    }
  }
  if (!ok || arguments->wants_help) return ok;
  if (optind + 1 != argc) return pk_fail(error, PK_USAGE, "one folder with a model.json is needed");
  arguments->options.folder = argv[optind];
  arguments->options.progress = pk_progress_show;
  return true;
}

static json_t *trial_json(const pk_search_trial *trial) {
  return json_pack("{s:f, s:f, s:I, s:f, s:b}", "accuracy", trial->accuracy, "milliseconds",
                   trial->milliseconds, "bytes", (json_int_t)trial->bytes, "score", trial->score,
                   "onFront", trial->is_on_front);
}

static void print_result(const pk_search_result *result, bool as_json) {
  json_t *trials = json_array();
  for (size_t i = 0; i < result->count; i++) {
    const pk_search_trial *t = &result->trials[i];
    json_array_append_new(trials, trial_json(t));
    if (as_json) continue;
    printf("  %s  %.2f %%, %s, %.3f ms%s\n", t->is_on_front ? "front" : "     ", t->accuracy,
           pk_format_size(t->bytes).text, t->milliseconds, i == result->best ? "  <- best" : "");
  }
  if (!as_json) {
    json_decref(trials);
    return;
  }
  pk_print_json(json_pack("{s:I, s:o, s:o}", "best", (json_int_t)result->best, "result",
                          trial_json(&result->trials[result->best]), "trials", trials));
}

static bool write_report(const pk_search_result *result, const char *file, pk_error *error) {
  pk_bytes page = {0};
  pk_search_page(&page, result);
  const bool ok = page.failed ? pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the report")
                              : pk_file_write(file, page.data, page.size, error);
  pk_bytes_free(&page);
  return ok;
}

static bool search(search_arguments *arguments, pk_error *error) {
  pk_search_result result;
  char *journal = pk_path_join(arguments->options.folder, "search.jsonl", error);
  arguments->options.journal_file = journal;
  bool ok = journal && pk_search_run(&result, &arguments->options, error);
  pk_progress_end();
  if (ok) {
    ok = (!arguments->report || write_report(&result, arguments->report, error)) &&
         (!arguments->best || pk_search_write_best(&result, arguments->best, error));
    if (ok) print_result(&result, arguments->as_json);
    pk_search_result_free(&result);
  }
  free(journal);
  return ok;
}

int pk_command_search(int argc, char **argv) {
  search_arguments arguments = {0};
  pk_error error = {0};
  const bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  if (ok && search(&arguments, &error)) return PK_OK;
  return pk_tell_error(&error, "search", arguments.as_json);
}
