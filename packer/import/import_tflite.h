// From a TFLite file to the source graph. To import one more builtin operator: a function in
// import_tflite_ops.c and its row in that file's table.
#ifndef MINNOW_PACKER_IMPORT_IMPORT_TFLITE_H_
#define MINNOW_PACKER_IMPORT_IMPORT_TFLITE_H_

#include "source_graph.h"
#include "tflite_reader.h"
#include "unsupported_report.h"

// Fills an initialised graph from the first subgraph; `bytes` must stand as long as the graph. What
// is valid but not implemented goes into `report` (the graph then lacks those operators and is
// good for nothing but further reporting). Errors: BAD_MODEL, UNSUPPORTED, OUT_OF_MEMORY.
bool pk_tflite_to_graph(pk_graph *graph, pk_report *report, const uint8_t *bytes, size_t size_bytes,
                        pk_error *error);

// --- between import_tflite.c and import_tflite_*.c ---

typedef struct pk_tflite_import {
  pk_tflite_model model;
  pk_graph *graph;
  pk_report *report;
  pk_error *error;
  uint8_t *is_variable;  // by tensor of the file
} pk_tflite_import;

// Turns `source` into `op`, whose name, number and tensors are set. Sets op->kind, the attributes,
// and drops inputs that became attributes. Sets op->is_removed where it reported something or added
// the operators itself (an operator of several outputs becomes several).
typedef bool pk_tflite_op_importer(pk_tflite_import *import, const pk_tflite_operator *source,
                                   pk_op *op);

// NULL: not imported.
pk_tflite_op_importer *pk_tflite_find_importer(const pk_tflite_operator *source);

#endif  // MINNOW_PACKER_IMPORT_IMPORT_TFLITE_H_
