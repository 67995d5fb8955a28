#include "package_load.h"

#include <stdlib.h>
#include <string.h>

#include "package_files.h"

void pk_package_unload(pk_loaded_package *package) {
  for (size_t i = 0; package->shards && i < package->manifest.shard_count; i++) {
    pk_bytes_free(&package->shards[i]);
  }
  free(package->shards);
  free(package->labels);
  pk_bytes_free(&package->label_text);
  pk_core_model_close(&package->core);
  pk_manifest_free(&package->manifest);
  *package = (pk_loaded_package){0};
}

static bool read_manifest(pk_manifest *manifest, const char *folder, pk_error *error) {
  pk_bytes text = {0};
  const bool ok = pk_package_read_manifest(&text, folder, error) &&
                  pk_package_parse_manifest(manifest, &text, folder, error);
  pk_bytes_free(&text);
  return ok;
}

// Cuts the text into lines in place.
static bool read_labels(pk_loaded_package *package, const char *folder, pk_error *error) {
  pk_bytes *text = &package->label_text;
  if (!pk_package_read_file(text, folder, &package->manifest.labels, error)) return false;
  pk_bytes_append(text, "", 1);
  size_t lines = 0;
  for (size_t i = 0; i < text->size; i++) lines += text->data[i] == '\n';
  package->labels = calloc(lines + 1, sizeof *package->labels);
  if (!package->labels || text->failed) {
    return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %zu labels", lines);
  }
  char *line = (char *)text->data;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    package->labels[package->label_count++] = line;
  }
  return true;
}

bool pk_package_read_vocabulary(pk_bytes *vocabulary, const pk_loaded_package *package,
                                const char *folder, pk_error *error) {
  return pk_package_read_file(vocabulary, folder, &package->manifest.vocabulary, error);
}

static bool is_same_tensor(const pk_manifest_tensor *tensor, const mnw_tensor_info *info) {
  if (tensor->dtype != info->dtype || tensor->rank != info->rank) return false;
  for (uint32_t i = 0; i < tensor->rank; i++) {
    if (tensor->dims[i] != info->dims[i]) return false;
  }
  return tensor->scale == info->scale &&
         (tensor->scale == 0.0f || tensor->zero_point == info->zero_point);
}

// The manifest tells people what the shards tell the runtime; a package where they differ is wrong.
static bool compare_with_model(const pk_loaded_package *package, const char *folder,
                               pk_error *error) {
  const pk_manifest *manifest = &package->manifest;
  const mnw_model *model = package->core.model;
  mnw_tensor_info info;
  bool is_same = manifest->input_count == mnw_model_input_count(model) &&
                 manifest->output_count == mnw_model_output_count(model) &&
                 manifest->shard_count == package->core.info.shard_count;
  for (size_t i = 0; is_same && i < manifest->input_count; i++) {
    is_same = mnw_model_input_info(&info, model, i) == MNW_STATUS_OK &&
              is_same_tensor(&manifest->inputs[i], &info);
  }
  for (size_t i = 0; is_same && i < manifest->output_count; i++) {
    is_same = mnw_model_output_info(&info, model, i) == MNW_STATUS_OK &&
              is_same_tensor(&manifest->outputs[i], &info);
  }
  return is_same || pk_fail(error, PK_BAD_PACKAGE,
                            "%s: the manifest's inputs and outputs are not those of the shards: "
                            "pack the model again",
                            folder);
}

bool pk_package_load_head(pk_loaded_package *package, const char *folder, pk_error *error) {
  *package = (pk_loaded_package){0};
  const bool ok = read_manifest(&package->manifest, folder, error) &&
                  (!package->manifest.has_labels || read_labels(package, folder, error));
  if (!ok) pk_package_unload(package);
  return ok;
}

bool pk_package_load_model(pk_loaded_package *package, const char *folder,
                           const mnw_kernels *kernels, pk_error *error) {
  const pk_manifest *manifest = &package->manifest;
  if (manifest->part_count > 0) {
    return pk_fail(error, PK_BAD_PACKAGE,
                   "%s is split into %zu parts, which minnow run and minnow inspect take together: "
                   "name the folder of a part, as %s/%s",
                   folder, manifest->part_count, folder, manifest->parts[0].folder);
  }
  bool ok = true;
  package->shards = calloc(manifest->shard_count + 1, sizeof *package->shards);
  if (!package->shards) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the shards");
  for (size_t i = 0; ok && i < manifest->shard_count; i++) {
    ok = pk_package_read_file(&package->shards[i], folder, &manifest->shards[i], error);
  }
  return ok &&
         pk_core_model_open(&package->core, package->shards, manifest->shard_count, kernels, folder,
                            error) &&
         compare_with_model(package, folder, error);
}

bool pk_package_load(pk_loaded_package *package, const char *folder, const mnw_kernels *kernels,
                     pk_error *error) {
  const bool ok = pk_package_load_head(package, folder, error) &&
                  pk_package_load_model(package, folder, kernels, error);
  if (!ok) pk_package_unload(package);
  return ok;
}
