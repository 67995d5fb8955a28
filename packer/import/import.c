#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "caffe/caffe_import.h"
#include "graph_check.h"
#include "import_finish.h"
#include "import_text.h"
#include "import_tflite.h"
#include "network/trained_model.h"
#include "onnx/onnx_import.h"

// Honest models need far less than this for names, scales, int8 copies and tile padding.
enum { BASE_MEMORY_BYTES = 32 << 20, MEMORY_PER_FILE_BYTE = 64 };

static const char *base_name(const char *file_name) {
  const char *base = file_name;
  for (const char *p = file_name; *p; p++) {
    if ((*p == '/' || *p == '\\') && p[1]) base = p + 1;
  }
  return base;
}

// Puts "<file>: " before the message.
static bool fail_in_file(pk_error *error, const pk_error *cause, const char *file_name) {
  error->core_status = cause->core_status;
  return pk_fail(error, cause->code, "%s: %.*s", base_name(file_name),
                 (int)pk_text_prefix(cause->message, sizeof error->message - 260), cause->message);
}

static char *copy_text(const char *text) {
  const size_t bytes = strlen(text) + 1;
  char *copy = malloc(bytes);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

static bool set_names(pk_lowered_graph *out, const char *file_name, pk_error *error) {
  char file[PK_NAME_MAX_BYTES + 1];
  const char *base = base_name(file_name);
  pk_text_clean(file, (const uint8_t *)base, strlen(base));
  out->source_file = copy_text(file);
  char *dot = strrchr(file, '.');
  if (dot && dot != file) *dot = '\0';
  out->name = copy_text(file);
  if (out->source_file && out->name) return true;
  return pk_fail(error, PK_OUT_OF_MEMORY, "out of memory while importing the model");
}

// What is imported: a TFLite or safetensors file, or a Caffe network where `caffe` is there.
typedef struct import_source {
  const uint8_t *bytes;
  size_t size_bytes;
  const char *file_name;
  const pk_caffe_files *caffe;
} import_source;

static bool import_graph(pk_lowered_graph *out, pk_graph *graph, const import_source *source,
                         const pk_graph_edit *edit, pk_error *error) {
  pk_report report = {.group_count = 0};
  const pk_trained_options trained = {.batch = 1, .has_scores = true};
  const bool is_trained = !source->caffe && pk_is_safetensors(source->bytes, source->size_bytes);
  if (!(source->caffe ? pk_caffe_to_graph(graph, &report, source->caffe, error)
        : is_trained
            ? pk_trained_to_graph(graph, source->bytes, source->size_bytes, &trained, error)
            : pk_tflite_to_graph(graph, &report, source->bytes, source->size_bytes, error))) {
    return false;
  }
  pk_graph_report_dtypes(graph, &report);
  if (!pk_report_is_empty(&report)) return pk_report_fail(&report, error);
  return pk_import_finish(out, graph, edit, error);
}

static bool import_edited(pk_lowered_graph *out, const import_source *source,
                          const pk_graph_edit *edit, pk_error *error) {
  pk_graph graph;
  pk_error cause = {.code = PK_OK};
  memset(out, 0, sizeof *out);
  const size_t most_file_bytes = (SIZE_MAX - BASE_MEMORY_BYTES) / MEMORY_PER_FILE_BYTE;
  const size_t file_bytes =
      source->size_bytes < most_file_bytes ? source->size_bytes : most_file_bytes;
  pk_graph_init(&graph, BASE_MEMORY_BYTES + MEMORY_PER_FILE_BYTE * file_bytes);
  const bool ok =
      import_graph(out, &graph, source, edit, &cause) && set_names(out, source->file_name, &cause);
  pk_graph_deinit(&graph);
  if (ok) return true;
  pk_lowered_graph_free(out);
  return fail_in_file(error, &cause, source->file_name);
}

bool pk_import_tflite(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                      const char *file_name, pk_error *error) {
  const import_source source = {bytes, size_bytes, file_name, NULL};
  return import_edited(out, &source, NULL, error);
}

// Options that only models with open shapes take.
static bool refuse_shapes(const pk_graph_edit *edit, const char *file_name, pk_error *error) {
  const pk_model_options *options = edit ? edit->inputs : NULL;
  pk_error cause = {.code = PK_OK};
  if (!options || !(options->shapes.count || options->dims.count || options->constants.count)) {
    return true;
  }
  pk_fail(&cause, PK_USAGE,
          "--shape, --dim and --const are for ONNX models; other formats fix their shapes");
  return fail_in_file(error, &cause, file_name);
}

bool pk_import_caffe(pk_lowered_graph *out, const pk_caffe_files *files, const pk_graph_edit *edit,
                     pk_error *error) {
  const import_source source = {files->weights, files->weights_bytes, files->weights_name, files};
  memset(out, 0, sizeof *out);
  return refuse_shapes(edit, files->weights_name, error) &&
         import_edited(out, &source, edit, error);
}

typedef struct known_format {
  const char *magic;
  size_t magic_bytes;
  pk_code code;
  const char *message;
} known_format;

// ONNX has no magic number: a protobuf that begins with its ir_version (field 1, a small number)
// and goes on with another field of the model.
static bool looks_like_onnx(const uint8_t *bytes, size_t size_bytes) {
  return size_bytes > 4 && bytes[0] == 0x08 && bytes[1] >= 1 && bytes[1] <= 32 &&
         (bytes[2] == 0x12 || bytes[2] == 0x1a || bytes[2] == 0x22 || bytes[2] == 0x3a ||
          bytes[2] == 0x42);
}

bool pk_import_model(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                     const char *file_name, pk_error *error) {
  return pk_import_model_edited(out, bytes, size_bytes, file_name, NULL, error);
}

bool pk_import_model_edited(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                            const char *file_name, const pk_graph_edit *edit, pk_error *error) {
  static const known_format formats[] = {
      {"MNWS", 4, PK_BAD_MODEL,
       "this is a shard of a Minnow package already; pack takes the model it was made from"},
      {"{", 1, PK_UNSUPPORTED,
       "JSON models (TensorFlow.js) are not supported yet; convert the model to .tflite"},
      {"PK\3\4", 4, PK_UNSUPPORTED,
       "zip archives (.keras, .task, .pt) are not supported yet; convert the model to .tflite, or "
       "unpack the .tflite in it"},
      {"\211HDF", 4, PK_UNSUPPORTED,
       "Keras HDF5 models are not supported yet; convert the model to .tflite"},
      {"\037\213", 2, PK_BAD_MODEL, "the file is gzip-compressed; decompress it first"},
      {"version https://git-lfs", 23, PK_BAD_MODEL,
       "this is a Git LFS pointer, not the model; run git lfs pull"},
  };
  memset(out, 0, sizeof *out);
  pk_error cause = {.code = PK_OK};
  if (looks_like_onnx(bytes, size_bytes)) {
    pk_onnx_options onnx = {.model = edit ? edit->inputs : NULL, .finds_folder = true};
    return pk_import_onnx_edited(out, bytes, size_bytes, file_name, &onnx, edit, error);
  }
  if (!refuse_shapes(edit, file_name, error)) return false;
  if ((size_bytes >= 8 && memcmp(bytes + 4, "TFL3", 4) == 0) ||
      pk_is_safetensors(bytes, size_bytes)) {
    const import_source source = {bytes, size_bytes, file_name, NULL};
    return import_edited(out, &source, edit, error);
  }
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const known_format *format = &formats[i];
    if (size_bytes >= format->magic_bytes &&
        memcmp(bytes, format->magic, format->magic_bytes) == 0) {
      pk_fail(&cause, format->code, "%s", format->message);
      return fail_in_file(error, &cause, file_name);
    }
  }
  if (size_bytes == 0) {
    pk_fail(&cause, PK_BAD_MODEL, "the file is empty");
  } else {
    pk_fail(&cause, PK_BAD_MODEL,
            "the file is no model that Minnow knows: a .tflite has \"TFL3\" at offset 4");
  }
  return fail_in_file(error, &cause, file_name);
}
