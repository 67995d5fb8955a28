// An ONNX file all the way: graph, passes, lowering.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../graph_check.h"
#include "../graph_passes.h"
#include "../import_finish.h"
#include "../import_text.h"
#include "onnx_import.h"

// As for TFLite files; weights in other files come on top.
static const size_t base_memory_bytes = (size_t)512 << 20;
enum { MEMORY_PER_FILE_BYTE = 64 };

static char *copy_text(const char *text) {
  const size_t bytes = strlen(text) + 1;
  char *copy = malloc(bytes);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

static const char *base_name(const char *file_name) {
  const char *slash = strrchr(file_name, '/');
  return slash && slash[1] ? slash + 1 : file_name;
}

static bool set_names(pk_lowered_graph *out, const char *file_name, pk_error *error) {
  char file[PK_NAME_MAX_BYTES + 1];
  pk_text_clean(file, (const uint8_t *)file_name, strlen(file_name));
  out->source_file = copy_text(file);
  char *dot = strrchr(file, '.');
  if (dot && dot != file) *dot = '\0';
  out->name = copy_text(file);
  return (out->source_file && out->name) ||
         pk_fail(error, PK_OUT_OF_MEMORY, "out of memory while importing the model");
}

static bool import(pk_lowered_graph *out, pk_graph *graph, const uint8_t *bytes, size_t size_bytes,
                   pk_onnx_options *options, const pk_graph_edit *edit, pk_error *error) {
  pk_report report = {.group_count = 0};
  if (!pk_onnx_to_graph(graph, &report, bytes, size_bytes, options, error)) return false;
  if (!pk_report_is_empty(&report)) return pk_report_fail(&report, error);
  return pk_graph_check(graph, error) && pk_graph_run_quantize_passes(graph, error) &&
         pk_import_finish(out, graph, edit, error);
}

bool pk_import_onnx(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                    const char *file_name, pk_onnx_options *options, pk_error *error) {
  return pk_import_onnx_edited(out, bytes, size_bytes, file_name, options, NULL, error);
}

bool pk_import_onnx_edited(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                           const char *file_name, pk_onnx_options *options,
                           const pk_graph_edit *edit, pk_error *error) {
  pk_graph graph;
  pk_error cause = {.code = PK_OK};
  char folder[4096];
  pk_onnx_options beside = options ? *options : (pk_onnx_options){.finds_folder = true};
  const char *base = base_name(file_name);
  if (beside.finds_folder) {
    const size_t length = base > file_name ? (size_t)(base - file_name) - 1 : 0;
    snprintf(folder, sizeof folder, "%.*s", (int)length, file_name);
    if (length == 0) snprintf(folder, sizeof folder, "%s", base > file_name ? "/" : ".");
    if (length < sizeof folder) beside.folder = folder;
  }
  memset(out, 0, sizeof *out);
  const size_t most_file_bytes = (SIZE_MAX - base_memory_bytes) / MEMORY_PER_FILE_BYTE;
  const size_t file_bytes = size_bytes < most_file_bytes ? size_bytes : most_file_bytes;
  pk_graph_init(&graph, base_memory_bytes + MEMORY_PER_FILE_BYTE * file_bytes);
  const bool ok =
      import(out, &graph, bytes, size_bytes, &beside, edit, &cause) && set_names(out, base, &cause);
  pk_graph_deinit(&graph);
  if (options) {
    options->needs_value = beside.needs_value;
    memcpy(options->needed_input, beside.needed_input, sizeof beside.needed_input);
  }
  if (ok) return true;
  pk_lowered_graph_free(out);
  error->core_status = cause.core_status;
  return pk_fail(error, cause.code, "%s: %.*s", base,
                 (int)pk_text_prefix(cause.message, sizeof error->message - 260), cause.message);
}
