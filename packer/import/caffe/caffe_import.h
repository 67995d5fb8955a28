// From a Caffe network to the source graph: the graph from its deploy.prototxt, the weights from
// the file of Deep Compression. One row of the table in caffe_layers.c for each type of layer; its
// function reads the layer's fields and adds operators. A field that nobody reads is refused, so
// that nothing is left out in silence.
//
// The graph is NHWC throughout: inputs and outputs too have their channels last, and an output of
// one pixel becomes a row. The batch is 1, whatever the file says.
#ifndef MINNOW_PACKER_IMPORT_CAFFE_IMPORT_H_
#define MINNOW_PACKER_IMPORT_CAFFE_IMPORT_H_

#include "../import.h"
#include "../source_graph.h"
#include "../unsupported_report.h"
#include "caffe_text.h"
#include "deep_compression.h"

// Fills an initialised graph. `report` gets the types of layers that are not known. Errors:
// BAD_MODEL, UNSUPPORTED, OUT_OF_MEMORY.
bool pk_caffe_to_graph(pk_graph *graph, pk_report *report, const pk_caffe_files *files,
                       pk_error *error);

// --- between the files of this folder ---

typedef struct pk_caffe_blob {
  const char *name;
  int32_t tensor;
  bool is_read;
} pk_caffe_blob;

typedef struct pk_caffe {
  pk_graph *graph;
  pk_error *error;
  pk_deep_compression weights;
  pk_caffe_blob *blobs;
  size_t blob_count, blob_capacity;

  // The layer at work.
  pk_caffe_field *layer;
  int32_t layer_index;
  const char *layer_type, *layer_name;
} pk_caffe;

// Fills the error with the layer's number, type and name. False.
bool pk_caffe_fail(pk_caffe *c, pk_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- fields ---
// Each marks what it read; false: error filled. `message` NULL: no field is there.

// A field that may stand once: NULL where it is absent. False where it stands twice.
bool pk_caffe_single(pk_caffe *c, pk_caffe_field *message, const char *name,
                     pk_caffe_field **field);
// The message `name`, NULL where absent.
bool pk_caffe_message(pk_caffe *c, pk_caffe_field *message, const char *name,
                      pk_caffe_field **child);
// A whole number from `low` to `high`; where it is absent *value stays.
bool pk_caffe_int(pk_caffe *c, pk_caffe_field *message, const char *name, int32_t low, int32_t high,
                  int32_t *value);
// The value's words; NULL where absent.
bool pk_caffe_text(pk_caffe *c, pk_caffe_field *message, const char *name, const char **text);
// Height and width: one number or two of field `both`, or one each of `height` and `width`.
bool pk_caffe_pair(pk_caffe *c, pk_caffe_field *message, const char *both, const char *height,
                   const char *width, int32_t low, int32_t pair[2], bool *is_given);
// Fields that say nothing about what an inference computes.
void pk_caffe_ignore(pk_caffe_field *message, const char *name);

// --- blobs ---

// The tensor that the layer's bottom number `index` names. Negative: error filled.
int32_t pk_caffe_bottom(pk_caffe *c, int index);
int pk_caffe_count(pk_caffe *c, const char *name);  // bottoms or tops
// Gives the layer's top the tensor.
bool pk_caffe_set_top(pk_caffe *c, int32_t tensor);
// Appends an operator on tensors and returns the tensor of its result. Negative: error filled.
int32_t pk_caffe_emit(pk_caffe *c, pk_op_kind kind, const int32_t *inputs, int input_count,
                      const int32_t *dims, const pk_op *like);
int32_t pk_caffe_constant(pk_caffe *c, const char *suffix, int rank, const int32_t *dims,
                          const float *values);

// --- layers ---

typedef bool pk_caffe_layer_fn(pk_caffe *c);
pk_caffe_layer_fn *pk_caffe_find_layer(const char *type);  // NULL: unknown

#endif  // MINNOW_PACKER_IMPORT_CAFFE_IMPORT_H_
