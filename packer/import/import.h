// The import half of the packer: from a model file's bytes to the graph that goes into a package.
#ifndef MINNOW_PACKER_IMPORT_IMPORT_H_
#define MINNOW_PACKER_IMPORT_IMPORT_H_

#include <stddef.h>
#include <stdint.h>

#include "../lowered_graph.h"
#include "../pk_error.h"
#include "model_options.h"

// Imports a TFLite model with int8 or uint8 arithmetic. `file_name` is for names and messages (a
// path is cut to its last part); `bytes` are not needed afterwards. On success the caller owns
// `out` and releases it with pk_lowered_graph_free(); on failure it is empty. Errors, each naming
// the file and the operator or tensor: BAD_MODEL (broken or hostile file), UNSUPPORTED (one error
// lists all operators that are missing), OUT_OF_MEMORY.
bool pk_import_tflite(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                      const char *file_name, pk_error *error);

// What may still happen to the checked source graph (source_graph.h) between the passes and
// lowering: calibration and compression rewrite its weights. The graph is checked again behind it.
struct pk_graph;
typedef bool pk_graph_edit_fn(void *user, struct pk_graph *graph, pk_error *error);
typedef struct pk_graph_edit {
  pk_graph_edit_fn *apply;  // NULL: nothing happens
  void *user;
  // Where the graph moves behind the edit instead of being lowered: it is the caller's then
  // (pk_graph_deinit()), and may point into the model file's bytes. NULL: it is lowered.
  struct pk_graph *taken;
  // What the user tells about the model's inputs; NULL: nothing. USAGE where that does not fit the
  // model; only ONNX models take it.
  const pk_model_options *inputs;
} pk_graph_edit;

// pk_import_model() with an edit; NULL for none.
bool pk_import_model_edited(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                            const char *file_name, const pk_graph_edit *edit, pk_error *error);

// The same for any model file, told apart by content. UNSUPPORTED for formats that are known but
// not imported yet, BAD_MODEL for anything else.
bool pk_import_model(pk_lowered_graph *out, const uint8_t *bytes, size_t size_bytes,
                     const char *file_name, pk_error *error);

// A Caffe network whose weights Deep Compression has made small: two files (caffe/caffe_import.h).
typedef struct pk_caffe_files {
  const uint8_t *weights, *prototxt;
  size_t weights_bytes, prototxt_bytes;
  const char *weights_name, *prototxt_name;  // as `file_name` above; the first names the model
} pk_caffe_files;

// The same for such a network; `edit` may be NULL. Errors as above, UNSUPPORTED for layers that are
// not known and for fields that change what they compute.
bool pk_import_caffe(pk_lowered_graph *out, const pk_caffe_files *files, const pk_graph_edit *edit,
                     pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_IMPORT_H_
