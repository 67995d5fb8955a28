// Whether a source graph holds together, and whether Minnow can pack it.
#ifndef MINNOW_PACKER_IMPORT_GRAPH_CHECK_H_
#define MINNOW_PACKER_IMPORT_GRAPH_CHECK_H_

#include "source_graph.h"
#include "unsupported_report.h"

// Adds every operator whose dtypes the packer cannot handle to the report. Needs tensor numbers in
// range, nothing else.
void pk_graph_report_dtypes(const pk_graph *graph, pk_report *report);

// Flow (each tensor is written before it is read, and once), sizes of constants, limits of shapes,
// quantisation parameters, and every operator's own rules. Errors: BAD_MODEL, UNSUPPORTED,
// OUT_OF_MEMORY.
bool pk_graph_check(pk_graph *graph, pk_error *error);

#endif  // MINNOW_PACKER_IMPORT_GRAPH_CHECK_H_
