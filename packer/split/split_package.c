#include "split_package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../encode/manifest_build.h"
#include "../encode/tensor_order.h"
#include "../package/file_io.h"
#include "../package/package_folder.h"
#include "cut_graph.h"

enum { PART_NAME_BYTES = 32 };

void pk_split_free(pk_split_package *split) {
  for (size_t p = 0; p < PK_MAX_PARTS; p++) pk_package_free(&split->parts[p]);
  pk_package_free(&split->whole);
  split->choice = (pk_cut_choice){0};
}

// An input of the part that is a picture of the whole is one here too; its name is the model's.
static void describe_pictures(pk_manifest *part, const pk_manifest *whole,
                              const pk_manifest_source *sources) {
  for (size_t i = 0; i < part->input_count; i++) {
    if (sources[i].part != PK_SOURCE_INPUT) continue;
    const pk_manifest_tensor *from = &whole->inputs[sources[i].index];
    char *name = part->inputs[i].name;
    if (!from->is_image) continue;
    part->inputs[i] = *from;
    part->inputs[i].name = name;
  }
}

static bool name_part(char **name, const pk_manifest *whole, size_t number, size_t count,
                      pk_error *error) {
  const size_t bytes = strlen(whole->name) + PART_NAME_BYTES;
  *name = malloc(bytes);
  if (!*name) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the manifest");
  snprintf(*name, bytes, "%s, part %zu of %zu", whole->name, number + 1, count);
  return true;
}

// The entry of the whole's manifest; takes over the list of sources.
static bool enter_part(pk_manifest *whole, size_t number, const pk_manifest *part, pk_cut_part *cut,
                       pk_error *error) {
  pk_manifest_part *entry = &whole->parts[number];
  pk_bytes text = {0};
  snprintf(entry->folder, sizeof entry->folder, PK_PART_FOLDER "%zu", number);
  entry->inputs = cut->inputs;
  entry->input_count = part->input_count;
  cut->inputs = NULL;
  const bool ok = pk_manifest_text(&text, part, error);
  if (ok) {
    snprintf(entry->manifest.file, sizeof entry->manifest.file, "%s", PK_MANIFEST_FILE);
    pk_sha256_hex(entry->manifest.sha256, text.data, text.size);
    entry->manifest.bytes = text.size;
  }
  pk_bytes_free(&text);
  return ok;
}

// Parts take turns in memory, so the whole's figures are those of the part that takes most.
static void note_memory(pk_manifest *whole, const pk_manifest *part) {
  if (part->weight_bytes + part->activation_bytes > whole->weight_bytes + whole->activation_bytes) {
    whole->weight_bytes = part->weight_bytes;
    whole->activation_bytes = part->activation_bytes;
  }
  if (part->staging_bytes > whole->staging_bytes) whole->staging_bytes = part->staging_bytes;
}

static bool encode_part(pk_split_package *split, pk_cut_graph *cut, size_t p,
                        const pk_pack_options *options, pk_error *error) {
  pk_manifest *whole = &split->whole.manifest;
  pk_package *part = &split->parts[p];
  char *name = NULL;
  const bool ok = name_part(&name, whole, p, cut->part_count, error) &&
                  pk_manifest_describe_part(&part->manifest, &cut->parts[p].graph, name, error) &&
                  pk_package_encode_shards(part, &cut->parts[p].graph, options, error);
  free(name);
  if (!ok) return false;
  describe_pictures(&part->manifest, whole, cut->parts[p].inputs);
  note_memory(whole, &part->manifest);
  return enter_part(whole, p, &part->manifest, &cut->parts[p], error);
}

// A page reads a picture into one part only, so that part hands it on where others read it too.
static bool cut_graph(pk_cut_graph *cut, const pk_split_package *split,
                      const pk_lowered_graph *graph, pk_error *error) {
  const pk_manifest *whole = &split->whole.manifest;
  bool *is_handed_on = calloc(whole->input_count + 1, sizeof *is_handed_on);
  if (!is_handed_on) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory to cut the graph");
  for (size_t i = 0; i < whole->input_count; i++) is_handed_on[i] = whole->inputs[i].is_image;
  const bool ok = pk_graph_cut(cut, graph, &split->choice, is_handed_on, error);
  free(is_handed_on);
  return ok;
}

static bool encode_parts(pk_split_package *split, const pk_lowered_graph *graph,
                         const pk_pack_options *options, pk_error *error) {
  pk_cut_graph cut = {0};
  pk_manifest *whole = &split->whole.manifest;
  if (!cut_graph(&cut, split, graph, error)) return false;
  whole->parts = calloc(cut.part_count + 1, sizeof *whole->parts);
  bool ok = whole->parts || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for the manifest");
  if (ok) {
    whole->part_count = cut.part_count;
    whole->results = cut.results;
    cut.results = NULL;
  }
  for (size_t p = 0; ok && p < cut.part_count; p++) {
    ok = encode_part(split, &cut, p, options, error);
  }
  pk_cut_graph_free(&cut);
  return ok;
}

bool pk_split_encode(pk_split_package *split, pk_lowered_graph *graph, size_t part_count,
                     const pk_pack_options *options, pk_error *error) {
  *split = (pk_split_package){0};
  const bool ok = pk_order_tensors(graph, error) &&
                  pk_cuts_choose(&split->choice, graph, part_count, error) &&
                  pk_package_describe(&split->whole, graph, options, error) &&
                  encode_parts(split, graph, options, error);
  if (!ok) pk_split_free(split);
  return ok;
}

typedef bool part_step(const pk_package *part, const char *folder, pk_error *error);

static bool prepare_folder(const pk_package *part, const char *folder, pk_error *error) {
  (void)part;
  return pk_package_folder_prepare(folder, error);
}

static bool store_manifest(const pk_package *part, const char *folder, pk_error *error) {
  return pk_package_store_manifest(&part->manifest, folder, error);
}

static bool clean_folder(const pk_package *part, const char *folder, pk_error *error) {
  return pk_package_folder_clean(folder, &part->manifest, error);
}

// One step for all parts, then for the whole.
static bool for_all(const pk_split_package *split, const char *folder, part_step *step,
                    pk_error *error) {
  const pk_manifest *whole = &split->whole.manifest;
  for (size_t p = 0; p < whole->part_count; p++) {
    char *path = pk_path_join(folder, whole->parts[p].folder, error);
    const bool ok = path && step(&split->parts[p], path, error);
    free(path);
    if (!ok) return false;
  }
  return step(&split->whole, folder, error);
}

bool pk_split_store(const pk_split_package *split, const char *folder, pk_error *error) {
  return pk_package_folder_prepare(folder, error) &&
         for_all(split, folder, prepare_folder, error) &&
         for_all(split, folder, pk_package_store_files, error) &&
         for_all(split, folder, store_manifest, error) &&
         for_all(split, folder, clean_folder, error);
}
