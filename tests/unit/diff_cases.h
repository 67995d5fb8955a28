// One random graph for each differentiable operator, named by its kind: diff_case_of_CONV_2D …
#ifndef MINNOW_TESTS_DIFF_CASES_H_
#define MINNOW_TESTS_DIFF_CASES_H_

#include "diff_check.h"

// Builds the graph of case `c->round` and returns its output. A row of diff_ops.inc without its
// function does not link.
typedef int32_t diff_case_fn(diff_case *c);

#define PK_DIFF_OP(kind, name) diff_case_fn diff_case_of_##kind;
#include "../../packer/autodiff/diff_ops.inc"
#undef PK_DIFF_OP

#endif  // MINNOW_TESTS_DIFF_CASES_H_
