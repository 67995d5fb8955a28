// What holds for every graph that the importer hands on, whatever the file was.
#ifndef MINNOW_TESTS_IMPORT_INVARIANTS_H_
#define MINNOW_TESTS_IMPORT_INVARIANTS_H_

#include "lowered_graph.h"

// NULL, or what does not hold.
const char *import_broken_invariant(const pk_lowered_graph *graph);

#endif  // MINNOW_TESTS_IMPORT_INVARIANTS_H_
