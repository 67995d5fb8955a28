// What a lowered graph means to the one who uses it: names, shapes, whether a picture goes in and
// class scores come out.
#ifndef MINNOW_PACKER_MANIFEST_BUILD_H_
#define MINNOW_PACKER_MANIFEST_BUILD_H_

#include "../lowered_graph.h"
#include "../package/manifest.h"
#include "../pk_error.h"
#include "byte_buffer.h"

// Smallest height and width of an input that is taken for a picture; below that [1, H, W, C] is
// rather a spectrogram or a feature map.
enum { PK_IMAGE_SIDE_MIN = 16 };

// How a picture becomes the input: the share of it that is seen, in (0, 1], and what its bytes 0
// and 255 become in float32.
typedef struct pk_image_view {
  double crop, low, high;
} pk_image_view;

// Fills name (`name`, or the graph's for NULL), task, inputs and outputs.
bool pk_manifest_describe(pk_manifest *manifest, const pk_lowered_graph *graph, const char *name,
                          const pk_image_view *view, pk_error *error);

// Fills name, inputs and outputs only: those of a part of a model, whose tensors mean nothing by
// themselves.
bool pk_manifest_describe_part(pk_manifest *manifest, const pk_lowered_graph *graph,
                               const char *name, pk_error *error);

// Brings label text into the form of docs/FORMAT.md: UTF-8, one name a line, each line ended by a
// newline, no byte order mark. A classifier's labels must be as many as its classes.
bool pk_labels_normalize(pk_bytes *labels, const pk_bytes *text, const pk_manifest *manifest,
                         const char *source, pk_error *error);

#endif  // MINNOW_PACKER_MANIFEST_BUILD_H_
