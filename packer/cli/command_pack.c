#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../encode/package_writer.h"
#include "../package/file_io.h"
#include "../package/package_folder.h"
#include "activation_arguments.h"
#include "cli_common.h"
#include "metadata_labels.h"
#include "model_file.h"
#include "pack_calibration.h"
#include "pack_split.h"
#include "prune_arguments.h"

static const char help[] =
    "minnow pack: turn a model into a package for the web\n"
    "\n"
    "usage: minnow pack MODEL -o FOLDER [options]\n"
    "\n"
    "  -o, --output FOLDER   where to write; new, empty, or an older package to replace,\n"
    "                        whose manifest.sig goes: sign the new one with minnow sign\n"
    "  --labels FILE         class names, one a line (default: MODEL with .labels.txt for its\n"
    "                        ending where there is such a file, else the list that the model file\n"
    "                        itself carries as TFLite metadata)\n"
    "  --name NAME           name in the manifest (default: the file's name)\n"
    "  --crop FRACTION       share of the picture's middle that the model sees (default: 1)\n"
    "  --image-range LO,HI   what black and white become in a float32 picture (default: -1,1)\n"
    "  --frontend FILE       JSON that tells how pictures, sound or text become the inputs and "
    "what\n"
    "                        the outputs mean: fields inputs, task, detection, segmentation,\n"
    "                        embedding as in the manifest (docs/FORMAT.md)\n"
    "  --vocabulary FILE     tokens, one a line, for a front end that reads text\n"
    "  --shard-size BYTES    target size of a shard, 8k to 16M (default: 256k)\n"
    "  --split N             cut the model into N parts that load and run one after the other, "
    "for\n"
    "                        devices with little memory: part-0, part-1, … in FOLDER\n"
    "  --shape NAME=N,N,…    shape of an input that an ONNX model leaves open\n"
    "  --dim NAME=N          size of all of its dimensions of that name (default: 1 for the first\n"
    "                        dimension of an input, the batch)\n"
    "  --const NAME=N,…      makes an input of an ONNX model a constant\n"
    "  --prototxt FILE       Caffe's deploy.prototxt of a MODEL.net with weights by Deep "
    "Compression\n"
    "                        (default: the only .prototxt beside it)\n"
    "  --json                print what was written as JSON\n"
    "\n"
    "make a float model smaller, without samples:\n"
    "  --weights TYPE        rounds weights to float16 (half the bytes), to int8 or int4 of a "
    "step\n"
    "                        for each output channel; activations stay float32\n"
    "  --weights-in-memory TYPE\n"
    "                        float32 (the default): int8 weights of operators that compute in "
    "float32\n"
    "                        become so when they are read, and runs take no longer; int8: at each "
    "run,\n"
    "                        in a quarter of the memory\n"
    "\n"
    "make it smaller, with samples:\n"
    "  --calibrate FOLDER    pictures (or .bin files with the bytes of the inputs) like those "
    "that\n"
    "                        the model will see, a hundred or more; not those you judge it with\n"
    "  --max-drop POINTS     how much accuracy may be lost (default: 1). Files named after "
    "classes\n"
    "                        (id_class_name.jpg, with --labels) count as labelled; without labels\n"
    "                        the answers are compared with the model's own\n"
    "  --target-size BYTES   the size to reach instead, as 1.2M or 900k\n"
    "  --target-latency MS   removes channels of a float model, those of least damage, until a "
    "run\n"
    "                        takes no longer on this machine, on one thread\n"
    "  --activations TYPE    of a float model: int8 (fast and small, the default), float32, where\n"
    "                        only weights are compressed, or mixed: int8, but float32 where that\n"
    "                        helps the answers most, until rounded activations move the outputs "
    "by\n"
    "                        2 % of how far they move from sample to sample (mixed:N, N %)\n"
    "  --weights TYPE        steps: each layer's weights become multiples of its own step (the\n"
    "                        default); shared: they share a few values, by k-means; either: what\n"
    "                        costs the layer least\n"
    "  --refine STEPS        trains the weights that were chosen, by so many steps of 32 samples,\n"
    "                        to answer as the model itself; kept where samples that it did not\n"
    "                        learn from say that it is better\n"
    "  --prune SHARE         makes that share of the weights 0, as 60% or 0.6: those of least "
    "damage\n"
    "                        of all convolutions and fully connected operators but the first; the\n"
    "                        others make up for them\n"
    "  --prune-by RULE       obs (damage that the others cannot make up for, the default),\n"
    "                        sensitivity (damage alone) or magnitude\n"
    "  --prune-block N       prunes N consecutive output channels of a product together, 2 to 16\n"
    "  --prune-channels SHARE\n"
    "                        removes that share of the channels of a float model, which makes it\n"
    "                        faster as well: those of least damage\n"
    "  --seed NUMBER         of what is drawn at random (default: 1)\n"
    "  --report FILE         writes what was done as a page: layers, trials, changed answers\n"
    "  --resume FILE         remembers the search's trials there; where the file exists the "
    "search\n"
    "                        goes on from it\n"
    "\n"
    "examples:\n"
    "  minnow pack mobilenet_v2.tflite -o out --labels imagenet_labels.txt\n"
    "  minnow pack model.tflite -o out --shard-size 512k --crop 0.875\n"
    "  minnow pack selfie_segmentation.tflite -o out --image-range 0,1\n"
    "  minnow pack keywords.tflite -o out --frontend mfcc.json --labels words.txt\n"
    "  minnow pack mobilenet_v2.tflite -o out --labels labels.txt --calibrate photos --max-drop "
    "1\n"
    "  minnow pack whisper_encoder.onnx -o out --weights float16\n"
    "  minnow pack silero_vad.onnx -o out --shape input=1,512 --const sr=16000\n"
    "  minnow pack compressed_SqueezeNet.net -o out --frontend caffe.json\n";

enum {
  OPTION_LABELS = 256,
  OPTION_NAME,
  OPTION_CROP,
  OPTION_IMAGE_RANGE,
  OPTION_FRONTEND,
  OPTION_VOCABULARY,
  OPTION_SHARD_SIZE,
  OPTION_SPLIT,
  OPTION_SHAPE,
  OPTION_DIM,
  OPTION_CONST,
  OPTION_PROTOTXT,
  OPTION_JSON,
  OPTION_CALIBRATE,
  OPTION_MAX_DROP,
  OPTION_TARGET_SIZE,
  OPTION_TARGET_LATENCY,
  OPTION_SEED,
  OPTION_ACTIVATIONS,
  OPTION_WEIGHTS,
  OPTION_WEIGHTS_IN_MEMORY,
  OPTION_RESUME,
  OPTION_REPORT,
  OPTION_REFINE,
  OPTION_PRUNE,
  OPTION_PRUNE_BY,
  OPTION_PRUNE_BLOCK,
  OPTION_PRUNE_CHANNELS
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {"labels", required_argument, NULL, OPTION_LABELS},
    {"name", required_argument, NULL, OPTION_NAME},
    {"crop", required_argument, NULL, OPTION_CROP},
    {"image-range", required_argument, NULL, OPTION_IMAGE_RANGE},
    {"frontend", required_argument, NULL, OPTION_FRONTEND},
    {"vocabulary", required_argument, NULL, OPTION_VOCABULARY},
    {"shard-size", required_argument, NULL, OPTION_SHARD_SIZE},
    {"split", required_argument, NULL, OPTION_SPLIT},
    {"shape", required_argument, NULL, OPTION_SHAPE},
    {"dim", required_argument, NULL, OPTION_DIM},
    {"const", required_argument, NULL, OPTION_CONST},
    {"prototxt", required_argument, NULL, OPTION_PROTOTXT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"calibrate", required_argument, NULL, OPTION_CALIBRATE},
    {"max-drop", required_argument, NULL, OPTION_MAX_DROP},
    {"target-size", required_argument, NULL, OPTION_TARGET_SIZE},
    {"target-latency", required_argument, NULL, OPTION_TARGET_LATENCY},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"activations", required_argument, NULL, OPTION_ACTIVATIONS},
    {"weights", required_argument, NULL, OPTION_WEIGHTS},
    {"weights-in-memory", required_argument, NULL, OPTION_WEIGHTS_IN_MEMORY},
    {"resume", required_argument, NULL, OPTION_RESUME},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"refine", required_argument, NULL, OPTION_REFINE},
    {"prune", required_argument, NULL, OPTION_PRUNE},
    {"prune-by", required_argument, NULL, OPTION_PRUNE_BY},
    {"prune-block", required_argument, NULL, OPTION_PRUNE_BLOCK},
    {"prune-channels", required_argument, NULL, OPTION_PRUNE_CHANNELS},
    {NULL, 0, NULL, 0}};

typedef struct pack_arguments {
  const char *model, *folder;
  bool as_json, wants_help;
  size_t part_count;  // 0: the model stays whole
  pk_pack_options options;
  pk_calibration calibration;
} pack_arguments;

static bool parse_weights_in_memory(pk_model_options *options, const char *text, pk_error *error) {
  static const char *const names[] = {"float32", "int8", NULL};
  size_t place;
  if (!pk_parse_name(&place, text, "weights-in-memory", names, error)) return false;
  options->keeps_int8 = place == 1;
  return true;
}

// Options that concern calibration; '?' values never come here.
static bool parse_calibration(pk_calibration *calibration, int option, pk_error *error) {
  size_t seed = 0;
  bool ok = true;
  switch (option) {
    case OPTION_CALIBRATE:
      calibration->options.folder = optarg;
      return true;
    case OPTION_MAX_DROP:
      return pk_parse_points(&calibration->options.max_drop, optarg, "max-drop", error);
    case OPTION_TARGET_SIZE:
      return pk_parse_bytes(&calibration->options.target_bytes, optarg, "target-size", error);
    case OPTION_TARGET_LATENCY:
      return pk_parse_milliseconds(&calibration->options.target_ms, optarg, "target-latency",
                                   error);
    case OPTION_REPORT:
      calibration->report_file = optarg;
      calibration->options.measures_layers = true;
      return true;
    case OPTION_REFINE:
      return pk_parse_size(&calibration->refinement.steps, optarg, "refine", 1, 1000000, error);
    case OPTION_RESUME:
      calibration->options.journal_file = optarg;
      return true;
    case OPTION_ACTIVATIONS:
      return pk_parse_activations(&calibration->options, optarg, error);
    case OPTION_WEIGHTS:
      return pk_parse_weights(&calibration->weights, optarg, error);
    case OPTION_PRUNE:
      return pk_parse_prune(&calibration->options.prune, "prune", optarg, error);
    case OPTION_PRUNE_BY:
      return pk_parse_prune(&calibration->options.prune, "prune-by", optarg, error);
    case OPTION_PRUNE_BLOCK:
      return pk_parse_prune(&calibration->options.prune, "prune-block", optarg, error);
    case OPTION_PRUNE_CHANNELS:
      return pk_parse_prune(&calibration->options.prune, "prune-channels", optarg, error);
    default:
      ok = pk_parse_size(&seed, optarg, "seed", 0, INT32_MAX, error);
      calibration->options.seed = seed;
      return ok;
  }
}

static bool parse(pack_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  arguments->calibration.options.seed = 1;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":ho:", long_options, error)) != -1) {
    switch (option) {
      case 'o':
        arguments->folder = optarg;
        break;
      case 'h':
        arguments->wants_help = true;
        break;
      case OPTION_LABELS:
        arguments->options.labels_file = optarg;
        break;
      case OPTION_NAME:
        arguments->options.name = optarg;
        break;
      case OPTION_CROP:
        ok = pk_parse_fraction(&arguments->options.crop, optarg, "crop", error);
        break;
      case OPTION_IMAGE_RANGE:
        ok = pk_parse_range(&arguments->options.image_low, &arguments->options.image_high, optarg,
                            "image-range", error);
        break;
      case OPTION_FRONTEND:
        arguments->options.frontend_file = optarg;
        break;
      case OPTION_VOCABULARY:
        arguments->options.vocabulary_file = optarg;
        break;
      case OPTION_SHARD_SIZE:
        ok = pk_parse_size(&arguments->options.shard_bytes, optarg, "shard-size",
                           PK_SHARD_BYTES_MIN, PK_SHARD_BYTES_MAX, error);
        break;
      case OPTION_SPLIT:
        ok = pk_parse_size(&arguments->part_count, optarg, "split", 2, PK_MAX_PARTS, error);
        break;
      case OPTION_SHAPE:
        ok = pk_binding_add(&arguments->calibration.inputs.shapes, optarg, "shape", error);
        break;
      case OPTION_DIM:
        ok = pk_binding_add(&arguments->calibration.inputs.dims, optarg, "dim", error);
        break;
      case OPTION_CONST:
        ok = pk_binding_add(&arguments->calibration.inputs.constants, optarg, "const", error);
        break;
      case OPTION_PROTOTXT:
        arguments->calibration.inputs.prototxt = optarg;
        break;
      case OPTION_WEIGHTS_IN_MEMORY:
        ok = parse_weights_in_memory(&arguments->calibration.inputs, optarg, error);
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      case OPTION_CALIBRATE:
      case OPTION_MAX_DROP:
      case OPTION_TARGET_SIZE:
      case OPTION_TARGET_LATENCY:
      case OPTION_SEED:
      case OPTION_ACTIVATIONS:
      case OPTION_WEIGHTS:
      case OPTION_REFINE:
      case OPTION_RESUME:
      case OPTION_REPORT:
      case OPTION_PRUNE:
      case OPTION_PRUNE_BY:
      case OPTION_PRUNE_BLOCK:
      case OPTION_PRUNE_CHANNELS:
        ok = parse_calibration(&arguments->calibration, option, error);
        break;
      default:
        return false;
    }
  }
  if (!ok || arguments->wants_help) return ok;
  if (optind + 1 != argc) {
    pk_fail(error, PK_USAGE, "one model file is needed");
  } else if (!arguments->folder) {
    pk_fail(error, PK_USAGE, "-o FOLDER is needed");
  } else {
    arguments->model = argv[optind];
  }
  return arguments->model != NULL && pk_calibration_check(&arguments->calibration, error);
}

// "<model without ending>.labels.txt" where that file exists; NULL otherwise. To be freed.
static char *find_labels(const char *model) {
  const char *dot = strrchr(pk_path_base(model), '.');
  const size_t stem = dot ? (size_t)(dot - model) : strlen(model);
  const char ending[] = ".labels.txt";
  struct stat status;
  char *path = malloc(stem + sizeof ending);
  if (!path) return NULL;
  memcpy(path, model, stem);
  memcpy(path + stem, ending, sizeof ending);
  if (stat(path, &status) == 0) return path;
  free(path);
  return NULL;
}

static void print_summary(const pk_manifest *manifest, const pack_arguments *arguments,
                          double seconds) {
  const pk_shard_totals totals = pk_manifest_shard_totals(manifest);
  if (arguments->as_json) {
    pk_print_json(json_pack(
        "{s:s, s:s, s:s, s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:b, s:o*, s:o*, s:f}", "model",
        manifest->name, "folder", arguments->folder, "task", pk_task_name(manifest->task), "shards",
        (json_int_t)manifest->shard_count, "bytes", "plain", (json_int_t)totals.plain, "br",
        (json_int_t)totals.br, "gzip", (json_int_t)totals.gzip, "memory", "weights",
        (json_int_t)manifest->weight_bytes, "activations", (json_int_t)manifest->activation_bytes,
        "staging", (json_int_t)manifest->staging_bytes, "labels", manifest->has_labels,
        "calibration", pk_calibration_json(&arguments->calibration), "rounded",
        pk_plain_json(&arguments->calibration.plain, arguments->calibration.weights.plain),
        "seconds", seconds));
    return;
  }
  printf("%s: %s\n", arguments->folder, manifest->name);
  printf("  shards   %zu files, %s (br %s, gzip %s)\n", manifest->shard_count,
         pk_format_size(totals.plain).text, pk_format_size(totals.br).text,
         pk_format_size(totals.gzip).text);
  printf("  memory   weights %s, activations %s\n", pk_format_size(manifest->weight_bytes).text,
         pk_format_size(manifest->activation_bytes).text);
  printf("  task     %s%s\n", pk_task_name(manifest->task),
         manifest->has_labels ? ", with labels" : "");
  pk_calibration_print(&arguments->calibration);
  printf("  packed in %.1f s, checked by reading back\n", seconds);
}

static bool pack(pack_arguments *arguments, pk_error *error) {
  pk_lowered_graph graph = {0};
  pk_package package = {0};
  pk_bytes own_labels = {0};
  const double start = pk_now_ms();
  char *found_labels = arguments->options.labels_file ? NULL : find_labels(arguments->model);
  if (found_labels) arguments->options.labels_file = found_labels;
  pk_metadata_labels_read(&own_labels, arguments->model);
  arguments->options.own_labels = &own_labels;
  arguments->options.progress = pk_progress_show;
  const pk_pack_split_options split = {arguments->part_count, arguments->folder, arguments->as_json,
                                       start};
  const bool is_split = split.part_count > 0;
  const bool was_signed = pk_package_has_signature(arguments->folder);
  bool ok = pk_calibration_read(&graph, arguments->model, &arguments->calibration,
                                &arguments->options, error);
  if (ok && is_split) {
    ok = pk_pack_split(&graph, &split, &arguments->options, &arguments->calibration, error);
  } else if (ok) {
    // The folder is looked at first: nobody likes to wait for a refusal.
    ok = pk_package_folder_prepare(arguments->folder, error) &&
         pk_package_encode(&package, &graph, &arguments->options, error) &&
         pk_package_store(&package, arguments->folder, error);
  }
  ok = ok &&
       pk_calibration_write_report(&arguments->calibration, graph.name,
                                   is_split ? NULL : &package.manifest, &arguments->options, error);
  pk_progress_end();
  if (ok && !is_split) print_summary(&package.manifest, arguments, (pk_now_ms() - start) / 1e3);
  if (ok) pk_tell_signature_gone(was_signed, "pack", arguments->folder);
  pk_package_free(&package);
  pk_bytes_free(&own_labels);
  arguments->options.own_labels = NULL;
  pk_lowered_graph_free(&graph);
  pk_compress_report_free(&arguments->calibration.report);
  free(found_labels);
  return ok;
}

int pk_command_pack(int argc, char **argv) {
  pack_arguments arguments = {0};
  pk_error error = {0};
  const bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  if (ok && pack(&arguments, &error)) return PK_OK;
  return pk_tell_error(&error, "pack", arguments.as_json);
}
