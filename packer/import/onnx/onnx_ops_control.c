// Control flow. Packages have none: an If whose condition is known while importing becomes the
// nodes of its branch; Loop and Scan have no row and are refused by name.
#include "onnx_graph.h"
#include "onnx_names.h"

// Puts the branch's outputs under the If's names; returns false where one cannot be computed.
static bool set_outputs(pk_onnx *o, const Onnx__GraphProto *branch, pk_value *values) {
  for (size_t i = 0; i < o->node->n_output; i++) {
    if (i >= branch->n_output) {
      return pk_onnx_broken(o, "its branch has %zu outputs instead of %zu", branch->n_output,
                            o->node->n_output);
    }
    if (values[i] < 0 || !pk_onnx_set_output(o, i, values[i])) return false;
  }
  return true;
}

static bool import_branch(pk_onnx *o, const Onnx__GraphProto *branch, pk_value *values) {
  if (branch->n_sparse_initializer > 0) return pk_onnx_refuse(o, "with sparse constants");
  for (size_t i = 0; i < branch->n_initializer; i++) {
    const Onnx__TensorProto *tensor = branch->initializer[i];
    if (!pk_onnx_add_initializer(o, tensor->name ? tensor->name : "", tensor)) return false;
  }
  if (!pk_onnx_import_nodes(o, branch)) return false;
  for (size_t i = 0; i < branch->n_output; i++) {
    const char *text = branch->output[i]->name ? branch->output[i]->name : "";
    const pk_onnx_name *name = pk_onnx_names_find(o, text);
    values[i] = name ? name->value : PK_ABSENT;
  }
  return true;
}

bool pk_onnx_op_if(pk_onnx *o) {
  pk_onnx_ints condition;
  const pk_value value = pk_onnx_required(o, 0);
  if (value < 0 || !pk_onnx_constant_ints(o, value, &condition)) return false;
  if (condition.count != 1) return pk_onnx_broken(o, "its condition is no single value");
  const bool holds = condition.values[0] != 0;
  const Onnx__AttributeProto *attribute =
      pk_onnx_attribute(o, holds ? "then_branch" : "else_branch");
  if (!attribute || !attribute->g) return pk_onnx_broken(o, "its branch is missing");
  const Onnx__GraphProto *branch = attribute->g;
  pk_value *values = pk_arena_alloc(&o->graph->arena, branch->n_output, sizeof *values, o->error);
  if (!values) return false;
  // Names of the branch hold inside it; other branches may have the same ones.
  const pk_onnx outer = *o;
  const size_t mark = o->added_count;
  const bool ok = import_branch(o, branch, values);
  o->node = outer.node;
  o->node_index = outer.node_index;
  o->node_name = outer.node_name;
  o->row = outer.row;
  o->is_refused = outer.is_refused;
  pk_onnx_names_release(o, mark);
  return ok && set_outputs(o, branch, values);
}
