#include "package_compare.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_common.h"

enum { MAX_LAYERS = 8192 };  // so that the table of lengths stays below 128 MB

// A layer of either, or of both.
typedef struct pair {
  const pk_layer *a, *b;
} pair;

static bool is_same_layer(const pk_layer *a, const pk_layer *b) {
  if (strcmp(a->op, b->op) != 0) return false;
  if (a->name && b->name && strcmp(a->name, b->name) == 0) return true;
  return a->rank == b->rank && memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) == 0;
}

// lengths[i][j]: of the longest common subsequence behind a's layer i and b's layer j.
static void fill_lengths(uint16_t *lengths, const pk_compared *a, const pk_compared *b) {
  const size_t width = b->layer_count + 1;
  for (size_t i = a->layer_count; i-- > 0;) {
    for (size_t j = b->layer_count; j-- > 0;) {
      const uint16_t skip_a = lengths[(i + 1) * width + j], skip_b = lengths[i * width + j + 1];
      const uint16_t skipped = skip_a > skip_b ? skip_a : skip_b;
      lengths[i * width + j] = is_same_layer(&a->layers[i], &b->layers[j])
                                   ? (uint16_t)(lengths[(i + 1) * width + j + 1] + 1)
                                   : skipped;
    }
  }
}

// All layers of both in order; NULL: out of memory. To be freed.
static pair *match_layers(size_t *count, const pk_compared *a, const pk_compared *b) {
  const size_t width = b->layer_count + 1;
  const bool is_small = a->layer_count < MAX_LAYERS && b->layer_count < MAX_LAYERS;
  uint16_t *lengths = is_small ? calloc((a->layer_count + 1) * width, sizeof *lengths) : NULL;
  pair *pairs = calloc(a->layer_count + b->layer_count + 1, sizeof *pairs);
  *count = 0;
  if (lengths) fill_lengths(lengths, a, b);
  for (size_t i = 0, j = 0; lengths && pairs && (i < a->layer_count || j < b->layer_count);) {
    const bool has_both = i < a->layer_count && j < b->layer_count;
    if (has_both && is_same_layer(&a->layers[i], &b->layers[j])) {
      pairs[(*count)++] = (pair){&a->layers[i++], &b->layers[j++]};
    } else if (j == b->layer_count ||
               (has_both && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      pairs[(*count)++] = (pair){.a = &a->layers[i++]};
    } else {
      pairs[(*count)++] = (pair){.b = &b->layers[j++]};
    }
  }
  if (!lengths) {
    free(pairs);
    pairs = NULL;
  }
  free(lengths);
  return pairs;
}

static double bits_of(const pk_layer *layer) {
  return layer && layer->weights ? 8.0 * (double)layer->weight_coded_bytes / (double)layer->weights
                                 : 0.0;
}

static long long difference(uint64_t a, uint64_t b) {
  return (long long)b - (long long)a;
}

static bool has_shard(const pk_manifest *manifest, const pk_manifest_file *shard) {
  for (size_t i = 0; i < manifest->shard_count; i++) {
    if (strcmp(manifest->shards[i].sha256, shard->sha256) == 0) return true;
  }
  return false;
}

// Of b's shards those that a has too.
static pk_shard_totals add_shared(size_t *count, const pk_compared *a, const pk_compared *b) {
  pk_shard_totals total = {0, 0, 0};
  *count = 0;
  for (size_t i = 0; i < b->manifest->shard_count; i++) {
    const pk_manifest_file *shard = &b->manifest->shards[i];
    if (!has_shard(a->manifest, shard)) continue;
    total.plain += shard->bytes;
    total.br += shard->br_bytes;
    total.gzip += shard->gzip_bytes;
    (*count)++;
  }
  return total;
}

static void print_pair(const pair *p) {
  const pk_layer *any = p->b ? p->b : p->a;
  if (!any) return;
  const uint64_t a = p->a ? p->a->coded_bytes : 0, b = p->b ? p->b->coded_bytes : 0;
  if (a == 0 && b == 0 && p->a && p->b) return;  // nothing stored in either
  printf("%-22s  %10llu  %10llu  %10llu  %10llu  %+11lld  %6.2f  %6.2f  %s%s\n", any->op,
         (unsigned long long)(p->a ? p->a->weights : 0),
         (unsigned long long)(p->b ? p->b->weights : 0), (unsigned long long)a,
         (unsigned long long)b, difference(a, b), bits_of(p->a), bits_of(p->b),
         p->a && p->b ? ""
         : p->a       ? "only in A "
                      : "only in B ",
         any->name ? any->name : "");
}

static void print_total(const char *name, uint64_t a, uint64_t b) {
  printf("%-22s  %10s  %10s  %10llu  %10llu  %+11lld\n", name, "", "", (unsigned long long)a,
         (unsigned long long)b, difference(a, b));
}

static void print_text(const pk_compared *a, const pk_compared *b, const pair *pairs,
                       size_t count) {
  const pk_shard_totals from = pk_manifest_shard_totals(a->manifest),
                        to = pk_manifest_shard_totals(b->manifest);
  size_t shared_count;
  const pk_shard_totals shared = add_shared(&shared_count, a, b);
  printf("A %s: %s\nB %s: %s\n\n", a->path, a->manifest->name, b->path, b->manifest->name);
  printf("%-22s  %10s  %10s  %10s  %10s  %11s  %6s  %6s\n", "operator", "weights A", "weights B",
         "bytes A", "bytes B", "difference", "bits A", "bits B");
  for (size_t i = 0; i < count; i++) print_pair(&pairs[i]);
  printf("\n");
  print_total("shards", from.plain, to.plain);
  print_total("shards, brotli", from.br, to.br);
  print_total("shards, gzip", from.gzip, to.gzip);
  print_total("memory, weights", a->manifest->weight_bytes, b->manifest->weight_bytes);
  print_total("memory, activations", a->manifest->activation_bytes, b->manifest->activation_bytes);
  printf("\nshared shards: %zu of %zu; from A to B %s are fetched (br %s)\n", shared_count,
         b->manifest->shard_count, pk_format_size(to.plain - shared.plain).text,
         pk_format_size(to.br - shared.br).text);
}

static json_t *sums_json(pk_shard_totals total) {
  return json_pack("{s:I, s:I, s:I}", "plain", (json_int_t)total.plain, "br", (json_int_t)total.br,
                   "gzip", (json_int_t)total.gzip);
}

static json_t *side_json(const pk_compared *side) {
  return json_pack("{s:s, s:s, s:o, s:{s:I, s:I}}", "path", side->path, "name",
                   side->manifest->name, "bytes",
                   sums_json(pk_manifest_shard_totals(side->manifest)), "memory", "weights",
                   (json_int_t)side->manifest->weight_bytes, "activations",
                   (json_int_t)side->manifest->activation_bytes);
}

static json_t *half_json(const pk_layer *layer) {
  if (!layer) return json_null();
  return json_pack("{s:s*, s:I, s:I, s:f}", "name", layer->name, "weights",
                   (json_int_t)layer->weights, "codedBytes", (json_int_t)layer->coded_bytes,
                   "bitsPerWeight", bits_of(layer));
}

static bool print_as_json(const pk_compared *a, const pk_compared *b, const pair *pairs,
                          size_t count) {
  size_t shared_count;
  const pk_shard_totals shared = add_shared(&shared_count, a, b);
  json_t *layers = json_array();
  for (size_t i = 0; i < count; i++) {
    const pk_layer *any = pairs[i].b ? pairs[i].b : pairs[i].a;
    if (!any) continue;
    json_array_append_new(layers, json_pack("{s:s, s:o, s:o}", "operator", any->op, "a",
                                            half_json(pairs[i].a), "b", half_json(pairs[i].b)));
  }
  return pk_print_json(json_pack("{s:o, s:o, s:o, s:{s:I, s:o}}", "a", side_json(a), "b",
                                 side_json(b), "layers", layers, "shared", "shards",
                                 (json_int_t)shared_count, "bytes", sums_json(shared)));
}

bool pk_compare_print(const pk_compared *a, const pk_compared *b, bool as_json, pk_error *error) {
  size_t count;
  pair *pairs = match_layers(&count, a, b);
  bool ok = pairs != NULL;
  if (ok && as_json) ok = print_as_json(a, b, pairs, count);
  if (ok && !as_json) print_text(a, b, pairs, count);
  free(pairs);
  return ok || pk_fail(error, PK_OUT_OF_MEMORY, "no memory to compare the packages");
}
