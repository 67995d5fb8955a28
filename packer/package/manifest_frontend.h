// The manifest's fields that tell how pictures, sound and text become inputs, and what the task
// makes of the outputs. docs/FORMAT.md describes them.
#ifndef MINNOW_PACKER_MANIFEST_FRONTEND_H_
#define MINNOW_PACKER_MANIFEST_FRONTEND_H_

#include "manifest.h"
#include "manifest_fields.h"

// Reads image, audio or text of the input's object, if one is there; checks that it fits the
// tensor. An `image` may leave width, height and channels out where the reader refuses unknown
// fields.
bool pk_frontend_read_input(pk_manifest_tensor *tensor, const pk_field_reader *r,
                            const json_t *object, const char *where);
// Adds image, audio or text.
void pk_frontend_write_input(json_t *object, const pk_manifest_tensor *tensor);

// Reads task, detection, segmentation and embedding, where they are there, and checks that the task
// has what it needs. The vocabulary's presence is the caller's matter.
bool pk_frontend_read_task(pk_manifest *manifest, const pk_field_reader *r, const json_t *root);
void pk_frontend_write_task(json_t *root, const pk_manifest *manifest);

// Applies the JSON text of `minnow pack --frontend`: an object with `inputs` (a list of objects as
// in the manifest, one for each input), task, detection, segmentation, embedding, each optional.
// Fails with PK_USAGE.
bool pk_frontend_apply(pk_manifest *manifest, const char *text, size_t size_bytes,
                       const char *source, pk_error *error);

#endif  // MINNOW_PACKER_MANIFEST_FRONTEND_H_
