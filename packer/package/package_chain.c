#include "package_chain.h"

#include <stdlib.h>
#include <string.h>

#include "core/format/graph.h"
#include "file_io.h"
#include "package_folder.h"

void pk_chain_close(pk_chain *chain) {
  for (size_t p = 0; p < chain->part_count; p++) {
    free(chain->parts[p].session_memory);
    pk_package_unload(&chain->parts[p].package);
  }
  for (size_t i = 0; i < chain->whole.manifest.input_count; i++) free(chain->inputs[i]);
  pk_package_unload(&chain->whole);
  *chain = (pk_chain){0};
}

size_t pk_chain_input_bytes(const pk_chain *chain, size_t index) {
  return pk_manifest_tensor_bytes(&chain->whole.manifest.inputs[index]);
}

void *pk_chain_input(const pk_chain *chain, size_t index) {
  return chain->inputs[index];
}

const void *pk_chain_output(const pk_chain *chain, size_t index, size_t *size_bytes) {
  const pk_manifest *whole = &chain->whole.manifest;
  const pk_manifest_source own = {0, (int32_t)index};
  const pk_manifest_source from = whole->part_count > 0 ? whole->results[index] : own;
  mnw_tensor_info info;
  if (from.part == PK_SOURCE_INPUT) {
    *size_bytes = pk_chain_input_bytes(chain, (size_t)from.index);
    return chain->inputs[from.index];
  }
  const pk_chain_part *part = &chain->parts[from.part];
  mnw_model_output_info(&info, part->core->model, (size_t)from.index);
  *size_bytes = info.size_bytes;
  return mnw_session_output(part->session, (size_t)from.index);
}

// What a source gives, or NULL where its part has no such output.
static const pk_manifest_tensor *tensor_of(const pk_chain *chain, pk_manifest_source source) {
  if (source.part == PK_SOURCE_INPUT) return &chain->whole.manifest.inputs[source.index];
  const pk_manifest *part = &chain->parts[source.part].package.manifest;
  return (size_t)source.index < part->output_count ? &part->outputs[source.index] : NULL;
}

static bool is_alike(const pk_manifest_tensor *a, const pk_manifest_tensor *b) {
  return a && a->dtype == b->dtype && a->rank == b->rank &&
         memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) == 0 && a->scale == b->scale &&
         (a->scale == 0.0f || a->zero_point == b->zero_point);
}

// Whether all tensors that flow are what their receivers expect.
static bool check_flow(const pk_chain *chain, size_t p, pk_error *error) {
  const pk_manifest *whole = &chain->whole.manifest;
  const bool is_end = p == whole->part_count;
  const pk_manifest_tensor *wanted =
      is_end ? whole->outputs : chain->parts[p].package.manifest.inputs;
  const pk_manifest_source *sources = is_end ? whole->results : whole->parts[p].inputs;
  const size_t count = is_end ? whole->output_count : chain->parts[p].package.manifest.input_count;
  bool ok = is_end || count == whole->parts[p].input_count;
  for (size_t i = 0; ok && i < count; i++) ok = is_alike(tensor_of(chain, sources[i]), &wanted[i]);
  return ok || pk_fail(error, PK_BAD_PACKAGE,
                       "%s: %s does not take what the parts in front of it give: pack the model "
                       "again",
                       chain->folder, is_end ? "the output" : whole->parts[p].folder);
}

// The part's manifest must be the one that the whole's names: parts of two packings do not mix.
static bool check_manifest(const pk_manifest_part *part, const char *folder, pk_error *error) {
  pk_bytes text = {0};
  char sha256[PK_SHA256_HEX_BYTES];
  char *path = pk_path_join(folder, PK_MANIFEST_FILE, error);
  bool ok = path && pk_file_read(&text, path, PK_MAX_MANIFEST_BYTES, error);
  if (ok) {
    pk_sha256_hex(sha256, text.data, text.size);
    ok = strcmp(sha256, part->manifest.sha256) == 0 ||
         pk_fail(error, PK_BAD_PACKAGE,
                 "%s is not the file that the manifest of the whole describes: copy the whole "
                 "package again or pack the model again",
                 path);
  }
  pk_bytes_free(&text);
  free(path);
  return ok;
}

static bool open_part(pk_chain *chain, size_t p, const mnw_kernels *kernels, pk_error *error) {
  const pk_manifest_part *named = &chain->whole.manifest.parts[p];
  pk_chain_part *part = &chain->parts[p];
  char *folder = pk_path_join(chain->folder, named->folder, error);
  chain->part_count = p + 1;
  part->core = &part->package.core;
  const bool ok = folder && pk_package_load(&part->package, folder, kernels, error) &&
                  check_manifest(named, folder, error) && check_flow(chain, p, error);
  free(folder);
  return ok;
}

static bool open_parts(pk_chain *chain, const mnw_kernels *kernels, pk_error *error) {
  const size_t count = chain->whole.manifest.part_count;
  if (count == 0) {
    chain->part_count = 1;
    chain->parts[0].core = &chain->whole.core;
    return pk_package_load_model(&chain->whole, chain->folder, kernels, error);
  }
  for (size_t p = 0; p < count; p++) {
    if (!open_part(chain, p, kernels, error)) return false;
  }
  return check_flow(chain, count, error);
}

// An input that no part reads is in nobody's shards, so its size is checked here.
static bool open_inputs(pk_chain *chain, pk_error *error) {
  const pk_manifest *whole = &chain->whole.manifest;
  for (size_t i = 0; i < whole->input_count; i++) {
    size_t bytes = mnw_dtype_bytes(whole->inputs[i].dtype);
    for (uint32_t d = 0; d < whole->inputs[i].rank; d++) {
      bytes *= (size_t)whole->inputs[i].dims[d];
      if (bytes > MNW_MAX_TENSOR_BYTES) {
        return pk_fail(error, PK_BAD_PACKAGE, "%s: input %zu is too large: pack the model again",
                       chain->folder, i);
      }
    }
    chain->inputs[i] = pk_aligned_alloc(bytes);
    if (!chain->inputs[i]) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the inputs");
  }
  return true;
}

static bool open_sessions(pk_chain *chain, uint32_t threads, pk_error *error) {
  const bool is_whole = chain->whole.manifest.part_count == 0;
  for (size_t p = 0; p < chain->part_count; p++) {
    pk_chain_part *part = &chain->parts[p];
    pk_core_model *core = is_whole ? &chain->whole.core : &part->package.core;
    if (!pk_core_model_use_threads(core, threads, error)) return false;
    part->session = pk_core_session_open(&part->session_memory, core, chain->folder, error);
    if (!part->session) return false;
  }
  return true;
}

bool pk_chain_open(pk_chain *chain, const char *folder, const mnw_kernels *kernels,
                   uint32_t threads, pk_error *error) {
  *chain = (pk_chain){.folder = folder};
  const bool ok = pk_package_load_head(&chain->whole, folder, error) &&
                  open_parts(chain, kernels, error) && open_inputs(chain, error) &&
                  open_sessions(chain, threads, error);
  if (!ok) pk_chain_close(chain);
  return ok;
}

static void fill_inputs(const pk_chain *chain, size_t p) {
  const pk_manifest *whole = &chain->whole.manifest;
  const bool is_whole = whole->part_count == 0;
  const size_t count = is_whole ? whole->input_count : whole->parts[p].input_count;
  const pk_chain_part *part = &chain->parts[p];
  for (size_t i = 0; i < count; i++) {
    const pk_manifest_source own = {PK_SOURCE_INPUT, (int32_t)i};
    const pk_manifest_source from = is_whole ? own : whole->parts[p].inputs[i];
    mnw_tensor_info info;
    mnw_model_input_info(&info, part->core->model, i);
    const void *bytes =
        from.part == PK_SOURCE_INPUT
            ? chain->inputs[from.index]
            : mnw_session_output(chain->parts[from.part].session, (size_t)from.index);
    memcpy(mnw_session_input(part->session, i), bytes, info.size_bytes);
  }
}

bool pk_chain_run(pk_chain *chain, pk_error *error) {
  mnw_error core_error = {0};
  for (size_t p = 0; p < chain->part_count; p++) {
    fill_inputs(chain, p);
    if (mnw_session_run(chain->parts[p].session, &core_error) != MNW_STATUS_OK) {
      return pk_core_fail(error, &core_error, chain->folder);
    }
  }
  return true;
}
