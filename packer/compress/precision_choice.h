// Which operators compute in int8 at one exchange rate between damage and work.
//
// An activation is rounded as soon as one of the operators that write or read it computes in int8,
// and its rounding then does its damage; an operator in float32 takes more work, and so does each
// border between the two. What costs least in all is the cheapest cut (min_cut.h) with the int8
// operators on the source's side: every rate has its exact answer, and operators stay float32 in
// whole regions, which is where it helps.
#ifndef MINNOW_PACKER_PRECISION_CHOICE_H_
#define MINNOW_PACKER_PRECISION_CHOICE_H_

#include "../import/source_graph.h"

// Products of a weighted operator's run; 0 of others.
double pk_op_products(const pk_graph *graph, const pk_op *op);

// Fills is_int8 [operators] with some of can_be_int8: those of least damage plus `rate` times the
// work that the others take in float32 (in products). `damage` is by tensor, that of rounding it.
// Errors: OUT_OF_MEMORY.
bool pk_choose_precision(bool *is_int8, const pk_graph *graph, const bool *can_be_int8,
                         const double *damage, double rate, pk_error *error);

#endif  // MINNOW_PACKER_PRECISION_CHOICE_H_
