#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../encode/package_writer.h"
#include "../package/package_chain.h"
#include "../package/package_folder.h"
#include "cli_common.h"
#include "layer_report.h"
#include "model_file.h"
#include "package_compare.h"
#include "part_table.h"

static const char help[] =
    "minnow inspect: show what a package or a model consists of\n"
    "\n"
    "usage: minnow inspect FOLDER|MODEL [--json]\n"
    "       minnow inspect --compare A B [--json]\n"
    "\n"
    "A row for each layer: number, operator, output shape, weights, bits a weight as coded and "
    "their\n"
    "entropy, bytes of all its constants as coded, name in the model file (models only). Then the\n"
    "shards with the sizes of their compressed forms. A model is packed in memory for this. Of a\n"
    "split package the parts are listed, each of which can be inspected by itself.\n"
    "\n"
    "  --compare   two of them side by side: bytes and bits a weight of each layer, sums, and the\n"
    "              shards that both share, which an update from A to B does not fetch\n"
    "  --json      print the same as JSON\n"
    "\n"
    "examples:\n"
    "  minnow inspect out\n"
    "  minnow inspect mobilenet_v2.tflite --json\n"
    "  minnow inspect --compare out smaller\n";

// What is shown: a package, from a folder or packed in memory, with the model read from it.
typedef struct subject {
  const pk_manifest *manifest;
  const pk_core_model *core;
  const pk_bytes *shards;
  const pk_lowered_graph *source;  // NULL for a folder
  const char *folder;              // NULL for a model
} subject;

static void format_shape(char *text, size_t text_bytes, const pk_layer *layer) {
  size_t length = 0;
  text[0] = '\0';
  for (uint32_t i = 0; i < layer->rank && length < text_bytes; i++) {
    length +=
        (size_t)snprintf(text + length, text_bytes - length, "%s%d", i ? "x" : "", layer->dims[i]);
  }
}

static double per_weight(double value, uint64_t weights) {
  return weights ? value / (double)weights : 0.0;
}

static void add_layer(pk_layer *total, const pk_layer *layer) {
  total->weights += layer->weights;
  total->weight_coded_bytes += layer->weight_coded_bytes;
  total->weight_entropy_bits += layer->weight_entropy_bits;
  total->constant_bytes += layer->constant_bytes;
  total->coded_bytes += layer->coded_bytes;
}

static void print_row(const char *number, const pk_layer *layer) {
  char shape[80];
  format_shape(shape, sizeof shape, layer);
  printf("%4s  %-17s  %-14s", number, layer->op, shape);
  if (layer->weights > 0) {
    printf("  %9llu  %6.2f  %7.2f", (unsigned long long)layer->weights,
           per_weight(8.0 * (double)layer->weight_coded_bytes, layer->weights),
           per_weight(layer->weight_entropy_bits, layer->weights));
  } else {
    printf("  %9s  %6s  %7s", "", "", "");
  }
  printf("  %9llu  %9llu  %s\n", (unsigned long long)layer->constant_bytes,
         (unsigned long long)layer->coded_bytes, layer->name ? layer->name : "");
}

static void print_file(const char *label, uint64_t plain, uint64_t br, uint64_t gzip) {
  printf("%-30s  %9llu  %9llu  %9llu\n", label, (unsigned long long)plain, (unsigned long long)br,
         (unsigned long long)gzip);
}

// The release, and whether somebody signed: whose signature it is takes a key to tell.
static void print_signing(const pk_manifest *manifest, const char *folder) {
  if (manifest->has_release) printf("release %lld, ", (long long)manifest->release);
  printf("%s\n", pk_package_has_signature(folder)
                     ? "signed (minnow verify tells whether the signature holds)"
                     : "not signed");
}

static void add_signing_json(json_t *root, const char *folder) {
  if (folder) json_object_set_new(root, "signed", json_boolean(pk_package_has_signature(folder)));
}

static void print_tables(const subject *s, const pk_layer *layers, size_t count) {
  const pk_manifest *m = s->manifest;
  const pk_shard_totals totals = pk_manifest_shard_totals(m);
  pk_layer total = {.op = "total"};
  printf("%s: %s, weights %s, activations %s\n", m->name, pk_task_name(m->task),
         pk_format_size(m->weight_bytes).text, pk_format_size(m->activation_bytes).text);
  if (s->folder) print_signing(m, s->folder);
  putchar('\n');
  printf("%4s  %-17s  %-14s  %9s  %6s  %7s  %9s  %9s  %s\n", "#", "operator", "output", "weights",
         "bits/w", "entropy", "bytes", "coded", s->source ? "name" : "");
  for (size_t i = 0; i < count; i++) {
    char number[24];
    snprintf(number, sizeof number, "%zu", i);
    print_row(number, &layers[i]);
    add_layer(&total, &layers[i]);
  }
  print_row("", &total);
  printf("\n%-30s  %9s  %9s  %9s\n", "file", "bytes", "br", "gzip");
  for (size_t i = 0; i < m->shard_count; i++) {
    const pk_manifest_file *f = &m->shards[i];
    print_file(f->file, f->bytes, f->br_bytes, f->gzip_bytes);
  }
  if (m->has_labels) {
    print_file(m->labels.file, m->labels.bytes, m->labels.br_bytes, m->labels.gzip_bytes);
  }
  print_file("shards in total", totals.plain, totals.br, totals.gzip);
}

static json_t *layer_json(const pk_layer *layer, size_t number) {
  json_t *shape = json_array();
  for (uint32_t i = 0; i < layer->rank; i++) {
    json_array_append_new(shape, json_integer(layer->dims[i]));
  }
  return json_pack("{s:I, s:s, s:s*, s:o, s:I, s:f, s:f, s:I, s:I}", "index", (json_int_t)number,
                   "operator", layer->op, "name", layer->name, "output", shape, "weights",
                   (json_int_t)layer->weights, "bitsPerWeight",
                   per_weight(8.0 * (double)layer->weight_coded_bytes, layer->weights),
                   "entropyBits", per_weight(layer->weight_entropy_bits, layer->weights), "bytes",
                   (json_int_t)layer->constant_bytes, "codedBytes", (json_int_t)layer->coded_bytes);
}

// The manifest's own fields, then the layers and their totals.
static bool print_json(const subject *s, const pk_layer *layers, size_t count) {
  pk_layer total = {.op = "total"};
  char *manifest = pk_manifest_write(s->manifest);
  json_t *root = manifest ? json_loads(manifest, 0, NULL) : NULL;
  json_t *rows = json_array();
  for (size_t i = 0; i < count; i++) {
    json_array_append_new(rows, layer_json(&layers[i], i));
    add_layer(&total, &layers[i]);
  }
  free(manifest);
  add_signing_json(root, s->folder);
  json_object_set_new(root, "layers", rows);
  json_object_set_new(root, "total", layer_json(&total, count));
  return pk_print_json(root);
}

static bool show(const subject *s, bool as_json, pk_error *error) {
  size_t count = 0;
  bool ok = true;
  pk_layer *layers =
      pk_layer_report(&count, s->core, s->shards, s->manifest->shard_count, s->source, error);
  if (!layers) return false;
  pk_progress_end();
  if (as_json) {
    ok = print_json(s, layers, count) || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for JSON");
  } else {
    print_tables(s, layers, count);
  }
  free(layers);
  return ok;
}

static bool show_parts(const pk_chain *chain, bool as_json) {
  const pk_manifest *whole = &chain->whole.manifest;
  const pk_manifest *parts[PK_MAX_PARTS];
  for (size_t p = 0; p < whole->part_count; p++) parts[p] = &chain->parts[p].package.manifest;
  if (as_json) {
    char *manifest = pk_manifest_write(whole);
    json_t *root = manifest ? json_loads(manifest, 0, NULL) : NULL;
    free(manifest);
    add_signing_json(root, chain->folder);
    json_object_set_new(root, "figures", pk_part_table_json(whole, parts));
    return pk_print_json(root);
  }
  printf("%s: %s, %zu parts; weights %s, activations %s in the largest\n", whole->name,
         pk_task_name(whole->task), whole->part_count, pk_format_size(whole->weight_bytes).text,
         pk_format_size(whole->activation_bytes).text);
  print_signing(whole, chain->folder);
  putchar('\n');
  pk_part_table_print(whole, parts);
  return true;
}

// What a path leads to; all zero: closed.
typedef struct opened {
  bool is_folder;
  pk_chain chain;          // of a folder
  pk_lowered_graph graph;  // of a model, packed in memory, with the two below
  pk_package package;
  pk_core_model core;
  subject subject;
} opened;

static bool open_path(opened *o, const char *path, pk_error *error) {
  struct stat status;
  const pk_pack_options options = {.progress = pk_progress_show};
  o->is_folder = stat(path, &status) != 0 || S_ISDIR(status.st_mode);
  if (o->is_folder) {
    if (!pk_chain_open(&o->chain, path, pk_kernels_find(NULL, error), 1, error)) return false;
    const pk_loaded_package *package = &o->chain.whole;
    o->subject = (subject){&package->manifest, &package->core, package->shards, NULL, path};
    return true;
  }
  if (!pk_model_read(&o->graph, path, error) ||
      !pk_package_encode(&o->package, &o->graph, &options, error) ||
      !pk_core_model_open(&o->core, o->package.shards.items, o->package.shards.count,
                          pk_kernels_find(NULL, error), path, error)) {
    return false;
  }
  o->subject = (subject){&o->package.manifest, &o->core, o->package.shards.items, &o->graph, NULL};
  return true;
}

static void close_path(opened *o) {
  if (o->is_folder) pk_chain_close(&o->chain);
  pk_core_model_close(&o->core);
  pk_package_free(&o->package);
  pk_lowered_graph_free(&o->graph);
}

static bool inspect(const char *path, bool as_json, pk_error *error) {
  opened *o = calloc(1, sizeof *o);
  if (!o) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for %s", path);
  bool ok = open_path(o, path, error);
  if (ok && o->chain.part_count > 1) {
    ok = show_parts(&o->chain, as_json) || pk_fail(error, PK_OUT_OF_MEMORY, "no memory for JSON");
  } else if (ok) {
    ok = show(&o->subject, as_json, error);
  }
  close_path(o);
  free(o);
  return ok;
}

// Opens one of two; its layers are to be freed.
static bool open_side(opened *o, pk_compared *side, const char *path, pk_error *error) {
  if (!open_path(o, path, error)) return false;
  if (o->chain.part_count > 1) {
    return pk_fail(error, PK_UNSUPPORTED, "%s is split: compare its parts, %s/part-0 and so on",
                   path, path);
  }
  const subject *s = &o->subject;
  side->path = path;
  side->manifest = s->manifest;
  side->layers = pk_layer_report(&side->layer_count, s->core, s->shards, s->manifest->shard_count,
                                 s->source, error);
  return side->layers != NULL;
}

static bool compare(char **paths, bool as_json, pk_error *error) {
  opened *both = calloc(2, sizeof *both);
  pk_compared sides[2] = {{0}};
  bool ok = true;
  if (!both) return pk_fail(error, PK_OUT_OF_MEMORY, "no memory for two packages");
  for (int i = 0; ok && i < 2; i++) ok = open_side(&both[i], &sides[i], paths[i], error);
  pk_progress_end();
  ok = ok && pk_compare_print(&sides[0], &sides[1], as_json, error);
  for (int i = 0; i < 2; i++) {
    free((void *)sides[i].layers);
    close_path(&both[i]);
  }
  free(both);
  return ok;
}

int pk_command_inspect(int argc, char **argv) {
  enum { OPTION_JSON = 256, OPTION_COMPARE };
  static const struct option long_options[] = {{"help", no_argument, NULL, 'h'},
                                               {"json", no_argument, NULL, OPTION_JSON},
                                               {"compare", no_argument, NULL, OPTION_COMPARE},
                                               {NULL, 0, NULL, 0}};
  pk_error error = {0};
  bool as_json = false, compares = false, ok = true;
  int option;
  pk_options_start();
  while ((option = pk_options_next(argc, argv, ":h", long_options, &error)) != -1) {
    if (option == 'h') {
      fputs(help, stdout);
      return PK_OK;
    }
    if (option == '?') return pk_tell_error(&error, "inspect", as_json);
    as_json = as_json || option == OPTION_JSON;
    compares = compares || option == OPTION_COMPARE;
  }
  if (compares && optind + 2 != argc) {
    ok = pk_fail(&error, PK_USAGE, "--compare needs two package folders or model files");
  } else if (compares) {
    ok = compare(argv + optind, as_json, &error);
  } else if (optind + 1 != argc) {
    ok = pk_fail(&error, PK_USAGE, "one package folder or model file is needed");
  } else {
    ok = inspect(argv[optind], as_json, &error);
  }
  return ok ? PK_OK : pk_tell_error(&error, "inspect", as_json);
}
