#include <string.h>

#include "../package/class_scores.h"
#include "../package/file_io.h"
#include "../report/eval_page.h"
#include "cli_common.h"
#include "eval_data.h"
#include "eval_print.h"

static const char help[] =
    "minnow eval: judge a classifier on labelled examples\n"
    "\n"
    "usage: minnow eval FOLDER --data DIR|FILE [options]\n"
    "\n"
    "Tells the accuracy with its 95 % interval, precision, recall and F1 of each class, and what "
    "is\n"
    "taken for what. The runtime itself runs the package, on two threads.\n"
    "\n"
    "  --data DIR           a folder with one sub-folder a class, named by its label: pictures or\n"
    "                       WAV files, as the package takes them\n"
    "  --data FILE.jsonl    one object a line with \"text\" and \"label\"\n"
    "  --data FILE.json     the model.json of a training, or a description of data alone\n"
    "                       (docs/TRAINING.md)\n"
    "  --root FOLDER        where the paths of a description start (default: as it says)\n"
    "  --part NAME          of a description: train, validation or test (default: test)\n"
    "  --labels FILE        class names in class order, one a line (default: the description's,\n"
    "                       else the package's)\n"
    "  --report FILE.html   write a page with the mistakes as the network sees them\n"
    "  --json               figures for machines\n"
    "  --kernels NAME       scalar, simd128 or relaxed (default: the best of this machine)\n"
    "\n"
    "examples:\n"
    "  minnow eval out --data photos\n"
    "  minnow eval out --data model.json --part validation --report mistakes.html\n"
    "  minnow eval out --data intents.jsonl --json\n";

enum {
  OPTION_DATA = 256,
  OPTION_PART,
  OPTION_ROOT,
  OPTION_LABELS,
  OPTION_REPORT,
  OPTION_JSON,
  OPTION_KERNELS
};

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                             {"data", required_argument, NULL, OPTION_DATA},
                                             {"part", required_argument, NULL, OPTION_PART},
                                             {"root", required_argument, NULL, OPTION_ROOT},
                                             {"labels", required_argument, NULL, OPTION_LABELS},
                                             {"report", required_argument, NULL, OPTION_REPORT},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {"kernels", required_argument, NULL, OPTION_KERNELS},
                                             {NULL, 0, NULL, 0}};

typedef struct eval_arguments {
  bool as_json, wants_help;
  const char *folder, *report, *kernels;
  pk_eval_data_options data;
} eval_arguments;

static bool parse(eval_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  pk_options_start();
  while ((option = pk_options_next(argc, argv, ":h", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        return true;
      case OPTION_DATA:
        arguments->data.data = optarg;
        break;
      case OPTION_PART:
        arguments->data.part = optarg;
        break;
      case OPTION_ROOT:
        arguments->data.root = optarg;
        break;
      case OPTION_LABELS:
        arguments->data.labels_file = optarg;
        break;
      case OPTION_REPORT:
        arguments->report = optarg;
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      case OPTION_KERNELS:
        arguments->kernels = optarg;
        break;
      default:
        return false;
    }
  }
  if (argc - optind != 1) return pk_fail(error, PK_USAGE, "one package folder is needed");
  if (!arguments->data.data) {
    return pk_fail(error, PK_USAGE, "examples are needed: name their folder or file with --data");
  }
  arguments->folder = argv[optind];
  return true;
}

static bool write_report(const eval_arguments *arguments, const pk_eval_result *result,
                         const pk_manifest *manifest, pk_eval_data *data, pk_error *error) {
  pk_bytes page = {0};
  const pk_eval_subject subject = {.name = result->name,
                                   .data = result->data,
                                   .evaluation = result->evaluation,
                                   .manifest = manifest,
                                   .set = result->set,
                                   .part = result->part,
                                   .labels = result->labels,
                                   .text_of = pk_eval_data_text,
                                   .user = data};
  bool ok = pk_eval_page(&page, &subject, error);
  if (ok && page.failed) ok = pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the report");
  ok = ok && pk_file_write(arguments->report, page.data, page.size, error);
  pk_bytes_free(&page);
  return ok;
}

static bool judge(const eval_arguments *arguments, const pk_loaded_package *head,
                  pk_eval_data *data, pk_error *error) {
  pk_evaluation evaluation = {0};
  const pk_evaluate_options options = {.folder = arguments->folder,
                                       .kernels = pk_kernels_find(arguments->kernels, error),
                                       .set = data->set,
                                       .part = data->part,
                                       .progress = pk_progress_show};
  bool ok = options.kernels && pk_evaluate(&evaluation, &options, error);
  pk_progress_end();
  if (!ok) return false;
  const pk_eval_result result = {.name = head->manifest.name,
                                 .data = data->title,
                                 .evaluation = &evaluation,
                                 .set = data->set,
                                 .part = data->part,
                                 .labels = data->labels};
  if (arguments->report) ok = write_report(arguments, &result, &head->manifest, data, error);
  if (ok && arguments->as_json) {
    ok = pk_print_json(pk_eval_json(&result)) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the figures");
  } else if (ok) {
    pk_eval_print(&result);
  }
  pk_evaluation_deinit(&evaluation);
  return ok;
}

static bool evaluate(const eval_arguments *arguments, pk_error *error) {
  pk_loaded_package head = {0};
  pk_eval_data data = {0};
  pk_eval_data_options options = arguments->data;
  bool ok = pk_package_load_head(&head, arguments->folder, error);
  if (ok && !pk_has_class_scores(&head.manifest)) {
    ok = pk_fail(error, PK_USAGE, "%s gives tensors, not class scores: only classifiers are judged",
                 head.manifest.name);
  }
  if (ok) {
    const pk_manifest_tensor *scores = &head.manifest.outputs[0];
    options.classes = (size_t)scores->dims[scores->rank - 1];
  }
  ok = ok && pk_eval_data_open(&data, &options, &head, error) &&
       judge(arguments, &head, &data, error);
  pk_eval_data_close(&data);
  pk_package_unload(&head);
  return ok;
}

int pk_command_eval(int argc, char **argv) {
  eval_arguments arguments = {0};
  pk_error error = {0};
  const bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  if (ok && evaluate(&arguments, &error)) return PK_OK;
  return pk_tell_error(&error, "eval", arguments.as_json);
}
