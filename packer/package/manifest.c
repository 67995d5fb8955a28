#include "manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/format/graph.h"

static void free_tensors(pk_manifest_tensor *tensors, size_t count) {
  for (size_t i = 0; tensors && i < count; i++) free(tensors[i].name);
  free(tensors);
}

void pk_manifest_free(pk_manifest *manifest) {
  free(manifest->name);
  free_tensors(manifest->inputs, manifest->input_count);
  free_tensors(manifest->outputs, manifest->output_count);
  free(manifest->shards);
  for (size_t i = 0; i < manifest->part_count; i++) free(manifest->parts[i].inputs);
  free(manifest->parts);
  free(manifest->results);
  json_decref(manifest->detection);
  json_decref(manifest->segmentation);
  json_decref(manifest->embedding);
  *manifest = (pk_manifest){0};
}

uint64_t pk_manifest_tensor_elements(const pk_manifest_tensor *tensor) {
  uint64_t elements = 1;
  for (uint32_t i = 0; i < tensor->rank; i++) elements *= (uint64_t)tensor->dims[i];
  return elements;
}

size_t pk_manifest_tensor_bytes(const pk_manifest_tensor *tensor) {
  return (size_t)pk_manifest_tensor_elements(tensor) * mnw_dtype_bytes(tensor->dtype);
}

mnw_tensor_info pk_manifest_tensor_info(const pk_manifest_tensor *tensor) {
  mnw_tensor_info info = {.dtype = tensor->dtype,
                          .rank = tensor->rank,
                          .scale = tensor->scale,
                          .zero_point = tensor->zero_point,
                          .size_bytes = pk_manifest_tensor_bytes(tensor)};
  memcpy(info.dims, tensor->dims, sizeof info.dims);
  return info;
}

const char *pk_manifest_dtype_name(mnw_dtype dtype) {
  switch (dtype) {
    case MNW_DTYPE_F32:
      return "float32";
    case MNW_DTYPE_S8:
      return "int8";
    case MNW_DTYPE_U8:
      return "uint8";
    case MNW_DTYPE_S32:
      return "int32";
    case MNW_DTYPE_S64:
      return "int64";
    case MNW_DTYPE_BOOL:
      return "bool";
    case MNW_DTYPE_S16:
      return "int16";
  }
  return "unknown";
}

pk_shard_totals pk_manifest_shard_totals(const pk_manifest *manifest) {
  pk_shard_totals totals = {0, 0, 0};
  for (size_t i = 0; i < manifest->shard_count; i++) {
    totals.plain += manifest->shards[i].bytes;
    totals.br += manifest->shards[i].br_bytes;
    totals.gzip += manifest->shards[i].gzip_bytes;
  }
  return totals;
}
