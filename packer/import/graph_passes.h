// Rewrites of the source graph between import and lowering, and what they have in common.
#ifndef MINNOW_PACKER_IMPORT_GRAPH_PASSES_H_
#define MINNOW_PACKER_IMPORT_GRAPH_PASSES_H_

#include "import.h"
#include "source_graph.h"

// Keeps the graph's meaning. Errors: UNSUPPORTED, OUT_OF_MEMORY, BAD_MODEL (arena limit).
typedef bool pk_pass_fn(pk_graph *graph, pk_error *error);

#define PK_PASS(name) pk_pass_fn pk_pass_##name;
#include "graph_passes.inc"
#undef PK_PASS

// Runs all of graph_passes.inc.
bool pk_graph_run_passes(pk_graph *graph, pk_error *error);

// Runs behind all others, where no edit rewrites the weights (its file says why).
pk_pass_fn pk_pass_weight_levels;

// All that lies between an importer and lowering: check, passes, check, and `edit` (NULL: none)
// with a check of its own.
bool pk_graph_prepare(pk_graph *graph, const pk_graph_edit *edit, pk_error *error);

#define PK_PASS(name) pk_pass_fn pk_pass_##name;
#include "quantize_passes.inc"
#undef PK_PASS

// Runs all of quantize_passes.inc: for importers of formats that spell quantisation as operators.
bool pk_graph_run_quantize_passes(pk_graph *graph, pk_error *error);

// Who writes and how often it is read, by tensor number. Passes that rewire keep it up to date or
// build it anew.
typedef struct pk_graph_index {
  int32_t *writer;     // operator number, -1: a constant or an input of the graph
  int32_t *use_count;  // inputs of operators plus outputs of the graph
} pk_graph_index;
bool pk_graph_index_build(pk_graph_index *index, pk_graph *graph, pk_error *error);

// The operator that computes input `input` of `op`; NULL for constants and inputs of the graph.
pk_op *pk_graph_producer(const pk_graph *graph, const pk_graph_index *index, const pk_op *op,
                         int input);

// A list of operators under construction, to replace the graph's.
typedef struct pk_op_list {
  pk_op *ops;
  size_t count, capacity;
} pk_op_list;
bool pk_op_list_add(pk_op_list *list, pk_graph *graph, const pk_op *op, pk_error *error);
// Makes an operator of one input (source_index -1) with the name of its output.
bool pk_op_list_add_unary(pk_op_list *list, pk_graph *graph, pk_op_kind kind, int32_t input,
                          int32_t output, pk_error *error);
void pk_op_list_install(const pk_op_list *list, pk_graph *graph);

// A new activation like tensor `like`, named "<name> <suffix>". Negative: error filled.
int32_t pk_graph_add_twin(pk_graph *graph, int32_t like, const char *suffix, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_GRAPH_PASSES_H_
