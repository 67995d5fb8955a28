#include "package_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../package/core_model.h"
#include "../package/file_io.h"
#include "../package/manifest_frontend.h"
#include "../package/package_folder.h"
#include "compress.h"
#include "manifest_build.h"
#include "package_check.h"
#include "tensor_order.h"

enum { HASH_DIGITS = 16 };

static void free_encodings(pk_encodings *encodings) {
  pk_bytes_free(&encodings->br);
  pk_bytes_free(&encodings->gzip);
}

void pk_package_free(pk_package *package) {
  for (size_t i = 0; package->shard_encodings && i < package->shards.count; i++) {
    free_encodings(&package->shard_encodings[i]);
  }
  free(package->shard_encodings);
  free_encodings(&package->labels_encodings);
  free_encodings(&package->vocabulary_encodings);
  pk_bytes_free(&package->vocabulary);
  pk_bytes_free(&package->labels);
  pk_shards_free(&package->shards);
  pk_manifest_free(&package->manifest);
  *package = (pk_package){0};
}

// Compresses `plain` and fills the manifest's entry but for the file name.
static bool encode_file(pk_manifest_file *file, pk_encodings *encodings, const pk_bytes *plain,
                        pk_error *error) {
  pk_bytes *gzip = &encodings->gzip;
  if (!pk_compress_gzip(gzip, plain->data, plain->size) ||
      !pk_compress_brotli(&encodings->br, plain->data, plain->size, gzip->size)) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to compress %zu bytes", plain->size);
  }
  pk_sha256_hex(file->sha256, plain->data, plain->size);
  file->bytes = plain->size;
  file->br_bytes = encodings->br.size;
  file->gzip_bytes = encodings->gzip.size;
  return true;
}

static bool encode_shard_files(pk_package *package, const pk_pack_options *options,
                               pk_error *error) {
  const pk_shards *shards = &package->shards;
  pk_manifest *manifest = &package->manifest;
  size_t done = 0, total = 0;
  package->shard_encodings = calloc(shards->count, sizeof *package->shard_encodings);
  manifest->shards = calloc(shards->count, sizeof *manifest->shards);
  if (!package->shard_encodings || !manifest->shards) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu shards", shards->count);
  }
  manifest->shard_count = shards->count;
  for (size_t i = 0; i < shards->count; i++) total += shards->items[i].size;
  for (size_t i = 0; i < shards->count; i++) {
    pk_manifest_file *file = &manifest->shards[i];
    if (!encode_file(file, &package->shard_encodings[i], &shards->items[i], error)) return false;
    snprintf(file->file, sizeof file->file, "%03zu-%.*s.mnw", i, HASH_DIGITS, file->sha256);
    done += shards->items[i].size;
    if (options->progress) options->progress(options->progress_user, "compressing", done, total);
  }
  return true;
}

static bool encode_label_text(pk_package *package, const pk_bytes *text, const char *source,
                              pk_error *error) {
  pk_manifest_file *file = &package->manifest.labels;
  const bool ok = pk_labels_normalize(&package->labels, text, &package->manifest, source, error) &&
                  encode_file(file, &package->labels_encodings, &package->labels, error);
  snprintf(file->file, sizeof file->file, "labels-%.*s.txt", HASH_DIGITS, file->sha256);
  package->manifest.has_labels = ok;
  return ok;
}

static bool encode_labels(pk_package *package, const pk_pack_options *options, pk_error *error) {
  pk_bytes text;
  if (options->labels_file) {
    if (!pk_file_read(&text, options->labels_file, PK_MAX_LABELS_BYTES, error)) return false;
    const bool ok = encode_label_text(package, &text, options->labels_file, error);
    pk_bytes_free(&text);
    return ok;
  }
  pk_error ignored = {0};
  if (options->own_labels && options->own_labels->size > 0 &&
      !encode_label_text(package, options->own_labels, "the model's metadata", &ignored)) {
    pk_bytes_free(&package->labels);
  }
  return true;
}

bool pk_manifest_apply_frontend(pk_manifest *manifest, const pk_pack_options *options,
                                pk_error *error) {
  pk_bytes text;
  const char *file = options->frontend_file;
  if (!file) return true;
  if (!pk_file_read(&text, file, PK_MAX_MANIFEST_BYTES, error)) return false;
  const bool ok = pk_frontend_apply(manifest, (const char *)text.data, text.size, file, error);
  pk_bytes_free(&text);
  return ok;
}

// The tokenizer is set up once, so that a vocabulary that cannot be used is refused here.
static bool check_vocabulary(const pk_package *package, const pk_manifest_tensor *input,
                             const char *file, pk_error *error) {
  const mnw_text_options *options = &input->text.options;
  const pk_bytes *vocabulary = &package->vocabulary;
  mnw_text *tokenizer;
  mnw_error core_error = {0};
  char message[MNW_ERROR_MESSAGE_BYTES];
  const size_t bytes = mnw_text_bytes(options, vocabulary->data, vocabulary->size);
  void *memory = pk_aligned_alloc(bytes ? bytes : MNW_ALIGNMENT);
  if (!memory) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the tokenizer");
  const bool ok = mnw_text_init(&tokenizer, memory, bytes, options, vocabulary->data,
                                vocabulary->size, &core_error) == MNW_STATUS_OK;
  free(memory);
  if (ok) return true;
  mnw_error_message(&core_error, message, sizeof message);
  return pk_fail(error, PK_USAGE, "%s: %s: give the model's own vocabulary with --vocabulary",
                 file ? file : "the text input", message);
}

static bool encode_vocabulary(pk_package *package, const pk_pack_options *options,
                              pk_error *error) {
  pk_manifest *manifest = &package->manifest;
  const pk_manifest_tensor *input = NULL;
  const char *file = options->vocabulary_file;
  for (size_t i = 0; i < manifest->input_count; i++) {
    if (manifest->inputs[i].is_text) input = &manifest->inputs[i];
  }
  if (!input && file) {
    return pk_fail(error, PK_USAGE, "%s: no input reads text: describe it with --frontend", file);
  }
  if (file && !pk_file_read(&package->vocabulary, file, PK_MAX_VOCABULARY_BYTES, error)) {
    return false;
  }
  if (!input) return true;
  if (!check_vocabulary(package, input, file, error)) return false;
  if (!file) return true;
  pk_manifest_file *entry = &manifest->vocabulary;
  if (!encode_file(entry, &package->vocabulary_encodings, &package->vocabulary, error)) {
    return false;
  }
  snprintf(entry->file, sizeof entry->file, "vocabulary-%.*s.txt", HASH_DIGITS, entry->sha256);
  manifest->has_vocabulary = true;
  return true;
}

bool pk_package_encode_shards(pk_package *package, pk_lowered_graph *graph,
                              const pk_pack_options *options, pk_error *error) {
  const size_t shard_bytes = options->shard_bytes ? options->shard_bytes : PK_SHARD_BYTES_DEFAULT;
  return pk_order_tensors(graph, error) &&
         pk_encode_shards(&package->shards, graph, shard_bytes, error) &&
         pk_package_check(&package->manifest, &package->shards, graph, error) &&
         encode_shard_files(package, options, error);
}

bool pk_package_describe(pk_package *package, const pk_lowered_graph *graph,
                         const pk_pack_options *options, pk_error *error) {
  const bool has_range = options->image_low != options->image_high;
  const pk_image_view view = {.crop = options->crop > 0.0 ? options->crop : 1.0,
                              .low = has_range ? options->image_low : -1.0,
                              .high = has_range ? options->image_high : 1.0};
  return pk_manifest_describe(&package->manifest, graph, options->name, &view, error) &&
         pk_manifest_apply_frontend(&package->manifest, options, error) &&
         encode_vocabulary(package, options, error) && encode_labels(package, options, error);
}

bool pk_package_encode(pk_package *package, pk_lowered_graph *graph, const pk_pack_options *options,
                       pk_error *error) {
  *package = (pk_package){0};
  // What was described wrongly is told before the long work.
  const bool ok = pk_order_tensors(graph, error) &&
                  pk_package_describe(package, graph, options, error) &&
                  pk_package_encode_shards(package, graph, options, error);
  if (!ok) pk_package_free(package);
  return ok;
}

static bool store_one(const char *folder, const char *name, const char *ending,
                      const pk_bytes *bytes, pk_error *error) {
  char full_name[PK_FILE_NAME_BYTES + 8];
  snprintf(full_name, sizeof full_name, "%s%s", name, ending);
  char *path = pk_path_join(folder, full_name, error);
  const bool ok = path && pk_file_write(path, bytes->data, bytes->size, error);
  free(path);
  return ok;
}

static bool store_file(const char *folder, const pk_manifest_file *file, const pk_bytes *plain,
                       const pk_encodings *encodings, pk_error *error) {
  return store_one(folder, file->file, "", plain, error) &&
         store_one(folder, file->file, ".br", &encodings->br, error) &&
         store_one(folder, file->file, ".gz", &encodings->gzip, error);
}

bool pk_manifest_text(pk_bytes *text, const pk_manifest *manifest, pk_error *error) {
  char *json = pk_manifest_write(manifest);
  if (json) {
    pk_bytes_append(text, json, strlen(json));
    pk_bytes_append(text, "\n", 1);
  }
  const bool ok = json && !text->failed;
  free(json);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the manifest");
}

bool pk_package_store_manifest(const pk_manifest *manifest, const char *folder, pk_error *error) {
  pk_bytes text = {0};
  const bool ok = pk_manifest_text(&text, manifest, error) &&
                  pk_package_remove_signature(folder, error) &&
                  store_one(folder, PK_MANIFEST_FILE, "", &text, error);
  pk_bytes_free(&text);
  return ok;
}

bool pk_package_store_files(const pk_package *package, const char *folder, pk_error *error) {
  const pk_manifest *manifest = &package->manifest;
  bool ok = pk_package_folder_prepare(folder, error);
  for (size_t i = 0; ok && i < manifest->shard_count; i++) {
    ok = store_file(folder, &manifest->shards[i], &package->shards.items[i],
                    &package->shard_encodings[i], error);
  }
  if (ok && manifest->has_labels) {
    ok = store_file(folder, &manifest->labels, &package->labels, &package->labels_encodings, error);
  }
  if (ok && manifest->has_vocabulary) {
    ok = store_file(folder, &manifest->vocabulary, &package->vocabulary,
                    &package->vocabulary_encodings, error);
  }
  return ok;
}

bool pk_package_store(const pk_package *package, const char *folder, pk_error *error) {
  return pk_package_store_files(package, folder, error) &&
         pk_package_store_manifest(&package->manifest, folder, error) &&
         pk_package_folder_clean(folder, &package->manifest, error);
}
