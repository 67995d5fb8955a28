#include <stdlib.h>
#include <string.h>

#include "../package/class_scores.h"
#include "../package/file_io.h"
#include "../package/package_chain.h"
#include "../package/real_value.h"
#include "../picture/picture_file.h"
#include "cli_common.h"
#include "run_frontend.h"

static const char help[] =
    "minnow run: recognise pictures, sounds and texts, or run tensors through a package\n"
    "\n"
    "usage: minnow run FOLDER IMAGE… [options]\n"
    "       minnow run FOLDER SOUND.wav… [options]\n"
    "       minnow run FOLDER --text TEXT… [options]\n"
    "       minnow run FOLDER --raw INPUT.bin… [--output OUTPUT.bin] [options]\n"
    "\n"
    "Pictures are JPEG, PNG or BMP files. The scores of a sound that takes several windows are\n"
    "their means. With --raw each file holds the bytes of all input "
    "tensors\n"
    "behind each other, once or many times: that many runs.\n"
    "\n"
    "  --top N            how many classes to show (default: 5)\n"
    "  --json             one object for a single run, an array for several\n"
    "  --text TEXT        a text, for packages that take texts; may be given again\n"
    "  --raw              the files are tensors' bytes\n"
    "  --output FILE      write the bytes of the output tensors of all runs behind each other\n"
    "  --save-input FILE  write the input tensors that they became behind each other, for\n"
    "                     another program or --raw\n"
    "  --kernels NAME     scalar, simd128 or relaxed (default: the best of this machine)\n"
    "  --threads N        threads to run on (default: 1)\n"
    "\n"
    "examples:\n"
    "  minnow run out photo.jpg --top 3\n"
    "  minnow run out photos/*.jpg --json\n"
    "  minnow run words yes.wav\n"
    "  minnow run intents --text \"book a table for two\"\n"
    "  minnow run out --raw input.bin --output output.bin\n";

enum {
  OPTION_TOP = 256,
  OPTION_JSON,
  OPTION_RAW,
  OPTION_OUTPUT,
  OPTION_SAVE_INPUT,
  OPTION_KERNELS,
  OPTION_THREADS,
  OPTION_TEXT,
  MAX_TOP = 1000
};
enum { MAX_RAW_BYTES = 1 << 30 };

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"top", required_argument, NULL, OPTION_TOP},
    {"json", no_argument, NULL, OPTION_JSON},
    {"raw", no_argument, NULL, OPTION_RAW},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"save-input", required_argument, NULL, OPTION_SAVE_INPUT},
    {"kernels", required_argument, NULL, OPTION_KERNELS},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"text", required_argument, NULL, OPTION_TEXT},
    {NULL, 0, NULL, 0}};

typedef struct run_arguments {
  bool as_json, is_raw, wants_help;
  size_t top, threads;
  const char *folder, *output, *save_input, *kernels;
  char **files;  // or texts
  size_t file_count;
  char **texts;  // with room for all arguments
  size_t text_count;
} run_arguments;

// What a run is given.
typedef enum run_kind { RUN_PICTURE, RUN_SOUND, RUN_TEXT, RUN_RAW } run_kind;
static const char *const kind_names[] = {"image", "sound", "text", "input"};

typedef struct runner {
  const run_arguments *arguments;
  pk_chain chain;
  pk_bytes output, input;  // of all runs, where they are asked for
  json_t *results;
  bool shows_scores;
  run_kind kind;
  pk_text_frontend frontend;
  // Of a sound: the sum of its windows' scores.
  double *sums;
  size_t windows;
  double ms;
} runner;

static bool parse(run_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  arguments->top = 5;
  arguments->threads = 1;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":h", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        break;
      case OPTION_TOP:
        ok = pk_parse_size(&arguments->top, optarg, "top", 1, MAX_TOP, error);
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      case OPTION_RAW:
        arguments->is_raw = true;
        break;
      case OPTION_OUTPUT:
        arguments->output = optarg;
        break;
      case OPTION_SAVE_INPUT:
        arguments->save_input = optarg;
        break;
      case OPTION_KERNELS:
        arguments->kernels = optarg;
        break;
      case OPTION_TEXT:
        arguments->texts[arguments->text_count++] = optarg;
        break;
      case OPTION_THREADS:
        ok = pk_parse_size(&arguments->threads, optarg, "threads", 1, PK_MAX_THREADS, error);
        break;
      default:
        return false;
    }
  }
  if (!ok || arguments->wants_help) return ok;
  const bool has_texts = arguments->text_count > 0;
  if (argc - optind < (has_texts ? 1 : 2)) {
    return pk_fail(error, PK_USAGE, "a package folder and at least one %s are needed",
                   arguments->is_raw ? "tensor file" : "picture, sound or --text");
  }
  if (has_texts && (arguments->is_raw || argc - optind > 1)) {
    return pk_fail(error, PK_USAGE, "--text and files exclude each other");
  }
  if (arguments->is_raw && arguments->save_input) {
    return pk_fail(error, PK_USAGE,
                   "--save-input is for what becomes tensors; with --raw the inputs are files "
                   "already");
  }
  arguments->folder = argv[optind];
  arguments->files = has_texts ? arguments->texts : argv + optind + 1;
  arguments->file_count = has_texts ? arguments->text_count : (size_t)(argc - optind - 1);
  return true;
}

static void print_top(const runner *r, const char *file, size_t run, const pk_class_score *top,
                      size_t count, double ms) {
  char text[32];
  printf("%s", file);
  if (run > 0) printf(" #%zu", run);
  printf("  (%.1f ms)\n", ms);
  for (size_t i = 0; i < count; i++) {
    printf("  %8.4f  %5zu  %s\n", top[i].score, top[i].index,
           pk_class_label(&r->chain.whole, top[i].index, text, sizeof text));
  }
}

static json_t *result_json(const runner *r, const char *file, size_t run, const pk_class_score *top,
                           size_t count, double ms) {
  char text[32];
  json_t *classes = json_array();
  json_t *name = json_string(r->kind == RUN_TEXT ? file : pk_path_base(file));
  for (size_t i = 0; i < count; i++) {
    const char *label = pk_class_label(&r->chain.whole, top[i].index, text, sizeof text);
    json_array_append_new(classes, json_pack("{s:I, s:s, s:f}", "index", (json_int_t)top[i].index,
                                             "label", label, "score", top[i].score));
  }
  json_t *result = json_pack("{s:s, s:o}", "model", r->chain.whole.manifest.name,
                             kind_names[r->kind], name ? name : json_null());
  if (r->arguments->is_raw) json_object_set_new(result, "run", json_integer((json_int_t)run));
  if (r->shows_scores) {
    json_object_set_new(result, "top", classes);
  } else {
    json_decref(classes);
  }
  json_object_set_new(result, "ms", json_real(ms));
  return result;
}

// Runs what stands in the inputs and keeps the bytes that are asked for.
static bool execute(runner *r, pk_error *error) {
  const pk_manifest *manifest = &r->chain.whole.manifest;
  for (size_t i = 0; r->arguments->save_input && i < manifest->input_count; i++) {
    pk_bytes_append(&r->input, pk_chain_input(&r->chain, i), pk_chain_input_bytes(&r->chain, i));
  }
  const double start = pk_now_ms();
  if (!pk_chain_run(&r->chain, error)) return false;
  r->ms += pk_now_ms() - start;
  for (size_t i = 0; r->arguments->output && i < manifest->output_count; i++) {
    size_t size_bytes;
    const void *bytes = pk_chain_output(&r->chain, i, &size_bytes);
    pk_bytes_append(&r->output, bytes, size_bytes);
  }
  return !(r->output.failed || r->input.failed) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the tensors");
}

// Tells the best of the scores.
static void tell(runner *r, const char *file, size_t run, const pk_manifest_tensor *tensor,
                 const void *scores) {
  pk_class_score top[MAX_TOP];
  const size_t count = r->shows_scores ? pk_top_classes(top, r->arguments->top, tensor, scores) : 0;
  if (r->arguments->as_json) {
    json_array_append_new(r->results, result_json(r, file, run, top, count, r->ms));
  } else if (r->shows_scores) {
    print_top(r, file, run, top, count, r->ms);
  }
  r->ms = 0.0;
}

static bool run_once(runner *r, const char *file, size_t run, pk_error *error) {
  size_t size_bytes;
  if (!execute(r, error)) return false;
  tell(r, file, run, &r->chain.whole.manifest.outputs[0],
       pk_chain_output(&r->chain, 0, &size_bytes));
  return true;
}

static bool run_picture(runner *r, const char *file, pk_error *error) {
  pk_picture picture;
  if (!pk_picture_read(&picture, file, error)) return false;
  const bool ok = pk_picture_to_input(pk_chain_input(&r->chain, 0),
                                      &r->chain.whole.manifest.inputs[0], &picture, file, error);
  pk_picture_free(&picture);
  return ok && run_once(r, file, 0, error);
}

static bool run_text(runner *r, const char *text, pk_error *error) {
  return pk_text_frontend_fill(&r->frontend, &r->chain, text, error) && run_once(r, text, 0, error);
}

// A window of a sound is in the inputs.
static bool add_window(void *user, pk_error *error) {
  runner *r = user;
  const pk_manifest_tensor *tensor = &r->chain.whole.manifest.outputs[0];
  size_t size_bytes;
  if (!execute(r, error)) return false;
  const void *scores = pk_chain_output(&r->chain, 0, &size_bytes);
  for (size_t i = 0; r->sums && i < pk_manifest_tensor_elements(tensor); i++) {
    r->sums[i] += pk_real_value(tensor->dtype, tensor->scale, tensor->zero_point, scores, i);
  }
  r->windows++;
  return true;
}

static bool run_sound(runner *r, const char *file, pk_error *error) {
  const pk_manifest_tensor *tensor = &r->chain.whole.manifest.outputs[0];
  const size_t classes = r->shows_scores ? (size_t)pk_manifest_tensor_elements(tensor) : 0;
  float *means = calloc(classes + 1, sizeof *means);
  r->sums = calloc(classes + 1, sizeof *r->sums);
  r->windows = 0;
  bool ok = means && r->sums;
  if (!ok) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu scores", classes);
  ok = ok && pk_run_sound(&r->chain, file, add_window, r, error);
  for (size_t i = 0; ok && i < classes; i++) means[i] = (float)(r->sums[i] / (double)r->windows);
  pk_manifest_tensor mean = {.dtype = MNW_DTYPE_F32, .rank = 1, .dims = {(int32_t)classes}};
  if (ok) tell(r, file, 0, &mean, means);
  free(r->sums);
  free(means);
  return ok;
}

static bool run_raw(runner *r, const char *file, pk_error *error) {
  const size_t input_count = r->chain.whole.manifest.input_count;
  pk_bytes bytes;
  size_t run_bytes = 0, at = 0;
  bool ok = true;
  for (size_t i = 0; i < input_count; i++) run_bytes += pk_chain_input_bytes(&r->chain, i);
  if (!pk_file_read(&bytes, file, MAX_RAW_BYTES, error)) return false;
  if (run_bytes == 0 || bytes.size == 0 || bytes.size % run_bytes != 0) {
    ok =
        pk_fail(error, PK_USAGE, "%s has %zu bytes; the model's inputs take %zu bytes for each run",
                file, bytes.size, run_bytes);
  }
  for (size_t run = 0; ok && at < bytes.size; run++) {
    for (size_t i = 0; i < input_count; i++) {
      const size_t size_bytes = pk_chain_input_bytes(&r->chain, i);
      memcpy(pk_chain_input(&r->chain, i), bytes.data + at, size_bytes);
      at += size_bytes;
    }
    ok = run_once(r, file, run, error);
  }
  pk_bytes_free(&bytes);
  return ok;
}

static bool find_kind(runner *r, pk_error *error) {
  const pk_manifest *manifest = &r->chain.whole.manifest;
  const bool has_one = manifest->input_count == 1;
  if (r->arguments->is_raw) {
    r->kind = RUN_RAW;
  } else if (r->arguments->text_count > 0) {
    r->kind = RUN_TEXT;
    return pk_text_frontend_open(&r->frontend, &r->chain, error);
  } else if (has_one && manifest->inputs[0].is_image) {
    r->kind = RUN_PICTURE;
  } else if (has_one && manifest->inputs[0].is_audio) {
    r->kind = RUN_SOUND;
  } else if (manifest->input_count > 0 && manifest->inputs[0].is_text) {
    return pk_fail(error, PK_USAGE, "%s takes texts: give one with --text", manifest->name);
  } else {
    return pk_fail(error, PK_USAGE,
                   "%s does not take pictures but tensors: give their bytes with --raw",
                   manifest->name);
  }
  return true;
}

static bool open_runner(runner *r, pk_error *error) {
  const run_arguments *arguments = r->arguments;
  const pk_manifest *manifest = &r->chain.whole.manifest;
  const mnw_kernels *kernels = pk_kernels_find(arguments->kernels, error);
  if (!kernels ||
      !pk_chain_open(&r->chain, arguments->folder, kernels, (uint32_t)arguments->threads, error)) {
    return false;
  }
  if (!find_kind(r, error)) return false;
  r->shows_scores = pk_has_class_scores(manifest);
  if (!r->shows_scores && !arguments->output) {
    return pk_fail(error, PK_USAGE,
                   "%s gives tensors, not class scores: name a file for them with --output",
                   manifest->name);
  }
  r->results = json_array();
  return true;
}

// One object for a single run; an array with a line for each of several.
static void print_results(const json_t *results) {
  const size_t count = json_array_size(results);
  for (size_t i = 0; i < count; i++) {
    const size_t layout = count == 1 ? JSON_INDENT(2) : JSON_COMPACT;
    char *text = json_dumps(json_array_get(results, i), layout | JSON_REAL_PRECISION(9));
    if (count > 1) fputs(i == 0 ? "[\n" : ",\n", stdout);
    fputs(text ? text : "null", stdout);
    free(text);
  }
  puts(count > 1 ? "\n]" : "");
}

static bool run_one(runner *r, const char *file, pk_error *error) {
  switch (r->kind) {
    case RUN_PICTURE:
      return run_picture(r, file, error);
    case RUN_SOUND:
      return run_sound(r, file, error);
    case RUN_TEXT:
      return run_text(r, file, error);
    default:
      return run_raw(r, file, error);
  }
}

static bool run_all(const run_arguments *arguments, pk_error *error) {
  runner r = {.arguments = arguments};
  bool ok = open_runner(&r, error);
  for (size_t i = 0; ok && i < arguments->file_count; i++) {
    const char *file = arguments->files[i];
    ok = run_one(&r, file, error);
    if (arguments->as_json && arguments->file_count > 1) {
      pk_progress_show(NULL, "running", i + 1, arguments->file_count);
    }
  }
  pk_progress_end();
  if (ok && arguments->output) {
    ok = pk_file_write(arguments->output, r.output.data, r.output.size, error);
  }
  if (ok && arguments->save_input) {
    ok = pk_file_write(arguments->save_input, r.input.data, r.input.size, error);
  }
  if (ok && arguments->as_json) print_results(r.results);
  json_decref(r.results);
  pk_bytes_free(&r.output);
  pk_bytes_free(&r.input);
  pk_text_frontend_close(&r.frontend);
  pk_chain_close(&r.chain);
  return ok;
}

int pk_command_run(int argc, char **argv) {
  run_arguments arguments = {.texts = calloc((size_t)argc + 1, sizeof(char *))};
  pk_error error = {0};
  int status = PK_OK;
  if (!arguments.texts) pk_fail(&error, PK_OUT_OF_MEMORY, "no memory for the arguments");
  const bool ok = arguments.texts && parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
  } else if (!ok || !run_all(&arguments, &error)) {
    status = pk_tell_error(&error, "run", arguments.as_json);
  }
  free(arguments.texts);
  return status;
}
