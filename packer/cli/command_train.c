#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"
#include "../package/package_folder.h"
#include "../train/pack_trained.h"
#include "../train/train_run.h"
#include "cli_common.h"

static const char help[] =
    "minnow train: train a model from its description and pack it\n"
    "\n"
    "usage: minnow train FOLDER [options]\n"
    "\n"
    "FOLDER holds model.json (docs/TRAINING.md): network, data, how to learn, how to pack. The\n"
    "package goes to FOLDER/package, what is known of it to FOLDER/card.json. A training that was\n"
    "interrupted goes on where it stood; the weights are the same as without the interruption.\n"
    "\n"
    "  -o, --output FOLDER   where package and card.json go instead\n"
    "  --work FOLDER         for checkpoint, log and float32 weights (default: FOLDER/.training)\n"
    "  --data FOLDER         that the paths of the recipe's data start from\n"
    "  --restart             forget an earlier training in the work folder\n"
    "  --epochs N            stop after N more epochs, to go on another time\n"
    "  --no-pack             train only\n"
    "  --trained FILE        pack a trained file instead of training\n"
    "  --json                print what came of it as JSON\n"
    "\n"
    "examples:\n"
    "  minnow train models/sign_digits\n"
    "  minnow train models/intents --data ~/corpora --restart\n";

static const char distill_help[] =
    "minnow distill: train a model from what larger ones say, and pack it\n"
    "\n"
    "usage: minnow distill FOLDER [--teacher FILE]… [options]\n"
    "\n"
    "As minnow train, with the teachers' softened class scores beside the labels (Hinton et al.\n"
    "2015). Several teachers are averaged.\n"
    "\n"
    "  --teacher FILE        a model with the same inputs and classes: what minnow train left\n"
    "                        (.training/model.safetensors), .onnx or .tflite in float32\n"
    "                        (default: \"distill\".\"teachers\" of model.json)\n"
    "  -o, --output, --work, --data, --restart, --epochs, --no-pack, --json: as minnow train\n"
    "\n"
    "examples:\n"
    "  minnow distill models/doodles --teacher large/.training/model.safetensors\n";

enum { MAX_TEACHERS = 16 };

enum {
  OPTION_WORK = 256,
  OPTION_DATA,
  OPTION_RESTART,
  OPTION_EPOCHS,
  OPTION_NO_PACK,
  OPTION_TRAINED,
  OPTION_TEACHER,
  OPTION_JSON
};

static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                             {"help", no_argument, NULL, 'h'},
                                             {"work", required_argument, NULL, OPTION_WORK},
                                             {"data", required_argument, NULL, OPTION_DATA},
                                             {"restart", no_argument, NULL, OPTION_RESTART},
                                             {"epochs", required_argument, NULL, OPTION_EPOCHS},
                                             {"no-pack", no_argument, NULL, OPTION_NO_PACK},
                                             {"trained", required_argument, NULL, OPTION_TRAINED},
                                             {"teacher", required_argument, NULL, OPTION_TEACHER},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {NULL, 0, NULL, 0}};

typedef struct train_arguments {
  const char *folder, *output, *work, *data, *trained;
  bool restarts, packs, as_json, wants_help;
  size_t epochs;
  bool distills;
  const char *teachers[MAX_TEACHERS];
  size_t teacher_count;
} train_arguments;

static bool parse(train_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  arguments->packs = true;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":ho:", long_options, error)) != -1) {
    switch (option) {
      case 'o':
        arguments->output = optarg;
        break;
      case 'h':
        arguments->wants_help = true;
        break;
      case OPTION_WORK:
        arguments->work = optarg;
        break;
      case OPTION_DATA:
        arguments->data = optarg;
        break;
      case OPTION_RESTART:
        arguments->restarts = true;
        break;
      case OPTION_EPOCHS:
        ok = pk_parse_size(&arguments->epochs, optarg, "epochs", 1, 1000000, error);
        break;
      case OPTION_NO_PACK:
        arguments->packs = false;
        break;
      case OPTION_TRAINED:
        arguments->trained = optarg;
        break;
      case OPTION_TEACHER:
        if (!arguments->distills) {
          return pk_fail(error, PK_USAGE, "--teacher belongs to minnow distill");
        }
        if (arguments->teacher_count == MAX_TEACHERS) {
          return pk_fail(error, PK_USAGE, "at most %d teachers", MAX_TEACHERS);
        }
        arguments->teachers[arguments->teacher_count++] = optarg;
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
  arguments->folder = argv[optind];
  return true;
}

static double percent(const pk_train_score *score) {
  return score->count ? 100.0 * (double)score->right / (double)score->count : 0.0;
}

static void print_summary(const train_arguments *arguments, const pk_train_result *result,
                          const pk_packed_model *packed, double seconds) {
  const pk_shard_totals totals = pk_manifest_shard_totals(&packed->package.manifest);
  const bool is_packed = arguments->packs && result->is_complete;
  if (arguments->as_json) {
    pk_print_json(json_pack(
        "{s:s, s:I, s:b, s:f, s:f, s:I, s:o*, s:o*, s:f}", "folder", arguments->folder, "epochs",
        (json_int_t)result->epochs_done, "complete", result->is_complete, "validation",
        percent(&result->validation), "test", percent(&result->test), "testExamples",
        (json_int_t)result->test.count, "channels",
        result->channels > 0 ? json_pack("{s:I, s:I}", "gone", (json_int_t)result->channels_gone,
                                         "all", (json_int_t)result->channels)
                             : NULL,
        "packed",
        is_packed
            ? json_pack("{s:f, s:f, s:f, s:f, s:b, s:I, s:I, s:I}", "accuracy", packed->accuracy,
                        "floatAccuracy", packed->float_accuracy, "agreement", packed->agreement,
                        "bits", packed->report.trials.items[packed->report.trials.chosen].bits,
                        "refined", packed->report.refinement.is_kept, "br", (json_int_t)totals.br,
                        "plain", (json_int_t)totals.plain, "weights",
                        (json_int_t)packed->report.weight_count)
            : NULL,
        "seconds", seconds));
    return;
  }
  printf("%s: %zu epochs in %.0f s\n", arguments->folder, result->epochs_done, seconds);
  if (result->channels > 0) {
    printf("  pruned   %zu of %zu channels\n", result->channels_gone, result->channels);
  }
  if (!result->is_complete) {
    printf("  not complete yet; the same command goes on\n");
    return;
  }
  printf("  float32  validation %.2f %% of %zu, test %.2f %% of %zu\n",
         percent(&result->validation), result->validation.count, percent(&result->test),
         result->test.count);
  if (is_packed) {
    printf("  packed   test %.2f %% (before %.2f %%), %s brotli, %zu weights\n", packed->accuracy,
           packed->float_accuracy, pk_format_size(totals.br).text, packed->report.weight_count);
    for (size_t i = 0; i < packed->report.trials.count; i++) {
      const pk_trial *trial = &packed->report.trials.items[i];
      printf("  trial    %.2f bits, %s, drop %.2f points%s\n", trial->bits,
             pk_format_size(trial->package_bytes).text, trial->quality.drop,
             i == packed->report.trials.chosen ? "  <- taken" : "");
    }
  }
}

// Trains, or takes what was trained before (--trained).
static bool get_trained(pk_train_result *result, pk_train_session *session,
                        const train_arguments *arguments, pk_error *error) {
  char *own_work =
      pk_path_join(arguments->folder, arguments->distills ? ".distilling" : ".training", error);
  const pk_train_options options = {.work_folder = arguments->work ? arguments->work : own_work,
                                    .restarts = arguments->restarts,
                                    .most_epochs = arguments->epochs,
                                    .progress = pk_progress_show};
  bool ok = own_work != NULL;
  if (ok && arguments->trained) {
    *result = (pk_train_result){.is_complete = true, .file = strdup(arguments->trained)};
    ok = result->file || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a path");
  } else if (ok) {
    ok = pk_train_run(result, session, &options, error);
  }
  free(own_work);
  return ok;
}

static bool store(const pk_packed_model *packed, const pk_recipe *recipe, const char *output,
                  const train_arguments *arguments, pk_error *error) {
  char *package = pk_path_join(output, "package", error);
  const bool was_signed = package && pk_package_has_signature(package);
  const bool ok = package && pk_packed_model_store(packed, recipe, output, error);
  if (ok) {
    pk_tell_signature_gone(was_signed, arguments->distills ? "distill" : "train", package);
  }
  free(package);
  return ok;
}

// The session is large and must not move: it stands still here.
static bool train(const train_arguments *arguments, pk_recipe *recipe, pk_error *error) {
  static pk_train_session session;
  pk_train_result result = {0};
  pk_packed_model packed = {0};
  pk_lesson_plan plan = {0};
  const double start = pk_now_ms();
  bool ok = (!arguments->distills || pk_lesson_plan_read(&plan, recipe, arguments->teachers,
                                                         arguments->teacher_count, error)) &&
            pk_train_session_init(&session, recipe, &plan, error) &&
            get_trained(&result, &session, arguments, error);
  if (ok && result.is_complete && arguments->packs) {
    const char *output = arguments->output ? arguments->output : arguments->folder;
    ok = pk_pack_trained(&packed, result.file, recipe, session.data, PK_DATA_TEST, pk_progress_show,
                         error) &&
         store(&packed, recipe, output, arguments, error);
  }
  pk_progress_end();
  if (ok) print_summary(arguments, &result, &packed, (pk_now_ms() - start) / 1e3);
  pk_packed_model_free(&packed);
  pk_train_result_free(&result);
  pk_train_session_deinit(&session);
  pk_lesson_plan_free(&plan);
  return ok;
}

static int run(int argc, char **argv, bool distills) {
  train_arguments arguments = {.distills = distills};
  pk_recipe recipe = {0};
  pk_error error = {0};
  bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(distills ? distill_help : help, stdout);
    return PK_OK;
  }
  ok = ok && pk_recipe_read(&recipe, arguments.folder, arguments.data, &error) &&
       train(&arguments, &recipe, &error);
  pk_recipe_free(&recipe);
  return ok ? PK_OK : pk_tell_error(&error, distills ? "distill" : "train", arguments.as_json);
}

int pk_command_train(int argc, char **argv) {
  return run(argc, argv, false);
}

int pk_command_distill(int argc, char **argv) {
  return run(argc, argv, true);
}
