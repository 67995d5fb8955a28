// From a lowered graph to a package: first everything in memory, then onto disk.
#ifndef MINNOW_PACKER_PACKAGE_WRITER_H_
#define MINNOW_PACKER_PACKAGE_WRITER_H_

#include "../lowered_graph.h"
#include "../package/manifest.h"
#include "../pk_error.h"
#include "shard_encode.h"

// Called after each step of long work: `done` of `total` bytes.
typedef void pk_progress_fn(void *user, const char *what, size_t done, size_t total);

typedef struct pk_pack_options {
  size_t shard_bytes;          // 0: PK_SHARD_BYTES_DEFAULT
  const char *name;            // NULL: the graph's
  const char *labels_file;     // NULL: none
  const pk_bytes *own_labels;  // that came inside the model file, for want of labels_file; left out
                               // if they do not fit
  const char *frontend_file;   // JSON for pk_frontend_apply(); NULL: none
  const char *vocabulary_file;  // for text; NULL: none
  double crop;                  // 0: 1.0
  // What bytes 0 and 255 of a picture become in float32; equal: -1 and 1.
  double image_low, image_high;
  pk_progress_fn *progress;
  void *progress_user;
} pk_pack_options;

typedef struct pk_encodings {
  pk_bytes br, gzip;
} pk_encodings;

typedef struct pk_package {
  pk_manifest manifest;
  pk_shards shards;
  pk_encodings *shard_encodings;  // shards.count of them
  pk_bytes labels, vocabulary;
  pk_encodings labels_encodings, vocabulary_encodings;
} pk_package;  // all zero: empty

// Applies the options' frontend_file, if there is one, to a described manifest.
bool pk_manifest_apply_frontend(pk_manifest *manifest, const pk_pack_options *options,
                                pk_error *error);

// Of a graph whose tensor numbers are in range: describes the model in the manifest and encodes
// labels and vocabulary: all but the shards.
bool pk_package_describe(pk_package *package, const pk_lowered_graph *graph,
                         const pk_pack_options *options, pk_error *error);
// The shards, checked by reading back and compressed, and the manifest's memory figures. Renumbers
// the graph's tensors (tensor_order.h).
bool pk_package_encode_shards(pk_package *package, pk_lowered_graph *graph,
                              const pk_pack_options *options, pk_error *error);

// Both: encodes, checks by reading back, compresses. Renumbers the graph's tensors
// (tensor_order.h). The result depends on the graph and the options only: packing twice gives the
// same bytes.
bool pk_package_encode(pk_package *package, pk_lowered_graph *graph, const pk_pack_options *options,
                       pk_error *error);
void pk_package_free(pk_package *package);

// The text of manifest.json as it is written, appended.
bool pk_manifest_text(pk_bytes *text, const pk_manifest *manifest, pk_error *error);

// Makes the folder and writes the package's files but for the manifest; nothing of an older package
// there is touched.
bool pk_package_store_files(const pk_package *package, const char *folder, pk_error *error);
// The manifest alone; a signature of the one before goes, as it does not hold for this one.
bool pk_package_store_manifest(const pk_manifest *manifest, const char *folder, pk_error *error);

// Writes the package's files, the manifest last, then removes files of an older package there.
bool pk_package_store(const pk_package *package, const char *folder, pk_error *error);

#endif  // MINNOW_PACKER_PACKAGE_WRITER_H_
