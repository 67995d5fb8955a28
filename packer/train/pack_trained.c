#include "pack_trained.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../import/import.h"
#include "../package/file_io.h"
#include "../package/manifest_fields.h"
#include "../package/package_folder.h"
#include "data_samples.h"
#include "recipe_manifest.h"
#include "refine.h"

static const size_t max_file_bytes = (size_t)1 << 30;

typedef struct pack_fields {
  float max_drop, prune;
  int32_t target_bytes, samples, activations, weight_values;
} pack_fields;

typedef struct refine_fields {
  int32_t steps, batch;
  float rate, temperature;
} refine_fields;

static const pk_field_rule rules[] = {
    {"maxDrop", PK_FIELD_NUMBER, false, offsetof(pack_fields, max_drop), 0.01, 100, NULL},
    {"prune", PK_FIELD_NUMBER, false, offsetof(pack_fields, prune), 0, 0.99, NULL},
    {"targetSize", PK_FIELD_INTEGER, false, offsetof(pack_fields, target_bytes), 1, INT32_MAX,
     NULL},
    {"samples", PK_FIELD_INTEGER, false, offsetof(pack_fields, samples), 8, 100000, NULL},
    {"activations", PK_FIELD_NAME, false, offsetof(pack_fields, activations), 0, 0,
     pk_activation_names},
    {"weights", PK_FIELD_NAME, false, offsetof(pack_fields, weight_values), 0, 0,
     pk_weight_value_names}};

static const pk_field_rule refine_rules[] = {
    {"steps", PK_FIELD_INTEGER, true, offsetof(refine_fields, steps), 1, 10000000, NULL},
    {"batch", PK_FIELD_INTEGER, false, offsetof(refine_fields, batch), 2, 4096, NULL},
    {"rate", PK_FIELD_NUMBER, false, offsetof(refine_fields, rate), 1e-6, 10, NULL},
    {"temperature", PK_FIELD_NUMBER, false, offsetof(refine_fields, temperature), 0.1, 100, NULL}};

typedef struct packing {
  pk_packed_model *packed;
  pk_manifest manifest;  // of the recipe's inputs, which compression leaves as they are
  const pk_data_set *data;
  pk_data_part judged;
  pk_compress_options options;
  pk_pack_options pack;
  size_t samples;
} packing;

static bool read_fields(pack_fields *fields, refine_fields *refine, const pk_recipe *recipe,
                        pk_error *error) {
  static const char *const also_known[] = {"refine", NULL};
  const pk_field_reader reader = pk_recipe_reader(recipe, error);
  const json_t *pack = json_object_get(recipe->json, "pack");
  const json_t *refined = json_object_get(pack, "refine");
  *fields = (pack_fields){.max_drop = 0.5f, .samples = 240};
  *refine = (refine_fields){.batch = 32, .rate = 0.03f, .temperature = 2.0f};
  return (!pack || pk_field_read_rules(fields, rules, sizeof rules / sizeof *rules, also_known,
                                       &reader, pack, "pack")) &&
         (!refined ||
          pk_field_read_rules(refine, refine_rules, sizeof refine_rules / sizeof *refine_rules,
                              NULL, &reader, refined, "pack.refine"));
}

static pk_refine_options refine_options(const refine_fields *fields, const pk_recipe *recipe,
                                        const packing *p) {
  return (pk_refine_options){.data = p->data,
                             .augment = json_object_get(recipe->json, "augment"),
                             .steps = (size_t)fields->steps,
                             .batch = (size_t)fields->batch,
                             .rate = fields->rate,
                             .temperature = fields->temperature,
                             .seed = (uint64_t)recipe->training.seed,
                             .progress = p->pack.progress};
}

// From the validation part where it is large enough: on what a network was trained with it is too
// sure of itself to show what compression does to it.
static bool read_samples(void *user, pk_sample_set *set, const pk_manifest *manifest,
                         pk_error *error) {
  const packing *p = user;
  const bool has_validation = 2 * pk_data_set_count(p->data, PK_DATA_VALIDATION) >= p->samples;
  return pk_data_samples(set, p->data, has_validation ? PK_DATA_VALIDATION : PK_DATA_TRAIN,
                         p->samples, manifest, error);
}

static bool compress_and_judge(void *user, pk_graph *graph, pk_error *error) {
  packing *p = user;
  pk_sample_set test = {0};
  pk_answers before = {0}, after = {0};
  bool ok = pk_data_samples(&test, p->data, p->judged, SIZE_MAX, &p->manifest, error) &&
            pk_answers_make(&before, graph, &test, PK_SHARD_BYTES_DEFAULT, error) &&
            pk_compress_graph(graph, &p->options, &p->packed->report, error) &&
            pk_answers_make(&after, graph, &test, PK_SHARD_BYTES_DEFAULT, error);
  if (ok && test.count > 0) {
    const pk_quality quality = pk_quality_compare(&after, &before, &test);
    p->packed->float_accuracy = quality.reference_top1;
    p->packed->accuracy = quality.top1;
    p->packed->agreement = quality.agreement;
    p->packed->test_count = test.count;
  }
  pk_answers_free(&before);
  pk_answers_free(&after);
  pk_sample_set_free(&test);
  return ok;
}

static pk_compress_options compress_options(const pack_fields *fields, const pk_recipe *recipe) {
  return (pk_compress_options){.read_samples = read_samples,
                               .labels = &recipe->labels_text,
                               .max_drop = (double)fields->max_drop,
                               .target_bytes = (size_t)fields->target_bytes,
                               .seed = 1,
                               .prune = {.share = (double)fields->prune},
                               .activations = (pk_activations)fields->activations,
                               .weight_values = (pk_weight_values)fields->weight_values};
}

bool pk_pack_trained(pk_packed_model *packed, const char *file, const pk_recipe *recipe,
                     const pk_data_set *data, pk_data_part judged, pk_progress_fn *progress,
                     pk_error *error) {
  pack_fields fields;
  refine_fields refined;
  pk_bytes bytes = {0};
  pk_lowered_graph graph = {0};
  *packed = (pk_packed_model){0};
  if (!read_fields(&fields, &refined, recipe, error)) return false;
  packing p = {.packed = packed, .data = data, .judged = judged, .samples = (size_t)fields.samples};
  p.pack = (pk_pack_options){.name = recipe->name,
                             .labels_file = recipe->labels_file,
                             .frontend_file = recipe->frontend_file,
                             .progress = progress};
  p.options = compress_options(&fields, recipe);
  p.options.samples_user = &p;
  p.options.pack = &p.pack;
  const pk_graph_edit edit = {.apply = compress_and_judge, .user = &p};
  pk_refine_options refining = refine_options(&refined, recipe, &p);
  if (refined.steps > 0) {
    p.options.refine = pk_refine;
    p.options.refine_user = &refining;
  }
  bool ok = pk_recipe_describe(&p.manifest, recipe, error) &&
            pk_file_read(&bytes, file, max_file_bytes, error);
  ok = ok && pk_import_model_edited(&graph, bytes.data, bytes.size, file, &edit, error) &&
       pk_package_encode(&packed->package, &graph, &p.pack, error);
  pk_lowered_graph_free(&graph);
  pk_manifest_free(&p.manifest);
  pk_bytes_free(&bytes);
  if (!ok) pk_packed_model_free(packed);
  return ok;
}

void pk_packed_model_free(pk_packed_model *packed) {
  pk_package_free(&packed->package);
  pk_compress_report_free(&packed->report);
  *packed = (pk_packed_model){0};
}

static double two_digits(double percent) {
  return (double)(long)(percent * 100.0 + 0.5) / 100.0;
}

// What the demo's About page and people read.
static bool write_card(const pk_packed_model *packed, const pk_recipe *recipe, const char *folder,
                       pk_error *error) {
  const pk_shard_totals totals = pk_manifest_shard_totals(&packed->package.manifest);
  char *path = pk_path_join(folder, "card.json", error);
  json_t *card = json_pack(
      "{s:s, s:f, s:f, s:I, s:I, s:I, s:O*, s:O*, s:O*}", "name", recipe->name, "accuracy",
      two_digits(packed->accuracy), "floatAccuracy", two_digits(packed->float_accuracy),
      "testExamples", (json_int_t)packed->test_count, "bytes", (json_int_t)totals.br, "weights",
      (json_int_t)packed->report.weight_count, "about", json_object_get(recipe->json, "about"),
      "licence", json_object_get(recipe->json, "licence"), "attribution",
      json_object_get(recipe->json, "attribution"));
  char *text = card ? json_dumps(card, JSON_INDENT(2) | JSON_REAL_PRECISION(5)) : NULL;
  bool ok = path && text;
  if (path && !text) pk_fail(error, PK_OUT_OF_MEMORY, "no memory for card.json");
  ok = ok && pk_file_write(path, text, strlen(text), error);
  free(text);
  free(path);
  json_decref(card);
  return ok;
}

bool pk_packed_model_store(const pk_packed_model *packed, const pk_recipe *recipe,
                           const char *folder, pk_error *error) {
  char *package = pk_path_join(folder, "package", error);
  const bool ok = package && pk_package_folder_prepare(package, error) &&
                  pk_package_store(&packed->package, package, error) &&
                  write_card(packed, recipe, folder, error);
  free(package);
  return ok;
}
