#include <stdlib.h>
#include <sys/resource.h>

#include "../package/package_load.h"
#include "../package/session_timing.h"
#include "cli_common.h"
#include "operator_profile.h"

static const char help[] =
    "minnow bench: time loading and running of a package\n"
    "\n"
    "usage: minnow bench FOLDER [options]\n"
    "\n"
    "Loads once (files, SHA-256, decoding of weights), runs a few times to warm up, then "
    "measures.\n"
    "\n"
    "  --runs N         measured runs (default: 50)\n"
    "  --kernels NAME   scalar, simd128 or relaxed (default: the best of this machine)\n"
    "  --threads N      threads to run on (default: 1)\n"
    "  --profile        time each operator as well, in as many further runs\n"
    "  --json           print the figures as JSON\n"
    "\n"
    "examples:\n"
    "  minnow bench out\n"
    "  minnow bench out --runs 200 --kernels scalar --json\n";

enum { OPTION_RUNS = 256, OPTION_KERNELS, OPTION_THREADS, OPTION_PROFILE, OPTION_JSON };
enum { DEFAULT_RUNS = 50, MAX_RUNS = 1000000, WARM_UP_RUNS = 3 };

static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                             {"runs", required_argument, NULL, OPTION_RUNS},
                                             {"kernels", required_argument, NULL, OPTION_KERNELS},
                                             {"threads", required_argument, NULL, OPTION_THREADS},
                                             {"profile", no_argument, NULL, OPTION_PROFILE},
                                             {"json", no_argument, NULL, OPTION_JSON},
                                             {NULL, 0, NULL, 0}};

typedef struct bench_arguments {
  const char *folder, *kernels;
  size_t runs, threads;
  bool as_json, wants_profile, wants_help;
} bench_arguments;

typedef struct bench_figures {
  double load_ms, median_ms, p90_ms, min_ms;
  size_t model_bytes, session_bytes;
  pk_operator_profile *operators;  // NULL when not asked for
  size_t operator_count;
} bench_figures;

static bool parse(bench_arguments *arguments, int argc, char **argv, pk_error *error) {
  int option;
  bool ok = true;
  arguments->runs = DEFAULT_RUNS;
  arguments->threads = 1;
  pk_options_start();
  while (ok && (option = pk_options_next(argc, argv, ":h", long_options, error)) != -1) {
    switch (option) {
      case 'h':
        arguments->wants_help = true;
        break;
      case OPTION_RUNS:
        ok = pk_parse_size(&arguments->runs, optarg, "runs", 1, MAX_RUNS, error);
        break;
      case OPTION_KERNELS:
        arguments->kernels = optarg;
        break;
      case OPTION_THREADS:
        ok = pk_parse_size(&arguments->threads, optarg, "threads", 1, PK_MAX_THREADS, error);
        break;
      case OPTION_PROFILE:
        arguments->wants_profile = true;
        break;
      case OPTION_JSON:
        arguments->as_json = true;
        break;
      default:
        return false;
    }
  }
  if (!ok || arguments->wants_help) return ok;
  return pk_parse_folder(&arguments->folder, argc, argv, error);
}

static bool measure(bench_figures *figures, mnw_session *session, const mnw_model *model,
                    double *times, const bench_arguments *arguments, pk_error *error) {
  if (!pk_session_time(times, arguments->runs, WARM_UP_RUNS, session, model, pk_progress_show,
                       arguments->folder, error)) {
    return false;
  }
  figures->min_ms = times[0];
  figures->median_ms = (times[(arguments->runs - 1) / 2] + times[arguments->runs / 2]) / 2.0;
  figures->p90_ms = times[(arguments->runs - 1) * 9 / 10];
  return true;
}

static bool measure_operators(bench_figures *figures, mnw_session *session, const mnw_model *model,
                              const bench_arguments *arguments, pk_error *error) {
  mnw_error core_error = {0};
  figures->operator_count = mnw_model_operator_count(model);
  figures->operators = pk_operator_profile_make(model);
  if (!figures->operators) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for a profile");
  for (size_t i = 0; i < arguments->runs; i++) {
    pk_session_fill_inputs(session, model);
    if (pk_operator_profile_run(figures->operators, session, model, &core_error) != MNW_STATUS_OK) {
      return pk_core_fail(error, &core_error, arguments->folder);
    }
  }
  return true;
}

static void print_figures(const bench_figures *f, const bench_arguments *arguments,
                          const char *model, const char *kernels) {
  struct rusage usage = {0};
  getrusage(RUSAGE_SELF, &usage);
  const uint64_t peak = f->model_bytes + f->session_bytes;
  const uint64_t process = (uint64_t)usage.ru_maxrss * 1024;
  if (arguments->as_json) {
    json_t *operators =
        f->operators ? pk_operator_profile_json(f->operators, f->operator_count, arguments->runs)
                     : NULL;
    pk_print_json(json_pack(
        "{s:s, s:s, s:I, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:o*}", "model", model, "kernels",
        kernels, "runs", (json_int_t)arguments->runs, "loadMs", f->load_ms, "medianMs",
        f->median_ms, "p90Ms", f->p90_ms, "minMs", f->min_ms, "peakBytes", (json_int_t)peak,
        "modelBytes", (json_int_t)f->model_bytes, "sessionBytes", (json_int_t)f->session_bytes,
        "processPeakBytes", (json_int_t)process, "operators", operators));
    return;
  }
  printf("%s, %s kernels, %zu runs\n", model, kernels, arguments->runs);
  printf("  load    %8.2f ms\n", f->load_ms);
  printf("  median  %8.2f ms\n", f->median_ms);
  printf("  p90     %8.2f ms\n", f->p90_ms);
  printf("  min     %8.2f ms\n", f->min_ms);
  printf("  memory  %s (model %s, session %s; whole process %s)\n", pk_format_size(peak).text,
         pk_format_size(f->model_bytes).text, pk_format_size(f->session_bytes).text,
         pk_format_size(process).text);
  if (f->operators) pk_operator_profile_print(f->operators, f->operator_count, arguments->runs);
}

static bool bench(const bench_arguments *arguments, pk_error *error) {
  bench_figures figures = {0};
  pk_loaded_package package;
  void *memory = NULL;
  const mnw_kernels *kernels = pk_kernels_find(arguments->kernels, error);
  const double start = pk_now_ms();
  if (!kernels || !pk_package_load(&package, arguments->folder, kernels, error)) return false;
  figures.load_ms = pk_now_ms() - start;
  figures.model_bytes = package.core.info.model_bytes;
  double *times = calloc(arguments->runs, sizeof *times);
  bool ok = pk_core_model_use_threads(&package.core, (uint32_t)arguments->threads, error);
  figures.session_bytes = package.core.plan.session_bytes;
  mnw_session *session =
      ok ? pk_core_session_open(&memory, &package.core, arguments->folder, error) : NULL;
  ok = times && session;
  if (!times) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu times", arguments->runs);
  ok = ok && measure(&figures, session, package.core.model, times, arguments, error);
  pk_progress_end();
  if (ok && arguments->wants_profile) {
    ok = measure_operators(&figures, session, package.core.model, arguments, error);
  }
  if (ok) print_figures(&figures, arguments, package.manifest.name, mnw_kernels_name(kernels));
  free(figures.operators);
  free(times);
  free(memory);
  pk_package_unload(&package);
  return ok;
}

int pk_command_bench(int argc, char **argv) {
  bench_arguments arguments = {0};
  pk_error error = {0};
  const bool ok = parse(&arguments, argc, argv, &error);
  if (ok && arguments.wants_help) {
    fputs(help, stdout);
    return PK_OK;
  }
  if (ok && bench(&arguments, &error)) return PK_OK;
  return pk_tell_error(&error, "bench", arguments.as_json);
}
