// manifest.json as a struct: what the packer writes and what the tool reads back. docs/FORMAT.md
// describes the fields.
#ifndef MINNOW_PACKER_MANIFEST_H_
#define MINNOW_PACKER_MANIFEST_H_

#include <minnow/minnow.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pk_error.h"
#include "core/format/package_format.h"

enum {
  PK_FILE_NAME_BYTES = 96,
  PK_SHA256_HEX_BYTES = 65,
  PK_MAX_MANIFEST_BYTES = 16 << 20,
  PK_MAX_LABELS_BYTES = 16 << 20,
  PK_MAX_VOCABULARY_BYTES = 32 << 20,
  PK_MAX_SHARD_FILE_BYTES = 64 << 20,
  PK_MAX_PARTS = 64,
  PK_SOURCE_INPUT = -1
};

// Largest `release`: 2^53 - 1, up to which JavaScript counts exactly.
#define PK_MAX_RELEASE INT64_C(9007199254740991)

// A shard or an asset; `br_bytes` and `gzip_bytes` are 0 where that encoding is not offered.
typedef struct pk_manifest_file {
  char file[PK_FILE_NAME_BYTES];  // a plain name, no folders
  uint64_t bytes, br_bytes, gzip_bytes;
  char sha256[PK_SHA256_HEX_BYTES];
} pk_manifest_file;

// What a package is for; docs/FORMAT.md.
typedef enum pk_task {
  PK_TASK_TENSORS = 0,
  PK_TASK_IMAGE_CLASSIFICATION,
  PK_TASK_OBJECT_DETECTION,
  PK_TASK_IMAGE_SEGMENTATION,
  PK_TASK_AUDIO_CLASSIFICATION,
  PK_TASK_TEXT_CLASSIFICATION,
  PK_TASK_TEXT_EMBEDDING
} pk_task;

const char *pk_task_name(pk_task task);  // "tensors", "image-classification", …

typedef struct pk_text_input {
  mnw_text_options options;
  mnw_text_role role;
} pk_text_input;

typedef struct pk_manifest_tensor {
  char *name;
  mnw_dtype dtype;
  uint32_t rank;
  int32_t dims[MNW_MAX_RANK];
  float scale;  // 0: not quantised
  int32_t zero_point;
  bool is_image;  // inputs: [1, H, W, channels], or planar, that a picture can be turned into
  double crop;    // of an image: share of the largest fitting rectangle
  // Of a float32 image: value = byte * image_scale + image_offset of the tensor's channel.
  double image_scale[3], image_offset[3];
  mnw_image_fit fit;
  bool is_planar, is_bgr;
  uint8_t pad;
  bool is_audio;  // inputs: sound
  mnw_audio_options audio;
  bool is_text;  // inputs: text
  pk_text_input text;
} pk_manifest_tensor;

// Where a tensor of a split package comes from: an output of an earlier part, or an input of the
// whole.
typedef struct pk_manifest_source {
  int32_t part;   // PK_SOURCE_INPUT: an input of the whole
  int32_t index;  // of the output, or of the input
} pk_manifest_source;

// A part of a split package: an ordinary package in a folder of its own.
typedef struct pk_manifest_part {
  char folder[PK_FILE_NAME_BYTES];  // beside the manifest, a plain name
  pk_manifest_file manifest;        // the part's, in that folder
  pk_manifest_source *inputs;       // for each of its inputs
  size_t input_count;
} pk_manifest_part;

typedef struct pk_manifest {
  char *name;
  pk_task task;
  struct json_t *detection, *segmentation, *embedding;  // checked JSON objects, or NULL
  uint64_t weight_bytes, activation_bytes, staging_bytes;
  bool has_release;
  int64_t release;  // 0 … PK_MAX_RELEASE, higher is newer; docs/SIGNING.md
  pk_manifest_tensor *inputs, *outputs;
  size_t input_count, output_count;
  bool has_labels, has_vocabulary;
  pk_manifest_file labels, vocabulary;
  pk_manifest_file *shards;
  size_t shard_count;
  // Of a split package, which has no shards of its own: the parts in the order they run, and where
  // each of the outputs comes from. Memory figures are those of the part that takes most.
  pk_manifest_part *parts;
  size_t part_count;
  pk_manifest_source *results;  // output_count of them
} pk_manifest;                  // all zero: empty; owns what it points to

void pk_manifest_free(pk_manifest *manifest);

// The JSON text, deterministic, to be freed by the caller; NULL when out of memory.
char *pk_manifest_write(const pk_manifest *manifest);

// Reads and checks JSON text; `source` names it in messages. Fails with PK_BAD_PACKAGE.
bool pk_manifest_read(pk_manifest *manifest, const char *text, size_t size_bytes,
                      const char *source, pk_error *error);

uint64_t pk_manifest_tensor_elements(const pk_manifest_tensor *tensor);
size_t pk_manifest_tensor_bytes(const pk_manifest_tensor *tensor);
mnw_tensor_info pk_manifest_tensor_info(const pk_manifest_tensor *tensor);  // as front ends take it

const char *pk_manifest_dtype_name(mnw_dtype dtype);  // "float32", "int8", …

// Bytes of all shards, as they are and in their compressed forms.
typedef struct pk_shard_totals {
  uint64_t plain, br, gzip;
} pk_shard_totals;

pk_shard_totals pk_manifest_shard_totals(const pk_manifest *manifest);

#endif  // MINNOW_PACKER_MANIFEST_H_
