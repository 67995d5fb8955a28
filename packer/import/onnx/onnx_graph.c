// Walks over an ONNX graph: constants, inputs, nodes in their order, outputs.
#include <stdio.h>
#include <string.h>

#include "../../../core/format/package_format.h"
#include "onnx_external_data.h"
#include "onnx_graph.h"
#include "onnx_names.h"

enum { OLDEST_OPSET = 1, NEWEST_OPSET = 27 };
enum { FOLD_BUDGET = 1 << 28 };  // elements; a second or so

const char *pk_onnx_copy_name(pk_onnx *o, const char *name) {
  char clean[PK_NAME_MAX_BYTES + 1];
  pk_onnx_clean_name(clean, name ? name : "");
  return pk_arena_copy(&o->graph->arena, clean, strlen(clean) + 1, 1, o->error);
}

static bool is_default_domain(const char *domain) {
  return !domain || domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0;
}

static bool read_opset(pk_onnx *o) {
  for (size_t i = 0; i < o->model->n_opset_import; i++) {
    const Onnx__OperatorSetIdProto *set = o->model->opset_import[i];
    if (is_default_domain(set->domain)) o->opset = set->version;
  }
  if (o->opset == 0 && o->model->n_opset_import == 0) o->opset = 1;  // files of the first version
  if (o->opset >= OLDEST_OPSET && o->opset <= NEWEST_OPSET) return true;
  if (o->opset <= 0) {
    return pk_fail(o->error, PK_BAD_MODEL, "the model names no version of ONNX's operators");
  }
  return pk_fail(o->error, PK_UNSUPPORTED,
                 "the model uses opset %lld of ONNX; export it with one from 7 to %d",
                 (long long)o->opset, NEWEST_OPSET);
}

bool pk_onnx_add_named(pk_onnx *o, const char *name, const pk_tensor *tensor, int type) {
  o->node_name = tensor->name;
  const pk_value value =
      tensor->data ? pk_onnx_constant(o, tensor->dtype, tensor->rank, tensor->dims, tensor->data)
                   : pk_onnx_add_input(o, tensor);
  if (value < 0) return false;
  o->types[value] = (uint8_t)type;
  return pk_onnx_names_add(o, name, value);
}

bool pk_onnx_add_initializer(pk_onnx *o, const char *name, const Onnx__TensorProto *source) {
  pk_tensor tensor = {.name = pk_onnx_copy_name(o, name)};
  if (!tensor.name) return false;
  if (pk_onnx_type_dtype(source->data_type) == PK_DTYPE_OTHER) {
    char what[80];
    snprintf(what, sizeof what, "constants of type %s", pk_onnx_type_name(source->data_type));
    pk_report_add(o->report, what, "tensor", 0, tensor.name);
    return pk_onnx_names_add(o, name, PK_FAILED);
  }
  return pk_onnx_tensor_data(&tensor, &o->graph->arena, source,
                             o->options ? o->options->folder : NULL, o->error) &&
         pk_onnx_add_named(o, name, &tensor, source->data_type);
}

// What an operator that is not supported leaves: names that spoil who reads them, silently.
static bool spoil_outputs(pk_onnx *o) {
  for (size_t i = 0; i < o->node->n_output; i++) {
    const char *name = o->node->output[i];
    if (name[0] && !pk_onnx_names_find(o, name) && !pk_onnx_names_add(o, name, PK_FAILED)) {
      return false;
    }
  }
  return true;
}

static bool reads_spoilt(pk_onnx *o) {
  for (size_t i = 0; i < o->node->n_input; i++) {
    const pk_onnx_name *name = pk_onnx_names_find(o, o->node->input[i]);
    if (o->node->input[i][0] && name && name->value == PK_FAILED) return true;
  }
  return false;
}

static bool import_node(pk_onnx *o) {
  const Onnx__NodeProto *node = o->node;
  char name[96];
  const bool is_default = is_default_domain(node->domain);
  snprintf(name, sizeof name, "%.30s%s%.60s", is_default ? "" : node->domain,
           is_default ? "" : "::", node->op_type ? node->op_type : "");
  const pk_onnx_op_row *row = o->row = pk_onnx_find_op(name);
  if (!row) {
    char clean[PK_NAME_MAX_BYTES + 1];
    pk_onnx_clean_name(clean, name);
    pk_report_add(o->report, clean, "node", (size_t)o->node_index, o->node_name);
    return spoil_outputs(o);
  }
  if (reads_spoilt(o)) return spoil_outputs(o);
  if (row->import(o)) return o->error->code == PK_OK && spoil_outputs(o);
  return o->error->code == PK_OK && spoil_outputs(o);
}

bool pk_onnx_import_nodes(pk_onnx *o, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_node; i++) {
    const Onnx__NodeProto *node = graph->node[i];
    const char *name = node->name && node->name[0] ? node->name
                       : node->n_output            ? node->output[0]
                                                   : "";
    o->node = node;
    o->node_index = (int32_t)i;
    o->node_name = pk_onnx_copy_name(o, name);
    o->is_refused = false;
    if (!o->node_name || !import_node(o)) return false;
  }
  return true;
}

// Each output of the model is an activation of its own, written by an operator.
static bool add_output(pk_onnx *o, const Onnx__ValueInfoProto *source, size_t index) {
  static const int32_t zeros[PK_MAX_RANK] = {0};
  const pk_onnx_name *name = pk_onnx_names_find(o, source->name ? source->name : "");
  const char *clean = pk_onnx_copy_name(o, source->name);
  pk_graph *graph = o->graph;
  if (!clean) return false;
  if (!name) {
    return pk_fail(o->error, PK_BAD_MODEL, "output \"%s\" of the model is computed by no node",
                   clean);
  }
  if (name->value < 0) return true;  // reported
  pk_value value = name->value;
  bool needs_copy = pk_onnx_is_constant(o, value);
  for (size_t i = 0; i < graph->input_count; i++) needs_copy |= graph->inputs[i] == value;
  for (size_t i = 0; i < index; i++) needs_copy |= graph->outputs[i] == value;
  if (needs_copy) {
    const pk_tensor in = *pk_onnx_tensor(o, value);
    pk_op like = {.kind = PK_OP_SLICE};
    for (int i = 0; i < MNW_MAX_RANK; i++) like.attributes.words.words[MNW_SLICE_STEP + i] = 1;
    memcpy(&like.attributes.words.words[MNW_SLICE_START], zeros, MNW_MAX_RANK * sizeof *zeros);
    o->fold_budget = 0;
    o->node_name = clean;
    value = pk_onnx_emit(o, PK_OP_SLICE, &value, 1, in.dtype, in.rank, in.dims, &like);
    if (value < 0) return o->error->code == PK_OK;
  }
  graph->tensors[value].name = clean;
  graph->outputs[index] = value;
  return true;
}

static bool add_outputs(pk_onnx *o, const Onnx__GraphProto *source) {
  static Onnx__NodeProto no_node = ONNX__NODE_PROTO__INIT;
  static char output_type[] = "output";
  no_node.op_type = output_type;
  o->node = &no_node;
  o->node_index = -1;
  o->is_refused = false;
  pk_graph *graph = o->graph;
  graph->outputs =
      pk_arena_alloc(&graph->arena, source->n_output, sizeof *graph->outputs, o->error);
  if (!graph->outputs) return false;
  graph->output_count = source->n_output;
  for (size_t i = 0; i < source->n_output; i++) {
    if (!add_output(o, source->output[i], i)) return false;
  }
  return true;
}

// With those in branches. The reader bounds the nesting.
static size_t count_names(const Onnx__GraphProto *source) {
  size_t names = source->n_initializer + source->n_input;
  for (size_t i = 0; i < source->n_node; i++) {
    const Onnx__NodeProto *node = source->node[i];
    names += node->n_output;
    for (size_t j = 0; j < node->n_attribute; j++) {
      if (node->attribute[j]->g) names += count_names(node->attribute[j]->g);
    }
  }
  return names;
}

static bool import_graph(pk_onnx *o, const Onnx__GraphProto *source) {
  const size_t names = count_names(source);
  pk_graph *graph = o->graph;
  graph->inputs = pk_arena_alloc(&graph->arena, source->n_input, sizeof *graph->inputs, o->error);
  if (!graph->inputs || !pk_onnx_names_init(o, names)) return false;
  if (source->n_sparse_initializer > 0) {
    return pk_fail(o->error, PK_UNSUPPORTED, "the model has sparse constants; export it dense");
  }
  if (!pk_onnx_check_overlaps(source, &graph->arena, o->error)) return false;
  o->node_index = -1;
  for (size_t i = 0; i < source->n_initializer; i++) {
    const Onnx__TensorProto *tensor = source->initializer[i];
    if (!pk_onnx_add_initializer(o, tensor->name ? tensor->name : "", tensor)) return false;
  }
  return pk_onnx_add_inputs(o, source) && pk_onnx_import_nodes(o, source) && add_outputs(o, source);
}

bool pk_onnx_to_graph(pk_graph *graph, pk_report *report, const uint8_t *bytes, size_t size_bytes,
                      pk_onnx_options *options, pk_error *error) {
  pk_onnx o = {.graph = graph,
               .report = report,
               .error = error,
               .options = options,
               .fold_budget = FOLD_BUDGET};
  o.model = pk_onnx_read_model(&graph->arena, bytes, size_bytes, error);
  if (!o.model) return false;
  if (!o.model->graph) return pk_fail(error, PK_BAD_MODEL, "the file holds no ONNX graph");
  return read_opset(&o) && import_graph(&o, o.model->graph);
}
