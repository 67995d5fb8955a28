#include "check_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../encode/package_writer.h"
#include "../import/onnx/onnx_import.h"
#include "../package/core_model.h"
#include "../package/file_io.h"
#include "check_record.h"

enum { MAX_FILE_BYTES = 1 << 28, MAX_VALUES = 64, MAX_SETS = 16, MAX_ATTEMPTS = 64 };
static const double relative_tolerance = 1e-3, absolute_tolerance = 1e-7;

typedef struct data_set {
  const Onnx__TensorProto *inputs[MAX_VALUES], *outputs[MAX_VALUES];
  size_t input_count, output_count;
} data_set;

typedef struct check {
  const char *folder;
  pk_arena arena;  // of the messages
  pk_bytes model_bytes;
  const Onnx__ModelProto *model;
  const char *input_names[MAX_VALUES];  // of the model's inputs that are no initializers
  size_t input_count;
  bool is_constant[MAX_VALUES];  // input became a constant
  const char *model_path;
  const pk_check_options *options;
  pk_bytes record;  // of the data set at work
  pk_check_result *result;
  pk_error *error;
} check;

static bool exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0;
}

static bool read_tensor(check *c, const Onnx__TensorProto **tensor, const char *path) {
  pk_bytes bytes;
  if (!pk_file_read(&bytes, path, MAX_FILE_BYTES, c->error)) return false;
  // Sequences and optionals are other messages; what they hold is no tensor.
  *tensor = pk_onnx_read_tensor(&c->arena, bytes.data, bytes.size, c->error);
  pk_bytes_free(&bytes);
  return *tensor != NULL;
}

static bool read_list(check *c, const Onnx__TensorProto **list, size_t *count, const char *folder,
                      const char *stem) {
  for (*count = 0; *count < MAX_VALUES; ++*count) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s_%zu.pb", folder, stem, *count);
    if (!exists(path)) return true;
    if (!read_tensor(c, &list[*count], path)) return false;
  }
  return pk_fail(c->error, PK_UNSUPPORTED, "%s: more than %d values", folder, MAX_VALUES);
}

// Adds a name to the list in result->operators unless it is there or does not fit.
static void list_operator(pk_check_result *result, const char *name) {
  const size_t bytes = strlen(name), length = strlen(result->operators);
  for (const char *at = result->operators; (at = strstr(at, name)) != NULL; at++) {
    const bool starts = at == result->operators || at[-1] == ',';
    if (starts && (at[bytes] == ',' || at[bytes] == '\0')) return;
  }
  if (bytes == 0 || strchr(name, ',') || length + bytes + 2 > sizeof result->operators) return;
  snprintf(result->operators + length, sizeof result->operators - length, "%s%s", length ? "," : "",
           name);
}

static bool read_model(check *c) {
  if (!pk_file_read(&c->model_bytes, c->model_path, MAX_FILE_BYTES, c->error)) return false;
  c->model = pk_onnx_read_model(&c->arena, c->model_bytes.data, c->model_bytes.size, c->error);
  if (!c->model) return false;
  const Onnx__GraphProto *graph = c->model->graph;
  for (size_t i = 0; graph && i < graph->n_node; i++) {
    list_operator(c->result, graph->node[i]->op_type ? graph->node[i]->op_type : "");
  }
  for (size_t i = 0; graph && i < graph->n_input; i++) {
    bool is_initializer = false;
    for (size_t j = 0; j < graph->n_initializer && !is_initializer; j++) {
      is_initializer = graph->initializer[j]->name && graph->input[i]->name &&
                       strcmp(graph->initializer[j]->name, graph->input[i]->name) == 0;
    }
    if (is_initializer) continue;
    if (c->input_count == MAX_VALUES) {
      return pk_fail(c->error, PK_UNSUPPORTED, "the model has more than %d inputs", MAX_VALUES);
    }
    c->input_names[c->input_count++] = graph->input[i]->name ? graph->input[i]->name : "";
  }
  return true;
}

static void set_known_inputs(check *c, pk_onnx_known_input *known, const data_set *set,
                             pk_onnx_options *options) {
  options->known_inputs = known;
  options->known_input_count = 0;
  for (size_t i = 0; i < c->input_count && i < set->input_count; i++) {
    known[options->known_input_count++] =
        (pk_onnx_known_input){c->input_names[i], set->inputs[i], c->is_constant[i]};
  }
}

// Makes the input that the importer asked for a constant; one that is computed from others takes
// all short integer inputs with it. False: nothing to change.
static bool bind_needed(check *c, const data_set *set, const pk_onnx_options *options) {
  bool changed = false;
  for (size_t i = 0; i < c->input_count && i < set->input_count; i++) {
    const Onnx__TensorProto *value = set->inputs[i];
    const bool is_list = value->n_dims <= 1 &&
                         (value->data_type == PK_ONNX_INT64 || value->data_type == PK_ONNX_INT32);
    const bool is_needed =
        options->needed_input[0] ? strcmp(c->input_names[i], options->needed_input) == 0 : is_list;
    if (!is_needed || c->is_constant[i]) continue;
    c->is_constant[i] = changed = true;
  }
  return changed;
}

static bool import_model(check *c, pk_lowered_graph *graph, const data_set *set) {
  for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    pk_onnx_known_input known[MAX_VALUES];
    pk_onnx_options options = {.folder = c->folder};
    pk_error error = {.code = PK_OK};
    set_known_inputs(c, known, set, &options);
    if (pk_import_onnx(graph, c->model_bytes.data, c->model_bytes.size, c->model_path, &options,
                       &error)) {
      return true;
    }
    if (!options.needs_value || !bind_needed(c, set, &options)) {
      *c->error = error;
      return false;
    }
  }
  return pk_fail(c->error, PK_UNSUPPORTED, "its inputs' values are needed again and again");
}

// Copies a test's tensor into an input of the package.
static bool fill_input(check *c, mnw_session *session, const mnw_model *model, size_t index,
                       const Onnx__TensorProto *source) {
  mnw_tensor_info info;
  pk_tensor tensor = {.name = "input"};
  if (mnw_model_input_info(&info, model, index) != MNW_STATUS_OK ||
      !pk_onnx_tensor_data(&tensor, &c->arena, source, NULL, c->error)) {
    return pk_fail(c->error, PK_UNSUPPORTED, "input %zu is not in the package", index);
  }
  if (pk_dtype_runtime(tensor.dtype) != info.dtype || tensor.data_bytes != info.size_bytes) {
    return pk_fail(c->error, PK_BAD_MODEL,
                   "input %zu of the test does not have the type or shape that the model asks for",
                   index);
  }
  memcpy(mnw_session_input(session, index), tensor.data, tensor.data_bytes);
  return true;
}

// Element `i` as a real number and, for integers, exactly.
static double element(const uint8_t *data, size_t i, pk_dtype dtype, int64_t *whole) {
  float real;
  int32_t narrow;
  *whole = 0;
  switch (dtype) {
    case PK_DTYPE_F32:
      memcpy(&real, data + 4 * i, 4);
      return (double)real;
    case PK_DTYPE_S32:
      memcpy(&narrow, data + 4 * i, 4);
      *whole = narrow;
      break;
    case PK_DTYPE_S64:
      memcpy(whole, data + 8 * i, 8);
      break;
    case PK_DTYPE_S8:
      *whole = (int8_t)data[i];
      break;
    default:
      *whole = data[i];
      break;
  }
  return (double)*whole;
}

static bool is_close(double found, double wanted) {
  if (isnan(found) || isnan(wanted)) return isnan(found) && isnan(wanted);
  if (isinf(found) || isinf(wanted)) return found == wanted;
  return fabs(found - wanted) <= absolute_tolerance + relative_tolerance * fabs(wanted);
}

static bool compare(check *c, size_t index, const pk_tensor *wanted, const mnw_tensor_info *info,
                    const void *data) {
  bool same_shape = info->rank == (uint32_t)wanted->rank;
  for (int i = 0; same_shape && i < wanted->rank; i++)
    same_shape = info->dims[i] == wanted->dims[i];
  if (!same_shape || pk_dtype_runtime(wanted->dtype) != info->dtype ||
      info->size_bytes != wanted->data_bytes) {
    return pk_fail(c->error, PK_BAD_MODEL,
                   "output %zu has another shape or type than expected %s %s", index,
                   pk_dtype_name(wanted->dtype), pk_tensor_shape_text(wanted).text);
  }
  const size_t count = wanted->data_bytes / (size_t)(pk_dtype_bits(wanted->dtype) / 8);
  const bool is_real = wanted->dtype == PK_DTYPE_F32;
  c->result->has_error_figure = true;
  for (size_t i = 0; i < count; i++) {
    int64_t whole_found, whole_wanted;
    const double found = element(data, i, wanted->dtype, &whole_found);
    const double expected = element(wanted->data, i, wanted->dtype, &whole_wanted);
    const double off = fabs(found - expected);
    if (off > c->result->max_abs_error && !isinf(off)) c->result->max_abs_error = off;
    if (is_real ? is_close(found, expected) : whole_found == whole_wanted) continue;
    pk_fail(c->error, PK_BAD_MODEL, "output %zu: element %zu is %.9g instead of %.9g", index, i,
            found, expected);
  }
  return c->error->code == PK_OK;
}

static pk_bytes *record_of(check *c) {
  return c->options->keep_folder ? &c->record : NULL;
}

static bool run_session(check *c, mnw_session *session, const mnw_model *model,
                        const data_set *set) {
  mnw_error core_error = {0};
  mnw_tensor_info info;
  size_t next = 0;
  for (size_t i = 0; i < c->input_count && i < set->input_count; i++) {
    if (c->is_constant[i]) continue;
    if (!fill_input(c, session, model, next++, set->inputs[i])) return false;
  }
  for (size_t i = 0; mnw_model_input_info(&info, model, i) == MNW_STATUS_OK; i++) {
    pk_check_record_append(record_of(c), mnw_session_input(session, i), info.size_bytes);
  }
  if (mnw_session_run(session, &core_error) != MNW_STATUS_OK) {
    return pk_core_fail(c->error, &core_error, "run");
  }
  for (size_t i = 0; i < set->output_count; i++) {
    pk_tensor wanted = {.name = "output"};
    if (mnw_model_output_info(&info, model, i) != MNW_STATUS_OK) {
      return pk_fail(c->error, PK_BAD_MODEL, "the package has no output %zu", i);
    }
    if (!pk_onnx_tensor_data(&wanted, &c->arena, set->outputs[i], NULL, c->error) ||
        !compare(c, i, &wanted, &info, mnw_session_output(session, i))) {
      return false;
    }
    pk_check_record_append(record_of(c), mnw_session_output(session, i), info.size_bytes);
    pk_check_record_append(record_of(c), wanted.data, wanted.data_bytes);
  }
  return true;
}

// What goes wrong behind the import is a failure, not a refusal.
static bool run_package(check *c, pk_lowered_graph *graph, const data_set *set) {
  pk_package package = {0};
  pk_core_model core = {0};
  void *memory = NULL;
  const pk_pack_options options = {.shard_bytes = 0};
  const mnw_kernels *kernels = pk_kernels_find(c->options->kernels, c->error);
  bool ok = kernels && pk_package_encode(&package, graph, &options, c->error) &&
            pk_core_model_open(&core, package.shards.items, package.shards.count, kernels,
                               "package", c->error);
  if (ok) {
    pk_check_record_begin(record_of(c), &package.shards, mnw_model_input_count(core.model),
                          set->output_count);
  }
  mnw_session *session = ok ? pk_core_session_open(&memory, &core, "package", c->error) : NULL;
  ok = session && run_session(c, session, core.model, set);
  free(memory);
  pk_core_model_close(&core);
  pk_package_free(&package);
  return ok;
}

// An input without elements is no input of a package; the importer takes it as a constant.
static bool mark_empty(check *c, const data_set *set) {
  for (size_t i = 0; i < c->input_count && i < set->input_count; i++) {
    const Onnx__TensorProto *value = set->inputs[i];
    for (size_t j = 0; j < value->n_dims; j++) c->is_constant[i] |= value->dims[j] == 0;
  }
  return true;
}

static bool check_set(check *c, const char *folder, const char *name, size_t number) {
  data_set set = {.input_count = 0};
  pk_lowered_graph graph = {0};
  memset(c->is_constant, 0, sizeof c->is_constant);
  c->result->status = PK_CHECK_REFUSED;
  const bool ok = read_list(c, set.inputs, &set.input_count, folder, "input") &&
                  read_list(c, set.outputs, &set.output_count, folder, "output") &&
                  mark_empty(c, &set) && import_model(c, &graph, &set);
  if (!ok) return false;
  const bool passes = run_package(c, &graph, &set) &&
                      (!record_of(c) || pk_check_record_store(&c->record, c->options->keep_folder,
                                                              name, number, c->error));
  c->result->status = passes ? PK_CHECK_PASS : PK_CHECK_FAIL;
  pk_lowered_graph_free(&graph);
  return c->result->status == PK_CHECK_PASS;
}

void pk_check_case(pk_check_result *result, const char *folder, const char *name,
                   const pk_check_options *options) {
  char path[4096];
  *result = (pk_check_result){.status = PK_CHECK_REFUSED};
  check c = {.folder = folder,
             .model_path = path,
             .options = options,
             .result = result,
             .error = &result->error};
  snprintf(path, sizeof path, "%s/model.onnx", folder);
  pk_arena_init(&c.arena, (size_t)1 << 31);
  bool ok = read_model(&c);
  size_t sets = 0;
  for (; ok && sets < MAX_SETS; sets++) {
    char set_folder[4096];
    snprintf(set_folder, sizeof set_folder, "%s/test_data_set_%zu", folder, sets);
    if (!exists(set_folder)) break;
    ok = check_set(&c, set_folder, name, sets);
  }
  if (ok && sets == 0) {
    pk_fail(c.error, PK_IO, "%s has no test_data_set_0", folder);
  }
  pk_bytes_free(&c.record);
  pk_bytes_free(&c.model_bytes);
  pk_arena_deinit(&c.arena);
}
